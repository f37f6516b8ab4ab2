//! basic/patterns/cancellation, and what other pages say of it: what needs a client that gives up. Those that follow steps do.

use plumb_runner::client::{Moment, Provoked, Received, SLOW_MS, Scenario, TASK};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::{method, notification};
use serde_json::Value;

pub(crate) const CHECKS: &[&Check] =
    &[&CANCEL, &TIMEOUT, &TOLD, &OWN, &IN_FLIGHT, &RACE, &NO_TASK, &NO_ID];

/// So much of an id is shown, in characters.
const SHOWN: usize = 40;

check! {
    /// **Observed:** a client that is to give up a call while it waits closes its stream.
    ///
    /// **Why:** the server works on, for nobody.
    ///
    /// **Fix:** close the response of a request that is not wanted any more.
    pub(crate) CANCEL = "cancel.client-send";
    happening: |moment, marks| gives_up(moment, marks, Provoked::Cancelled)
}

check! {
    /// **Observed:** a client that is told to wait for a call no longer than so gives it up then, and closes its stream.
    ///
    /// **Why:** a server that hangs would hang its clients, and works on for nobody.
    ///
    /// **Fix:** give each request a timeout, and cancel the request when it has passed.
    pub(crate) TIMEOUT = "cancel.timeout.cancel";
    judges: ["cancel.timeout.establish", "tools.sec.client-timeout"];
    happening: |moment, marks| gives_up(moment, marks, Provoked::TimedOut)
}

fn gives_up(moment: &Moment<'_>, marks: &mut Marks, provoked: Provoked) {
    let now = moment.now();
    if moment.scenario != Scenario::Provoked(provoked) || !now.asks(method::TOOLS_CALL) {
        return;
    }
    if now.line().is_some() {
        if moment.is_whole() {
            marks.expect(is_told(moment), "`notifications/cancelled` soon", || "none came".into());
        }
        return;
    }
    let answer = &now.exchange.answer;
    let open = answer.ended_at.saturating_sub(answer.sent_at) / 1000;
    // What comes next comes a while later.
    let next = moment.after().iter().find(|r| r.request().is_some());
    let before = next.is_none_or(|next| answer.ended_at < next.exchange.answer.sent_at);
    let closed = answer.frames.is_empty() && before && open < SLOW_MS * 3 / 4;
    marks.expect(closed, "the stream is closed soon, before the next request", || {
        format!("it was open for {open} ms")
    });
}

/// Whether a notification tells that this request is given up, before its response would come.
fn is_told(moment: &Moment<'_>) -> bool {
    let now = moment.now();
    let id = now.request().and_then(|request| request.get("id"));
    let soon = now.exchange.answer.sent_at + SLOW_MS * 750;
    let mut told = moment.after().iter().filter(|r| r.exchange.answer.sent_at < soon);
    told.any(|r| given_up(r).as_ref() == id)
}

/// The request that this notification gives up.
fn given_up(received: &Received) -> Option<Value> {
    let body = received.message()?.json.as_ref().ok()?;
    let cancels = body["method"] == notification::CANCELLED;
    cancels.then(|| body["params"]["requestId"].clone())
}

check! {
    /// **Observed:** a call that is given up, or runs out of time, over standard streams is followed by
    /// `notifications/cancelled` with its id.
    ///
    /// **Why:** there is no stream to close: the server works on, for nobody.
    ///
    /// **Fix:** send the notification when who called stops waiting.
    pub(crate) TOLD = "stdio.client-cancel-notification";
    fact: "cancel.client-send";
    happening: |moment, marks| {
        for provoked in [Provoked::Cancelled, Provoked::TimedOut] {
            gives_up(moment, marks, provoked);
        }
    }
}

check! {
    /// **Observed:** `notifications/cancelled` names a request that the client has sent.
    ///
    /// **Why:** it gives up nothing, or the request of somebody else.
    ///
    /// **Fix:** name the id of the request, in value and type.
    pub(crate) OWN = "cancel.only-own-requests";
    applies: [Stdio];
    happening: own
}

fn own(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some(id) = given_up(moment.now()) {
        marks.expect(named(moment, &id).is_some(), "the id of a request of its own", || {
            clip(&id.to_string(), SHOWN)
        });
    }
}

/// The request of this id that was sent before to the same server.
fn named<'a>(moment: &Moment<'a>, id: &Value) -> Option<&'a Received> {
    let now = moment.now();
    let here = |r: &&Received| now.line().is_none() || r.exchange.channel == now.exchange.channel;
    let is = |r: &&Received| r.body().is_some_and(|b| b["id"] == *id && b.get("method").is_some());
    moment.before().iter().rev().filter(here).find(is)
}

