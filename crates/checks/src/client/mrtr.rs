//! basic/patterns/mrtr#client-requirements-basic-workflow: a request that is sent again.

use plumb_runner::client::{ASK, Moment, Provoked, Received, Scenario, VISIT, WHERE};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::method;
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

pub(crate) const CHECKS: &[&Check] = &[
    &ECHO,
    &OPAQUE,
    &NEW_ID,
    &SAME_PARAMS,
    &CONSTRUCT,
    &SAME_KEYS,
    &NO_STATE,
    &ISOLATION,
    &SUPPORTS,
];

/// Where each thing is asked for alone, of who declares it.
const ALONE: Scenario = Scenario::Provoked(Provoked::RequestState);

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
    let Some(retry) = retry(moment).filter(|_| has_state(moment.now())) else { return };
    let state = retry.param("requestState");
    marks.expect(state.is_some(), "`requestState` in the retry", || "there is none".into());
}

check! {
    /// **Observed:** the `requestState` that is sent again is the text that came, character by character: it may look like JSON, be
    /// long, or be empty.
    ///
    /// **Why:** only the server knows what it means, and often it is sealed.
    ///
    /// **Fix:** keep it as the string that came: not parsed, not trimmed, not decoded.
    pub(crate) OPAQUE = "mrtr.client-opaque-state";
    happening: opaque
}

fn opaque(moment: &Moment<'_>, marks: &mut Marks) {
    let retry = retry(moment).filter(|_| has_state(moment.now()));
    let Some(state) = retry.and_then(|r| r.param("requestState")) else { return };
    let given = moment.now().result().map(|result| result["requestState"].clone());
    let given = given.unwrap_or_default();
    let expected = format!("`requestState` is {}", clip(&given.to_string(), SHOWN));
    marks.expect(*state == given, expected, || clip(&state.to_string(), SHOWN));
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
    // What brings the state or inputs is surely meant as the retry.
    let Some(retry) = retry(moment).filter(|r| is_round(r)) else { return };
    for member in ["name", "arguments"] {
        let (first, second) = (moment.now().param(member), retry.param(member));
        let told =
            |value: Option<&Value>| value.map_or("nothing".into(), |v| clip(&v.to_string(), SHOWN));
        marks.expect(first == second, format!("`{member}` as before, {}", told(first)), || {
            told(second)
        });
    }
}

/// Whether a request has what only a further round has.
fn is_round(received: &Received) -> bool {
    ["requestState", "inputResponses"].iter().any(|name| received.param(name).is_some())
}

/// Whether the answer has a state.
fn has_state(received: &Received) -> bool {
    received.result().is_some_and(|result| result.get("requestState").is_some())
}

check! {
    /// **Observed:** a request that is sent again, after a result that asked for inputs, brings `inputResponses`.
    ///
    /// **Why:** the server would ask for the same again.
    ///
    /// **Fix:** gather what is asked for before the request is sent again.
    pub(crate) CONSTRUCT = "mrtr.client-construct";
    happening: construct
}

fn construct(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(retry) = retry(moment).filter(|_| wanted(moment.now()).is_some()) else { return };
    let given = retry.param("inputResponses").is_some_and(Value::is_object);
    marks.expect(given, "`inputResponses` in the retry", || "there is none".into());
}

check! {
    /// **Observed:** the keys of `inputResponses` are those of `inputRequests`, all of them; where a round asks for no input, those of
    /// the round before are not sent again.
    ///
    /// **Why:** the server tells by them which input is which.
    ///
    /// **Fix:** keep each input under the key that asked for it.
    pub(crate) SAME_KEYS = "schema.input-responses.same-keys";
    happening: same_keys
}

fn same_keys(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(wanted) = wanted(moment.now()) else { return left_over(moment, marks) };
    let given = retry(moment).and_then(|retry| retry.param("inputResponses")?.as_object());
    let Some(given) = given else { return };
    // What an earlier round asked for may come once more: servers skip it.
    let asked = moment.before().iter().filter_map(self::wanted).flatten();
    let asked: Vec<String> = asked.chain(wanted.iter().cloned()).collect();
    let same = wanted.iter().all(|key| given.contains_key(key))
        && given.keys().all(|key| asked.contains(key));
    marks.expect(same, format!("the keys {}", wanted.join(", ")), || {
        given.keys().cloned().collect::<Vec<_>>().join(", ")
    });
}

/// That after a round which asks for nothing, the inputs of the round before do not come again. Who keeps those of all rounds,
/// which servers skip, sends all of them.
fn left_over(moment: &Moment<'_>, marks: &mut Marks) {
    let given = retry(moment).and_then(|retry| retry.param("inputResponses")?.as_object());
    let Some(given) = given.filter(|given| !given.is_empty()) else { return };
    let asked: Vec<String> = moment.before().iter().filter_map(wanted).flatten().collect();
    if asked.iter().any(|key| !given.contains_key(key)) {
        let keys = given.keys().cloned().collect::<Vec<_>>().join(", ");
        marks.breaks("no `inputResponses`: nothing was asked for", keys);
    }
}

check! {
    /// **Observed:** after a result without `requestState`, the retry has none either.
    ///
    /// **Why:** the server would take it for one of its own, and refuse it.
    ///
    /// **Fix:** send the member only where it came.
    pub(crate) NO_STATE = "mrtr.client-no-invented-state";
    happening: no_state
}

