//! basic/patterns/cancellation#behavior-requirements: cancelled work ends.

use std::time::Duration;

use plumb_runner::{
    Bench, Finding, Judgement, Observed, Open, Probe, Prop, Trouble, check, with_token,
};
use plumb_wire::jsonrpc::{Kind, Message};
use serde_json::{Value, json};

use crate::lane::Lane;

/// What comes later than this after a cancellation has not crossed it on the way.
const GRACE: Duration = Duration::from_secs(1);

/// What has come by now.
const NOW: Duration = Duration::from_millis(1);

/// So long the work of a call is watched once it must be over.
const WATCH: Duration = Duration::from_millis(300);

/// So many calls are cancelled to see what they leave behind.
const MANY: usize = 60;

/// So many of them are in progress at once.
const TOGETHER: usize = 20;

/// Memory that so many cancelled calls may leave behind, KiB.
const LEFT_BEHIND: u64 = 40 << 10;

check! {
    /// **Observed:** a slow call that keeps a journal (`[props.slow-tool]` with an argument `key`, `[props.journal]`) is
    /// cancelled, by its notification or by closing its stream. A second later the journal grows no more, and does not
    /// say that the work was done.
    ///
    /// **Why:** a client cancels because the result is worth nothing any more; going on costs the server, and side
    /// effects happen that the user called off.
    ///
    /// **Fix:** hand the cancellation down to the work, and look at it at every step.
    pub(crate) STOP = "cancel.server-stop";
    needs: [SlowTool, Journal];
    scenario: stop
}

