//! basic/patterns/mrtr: what an `InputRequiredResult` looks like, judged over every exchange of the run.

use plumb_runner::{Notes, Observed, brief, check};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::schema::INPUT_REQUIRED_METHODS;
use serde_json::Value;

/// The requests that only a client can answer.
const TO_CLIENTS: [&str; 3] = ["elicitation/create", "sampling/createMessage", "roots/list"];

check! {
    /// **Observed:** where the target asks for an elicitation, a completion or the roots, it does so in an
    /// `InputRequiredResult`; no message of it is such a request itself.
    ///
    /// **Why:** clients of this revision do not answer requests of servers, so the call never ends.
    ///
    /// **Fix:** return the request under `inputRequests` and go on when the client retries.
    pub(crate) USE_MRTR = "mrtr.use-mrtr";
    fact: "patterns.no-server-requests";
    passive: use_mrtr
}

fn use_mrtr(seen: &Observed, notes: &mut Notes<'_>) {
    let requests = seen.messages.iter().filter(|m| matches!(m.kind, Kind::Request));
    for method in requests.filter_map(|m| m.method()).filter(|m| TO_CLIENTS.contains(m)) {
        notes.breaks(
            "input asked for in an `InputRequiredResult`",
            format!("a request {method:?} of the server"),
        );
    }
    if inputs(seen).next().is_some() {
        notes.fits();
    }
}

check! {
    /// **Observed:** only `tools/call`, `prompts/get` and `resources/read` are answered with `"resultType":
    /// "input_required"`, whatever capabilities the client declares.
    ///
    /// **Why:** clients handle the answer only where it may come, and take it for a broken result elsewhere.
    ///
    /// **Fix:** ask for input when the tool, prompt or resource is used, not when it is listed or completed.
    pub(crate) UNSUPPORTED = "mrtr.unsupported";
    passive: unsupported
}

fn unsupported(seen: &Observed, notes: &mut Notes<'_>) {
    let (Some(method), Some(_)) = (seen.method(), seen.result()) else { return };
    if INPUT_REQUIRED_METHODS.contains(&method) {
        return;
    }
    notes.expect(
        seen.input_required().is_none(),
        format!("a result of {method} that asks for nothing"),
        || seen.describe(),
    );
}

check! {
    /// **Observed:** no key stands twice in `inputRequests`, by the bytes of the message.
    ///
    /// **Why:** a JSON parser keeps one of the two, and the other is never answered.
    ///
    /// **Fix:** give every input request of a result a key of its own.
    pub(crate) KEYS_UNIQUE = "mrtr.keys-unique";
    passive: keys_unique
}

fn keys_unique(seen: &Observed, notes: &mut Notes<'_>) {
    if inputs(seen).next().is_none() {
        return;
    }
    let Some(response) = seen.response() else { return };
    let own = |p: &&String| {
        p.strip_prefix("/result/inputRequests/").is_some_and(|key| !key.contains('/'))
    };
    let twice: Vec<&String> = response.duplicate_keys.iter().filter(own).collect();
    notes.expect(twice.is_empty(), "every key of `inputRequests` once", || {
        format!("twice: {twice:?}")
    });
}

check! {
    /// **Observed:** `inputRequests` is an object; every value of it is a request object whose `method` is `elicitation/create`,
    /// `sampling/createMessage` or `roots/list`.
    ///
    /// **Why:** a client can answer nothing else, and cannot retry without an answer.
    ///
    /// **Fix:** put one of the three requests there, with `method` and, but for roots, `params`.
    pub(crate) VALUES_ALLOWED = "mrtr.values-allowed";
    passive: values_allowed
}

fn values_allowed(seen: &Observed, notes: &mut Notes<'_>) {
    if let Some(requests) = seen.input_required().and_then(|r| r.get("inputRequests"))
        && !requests.is_object()
    {
        notes.breaks("an object that holds the requests by their keys", brief(requests));
    }
    for (key, request) in inputs(seen) {
        let method = request.get("method").and_then(Value::as_str);
        let known = method.is_some_and(|m| TO_CLIENTS.contains(&m));
        let params = request.get("params").map_or(method == Some("roots/list"), Value::is_object);
        notes.expect(
            known && params,
            "an `ElicitRequest`, `CreateMessageRequest` or `ListRootsRequest`",
            || format!("{key:?}: {}", brief(request)),
        );
    }
}

check! {
    /// **Observed:** every `InputRequiredResult` has `inputRequests`, `requestState` or both; the state is a string.
    ///
    /// **Why:** with neither, a client has nothing to do and nothing to bring back.
    ///
    /// **Fix:** name what is asked for, or give the state with which to retry.
    pub(crate) AT_LEAST_ONE = "mrtr.at-least-one";
    passive: at_least_one
}

fn at_least_one(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.input_required().filter(|_| allowed(seen)) else { return };
    let some = result.get("inputRequests").is_some() || result.get("requestState").is_some();
    notes.expect(some, "`inputRequests` or `requestState`", || {
        format!("neither: {}", brief(result))
    });
    if let Some(state) = result.get("requestState") {
        notes.expect(state.is_string(), "a `requestState` that is a string", || brief(state));
    }
}

/// Whether the request is one that may be answered so; another check judges those that may not.
fn allowed(seen: &Observed) -> bool {
    seen.method().is_some_and(|m| INPUT_REQUIRED_METHODS.contains(&m))
}

/// The input requests of an answer.
pub(crate) fn inputs(seen: &Observed) -> impl Iterator<Item = (&String, &Value)> {
    let requests =
        seen.input_required().and_then(|r| r.get("inputRequests")).and_then(Value::as_object);
    requests.into_iter().flatten()
}
