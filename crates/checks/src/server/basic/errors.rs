//! basic#error-responses: what every error is made of, judged over every message of the run.

use plumb_flows::echo;
use plumb_runner::{Notes, Observed, check, clip, facet};
use plumb_wire::jsonrpc::{Kind, Message};
use serde_json::Value;

check! {
    /// **Observed:** every error carries the id of the request that it answers, unchanged in value and type. Errors of
    /// many kinds are provoked with string and integer ids. A message that is no JSON-RPC request may be answered
    /// without an id, and so may an HTTP status that is decided before the body is read (401, 403, 405, 413 …).
    ///
    /// **Why:** on a shared channel an error without its id belongs to nobody: the caller waits until its timeout.
    ///
    /// **Fix:** read the id first, keep it as the JSON value that came, and hand it to the path of errors.
    pub(crate) SAME_ID = "base.error.same-id";
    since: "2025-03-26";
    passive: same_id
}

fn same_id(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(sent) = echo::sent(seen).filter(|id| !echo::is_large(id)) else { return };
    let body_was_read = seen.status().is_none_or(|s| s < 400 || matches!(s, 400 | 404 | 422 | 500));
    if !body_was_read || seen.responses().any(|m| matches!(m.kind, Kind::Result)) {
        return;
    }
    if seen.responses().any(|m| m.answers(sent)) {
        notes.fits();
        return;
    }
    for id in echo::misnamed(seen, &Kind::Error).map(Message::id) {
        let absent = id.is_none_or(Value::is_null);
        // With sessions, the transport may refuse a message before it is read: by 400 or 404.
        let unread = notes.edition.has_handshake() && seen.status().is_some_and(|s| s >= 400);
        if absent && (unread || !is_well_formed(seen)) {
            continue;
        }
        let method = seen.method().unwrap_or("a malformed request");
        notes.breaks(
            format!("the error carries the request's id {sent}"),
            format!(
                "the error to {method} has {}",
                id.map_or_else(|| "no id".into(), |id| format!("id {id}"))
            ),
        );
    }
}

/// Whether what was sent has the form of a JSON-RPC request.
fn is_well_formed(seen: &Observed) -> bool {
    let version = seen.request.as_ref().and_then(|r| r.get("jsonrpc"));
    seen.is_request()
        && version.is_some_and(|v| v == "2.0")
        && seen.params().is_none_or(Value::is_object)
}

check! {
    /// **Observed:** the error to a message whose id cannot be read has no id, or the id null; an id is not made up.
    ///
    /// **Why:** an invented id such as 0 is the id of some other request, which then fails in the place of the broken one.
    ///
    /// **Fix:** leave the id out when there is none. Position: null, as JSON-RPC 2.0 has it, is accepted too.
    pub(crate) ID_OMITTED = "base.error.id-omitted-unreadable";
    since: "2025-03-26";
    cases: facet::id_echo
}

check! {
    /// **Observed:** every error is an object with a `code` and with a `message` that is a string.
    ///
    /// **Why:** clients branch on the code and show the message; without them a failure has no cause.
    ///
    /// **Fix:** build errors in one place that demands both.
    pub(crate) CODE_AND_MESSAGE = "base.error.code-and-message";
    since: "2025-03-26";
    passive: code_and_message
}

fn code_and_message(seen: &Observed, notes: &mut Notes<'_>) {
    // An HTTP error status may have any body; `{"error": "invalid_token"}` is one of OAuth, not of JSON-RPC.
    let rpc = |m: &&Message| m.version().is_some() || matches!(m.kind, Kind::Error);
    for error in seen
        .messages
        .iter()
        .filter(|m| m.member("method").is_none())
        .filter(rpc)
        .filter_map(Message::error)
    {
        let whole =
            error.get("code").is_some() && error.get("message").is_some_and(Value::is_string);
        notes.expect(whole, "an error object with `code` and a string `message`", || {
            clip(&error.to_string(), 160)
        });
    }
}

check! {
    /// **Observed:** the `code` of every error is an integer.
    ///
    /// **Why:** clients compare codes as integers; a string or a fraction equals none of them.
    ///
    /// **Fix:** type the code as an integer.
    pub(crate) CODE_INTEGER = "base.error.code-integer";
    since: "2025-03-26";
    passive: code_integer
}

fn code_integer(seen: &Observed, notes: &mut Notes<'_>) {
    for code in errors(seen).filter_map(|m| m.error()?.get("code")) {
        notes.expect(code.is_i64() || code.is_u64(), "an integer as `code`", || {
            format!("code {code}")
        });
    }
}

/// The errors among the messages that came.
pub(crate) fn errors(seen: &Observed) -> impl Iterator<Item = &Message> {
    seen.messages.iter().filter(|m| matches!(m.kind, Kind::Error))
}
