//! Exchanges as they would be recorded, for tests of what judges them.

use plumb_model::{Answer, Carrier, End, Exchange, Frame, Head, Initiator, Sent};
use plumb_runner::Observed;
use serde_json::{Value, json};

/// A request and its answer over standard streams.
pub(crate) fn exchange(method: &str, params: &Value, answer: &Value) -> Observed {
    observed(method, params, None, Some(answer))
}

/// A request and its answer over HTTP.
pub(crate) fn over_http(
    method: &str,
    params: &Value,
    status: u16,
    answer: Option<&Value>,
) -> Observed {
    observed(method, params, Some(status), answer)
}

/// A result of type `complete`.
pub(crate) fn result(mut members: Value) -> Value {
    members["resultType"] = json!("complete");
    json!({"jsonrpc": "2.0", "id": 1, "result": members})
}

/// An error.
pub(crate) fn error(code: i64) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}})
}

fn observed(method: &str, params: &Value, status: Option<u16>, answer: Option<&Value>) -> Observed {
    let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let frame = |m: &Value| Frame { at: 0, carrier: Carrier::Body, payload: m.to_string().into() };
    Observed::new(Exchange {
        seq: 1,
        by: "test".into(),
        channel: "recorded".into(),
        initiator: Initiator::Us,
        sent: Sent::Stdio { line: line.to_string().into() },
        answer: Answer {
            head: status.map(|status| Head { status, headers: Vec::new() }),
            frames: answer.into_iter().map(frame).collect(),
            end: End::Complete,
            ..Answer::default()
        },
    })
}