fn no_state(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(retry) = retry(moment) else { return };
    if moment.now().result().is_some_and(|result| result.get("requestState").is_none()) {
        let state = retry.param("requestState");
        marks.expect(state.is_none(), "no `requestState` in the retry", || {
            state.map(|state| clip(&state.to_string(), SHOWN)).unwrap_or_default()
        });
    }
}

check! {
    /// **Observed:** requests other than a retry carry neither `requestState` nor `inputResponses`.
    ///
    /// **Why:** they belong to one request, and mean nothing, or something else, to another.
    ///
    /// **Fix:** keep both beside the request that they came for.
    pub(crate) ISOLATION = "mrtr.client-isolation";
    happening: isolation
}

fn isolation(moment: &Moment<'_>, marks: &mut Marks) {
    let now = moment.now();
    let Some(method) = now.method().filter(|method| *method != method::TASKS_UPDATE) else {
        return;
    };
    let asked = |r: &&Received| r.is_asked_again();
    if !moment.before().iter().any(|r| asked(&r)) {
        return;
    }
    let same = |r: &Received| {
        let same = |member: &str| r.param(member) == now.param(member);
        r.method() == Some(method) && same("name") && same("uri")
    };
    let is_retry = moment.before().iter().filter(asked).any(same);
    let carries = ["requestState", "inputResponses"].into_iter().find(|m| now.param(m).is_some());
    if !is_retry {
        marks.expect(carries.is_none(), "no state and no inputs of another request", || {
            format!("`{}` with {method}", carries.unwrap_or_default())
        });
    }
}

check! {
    /// **Observed:** a client that declares pages to visit, `sampling` or `roots`, is started by us, so that nobody sits before it, and
    /// is asked for one of them alone, answers it there or elsewhere: a page also with `decline`.
    ///
    /// **Why:** a server asks for what is declared, and none of its calls that need it can ever be carried out.
    ///
    /// **Fix:** declare what there is a handler for, and nothing else.
    pub(crate) SUPPORTS = "mrtr.client-supports-declared";
    happening: supports
}

fn supports(moment: &Moment<'_>, marks: &mut Marks) {
    // Where somebody sits before the client, that one may have refused each of them.
    let Some(all) = moment.whole_of(ALONE).filter(|_| moment.failed(ALONE).is_some()) else {
        return;
    };
    let together = moment.of(Scenario::Provoked(Provoked::Input));
    for (key, what) in [(VISIT, "a page to visit"), (ASK, "a completion"), (WHERE, "roots")] {
        let asks = |r: &Received| wanted(r).is_some_and(|keys| keys == [key]);
        if !all.iter().any(asks) {
            continue;
        }
        let answers =
            |r: &Received| r.param("inputResponses").is_some_and(|all| all.get(key).is_some());
        let answered = all.iter().chain(together).any(answers);
        let expected = format!("an answer to a request for {what}, which the client declares");
        marks.expect(answered, expected, || "the call was not sent again".into());
    }
}

/// What was sent again after this request, which was to be: of the same method, for the same thing, and either with what only
/// another round has, or with the same arguments. With others and nothing of a round it is another call, and what has the
/// arguments of that call is its retry. So is one with the same arguments where the client was told to ask twice.
fn retry<'a>(moment: &Moment<'a>) -> Option<&'a Received> {
    const ASKING: [&str; 3] = [method::TOOLS_CALL, method::RESOURCES_READ, method::PROMPTS_GET];
    let now = moment.now();
    let method = now.method().filter(|method| ASKING.contains(method) && now.is_asked_again())?;
    let same = |r: &Received, member: &str| r.param(member) == now.param(member);
    let thing = |r: &&Received| r.asks(method) && same(r, "name") && same(r, "uri");
    let twice = told_twice(moment);
    let mut others = Vec::new();
    moment.after().iter().filter(thing).find(|r| {
        let arguments = r.param("arguments");
        let own = if is_round(r) { !others.contains(&arguments) } else { !twice };
        if own && (is_round(r) || same(r, "arguments")) {
            return true;
        }
        others.push(arguments);
        false
    })
}

/// Whether the client is told to ask more than once for what it asks for now.
fn told_twice(moment: &Moment<'_>) -> bool {
    let now = moment.now();
    let what = match now.method() {
        Some(method::TOOLS_CALL) => "call",
        Some(method::RESOURCES_READ) => "read",
        _ => "get",
    };
    let same = |step: &&Value| {
        ["name", "uri", "arguments"].iter().all(|member| step.get(member) == now.param(member))
    };
    moment.told(what).iter().filter(same).count() > 1
}

/// The keys of the inputs that the answer asks for.
fn wanted(received: &Received) -> Option<Vec<String>> {
    let result = received.result().filter(|_| received.is_asked_again())?;
    let requests = result.get("inputRequests")?.as_object()?;
    Some(requests.keys().cloned().collect())
}

/// The answer to the input of this key, if this request brings it back.
pub(super) fn response(moment: &Moment<'_>, key: &str) -> Option<Value> {
    moment.now().param("inputResponses")?.get(key).cloned()
}