async fn stop(bench: &Bench) -> Judgement {
    let lane = Lane::quiet(bench).await?;
    let key = format!("plumb-cancel-{}", bench.fresh_id());
    let found = bench.prop(Prop::SlowTool)?;
    let mut arguments = found.arguments.clone();
    arguments.insert("key".into(), json!(key));
    for duration in ["duration_ms", "delay_ms"] {
        if arguments.contains_key(duration) {
            arguments.insert(duration.into(), json!(4_000));
        }
    }
    let probe = with_token(bench.call_of(&found.name, Value::Object(arguments)), json!(key));
    let mut open = lane.open(probe).await?;
    let mut started = false;
    for _ in 0..20 {
        started = !entries(&journal(bench, &lane, &key).await?).is_empty();
        if started {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if open.until(NOW, Message::is_response).await.is_some() {
        return Ok(answered_before());
    }
    cancel(&lane, bench, open).await?;
    if !started {
        return Ok(Finding::unseen(
            "the journal shows nothing of the slow call",
            "keep a journal under the argument `key`",
        ));
    }
    tokio::time::sleep(GRACE).await;
    let then = entries(&journal(bench, &lane, &key).await?);
    tokio::time::sleep(WATCH).await;
    let now = entries(&journal(bench, &lane, &key).await?);
    lane.stop().await;
    Ok(Finding::expect(now == then, "no more work a second after the cancellation", || {
        format!("the journal went on after {then:?}: {now:?}")
    }))
}

/// A server that does one thing after another is done before it reads of the cancellation.
fn answered_before() -> Finding {
    Finding::unseen(
        "the slow call was answered before it could be cancelled, although another request came behind it",
        "serve requests beside each other, or name a slower tool under [props.slow-tool]",
    )
}

async fn journal(bench: &Bench, lane: &Lane<'_>, key: &str) -> Result<Observed, Trouble> {
    let found = bench.prop(Prop::Journal)?;
    lane.control(bench.call_of(&found.name, json!({"key": key}))).await
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
async fn cancel(lane: &Lane<'_>, bench: &Bench, open: Open) -> Result<(), Trouble> {
    if !bench.survey().is_http() {
        let id = open.id().unwrap_or_default();
        lane.send(Probe::notification(
            "notifications/cancelled",
            json!({"requestId": id, "reason": "plumb"}),
        ))
        .await?;
    }
    bench.close(open);
    Ok(())
}

check! {
    /// **Observed:** a slow call is cancelled over standard streams: for a second no error comes for it. A result that
    /// crossed the cancellation, or that comes in the end because the call cannot be cancelled, is right.
    ///
    /// **Why:** the client has dropped the id; an answer to it is noise, or is taken for another's.
    ///
    /// **Fix:** end the request without an answer.
    pub(crate) NO_RESPONSE = "cancel.server-no-response";
    applies: [Stdio];
    needs: [SlowTool];
    scenario: no_response
}

async fn no_response(bench: &Bench) -> Judgement {
    let lane = Lane::quiet(bench).await?;
    let mut open =
        lane.open(with_token(bench.call(Prop::SlowTool)?, json!("plumb-cancelled"))).await?;
    let id = open.id().unwrap_or_default();
    // It is under way once it reports, or once the next request has been served.
    lane.control(Probe::request("server/discover", json!({}))).await?;
    if open.until(NOW, Message::is_response).await.is_some() {
        return Ok(answered_before());
    }
    lane.send(Probe::notification(
        "notifications/cancelled",
        json!({"requestId": id, "reason": "plumb"}),
    ))
    .await?;
    let answer = open.until(GRACE, Message::is_response).await;
    bench.close(open);
    lane.stop().await;
    Ok(match answer {
        Some(error) if matches!(error.kind, Kind::Error) => Finding::violated(
            format!("no response to the cancelled request {id}"),
            error.raw.lossy(),
        ),
        _ => Finding::Held,
    })
}

check! {
    /// **Observed:** requests are cancelled right after they are sent, while they are answered and after it, over and
    /// over: every request after it is served.
    ///
    /// **Why:** cancellations are sent by impatient users, and cross the answer all the time.
    ///
    /// **Fix:** let the end of a request and its cancellation meet in one place that both may reach first.
    pub(crate) RACE = "cancel.race-server";
    scenario: race
}

async fn race(bench: &Bench) -> Judgement {
    use plumb_model::pack::Base;
    let lane = Lane::quiet(bench).await?;
    let probe = bench.base(Base::ToolsCall).or_else(|| bench.base(Base::Discover));
    let probe = probe.ok_or_else(|| Trouble::Setup("there is no request to cancel".into()))?;
    lane.control(probe.clone()).await?;
    for round in 0..6_u64 {
        let open = lane.open(probe.clone()).await?;
        let id = open.id().unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(round / 2)).await;
        cancel(&lane, bench, open).await?;
        let answered = lane.send(probe.clone().patience(Duration::from_secs(3))).await?;
        if !bench.survey().is_http() {
            let over = answered.sent_id().cloned().unwrap_or(id);
            lane.send(Probe::notification("notifications/cancelled", json!({"requestId": over})))
                .await?;
        }
        let next = lane.send(probe.clone().patience(Duration::from_secs(3))).await?;
        let served = answered.is_accepted() && next.is_accepted();
        let finding = Finding::expect(served, "the requests after a cancellation served", || {
            if answered.is_accepted() { next.describe() } else { answered.describe() }
        });
        bench.case(
            &format!("round-{}", round + 1),
            format!("cancelled {} ms after it was sent", round / 2),
            Ok(finding),
        );
        if !served {
            break;
        }
    }
    lane.stop().await;
    bench.conclude()
}

check! {
    /// **Observed:** a process of its own is given sixty slow calls that are cancelled at once, and then sixty more: the
    /// second sixty leave less than 40 MiB behind in its memory (Linux only).
    ///
    /// **Why:** whoever can call and cancel can fill the server up.
    ///
    /// **Fix:** drop what belongs to a request when it is cancelled, not when the process ends.
    pub(crate) FREE = "cancel.server-free";
    needs: [SlowTool];
    isolation: OwnProcess;
    scenario: free
}

async fn free(bench: &Bench) -> Judgement {
    let lane = Lane::own(bench).await?;
    let group = match &lane {
        Lane::Own(instance) => match instance.process() {
            Some(process) => process.id(),
            None => instance.session().await?.process().id(),
        },
        Lane::Run(_) => return Err(Trouble::Setup("no process of its own".into())),
    };
    let mut sizes = Vec::new();
    for _ in 0..2 {
        for _ in 0..MANY / TOGETHER {
            let mut open = Vec::new();
            for _ in 0..TOGETHER {
                open.push(lane.open(bench.call(Prop::SlowTool)?).await?);
            }
            // They are under way once a later request has been served.
            lane.control(Probe::request("server/discover", json!({}))).await?;
            for call in open {
                cancel(&lane, bench, call).await?;
            }
        }
        tokio::time::sleep(WATCH).await;
        sizes.push(resident(group));
    }
    lane.stop().await;
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
