//! basic/patterns/cancellation#error-handling: cancellations of nothing.

use std::time::{Duration, Instant};

use plumb_flows::quiet::Quiet;
use plumb_flows::work;
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, check, clip};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{method, notification};
use serde_json::{Value, json};

const METHOD: &str = notification::CANCELLED;

/// A call takes about so long beside the cancellation of another request.
const BESIDE: Duration = Duration::from_millis(300);

/// Its answer may come so much later than the same call was answered before.
const PATIENCE: Duration = Duration::from_secs(5);

check! {
    /// **Observed:** the cancellation of a request that never was is followed by no message, and the next request is
    /// served. Over HTTP, where no such notification is expected, any answer but a server error will do. Where requests are
    /// cancelled by notifications, a slow call goes on beside it, and is answered as before; and beside one whose id is that of the
    /// call but for its type: a number in a string, or out of one.
    ///
    /// **Why:** a notification has no answer; a client would take one for the answer to something else.
    ///
    /// **Fix:** look the id up, and do nothing if it is not there.
    pub(crate) UNKNOWN = "cancel.invalid.unknown-id";
    since: "2025-03-26";
    scenario: unknown
}

async fn unknown(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let ids = [
        ("integer", json!(987_654_321)),
        ("string", json!("plumb-never-sent")),
        ("zero", json!(0)),
        ("empty", json!("")),
        ("negative", json!(-1)),
    ];
    for (slug, id) in ids {
        let params = json!({"requestId": id, "reason": "plumb: this request never was"});
        let finding = ignored(bench, &quiet, params, None).await?;
        bench.case(slug, format!("the cancellation of {id}, which never was"), Ok(finding));
    }
    if !bench.closing_cancels() && bench.survey().prop(Prop::SlowTool).is_some() {
        let judgement = beside_work(bench, &quiet, |_| json!("plumb-never-sent")).await;
        bench.case("beside-work", "the same while a slow call is worked on", judgement);
        let judgement = beside_work(bench, &quiet, of_another_type).await;
        bench.case("other-type", "the id of a slow call, of another type", judgement);
    }
    quiet.leave().await;
    bench.conclude()
}

/// The id that reads the same as this one and has another type.
fn of_another_type(id: &Value) -> Value {
    match id {
        Value::String(text) => text.parse::<i64>().map_or_else(|_| json!(0), |n| json!(n)),
        other => json!(other.to_string()),
    }
}

/// Whether the cancellation of a request that never was, under the id that is made of a call's, leaves that call alone
/// while it is worked on.
async fn beside_work(
    bench: &Bench,
    quiet: &Quiet<'_>,
    unknown: impl Fn(&Value) -> Value,
) -> Judgement {
    let lasts = work::slow(bench, BESIDE)?.lasts;
    let finding = cancelling_nothing(bench, quiet, lasts, &unknown).await?;
    if matches!(finding, Finding::Held) {
        return Ok(finding);
    }
    // What the call takes by itself tells how long it is to be waited for.
    let began = Instant::now();
    quiet.control(work::slow(bench, BESIDE)?.probe).await?;
    cancelling_nothing(bench, quiet, began.elapsed(), &unknown).await
}

/// Calls what takes so long, and cancels a request that never was meanwhile.
async fn cancelling_nothing(
    bench: &Bench,
    quiet: &Quiet<'_>,
    lasts: Duration,
    unknown: impl Fn(&Value) -> Value,
) -> Judgement {
    let mut open = quiet.open(work::slow(bench, BESIDE)?.probe).await?;
    let id = unknown(&open.id().unwrap_or_default());
    let params = json!({"requestId": id, "reason": "plumb: this request never was"});
    quiet.send(Probe::notification(METHOD, params)).await?;
    let answer = open.until(lasts + PATIENCE, Message::is_response).await;
    let seen = bench.close(open);
    let served = answer.as_ref().is_some_and(|m| matches!(m.kind, Kind::Result));
    if answer.is_none() {
        // Silence means something only while others are answered.
        quiet.control(next(bench)).await?;
    }
    Ok(Finding::expect(served, "the call beside it answered by its result", || {
        answer.as_ref().map_or_else(|| seen.describe(), |m| clip(&m.raw.lossy(), 200))
    }))
}

