//! Recorded exchanges, for the tests of passive checks.

use plumb_model::{Answer, Carrier, End, Exchange, Frame, Head, Header, Initiator, Payload, Sent};
use plumb_runner::{Check, Finding, Observed, Survey, judged};
use plumb_wire::{header, meta, method};
use serde_json::{Value, json};

use crate::recorded::edition;

/// A request of this revision over HTTP, and the messages that came back with a status.
pub(crate) fn http(method: &str, params: Value, status: u16, messages: &[Value]) -> Observed {
    let body = request(method, params);
    let headers = [(header::PROTOCOL_VERSION, edition().revision.as_str()), ("Mcp-Method", method)];
    let sent = Sent::Http {
        method: "POST".into(),
        url: "http://127.0.0.1/mcp".into(),
        headers: headers.map(|(name, value)| Header::new(name, value)).to_vec(),
        body: body.to_string().into(),
    };
    let head = Some(Head { status, headers: Vec::new() });
    exchange(sent, head, messages)
}

/// A request of this revision as a line, and the lines beside it.
pub(crate) fn stdio(method: &str, params: Value, messages: &[Value]) -> Observed {
    exchange(Sent::Stdio { line: request(method, params).to_string().into() }, None, messages)
}

/// Lines that nobody asked for.
pub(crate) fn unasked(messages: &[Value]) -> Observed {
    exchange(Sent::Nothing, None, messages)
}

/// The result of the request.
pub(crate) fn result(result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

/// The error that answers the request.
pub(crate) fn error(code: i64, data: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no", "data": data}})
}

/// The answer to a call that asks for one elicitation.
pub(crate) fn elicitation(params: Value) -> Observed {
    let asked = json!({"key": {"method": method::ELICITATION_CREATE, "params": params}});
    let asks = result(json!({"resultType": "input_required", "inputRequests": asked}));
    http(method::TOOLS_CALL, json!({"name": "a"}), 200, &[asks])
}

/// Whether a check holds on an exchange; `None` if it sees nothing there.
pub(crate) fn holds(check: &Check, seen: &Observed) -> Option<bool> {
    holds_on(&Survey::default(), check, seen)
}

/// Whether a check holds on an exchange with such a target.
pub(crate) fn holds_on(survey: &Survey, check: &Check, seen: &Observed) -> Option<bool> {
    judged(check, seen, survey, edition()).map(|finding| finding == Finding::Held)
}

fn request(method: &str, mut params: Value) -> Value {
    params["_meta"][meta::PROTOCOL_VERSION] = json!(edition().revision);
    if params["_meta"].get(meta::CLIENT_CAPABILITIES).is_none() {
        params["_meta"][meta::CLIENT_CAPABILITIES] = json!({});
    }
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn exchange(sent: Sent, head: Option<Head>, messages: &[Value]) -> Observed {
    let frame = |m: &Value| {
        let payload: Payload = m.to_string().into();
        Frame { at: 0, carrier: Carrier::Body, payload }
    };
    Observed::new(Exchange {
        seq: 1,
        by: "test".into(),
        channel: "test-1".into(),
        initiator: Initiator::Us,
        sent,
        answer: Answer {
            head,
            frames: messages.iter().map(frame).collect(),
            end: End::Complete,
            ..Answer::default()
        },
    })
}
