//! Answers to what a task asks for.

use plumb_runner::sample;
use serde_json::{Value, json};

/// An answer that fits the request.
pub(crate) fn fitting(request: &Value) -> Value {
    let params = &request["params"];
    match request["method"].as_str() {
        Some("sampling/createMessage") => json!({
            "role": "assistant",
            "content": {"type": "text", "text": "plumb"},
            "model": "plumb",
            "stopReason": "endTurn",
        }),
        Some("roots/list") => json!({"roots": [{"uri": "file:///plumb", "name": "plumb"}]}),
        _ if params["mode"] == "url" => json!({"action": "accept"}),
        _ => {
            let content = sample::arguments(&params["requestedSchema"]).unwrap_or_default();
            json!({"action": "accept", "content": content})
        }
    }
}

/// What answers no request of any kind.
pub(crate) fn broken() -> Value {
    json!({"action": 5})
}
