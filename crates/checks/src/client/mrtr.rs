//! basic/patterns/mrtr#client-requirements-basic-workflow: a request that is sent again.

use plumb_runner::client::{Moment, Received, STATE, Scenario};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::method;
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

pub(crate) const CHECKS: &[&Check] = &[&ECHO, &OPAQUE, &NEW_ID, &SAME_PARAMS];

check! {
    /// **Observed:** a client that sends a request again, after a result that asked for it, sends `requestState` with it.
    ///
    /// **Why:** the server knows by it what it has done so far, and would begin anew for ever.
    ///
    /// **Fix:** put the `requestState` of an `input_required` result into the parameters of the retry.
    pub(crate) ECHO = "mrtr.client-echo-state";
    happening: echo
}

fn echo(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(retry) = retry(moment) else { return };
    let state = retry.param("requestState");
    marks.expect(state.is_some(), "`requestState` in the retry", || "there is none".into());
}

check! {
    /// **Observed:** the `requestState` that is sent again is the text that came, character by character; it looks like JSON.
    ///
    /// **Why:** only the server knows what it means, and often it is sealed.
    ///
    /// **Fix:** keep it as the string that came: not parsed, not trimmed, not decoded.
    pub(crate) OPAQUE = "mrtr.client-opaque-state";
    happening: opaque
}

fn opaque(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(state) = retry(moment).and_then(|r| r.param("requestState")) else { return };
    marks.expect(state == STATE, format!("`requestState` is {STATE:?}"), || {
        clip(&state.to_string(), SHOWN)
    });
}

check! {
    /// **Observed:** the retry has another id than the request.
    ///
    /// **Why:** it is a request of its own, and its response is told by its id.
    ///
    /// **Fix:** send retries through the code that counts requests.
    pub(crate) NEW_ID = "mrtr.client-new-id";
    happening: new_id
}

fn new_id(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(retry) = retry(moment).and_then(Received::request) else { return };
    let id = moment.now().request().map(|request| &request["id"]);
    marks.expect(Some(&retry["id"]) != id, "another `id` than that of the request", || {
        format!("`id` is {} again", clip(&retry["id"].to_string(), SHOWN))
    });
}

check! {
    /// **Observed:** the retry has the name and the arguments of the request.
    ///
    /// **Why:** the server need not keep them.
    ///
    /// **Fix:** keep the parameters, and add to them.
    pub(crate) SAME_PARAMS = "mrtr.client-same-params";
    happening: same_params
}

fn same_params(moment: &Moment<'_>, marks: &mut Marks) {
    // What brings the state is surely meant as the retry.
    let retry = retry(moment).filter(|r| r.param("requestState").is_some());
    let Some(retry) = retry else { return };
    for member in ["name", "arguments"] {
        let (first, second) = (moment.now().param(member), retry.param(member));
        let told =
            |value: Option<&Value>| value.map_or("nothing".into(), |v| clip(&v.to_string(), SHOWN));
        marks.expect(first == second, format!("`{member}` as before, {}", told(first)), || {
            told(second)
        });
    }
}

/// What was sent again after this request, which was to be.
fn retry<'a>(moment: &Moment<'a>) -> Option<&'a Received> {
    let here = moment.scenario == Scenario::AskedAgain && moment.now().asks(method::TOOLS_CALL);
    let asked = here && moment.now().response()?["result"]["resultType"] == "input_required";
    asked.then(|| moment.after().iter().find(|r| r.asks(method::TOOLS_CALL)))?
}
