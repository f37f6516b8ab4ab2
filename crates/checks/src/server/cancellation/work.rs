//! basic/patterns/cancellation#behavior-requirements: cancelled work ends.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::work;
use plumb_model::End;
use plumb_runner::{
    Bench, Finding, Judgement, Observed, Open, Probe, Prop, Trouble, check, with_token,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{method, notification};
use serde_json::{Value, json};

/// What comes later than this after a cancellation has not crossed it on the way.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// So long a call works that is to be cancelled, where it can be told.
const LASTS: Duration = Duration::from_secs(4);

/// What has come by now.
pub(super) const NOW: Duration = Duration::from_millis(1);

/// So long the work of a call is watched once it must be over.
const WATCH: Duration = Duration::from_millis(300);

/// So many calls are cancelled to see what they leave behind.
const MANY: usize = 60;

/// Each takes about so long.
const UNDER_WAY: Duration = Duration::from_millis(1_500);

/// So many of them are in progress at once.
const TOGETHER: usize = 20;

/// Memory that so many cancelled calls may leave behind, KiB.
const LEFT_BEHIND: u64 = 40 << 10;

check! {
    /// **Observed:** slow calls that keep a journal (`[props.slow-tool]` with an argument `key`, `[props.journal]`) are
    /// cancelled, by their notification or by closing their stream; over standard streams one with an id like any other,
    /// one with `0` and one with an empty string. A second later the journals grow no more. **Position:** over standard
    /// streams a call that is answered in the end as if nothing had happened may be one that cannot be cancelled, unless
    /// another call of the same tool could be.
    ///
    /// **Why:** a client cancels because the result is worth nothing any more; going on costs the server, and side
    /// effects happen that the user called off.
    ///
    /// **Fix:** hand the cancellation down to the work, and look at it at every step; no id means "no id".
    pub(crate) STOP = "cancel.server-stop";
    since: "2025-03-26";
    needs: [SlowTool, Journal];
    waits: true;
    scenario: stop
}

async fn stop(bench: &Bench) -> Judgement {
    let any = json!(bench.fresh_id());
    let ids = if bench.closing_cancels() {
        vec![("any", any)]
    } else {
        vec![("any", any), ("zero", json!(0)), ("empty", json!(""))]
    };
    let mut stopped = false;
    for (slug, id) in ids {
        let quiet = Quiet::quiet(bench).await?;
        let work = after_cancelling(bench, &quiet, &id).await;
        quiet.leave().await;
        let judgement = work.map(|work| match work {
            Work::Stopped => {
                stopped = true;
                Finding::Held
            }
            Work::Ignored(_) if !stopped => Finding::unseen(
                "the call was answered as if nobody had cancelled it, as one may be that cannot be cancelled",
                "let the tool be cancelled",
            ),
            Work::Ignored(went_on) | Work::WentOn(went_on) => {
                Finding::violated("no more work a second after the cancellation", went_on)
            }
            Work::Unseen(finding) => finding,
        });
        bench.case(slug, format!("the slow call {id}, cancelled"), judgement);
    }
    bench.conclude()
}

/// What became of the work of a cancelled call.
enum Work {
    Stopped,
    /// It went on, for a request that was dropped.
    WentOn(String),
    /// It went on, and the request was answered in the end.
    Ignored(String),
    Unseen(Finding),
}

async fn after_cancelling(bench: &Bench, quiet: &Quiet<'_>, id: &Value) -> Result<Work, Trouble> {
    let key = format!("plumb-cancel-{}", bench.fresh_id());
    let found = bench.prop(Prop::SlowTool)?;
    let lasts = bench.lengthen(LASTS);
    let mut arguments = found.arguments.clone();
    arguments.insert("key".into(), json!(key));
    for duration in ["duration_ms", "delay_ms"] {
        if arguments.contains_key(duration) {
            arguments.insert(duration.into(), json!(lasts.as_millis()));
        }
    }
    let probe = with_token(bench.call_of(&found.name, Value::Object(arguments)), json!(key));
    let mut open = quiet.open(probe.id(id.clone())).await?;
    let mut started = false;
    for _ in 0..20 {
        started = !entries(&journal(bench, quiet, &key).await?).is_empty();
        if started {
            break;
        }
        bench.pause(Duration::from_millis(20)).await;
    }
    if open.until(NOW, Message::is_response).await.is_some() {
        return Ok(Work::Unseen(answered_before()));
    }
    if !started {
        cancel(quiet, bench, open).await?;
        return Ok(Work::Unseen(Finding::unseen(
            "the journal shows nothing of the slow call",
            "keep a journal under the argument `key`",
        )));
    }
    let open = if bench.closing_cancels() {
        bench.close(open);
        None
    } else {
        let params = json!({"requestId": id, "reason": "plumb"});
        quiet.send(Probe::notification(notification::CANCELLED, params)).await?;
        Some(open)
    };
    bench.pause(GRACE).await;
    let then = entries(&journal(bench, quiet, &key).await?);
    bench.pause(WATCH).await;
    let now = entries(&journal(bench, quiet, &key).await?);
    let stopped = now == then;
    let mut answered = false;
    if let Some(mut open) = open {
        answered = !stopped && open.until(LASTS, Message::is_response).await.is_some();
        bench.close(open);
    }
    let went_on = format!("the journal went on after {then:?}: {now:?}");
    Ok(match (stopped, answered) {
        (true, _) => Work::Stopped,
        (false, true) => Work::Ignored(went_on),
        (false, false) => Work::WentOn(went_on),
    })
}

/// A server that does one thing after another is done before it reads of the cancellation.
pub(super) fn answered_before() -> Finding {
    Finding::unseen(
        "the slow call was answered before it could be cancelled, although another request came behind it",
        "serve requests beside each other, or name a slower tool under [props.slow-tool]",
    )
}

async fn journal(bench: &Bench, quiet: &Quiet<'_>, key: &str) -> Result<Observed, Trouble> {
    let found = bench.prop(Prop::Journal)?;
    quiet.control(bench.call_of(&found.name, json!({"key": key}))).await
}

fn entries(seen: &Observed) -> String {
    let result = seen.complete();
    let entries = result.and_then(|r| r.pointer("/structuredContent/entries"));
    match entries {
        Some(Value::Array(entries)) if entries.is_empty() => String::new(),
        Some(entries) => entries.to_string(),
        None => result
            .and_then(|r| r.pointer("/content/0/text"))
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

/// Cancels a call as its transport has it.
async fn cancel(quiet: &Quiet<'_>, bench: &Bench, open: Open) -> Result<(), Trouble> {
    if !bench.closing_cancels() {
        let id = open.id().unwrap_or_default();
        quiet
            .send(Probe::notification(
                notification::CANCELLED,
                json!({"requestId": id, "reason": "plumb"}),
            ))
            .await?;
    }
    bench.close(open);
    Ok(())
}

check! {
    /// **Observed:** requests are cancelled right after they are sent, while they are answered and after it, over and
    /// over: requests after it are served. **Position:** a server that is slow to serve the next one is not at fault; one
    /// that ends, that refuses the same request twice, or that answers nothing more while it answers others, is.
    ///
    /// **Why:** cancellations are sent by impatient users, and cross the answer all the time.
    ///
    /// **Fix:** let the end of a request and its cancellation meet in one place that both may reach first.
    pub(crate) RACE = "cancel.race-server";
    since: "2025-03-26";
    scenario: race
}

async fn race(bench: &Bench) -> Judgement {
    use plumb_model::pack::Base;
    let quiet = Quiet::quiet(bench).await?;
    let probe = bench.base(Base::ToolsCall).or_else(|| bench.base(Base::Discover));
    let probe = probe.ok_or_else(|| Trouble::Setup("there is no request to cancel".into()))?;
    quiet.control(probe.clone()).await?;
    for round in 0..6_u64 {
        let open = quiet.open(probe.clone()).await?;
        tokio::time::sleep(Duration::from_millis(round / 2)).await;
        cancel(&quiet, bench, open).await?;
        let first = served(bench, &quiet, &probe).await;
        let judgement = match first {
            Ok(Ok(answered)) => {
                if let Some(over) = answered.sent_id().filter(|_| !bench.closing_cancels()) {
                    let params = json!({"requestId": over});
                    quiet.send(Probe::notification(notification::CANCELLED, params)).await?;
                }
                served(bench, &quiet, &probe).await.map(|next| next.err().unwrap_or(Finding::Held))
            }
            Ok(Err(finding)) => Ok(finding),
            Err(trouble) => Err(trouble),
        };
        let goes_on = matches!(judgement, Ok(Finding::Held));
        bench.case(
            &format!("round-{}", round + 1),
            format!("cancelled {} ms after it was sent", round / 2),
            judgement,
        );
        if !goes_on {
            break;
        }
    }
    quiet.leave().await;
    bench.conclude()
}

/// Sends a request that was served before, and once more if it is not served; the finding if that shows a fault.
async fn served(
    bench: &Bench,
    quiet: &Quiet<'_>,
    probe: &Probe,
) -> Result<Result<Observed, Finding>, Trouble> {
    let mut last = None;
    for _ in 0..2 {
        let seen = quiet.send(probe.clone()).await?;
        if seen.is_accepted() {
            return Ok(Ok(seen));
        }
        if quiet.is_own() && matches!(seen.exchange.answer.end, End::Broken(_)) {
            return Ok(Err(Finding::violated("a server that goes on", "its process ended")));
        }
        last = Some(seen);
    }
    let Some(last) = last else { return Err(Trouble::Setup("nothing was sent".into())) };
    let expected = "the requests after a cancellation served, as the one before it was";
    if last.response().is_none() {
        // Silence counts beside an answer that another connection, or another process, gets meanwhile.
        bench.control(probe.clone().fresh()).await?;
    }
    Ok(Err(Finding::violated(expected, last.describe())))
}

check! {
    /// **Observed:** a process of its own is given sixty slow calls that are cancelled at once, and then sixty more: the
    /// second sixty leave less than 40 MiB behind in its memory (Linux only). Of a server that works on one request after the
    /// other it is not shown.
    ///
    /// **Why:** whoever can call and cancel can fill the server up.
    ///
    /// **Fix:** drop what belongs to a request when it is cancelled, not when the process ends.
    pub(crate) FREE = "cancel.server-free";
    since: "2025-03-26";
    needs: [SlowTool];
    isolation: OwnProcess;
    scenario: free
}

async fn free(bench: &Bench) -> Judgement {
    let quiet = Quiet::own(bench).await?;
    let group = match &quiet {
        Quiet::Own(instance) => match instance.process() {
            Some(process) => process.id(),
            None => instance.session().await?.process().id(),
        },
        Quiet::Run(_) | Quiet::Session(_) => {
            return Err(Trouble::Setup("no process of its own".into()));
        }
    };
    let lasts = work::slow(bench, UNDER_WAY)?.lasts;
    let mut sizes = Vec::new();
    for _ in 0..2 {
        for _ in 0..MANY / TOGETHER {
            let mut open = Vec::new();
            for _ in 0..TOGETHER {
                open.push(quiet.open(bench.call(Prop::SlowTool)?).await?);
            }
            // They are under way once a later request has been served, which takes less than three of them.
            let later = Probe::request(method::DISCOVER, json!({})).patience(lasts * 3);
            let served = quiet.send(later).await?;
            for call in open {
                cancel(&quiet, bench, call).await?;
            }
            if served.response().is_none() {
                return Ok(Finding::unseen(
                    "one request waits for the other, so that few of those that are cancelled had begun",
                    "work on several requests at a time",
                ));
            }
        }
        bench.pause(WATCH).await;
        sizes.push(resident(group));
    }
    quiet.leave().await;
    let (Some(first), Some(second)) = (sizes[0], sizes[1]) else {
        return Ok(Finding::unseen(
            "the memory of the process cannot be read here",
            "run it on Linux",
        ));
    };
    let grown = second.saturating_sub(first);
    Ok(Finding::expect(
        grown < LEFT_BEHIND,
        format!("less than {LEFT_BEHIND} KiB left by {MANY} cancelled calls"),
        || format!("{grown} KiB"),
    ))
}

/// The memory of a process group, KiB, as far as the system tells.
fn resident(group: i32) -> Option<u64> {
    let mut sum = None;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name, in parentheses, may hold anything; the group is the third field behind it.
        let Some((_, fields)) = stat.rsplit_once(") ") else { continue };
        if fields.split(' ').nth(2).and_then(|g| g.parse::<i32>().ok()) != Some(group) {
            continue;
        }
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kib = line.and_then(|l| l.trim().split(' ').next()?.parse::<u64>().ok());
        sum = Some(sum.unwrap_or(0) + kib.unwrap_or(0));
    }
    sum
}