check! {
    /// **Observed:** `notifications/cancelled` names no request whose response came half a second ago or earlier; nor is a second
    /// one of a scenario given up after its response, however soon: responses cross now and then, and not each time.
    ///
    /// **Why:** there is nothing left to give up.
    ///
    /// **Fix:** forget a request once it is answered.
    pub(crate) IN_FLIGHT = "cancel.only-in-progress";
    judges: ["schema.cancel.in-flight"];
    happening: in_flight
}

fn in_flight(moment: &Moment<'_>, marks: &mut Marks) {
    /// A response that was on its way, in microseconds.
    const RACE: u64 = 500_000;
    // Who cannot read an unusual line waits for what has come: another check tells.
    let unusual = Scenario::answered("tools_call#line-separators");
    let unusual = unusual.into_iter().chain([Scenario::Provoked(Provoked::LongLine)]);
    if unusual.into_iter().any(|scenario| scenario == moment.scenario) {
        return;
    }
    let now = moment.now();
    let Some(request) = given_up(now).and_then(|id| named(moment, &id)) else { return };
    let late = request.responded_at().filter(|at| at + RACE < now.exchange.answer.sent_at);
    let crossed = |r: &Received| {
        let sent_at = r.exchange.answer.sent_at;
        let of = given_up(r).and_then(|id| named(moment, &id));
        of.and_then(Received::responded_at).is_some_and(|at| at <= sent_at)
    };
    let again = crossed(now) && moment.before().iter().any(crossed);
    marks.expect(late.is_none() && !again, "the id of a request that is open", || {
        if late.is_some() {
            "one that was answered before".into()
        } else {
            "one that was just answered, as another one before".into()
        }
    });
}

check! {
    /// **Observed:** a client that is answered after it has given up a call, over standard streams, goes on.
    ///
    /// **Why:** the response may have been on its way, and a server need not hear of the cancellation at all.
    ///
    /// **Fix:** drop a response whose request is not known.
    pub(crate) RACE = "cancel.race-client";
    judges: ["cancel.client-ignore-late"];
    applies: [Stdio];
    happening: race
}

fn race(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::Provoked(Provoked::Late)) else { return };
    let Some(at) = all.iter().position(|r| r.asks(method::TOOLS_CALL)) else { return };
    let given = all[at..].iter().find(|r| given_up(r).is_some());
    let answered = all[at].exchange.answer.frames.first().map(|frame| frame.at);
    if given.is_some_and(|g| answered.is_some_and(|at| at > g.exchange.answer.sent_at)) {
        let goes_on = all[at + 1..].iter().any(|r| r.asks(method::TOOLS_CALL));
        marks.expect(goes_on, "the next step after the late response", || "it did not come".into());
    }
}

check! {
    /// **Observed:** a client that gives up a call of which a task was made sends no `notifications/cancelled` for it.
    ///
    /// **Why:** the request is answered; the task goes on.
    ///
    /// **Fix:** send `tasks/cancel` with the id of the task.
    pub(crate) NO_TASK = "tasks.cancel.not-by-notification";
    happening: no_task
}

fn no_task(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::Provoked(Provoked::TaskCancelled)) else { return };
    let made = |r: &&Received| r.result().is_some_and(|result| result["resultType"] == "task");
    let Some(call) = all.iter().find(made) else { return };
    let id = call.request().and_then(|request| request.get("id"));
    let mut given = all.iter().filter_map(given_up);
    let of_task = given.any(|given| Some(&given) == id || given == TASK);
    marks.expect(!of_task, "`tasks/cancel`, or nothing", || "`notifications/cancelled`".into());
}

check! {
    /// **Observed:** notifications have no `id`.
    ///
    /// **Why:** with one, a server takes them for requests, and answers.
    ///
    /// **Fix:** leave it out.
    pub(crate) NO_ID = "base.notif.client-no-id";
    received: no_id
}

fn no_id(received: &Received, marks: &mut Marks) {
    let body = received.message().and_then(|message| message.json.as_ref().ok());
    let method = body.and_then(|body| body["method"].as_str()).unwrap_or_default();
    if let Some(body) = body.filter(|_| method.starts_with("notifications/")) {
        marks.expect(body.get("id").is_none(), "no `id`", || {
            format!("`id: {}`", clip(&body["id"].to_string(), SHOWN))
        });
    }
}
