//! A vector as it goes to the target.

use serde_json::Value;

use super::super::trial::Trial;
use crate::Probe;

/// A trial, and what is sent for it.
pub(super) struct Prepared {
    pub(super) trial: Trial,
    pub(super) by: String,
    pub(super) control: Probe,
    /// What tells its control from those of other bases.
    pub(super) key: String,
    pub(super) probe: Probe,
}

impl Prepared {
    /// The id that is sent for it.
    pub(super) fn id(&self) -> Option<Value> {
        self.probe.message_value().and_then(|message| message.get("id").cloned())
    }

    /// Whether it can be read as a request of JSON-RPC, or, being no JSON, has no id under which an answer could be awaited.
    pub(super) fn is_request(&self) -> bool {
        let Some(message) = self.probe.message_value() else { return true };
        let is = |name: &str, fits: fn(&Value) -> bool| message.get(name).is_some_and(fits);
        let structured = message.get("params").is_none_or(Value::is_object);
        let version = message.get("jsonrpc").is_some_and(|version| version == "2.0");
        version && structured && is("method", Value::is_string) && is("id", |id| !id.is_f64())
    }
}