check! {
    /// **Observed:** the cancellation of a request that has been answered is followed by no message, and the next
    /// request is served.
    ///
    /// **Why:** an answer and its cancellation may cross on the way; that is nobody's fault.
    ///
    /// **Fix:** forget the id with the answer, and treat it as unknown.
    pub(crate) COMPLETED = "cancel.invalid.completed-id";
    since: "2025-03-26";
    scenario: completed
}

async fn completed(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    for base in
        [Base::Discover, Base::ToolsList, Base::ToolsCall, Base::ResourcesRead, Base::PromptsGet]
    {
        let Some(probe) = bench.base(base) else { continue };
        let answered = quiet.control(probe).await?;
        let id = answered.sent_id().cloned().unwrap_or_default();
        let params = json!({"requestId": id});
        let finding = ignored(bench, &quiet, params, answered.response()).await?;
        bench.case(
            base.name(),
            format!("the cancellation of {}, which was answered", base.name()),
            Ok(finding),
        );
    }
    quiet.leave().await;
    bench.conclude()
}

check! {
    /// **Observed:** a cancellation without a request id, or with one that is no id, is followed by no message, and the
    /// next request is served. Over HTTP an error status is fine.
    ///
    /// **Why:** a notification has no answer, not even one that says that it was malformed.
    ///
    /// **Fix:** drop the notification.
    pub(crate) MALFORMED = "cancel.invalid.malformed";
    since: "2025-03-26";
    scenario: malformed
}

async fn malformed(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let broken = [
        ("no-id", json!({"reason": "plumb"})),
        ("null", json!({"requestId": null})),
        ("object", json!({"requestId": {"id": 1}})),
        ("list", json!({"requestId": [1]})),
        ("fraction", json!({"requestId": 1.5})),
        ("boolean", json!({"requestId": true})),
        ("reason", json!({"requestId": "plumb-never-sent", "reason": {"text": "plumb"}})),
    ];
    for (slug, params) in broken {
        let finding = ignored(bench, &quiet, params.clone(), None).await?;
        bench.case(slug, format!("a cancellation with {params}"), Ok(finding));
    }
    quiet.leave().await;
    bench.conclude()
}

/// Sends a cancellation and a request behind it. An answer from before that comes a second time is not about the
/// cancellation: whether requests are answered once is a question of its own.
async fn ignored(
    bench: &Bench,
    quiet: &Quiet<'_>,
    params: Value,
    before: Option<&Message>,
) -> Result<Finding, Trouble> {
    let sent = quiet.send(Probe::notification(METHOD, params)).await?;
    if sent.status().is_some_and(|s| s >= 500) {
        return Ok(Finding::violated("no server error", sent.describe()));
    }
    let next = match quiet.send(next(bench)).await {
        Ok(next) => next,
        // It answers once it has been started anew.
        Err(_) if quiet.is_own() && quiet.send(next(bench)).await.is_ok() => {
            return Ok(Finding::violated("a server that goes on", "its process ended"));
        }
        Err(trouble) => return Err(trouble),
    };
    let strays = quiet.strays().await?;
    let beside = next.responses().filter(|m| m.id() != next.sent_id());
    let strays = strays.iter().filter(|m| m.is_response());
    let answer = beside.chain(strays).find(|m| before.is_none_or(|b| b.raw != m.raw));
    if let Some(answer) = answer {
        return Ok(Finding::violated("no message about the cancellation", answer.raw.lossy()));
    }
    Ok(Finding::expect(next.is_accepted(), "the next request served", || next.describe()))
}

fn next(bench: &Bench) -> Probe {
    bench.base(Base::Discover).unwrap_or_else(|| Probe::request(method::DISCOVER, json!({})))
}
