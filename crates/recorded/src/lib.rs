//! Exchanges as they are recorded, for the tests of what judges them: a request of this revision, and what came for it.

use std::sync::OnceLock;

use plumb_model::{Answer, Carrier, Edition, End, Exchange, Frame, Head, Header, Initiator, Sent};
use plumb_runner::{Check, Finding, Observed, Survey, judged};
use plumb_wire::{header, meta, method};
use serde_json::{Value, json};

/// The edition that tests judge by, read once.
pub fn edition() -> &'static Edition {
    static EDITION: OnceLock<Edition> = OnceLock::new();
    EDITION.get_or_init(Edition::latest)
}

/// A request over HTTP, and the messages that came back with a status.
pub fn http(method: &str, params: Value, status: u16, messages: &[Value]) -> Observed {
    let body = request(method, params);
    let headers =
        [(header::PROTOCOL_VERSION, edition().revision.as_str()), (header::METHOD, method)];
    let named = header::standard_headers(&body).into_iter().filter(|h| h.name == header::NAME);
    let headers = headers.map(|(name, value)| Header::new(name, value)).into_iter();
    let sent = Sent::Http {
        method: "POST".into(),
        url: "http://127.0.0.1/mcp".into(),
        headers: headers.chain(named).collect(),
        body: body.to_string().into(),
    };
    observed(sent, Some(Head { status, headers: Vec::new() }), messages)
}

/// A request over HTTP, and the messages that came back with status 200.
pub fn streamed(method: &str, params: Value, messages: &[Value]) -> Observed {
    http(method, params, 200, messages)
}

/// A request over HTTP that was answered with a result.
pub fn answered(method: &str, params: Value, members: Value) -> Observed {
    streamed(method, params, &[result(members)])
}

/// A request as a line, and the lines beside it.
pub fn stdio(method: &str, params: Value, messages: &[Value]) -> Observed {
    observed(Sent::Stdio { line: request(method, params).to_string().into() }, None, messages)
}

/// Lines that nobody asked for.
pub fn unasked(messages: &[Value]) -> Observed {
    observed(Sent::Nothing, None, messages)
}

/// The answer to a call that asks for one elicitation.
pub fn elicitation(params: Value) -> Observed {
    let asked = json!({"key": {"method": method::ELICITATION_CREATE, "params": params}});
    let asks = result(json!({"resultType": "input_required", "inputRequests": asked}));
    streamed(method::TOOLS_CALL, json!({"name": "a"}), &[asks])
}

/// The result of the request.
pub fn result(result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

/// The result of the request, of type `complete`.
pub fn complete(mut members: Value) -> Value {
    members["resultType"] = json!("complete");
    result(members)
}

/// The error that answers the request.
pub fn error(code: i64) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}})
}

/// The error that answers the request, and its data.
pub fn error_with(code: i64, data: Value) -> Value {
    let mut error = error(code);
    error["error"]["data"] = data;
    error
}

/// A notification of the server.
pub fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// Whether a check holds of an exchange; `None` if it sees nothing there.
pub fn holds(check: &Check, seen: &Observed) -> Option<bool> {
    holds_on(&Survey::default(), check, seen)
}

/// Whether a check holds of an exchange with such a target.
pub fn holds_on(survey: &Survey, check: &Check, seen: &Observed) -> Option<bool> {
    judged(check, seen, survey, edition()).map(|finding| finding == Finding::Held)
}

fn request(method: &str, mut params: Value) -> Value {
    params["_meta"][meta::PROTOCOL_VERSION] = json!(edition().revision);
    if params["_meta"].get(meta::CLIENT_CAPABILITIES).is_none() {
        params["_meta"][meta::CLIENT_CAPABILITIES] = json!({});
    }
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn observed(sent: Sent, head: Option<Head>, messages: &[Value]) -> Observed {
    let frame = |m: &Value| Frame { at: 0, carrier: Carrier::Body, payload: m.to_string().into() };
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
