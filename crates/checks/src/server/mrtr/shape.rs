//! basic/patterns/mrtr: what an `InputRequiredResult` looks like, judged over every exchange of the run.

use plumb_flows::echo::own;
use plumb_flows::parts::input_params;
use plumb_runner::{Notes, Observed, brief, check};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::method;
use plumb_wire::schema::{INPUT_REQUIRED_METHODS, Mismatch};
use serde_json::Value;

use super::super::sampling::unlike;

/// The requests that only a client can answer.
const TO_CLIENTS: [&str; 3] =
    [method::ELICITATION_CREATE, method::SAMPLING_CREATE_MESSAGE, method::ROOTS_LIST];

check! {
    /// **Observed:** where the target asks for an elicitation, a completion or the roots, it does so in an
    /// `InputRequiredResult`; no message of it is such a request itself, and no such result stands as text in the
    /// content of a call or prompt.
    ///
    /// **Why:** clients of this revision do not answer requests of servers, and show text to a model: the call never ends.
    ///
    /// **Fix:** return the request under `inputRequests` and go on when the client retries; hand the result on as it is,
    /// not as the return value of a tool.
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
    if let Some(told) = asked_in_text(seen) {
        notes.breaks(
            "input asked for in an `InputRequiredResult`",
            format!("content with the text of one: {}", brief(&told)),
        );
    }
    if inputs(seen).next().is_some() {
        notes.fits();
    }
}

