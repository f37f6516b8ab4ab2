//! basic#messages, basic#responses: judged over every message of the run.

use plumb_runner::{Notes, Observed, check};
use plumb_wire::jsonrpc::Kind;
use serde_json::Value;

check! {
    /// **Observed:** every message that the server sends, whatever caused it, has `"jsonrpc": "2.0"`.
    ///
    /// **Why:** clients of JSON-RPC 2.0 drop messages that do not say so.
    ///
    /// **Fix:** add the member to every response and notification, errors included.
    pub(crate) JSONRPC_VERSION = "base.jsonrpc.version-member";
    passive: jsonrpc_version
}

fn jsonrpc_version(seen: &Observed, notes: &mut Notes<'_>) {
    for message in seen.messages.iter().filter(|m| m.json.as_ref().is_ok_and(Value::is_object)) {
        notes.expect(message.version().is_some_and(|v| v == "2.0"), "`jsonrpc` is the string \"2.0\"", || {
            message.version().map_or_else(|| "no `jsonrpc` member".into(), |v| format!("`jsonrpc` is {v}"))
        });
    }
}

check! {
    /// **Observed:** every response holds either `result` or `error`.
    ///
    /// **Why:** a client cannot tell whether the request succeeded when both or neither are there.
    ///
    /// **Fix:** leave `error` out of successes, even as `null`, and `result` out of failures.
    pub(crate) RESULT_XOR_ERROR = "base.jsonrpc.result-xor-error";
    passive: result_xor_error
}

fn result_xor_error(seen: &Observed, notes: &mut Notes<'_>) {
    let responses = seen.messages.iter().filter(|m| m.method().is_none());
    for message in responses.filter(|m| m.json.as_ref().is_ok_and(Value::is_object)) {
        let (result, error) = (message.member("result").is_some(), message.member("error").is_some());
        notes.expect(result != error, "either `result` or `error`", || {
            if result { "both `result` and `error`".into() } else { "neither `result` nor `error`".into() }
        });
    }
}

check! {
    /// **Observed:** every result carries the id of the request it answers, unchanged in value and type;
    /// ids of all kinds are sent in the run: integers, strings, zero, empty.
    ///
    /// **Why:** the id is the only thing that ties an answer to its request on a shared channel.
    ///
    /// **Fix:** keep the id as the JSON value that came; do not read it into a number or a string.
    pub(crate) SAME_ID = "base.response.same-id";
    passive: same_id
}

fn same_id(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(sent) = seen.sent_id() else { return };
    for message in seen.messages.iter().filter(|m| matches!(m.kind, Kind::Result)) {
        notes.expect(message.id() == Some(sent), format!("the result carries the request's id {sent}"), || {
            message.id().map_or_else(|| "no id".into(), |id| format!("id {id}"))
        });
    }
}

check! {
    /// **Observed:** every result has a `resultType` that is a string.
    ///
    /// **Why:** clients choose by it how to read the result; an absent one marks a server of an earlier revision.
    ///
    /// **Fix:** add `"resultType": "complete"` to every ordinary result, list and empty results included.
    pub(crate) RESULT_TYPE = "base.response.result-type";
    passive: result_type
}

fn result_type(seen: &Observed, notes: &mut Notes<'_>) {
    for result in seen.messages.iter().filter_map(|m| m.result()).filter(|r| r.is_object()) {
        notes.expect(result.get("resultType").is_some_and(Value::is_string), "`resultType` is a string", || {
            let method = seen.method().unwrap_or("a request");
            match result.get("resultType") {
                Some(other) => format!("the result of {method} has `resultType` {other}"),
                None => format!("the result of {method} has no `resultType`"),
            }
        });
    }
}
