//! Answers to what a task asks for.

use plumb_runner::sample;
use serde_json::{Value, json};

use crate::rounds::Input;

/// An answer that fits the request, as far as one can be made.
pub fn fitting(request: &Value) -> Value {
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    Input { key: String::new(), method, params: request["params"].clone() }.answer()
}

/// Whether an answer fits the form that it fills in.
pub fn fits(request: &Value, answer: &Value) -> bool {
    let form = request.pointer("/params/requestedSchema").and_then(sample::validator);
    form.is_none_or(|form| form.is_valid(&answer["content"]))
}

/// What answers no request of any kind.
pub fn broken() -> Value {
    json!({"action": 5})
}
