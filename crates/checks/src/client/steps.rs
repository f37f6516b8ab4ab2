//! subscriptions, completion, basic#requests: what needs a client that listens, or that completes. Those that follow steps do.

use plumb_runner::client::{Moment, Provoked, Received, Scenario};
use plumb_runner::{Check, Marks, check};
use plumb_wire::{meta, method, notification};
use serde_json::Value;

pub(crate) const CHECKS: &[&Check] =
    &[&FILTER, &ACKNOWLEDGED, &PARTIAL, &UNIQUE_IDS, &UNIQUE_TOKENS];

const LISTENING: Scenario = Scenario::Provoked(Provoked::Listening);

check! {
    /// **Observed:** `subscriptions/listen` has a `notifications` object.
    ///
    /// **Why:** without it a server does not know what is wanted, and refuses.
    ///
    /// **Fix:** send the filter, if only `{}`.
    pub(crate) FILTER = "subs.notifications-required";
    received: filter
}

fn filter(received: &Received, marks: &mut Marks) {
    if received.asks(method::LISTEN) {
        let filter = received.param("notifications");
        marks.expect(filter.is_some_and(Value::is_object), "a `notifications` object", || {
            filter.map_or_else(|| "none".into(), Value::to_string)
        });
    }
}

check! {
    /// **Observed:** a client whose wish was acknowledged in part goes on.
    ///
    /// **Why:** servers need not have all that can be listened for.
    ///
    /// **Fix:** compare the acknowledgment with the wish, and ask for the rest in other ways.
    pub(crate) ACKNOWLEDGED = "subs.client-check-ack";
    happening: acknowledged
}

fn acknowledged(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(LISTENING) else { return };
    let Some(at) = all.iter().position(|r| r.asks(method::LISTEN)) else { return };
    let wish =
        all[at].param("notifications").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    if wish > 1 {
        let goes_on = all[at + 1..].iter().any(|r| r.request().is_some());
        marks.expect(goes_on, "the next steps after the acknowledgment", || "none came".into());
    }
}

check! {
    /// **Observed:** a client goes on after a completion without `total` and `hasMore`.
    ///
    /// **Why:** both are optional.
    ///
    /// **Fix:** take what is there.
    pub(crate) PARTIAL = "completion.client-partial";
    happening: partial
}

fn partial(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::Provoked(Provoked::Completing)) else { return };
    let Some(at) = all.iter().position(|r| r.asks(method::COMPLETE)) else { return };
    let goes_on = all[at..].iter().any(|r| r.asks(method::PROMPTS_LIST));
    marks.expect(goes_on, "the next step after the completion", || "it did not come".into());
}

check! {
    /// **Observed:** no request has the id of another one of the client that is not answered yet: a subscription, a slow call.
    ///
    /// **Why:** nobody can tell which of the two a response is for.
    ///
    /// **Fix:** count requests.
    pub(crate) UNIQUE_IDS = "base.request.id-unique-inflight";
    happening: |moment, marks| {
        apart(moment, marks, "`id`", |r| r.request().map(|request| request["id"].clone()));
    }
}

check! {
    /// **Observed:** no request has the `progressToken` of another one that is not answered yet.
    ///
    /// **Why:** nobody can tell which of the two has progressed.
    ///
    /// **Fix:** count tokens, or take the id of the request.
    pub(crate) UNIQUE_TOKENS = "progress.token-unique";
    happening: |moment, marks| {
        apart(moment, marks, "`progressToken`", |r| r.meta(meta::PROGRESS_TOKEN).cloned());
    }
}

/// That something of a request is another than that of every request that is open.
fn apart(moment: &Moment<'_>, marks: &mut Marks, what: &str, of: fn(&Received) -> Option<Value>) {
    let Some(own) = of(moment.now()) else { return };
    let open = moment.before().iter().filter(|r| is_open(r, moment));
    for other in open.filter_map(of) {
        marks.expect(other != own, format!("another {what} than that of an open request"), || {
            format!("{own} again")
        });
    }
}

/// Whether a request is not answered when this one comes, and not given up.
fn is_open(received: &Received, moment: &Moment<'_>) -> bool {
    let at = moment.now().exchange.answer.sent_at;
    let answered = received.responded_at().is_some_and(|responded| responded <= at);
    !answered && (received.exchange.answer.ended_at > at || is_subscribed(received, moment))
}

/// Whether this is a subscription over standard streams that lasts: no stream of its own ends it, but a notification that cancels
/// it, or the end of the process.
fn is_subscribed(received: &Received, moment: &Moment<'_>) -> bool {
    let here = |r: &Received| r.exchange.channel == received.exchange.channel;
    let cancels = |r: &Received| {
        let said = r.body().filter(|body| body["method"] == notification::CANCELLED);
        let id = received.body().map(|body| &body["id"]);
        said.is_some_and(|said| Some(&said["params"]["requestId"]) == id)
    };
    received.line().is_some()
        && received.asks(method::LISTEN)
        && here(moment.now())
        && !moment.before().iter().any(|r| here(r) && cancels(r))
}
