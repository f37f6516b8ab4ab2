//! Calls that make a task, of clients that declare the extension.

use plumb_wire::{TASKS_EXTENSION, codes, has_extension, meta, method};
use serde_json::{Value, json};

use super::{Provoked, Stage, inputs};
use crate::client::offers::{Refusal, complete, invalid, signed};
use crate::client::provoked::UNKNOWN_TYPE;

/// The id of the task.
pub const TASK: &str = "plumb-task-7f3a";

/// The key of the input that a task asks for.
pub const TASK_INPUT: &str = "confirm-1";

/// How long a client waits between two looks at the task at first, in milliseconds.
pub const INTERVAL: u64 = 200;

/// How long it waits after the second look.
const LATER_INTERVAL: u64 = 600;

/// So often it is at work before it is done.
const LOOKS: u32 = 3;

/// The server has the extension.
pub(super) fn amend(method: &str, result: &mut Value) {
    if method == method::DISCOVER {
        result["capabilities"]["extensions"] = json!({ TASKS_EXTENSION: {} });
    }
}

pub(super) fn result(
    provoked: Provoked,
    method: &str,
    params: &Value,
    stage: &Stage,
) -> Option<Result<Value, Refusal>> {
    let declared = &params["_meta"][meta::CLIENT_CAPABILITIES];
    let has = has_extension(declared, TASKS_EXTENSION);
    if method == method::TOOLS_CALL {
        return (has && params["name"] == "add_numbers").then(|| {
            let mut task = task("working");
            task["resultType"] = json!("task");
            Ok(signed(task))
        });
    }
    if ![method::TASKS_GET, method::TASKS_UPDATE, method::TASKS_CANCEL].contains(&method) {
        return None;
    }
    if !has {
        let data = json!({ "requiredCapabilities": { "extensions": { TASKS_EXTENSION: {} } } });
        let refusal =
            Refusal::new(400, codes::MISSING_CLIENT_CAPABILITY, "the extension is not declared");
        return Some(Err(Refusal { data: Some(data), ..refusal }));
    }
    if params["taskId"] != TASK {
        return Some(Err(invalid("there is no such task".into())));
    }
    if method != method::TASKS_GET {
        stage.nth(method);
        return Some(Ok(complete(json!({}))));
    }
    if provoked == Provoked::TaskUndefined {
        let mut undefined = complete(completed());
        undefined["resultType"] = json!(UNKNOWN_TYPE);
        return Some(Ok(undefined));
    }
    let asks = provoked == Provoked::TaskInput && inputs::forms(declared);
    // What is to be given up is never done.
    let ends = provoked != Provoked::TaskCancelled;
    let failed = match provoked {
        Provoked::TaskFailed => Some("failed"),
        Provoked::TaskDropped => Some("cancelled"),
        _ => None,
    };
    if let Some(status) = failed.filter(|_| stage.nth("to fail") > 1) {
        return Some(Ok(complete(ended(status))));
    }
    Some(Ok(complete(looked_at(asks, ends, stage))))
}

/// The task as it is now.
fn looked_at(asks: bool, ends: bool, stage: &Stage) -> Value {
    if stage.count(method::TASKS_CANCEL) > 0 {
        return task("cancelled");
    }
    let updated = stage.count(method::TASKS_UPDATE) > 0;
    // What was answered may be asked for once more: the acknowledgement promises nothing.
    if asks && (!updated || stage.nth("asked again") == 1) {
        let mut task = task("input_required");
        task["inputRequests"] = json!({ TASK_INPUT: inputs::form() });
        return task;
    }
    let looks = stage.nth("looked at");
    if looks < LOOKS || !ends {
        let mut task = task("working");
        if looks > 1 && ends {
            task["pollIntervalMs"] = json!(LATER_INTERVAL);
        }
        return task;
    }
    completed()
}

/// The task, done.
fn completed() -> Value {
    let mut task = task("completed");
    task["result"] = json!({ "content": [{ "type": "text", "text": "8" }], "isError": false, "resultType": "complete" });
    task
}

/// The task, ended without a result.
fn ended(status: &str) -> Value {
    let mut task = task(status);
    if status == "failed" {
        task["statusMessage"] = json!("the tool is out of order");
        task["error"] = json!({ "code": codes::INTERNAL_ERROR, "message": "out of order" });
    } else {
        task["statusMessage"] = json!("the server gave it up");
    }
    task
}

fn task(status: &str) -> Value {
    json!({
        "taskId": TASK,
        "status": status,
        "createdAt": "2026-07-28T00:00:00Z",
        "lastUpdatedAt": "2026-07-28T00:00:00Z",
        "ttlMs": 600_000,
        "pollIntervalMs": INTERVAL,
    })
}
