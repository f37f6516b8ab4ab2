//! A tool whose calls become tasks, and what tasks are told by.

use plumb_wire::TASKS_EXTENSION;
use serde_json::{Map, Value, json};

use super::callable::every_capability;
use crate::{Observed, Probe};

/// A tool that answered with a task.
#[derive(Clone, Debug)]
pub struct Tasking {
    /// Its name.
    pub name: String,
    /// What it was called with.
    pub arguments: Map<String, Value>,
    /// What the same call showed without the extension.
    pub plain: Option<Observed>,
    /// The answer with the handle.
    pub created: Observed,
    /// The task as it was last seen.
    pub last: Value,
}

/// A task that has ended and is kept, for requests that need one.
#[derive(Clone, Debug)]
pub struct EndedTask {
    /// Its id.
    pub id: String,
    /// Whether an update without answers is acknowledged.
    pub takes_update: bool,
    /// Whether a cancellation is acknowledged.
    pub takes_cancel: bool,
}

/// A probe with every client capability and the tasks extension declared.
pub fn task_capable(probe: Probe) -> Probe {
    let mut capabilities = every_capability();
    capabilities["extensions"] = json!({ TASKS_EXTENSION: {} });
    probe.capabilities(capabilities)
}

/// The id of the task that a result is the handle of.
pub fn task_id(result: &Value) -> Option<&str> {
    result.get("taskId").and_then(Value::as_str)
}

/// Whether a task has come to its end.
pub fn has_ended(task: &Value) -> bool {
    matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled"))
}