/// An `InputRequiredResult` that is all that the text of a call or prompt says, whose requests are those for clients.
fn asked_in_text(seen: &Observed) -> Option<Value> {
    let result = seen.complete()?;
    let blocks: Vec<&Value> = match seen.method()? {
        method::TOOLS_CALL => result["content"].as_array()?.iter().collect(),
        method::PROMPTS_GET => {
            result["messages"].as_array()?.iter().map(|m| &m["content"]).collect()
        }
        _ => return None,
    };
    let [block] = blocks.as_slice() else { return None };
    let told: Value = serde_json::from_str(block["text"].as_str()?).ok()?;
    let asks = told["inputRequests"].as_object().is_some_and(|all| {
        let known = |r: &Value| r["method"].as_str().is_some_and(|m| TO_CLIENTS.contains(&m));
        !all.is_empty() && all.values().all(known)
    });
    (told["resultType"] == "input_required" && asks).then_some(told)
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
    let result = own(seen).find_map(Message::result);
    let (Some(method), Some(result)) = (seen.method(), result) else { return };
    if INPUT_REQUIRED_METHODS.contains(&method) {
        return;
    }
    notes.expect(
        result["resultType"] != "input_required",
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
    /// `sampling/createMessage` or `roots/list`; the content of the messages of a sampling request, and what it says of the
    /// model, of tools and of how to complete have the form of the schema.
    ///
    /// **Why:** a client can answer nothing else, and cannot retry without an answer.
    ///
    /// **Fix:** put one of the three requests there, with `method` and, but for roots, `params` of the form that the schema gives:
    /// `"toolChoice": {"mode": "auto"}`, `"hints": [{"name": "…"}]`.
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
        let params =
            request.get("params").map_or(method == Some(method::ROOTS_LIST), Value::is_object);
        notes.expect(
            known && params,
            "an `ElicitRequest`, `CreateMessageRequest` or `ListRootsRequest`",
            || format!("{key:?}: {}", brief(request)),
        );
    }
    for params in input_params(seen, method::SAMPLING_CREATE_MESSAGE) {
        if let Some(Mismatch { at, expected, actual }) = unlike(params).next() {
            notes.breaks(format!("a `CreateMessageRequest` with {expected} at {at}"), actual);
        }
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

/// The input requests of an answer by their keys; those of earlier revisions, which are messages, have none.
pub(crate) fn inputs(seen: &Observed) -> impl Iterator<Item = (&str, &Value)> {
    let requests =
        seen.input_required().and_then(|r| r.get("inputRequests")).and_then(Value::as_object);
    let keyed = requests.into_iter().flatten().map(|(key, request)| (key.as_str(), request));
    keyed.chain(seen.asked().map(|request| ("", request)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use plumb_recorded::{elicitation, holds, http, result, stdio};

    fn call_that_says(text: &str) -> Observed {
        let content = json!([{"type": "text", "text": text}]);
        let said = result(json!({"resultType": "complete", "content": content}));
        http("tools/call", json!({"name": "a"}), 200, &[said])
    }

    #[test]
    fn an_interim_result_in_a_text_is_found_and_a_text_about_one_is_not() {
        let roots = json!({"resultType": "input_required", "inputRequests": {"r": {"method": "roots/list"}}});
        assert_eq!(holds(&USE_MRTR, &call_that_says(&roots.to_string())), Some(false));
        let about = format!("An answer such as {roots} asks for the roots.");
        let state = json!({"resultType": "input_required", "requestState": "x"}).to_string();
        for text in ["{}", "input_required", &about, &state] {
            assert_eq!(holds(&USE_MRTR, &call_that_says(text)), None, "{text}");
        }
        assert_eq!(holds(&USE_MRTR, &elicitation(json!({"message": "?"}))), Some(true));
    }

    #[test]
    fn the_late_answer_to_a_call_is_not_taken_for_that_to_a_list() {
        let late = json!({"jsonrpc": "2.0", "id": 9, "result": {"resultType": "input_required"}});
        let list = result(json!({"resultType": "complete", "tools": []}));
        let beside = stdio("tools/list", json!({}), &[late.clone(), list]);
        assert_eq!(holds(&UNSUPPORTED, &beside), Some(true));
        assert_eq!(holds(&UNSUPPORTED, &stdio("tools/list", json!({}), &[late])), None);
        let asks = result(json!({"resultType": "input_required", "requestState": "x"}));
        assert_eq!(holds(&UNSUPPORTED, &stdio("tools/list", json!({}), &[asks])), Some(false));
    }

    #[test]
    fn what_asks_for_nothing_or_for_something_else_is_found() {
        let asks = |r: Value| http("tools/call", json!({"name": "a"}), 200, &[result(r)]);
        let neither = asks(json!({"resultType": "input_required"}));
        let state = asks(json!({"resultType": "input_required", "requestState": "x"}));
        assert_eq!(holds(&AT_LEAST_ONE, &neither), Some(false));
        assert_eq!(holds(&AT_LEAST_ONE, &state), Some(true));
        let other = json!({"key": {"method": "tools/list", "params": {}}});
        let other = asks(json!({"resultType": "input_required", "inputRequests": other}));
        assert_eq!(holds(&VALUES_ALLOWED, &other), Some(false));
        assert_eq!(holds(&VALUES_ALLOWED, &elicitation(json!({"message": "?"}))), Some(true));
    }

    #[test]
    fn what_a_sampling_request_says_has_the_form_of_the_schema() {
        let asks = |more: Value| {
            let mut params = json!({"messages": [], "maxTokens": 1});
            params
                .as_object_mut()
                .expect("an object")
                .extend(more.as_object().cloned().expect("one"));
            let request = json!({"method": "sampling/createMessage", "params": params});
            let asked = json!({"resultType": "input_required", "inputRequests": {"s": request}});
            holds(&VALUES_ALLOWED, &http("tools/call", json!({"name": "a"}), 200, &[result(asked)]))
        };
        for wrong in [
            json!({"toolChoice": "auto"}),
            json!({"modelPreferences": {"hints": ["claude"]}}),
            json!({"modelPreferences": []}),
            json!({"stopSequences": "END"}),
            json!({"temperature": "1"}),
            json!({"includeContext": "all"}),
            json!({"messages": [{"role": "user", "content": {"type": "text", "text": 5}}]}),
        ] {
            assert_eq!(asks(wrong.clone()), Some(false), "{wrong}");
        }
        for other in [
            json!({"toolChoice": {"mode": "auto"}, "modelPreferences": {"hints": [{"name": "claude"}]}}),
            json!({"modelPreferences": {"costPriority": 2}, "includeContext": "allServers"}),
            json!({"maxTokens": "1", "messages": [{"role": "system"}], "x": 1}),
        ] {
            assert_eq!(asks(other.clone()), Some(true), "held, or told by another check: {other}");
        }
    }
}
