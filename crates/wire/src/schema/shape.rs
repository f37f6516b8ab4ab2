//! Whole messages.

use serde_json::Value;

use super::method::{error_def, notification_def, result_def_for};
use super::mismatch::{MAX_MISMATCHES, Mismatch};
use super::mismatches_at;

/// Which shape a whole JSON-RPC message is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape<'a> {
    /// The response to this method, with the result that its `resultType` names ([`super::result_def_for`]).
    Result(&'a str),
    /// A response whose result asks for input, whatever its `resultType` says.
    InputRequired,
    /// An error response; the code that it carries decides about its `data`.
    Error,
    /// An error response that must carry this code, and the `data` that goes with it.
    ErrorWithCode(i64),
    /// This notification; only the envelope where nobody defines it.
    Notification(&'a str),
}

impl Shape<'_> {
    /// What the message has different from this shape, at most [`MAX_MISMATCHES`]. Pointers start at the message.
    pub fn mismatches(self, message: &Value) -> Vec<Mismatch> {
        let mut found = match self {
            Self::Result(method) => {
                let def = |result: &Value| result_def_for(method, result);
                enveloped("resultMessage", "result", def, message)
            }
            Self::InputRequired => {
                enveloped("resultMessage", "result", |_| "inputRequiredResult", message)
            }
            Self::Error => enveloped("errorMessage", "error", own_error_def, message),
            Self::ErrorWithCode(code) => with_code(code, message),
            Self::Notification(method) => {
                let def = notification_def(method).unwrap_or("notificationMessage");
                mismatches_at("", def, message)
            }
        };
        found.truncate(MAX_MISMATCHES);
        found
    }
}

/// The mismatches of the envelope, then those of the object that it carries under `member`.
fn enveloped(
    envelope: &str,
    member: &str,
    def: impl Fn(&Value) -> &'static str,
    message: &Value,
) -> Vec<Mismatch> {
    let mut found = mismatches_at("", envelope, message);
    if let Some(carried) = message.get(member).filter(|carried| carried.is_object()) {
        found.extend(mismatches_at(&format!("/{member}"), def(carried), carried));
    }
    found
}

fn own_error_def(error: &Value) -> &'static str {
    let code = error.get("code").and_then(Value::as_i64);
    code.map_or("errorObject", error_def)
}

/// A code of the wrong value is told once, although the definitions of the three special codes pin theirs too.
fn with_code(code: i64, message: &Value) -> Vec<Mismatch> {
    let mut found = enveloped("errorMessage", "error", |_| error_def(code), message);
    let sent = message.pointer("/error/code").and_then(Value::as_i64);
    if sent.is_some_and(|sent| sent != code) && !found.iter().any(|m| m.at == "/error/code") {
        let actual = message.pointer("/error/code").unwrap_or(&Value::Null);
        found.insert(0, Mismatch::wrong_code(code, actual));
    }
    found
}
