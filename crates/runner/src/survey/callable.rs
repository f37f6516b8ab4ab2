//! A tool that may be called, and its call.

use std::time::Duration;

use plumb_wire::{meta, method};
use serde_json::{Map, Value, json};

use crate::{Observed, Probe};

/// A tool gets this long to show what it does.
const PATIENCE: Duration = Duration::from_secs(3);

/// A tool that may be called.
#[derive(Clone, Debug)]
pub struct Callable {
    /// Its definition, as listed.
    pub tool: Value,
    /// Arguments that its schema accepts.
    pub arguments: Map<String, Value>,
    /// What a call with them showed, with every client capability declared.
    pub shown: Option<Observed>,
    /// How long such a call took, the quickest one.
    pub took: Option<Duration>,
}

/// Which tools of a stranger's server may be called.
#[derive(Clone, Debug, Default)]
pub struct AllowCalls {
    /// All of them.
    pub all: bool,
    /// Those of these names.
    pub names: Vec<String>,
}

impl AllowCalls {
    /// Whether none was allowed beyond those that may always be called.
    pub(crate) fn is_none(&self) -> bool {
        !self.all && self.names.is_empty()
    }
}

/// Every client capability, so that a tool which asks for input does so.
pub fn every_capability() -> Value {
    json!({
        "elicitation": {"form": {}, "url": {}},
        "sampling": {"tools": {}, "context": {}},
        "roots": {}
    })
}

/// What a client declares that can be asked for everything, and names nothing within a capability: a form and no URL, a
/// completion without tools or the context of servers.
pub fn plainly_capable() -> Value {
    json!({"elicitation": {}, "sampling": {}, "roots": {}})
}

pub(super) fn call(callable: &Callable) -> Probe {
    let name = callable.tool["name"].as_str().unwrap_or_default();
    Probe::request(method::TOOLS_CALL, json!({"name": name, "arguments": callable.arguments}))
        .mirrored(&callable.tool["inputSchema"])
        .capabilities(every_capability())
        .meta(meta::PROGRESS_TOKEN, format!("survey-{name}"))
        .meta(meta::LOG_LEVEL, "debug")
        .patience(PATIENCE)
}

/// Whether the call gave a result that is no error of the tool.
pub(super) fn succeeds(callable: &Callable) -> bool {
    let shown = callable.shown.as_ref().and_then(Observed::complete);
    shown.is_some_and(|result| result["isError"] != true)
}

/// How long the answer took, from the sending to its end.
pub(super) fn took(seen: &Observed) -> Duration {
    seen.exchange.answer.took()
}

/// A tool answers at once that takes no more than so much longer. Pauses of tools are round numbers, and this is none: one of 300 ms
/// is on the same side of it in every run.
const AT_ONCE: Duration = Duration::from_millis(280);

/// The longest that a tool may take which answers at once, given the target's pace and its tools.
pub(super) fn quick(pace: Duration, callables: &[Callable]) -> Duration {
    let quickest = callables.iter().filter(|c| succeeds(c)).filter_map(|c| c.took).min();
    let usual = pace.max(quickest.unwrap_or_default());
    usual + AT_ONCE.max(usual / 2)
}
