//! Exchanges as they are recorded, for tests of what passive checks say of them.

pub(crate) mod plain;

use std::sync::OnceLock;

use plumb_model::{Answer, Carrier, Edition, End, Exchange, Frame, Head, Initiator, Sent};
use plumb_runner::{Check, Finding, Observed, Survey, judged};
use serde_json::{Value, json};

/// The edition that tests judge by, read once.
pub(crate) fn edition() -> &'static Edition {
    static EDITION: OnceLock<Edition> = OnceLock::new();
    EDITION.get_or_init(Edition::latest)
}

/// A request over HTTP and the messages that came for it.
pub(crate) fn exchange(method: &str, params: Value, messages: &[Value]) -> Observed {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let frame = |message: &Value| Frame {
        at: 0,
        carrier: Carrier::Body,
        payload: message.to_string().into(),
    };
    Observed::new(Exchange {
        seq: 1,
        by: "test".into(),
        channel: "http-1".into(),
        initiator: Initiator::Us,
        sent: Sent::Http {
            method: "POST".into(),
            url: "http://127.0.0.1/mcp".into(),
            headers: Vec::new(),
            body: body.to_string().into(),
        },
        answer: Answer {
            head: Some(Head { status: 200, headers: Vec::new() }),
            frames: messages.iter().map(frame).collect(),
            end: End::Complete,
            ..Answer::default()
        },
    })
}

/// A request over HTTP that was answered with a result.
pub(crate) fn answered(method: &str, params: Value, result: Value) -> Observed {
    exchange(method, params, &[json!({"jsonrpc": "2.0", "id": 1, "result": result})])
}

/// A notification of the server.
pub(crate) fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// Whether the check holds of the exchange, is broken by it, or has nothing to say of it.
pub(crate) fn holds(check: &Check, seen: &Observed) -> Option<bool> {
    judged(check, seen, &Survey::default(), edition()).map(|finding| finding == Finding::Held)
}
