//! The form of tasks and of what the methods answer: judged over every exchange of the run.

use plumb_runner::{Notes, Observed, brief, check, sample, task_id};
use plumb_wire::{method, notification, schema};
use serde_json::{Value, json};

/// Where a task stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The handle that tools/call answers with.
    Handle,
    /// The result of tasks/get.
    Read,
    /// The params of notifications/tasks.
    Told,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Handle => "the handle",
            Self::Read => "the result of tasks/get",
            Self::Told => notification::TASK,
        }
    }
}

/// The tasks that an exchange shows.
fn tasks(seen: &Observed) -> Vec<(Place, &Value)> {
    let place = match seen.method() {
        Some(method::TOOLS_CALL) => Some(Place::Handle),
        Some(method::TASKS_GET) => Some(Place::Read),
        _ => None,
    };
    let answered = place
        .zip(seen.result())
        .filter(|(place, result)| *place == Place::Read || is_handle(result));
    let told =
        seen.notifications(notification::TASK).filter_map(|m| Some((Place::Told, m.params()?)));
    answered.into_iter().chain(told).collect()
}

/// Whether the result of tools/call means to be the handle of a task.
fn is_handle(result: &Value) -> bool {
    result["resultType"] == "task" || (task_id(result).is_some() && result.get("status").is_some())
}

/// A task as tasks/get and notifications show it, with this status.
pub(super) fn detailed<'a>(
    seen: &'a Observed,
    status: &'a str,
) -> impl Iterator<Item = (Place, &'a Value)> {
    tasks(seen)
        .into_iter()
        .filter(move |(place, task)| *place != Place::Handle && task["status"] == status)
}

check! {
    /// **Observed:** every answer to tools/call that is the handle of a task has `resultType: "task"`.
    ///
    /// **Why:** by nothing else can a client tell a handle from a result.
    ///
    /// **Fix:** set `resultType` to `"task"` in every CreateTaskResult.
    pub(crate) RESULT_TYPE_TASK = "tasks.result-type-task";
    applies: [Declares(Tasks)];
    passive: result_type_task
}

fn result_type_task(seen: &Observed, notes: &mut Notes<'_>) {
    for (place, task) in tasks(seen) {
        if place == Place::Handle {
            notes.expect(task["resultType"] == "task", "`resultType` is \"task\"", || {
                brief(&task["resultType"])
            });
        }
    }
}

check! {
    /// **Observed:** no result has `resultType: "task"` unless it is the handle of a task, in answer to tools/call.
    ///
    /// **Why:** a client that meets it elsewhere has to take the answer for invalid.
    ///
    /// **Fix:** write `"complete"` into the results of tasks/get, tasks/update and tasks/cancel, and into every plain
    /// result.
    pub(crate) RESULT_TYPE_TASK_ONLY = "tasks.result-type-task-only";
    applies: [Declares(Tasks)];
    passive: result_type_task_only
}

fn result_type_task_only(seen: &Observed, notes: &mut Notes<'_>) {
    let (Some(method), Some(result)) = (seen.method(), seen.result()) else { return };
    let handle = method == method::TOOLS_CALL && task_id(result).is_some();
    notes.expect(
        handle || result["resultType"] != "task",
        "`resultType: \"task\"` on the handle of a task only",
        || format!("the result of {method} is {}", brief(result)),
    );
}

check! {
    /// **Observed:** every task, in a handle, in the result of tasks/get and in a notification, has `taskId`, `status`,
    /// `createdAt`, `lastUpdatedAt` and `ttlMs` as members of its own, not of an inner `task`.
    ///
    /// **Why:** clients read them from there, whatever the status.
    ///
    /// **Fix:** write all five at every status; `ttlMs` is `null` where there is no limit.
    pub(crate) SHAPE = "tasks.shape";
    applies: [Declares(Tasks)];
    passive: shape
}

fn shape(seen: &Observed, notes: &mut Notes<'_>) {
    for (place, task) in tasks(seen) {
        for member in ["taskId", "status", "createdAt", "lastUpdatedAt"] {
            let there = task[member].as_str().is_some_and(|text| !text.is_empty());
            notes.expect(there, format!("`{member}` is a string"), || {
                format!(
                    "in {} with status {} it is {}",
                    place.name(),
                    task["status"],
                    shown(task.get(member))
                )
            });
        }
        notes.expect(task.get("ttlMs").is_some(), "`ttlMs` is there", || {
            format!("in {} with status {} it is not", place.name(), task["status"])
        });
        let message = task.get("statusMessage");
        notes.expect(
            message.is_none_or(Value::is_string),
            "`statusMessage`, if there, is a string",
            || shown(message),
        );
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), brief)
}

check! {
    /// **Observed:** in every task `ttlMs` is an integer or `null`, and `pollIntervalMs`, if there, an integer.
    ///
    /// **Why:** clients reckon with them.
    ///
    /// **Fix:** write milliseconds as a JSON number without a fraction.
    pub(crate) TTL_INTEGER = "tasks.ttl-integer-or-null";
    applies: [Declares(Tasks)];
    passive: ttl_integer
}

fn ttl_integer(seen: &Observed, notes: &mut Notes<'_>) {
    let integer =
        |v: &Value| v.is_i64() || v.is_u64() || v.as_f64().is_some_and(|n| n.fract() == 0.0);
    for (_, task) in tasks(seen) {
        if let Some(ttl) = task.get("ttlMs") {
            notes.expect(ttl.is_null() || integer(ttl), "`ttlMs` is an integer or null", || {
                brief(ttl)
            });
        }
        if let Some(interval) = task.get("pollIntervalMs") {
            notes.expect(integer(interval), "`pollIntervalMs` is an integer", || brief(interval));
        }
    }
}

check! {
    /// **Observed:** the status of every task is one of `working`, `input_required`, `completed`, `failed` and
    /// `cancelled`.
    ///
    /// **Why:** a client does not know whether to go on polling at any other.
    ///
    /// **Fix:** map the states of a job system onto the five.
    pub(crate) STATUS_VALUES = "tasks.status-values";
    applies: [Declares(Tasks)];
    passive: status_values
}

fn status_values(seen: &Observed, notes: &mut Notes<'_>) {
    const KNOWN: [&str; 5] = ["working", "input_required", "completed", "failed", "cancelled"];
    for (place, task) in tasks(seen) {
        let known = task["status"].as_str().is_some_and(|status| KNOWN.contains(&status));
        notes.expect(known, "one of the five statuses", || {
            format!("{} in {}", brief(&task["status"]), place.name())
        });
    }
}

check! {
    /// **Observed:** every task with status `input_required` that tasks/get or a notification shows has
    /// `inputRequests`, an object of requests.
    ///
    /// **Why:** a client that does not learn what is asked cannot answer, and the task never ends.
    ///
    /// **Fix:** inline what is outstanding, keyed by names of your choice.
    pub(crate) INPUT_REQUIRED = "tasks.get.input-required";
    applies: [Declares(Tasks)];
    passive: input_required
}

fn input_required(seen: &Observed, notes: &mut Notes<'_>) {
    for (_, task) in detailed(seen, "input_required") {
        let requests = task.get("inputRequests");
        let fits = requests
            .and_then(Value::as_object)
            .is_some_and(|r| r.values().all(|r| r["method"].is_string()));
        notes.expect(fits, "`inputRequests` is an object of requests", || shown(requests));
    }
}

check! {
    /// **Observed:** every task with status `completed` that tasks/get or a notification shows has `result`, an object.
    ///
    /// **Why:** there is no other method to fetch it by.
    ///
    /// **Fix:** inline what tools/call would have answered with, also where it says `isError`.
    pub(crate) COMPLETED = "tasks.get.completed";
    applies: [Declares(Tasks)];
    passive: completed
}

fn completed(seen: &Observed, notes: &mut Notes<'_>) {
    for (_, task) in detailed(seen, "completed") {
        notes.expect(task["result"].is_object(), "`result` is an object", || {
            shown(task.get("result"))
        });
    }
}

check! {
    /// **Observed:** the `result` of every completed task is one of tools/call: it has `content` of known kinds, and
    /// `structuredContent` that the tool's `outputSchema` accepts.
    ///
    /// **Why:** clients hand it on as if the call had been answered with it.
    ///
    /// **Fix:** inline the result that the tool returned as it is.
    pub(crate) RESULT_VALIDATES = "tasks.get.result-validates";
    applies: [Declares(Tasks)];
    passive: result_validates
}

fn result_validates(seen: &Observed, notes: &mut Notes<'_>) {
    for (_, task) in detailed(seen, "completed") {
        let Some(result) = task.get("result").filter(|r| r.is_object()) else { continue };
        let mut whole = result.clone();
        if whole.get("resultType").is_none() {
            whole["resultType"] = json!("complete");
        }
        let mismatch = schema::mismatches("toolCallResult", &whole).into_iter().next();
        notes.expect(mismatch.is_none(), "`result` has the form of a result of tools/call", || {
            mismatch.map(|m| m.to_string()).unwrap_or_default()
        });
        let made = notes
            .survey
            .tasks
            .iter()
            .find(|t| t.created.result().and_then(task_id) == task_id(task));
        let output =
            made.and_then(|t| notes.survey.tool(&t.name)).and_then(|tool| tool.get("outputSchema"));
        if let (Some(output), Some(structured)) = (output, result.get("structuredContent")) {
            let valid = sample::validator(output).is_none_or(|v| v.is_valid(structured));
            notes.expect(valid, "`structuredContent` that the `outputSchema` accepts", || {
                brief(structured)
            });
        }
    }
}

check! {
    /// **Observed:** every task with status `failed` that tasks/get or a notification shows has `error`, an object.
    ///
    /// **Why:** without it a client learns that the request failed, and not why.
    ///
    /// **Fix:** inline the JSON-RPC error that the call would have been answered with.
    pub(crate) FAILED = "tasks.get.failed";
    applies: [Declares(Tasks)];
    passive: failed
}

fn failed(seen: &Observed, notes: &mut Notes<'_>) {
    for (_, task) in detailed(seen, "failed") {
        notes
            .expect(task["error"].is_object(), "`error` is an object", || shown(task.get("error")));
    }
}

check! {
    /// **Observed:** the `error` of every failed task is one of JSON-RPC: an integer `code` and a string `message`.
    ///
    /// **Why:** clients raise it as they raise the error of a plain request.
    ///
    /// **Fix:** inline `code`, `message` and `data` as they would have stood in the error response.
    pub(crate) FAILED_ERROR = "tasks.failed.error";
    applies: [Declares(Tasks)];
    passive: failed_error
}

fn failed_error(seen: &Observed, notes: &mut Notes<'_>) {
    for (_, task) in detailed(seen, "failed") {
        let fits = task["error"]["code"].is_i64() && task["error"]["message"].is_string();
        notes.expect(fits, "`error` has an integer `code` and a string `message`", || {
            shown(task.get("error"))
        });
    }
}

check! {
    /// **Observed:** every failed task that tasks/get or a notification shows has a `statusMessage`.
    ///
    /// **Why:** it is what a client shows to its user.
    ///
    /// **Fix:** say in a sentence what went wrong.
    pub(crate) FAILED_STATUS_MESSAGE = "tasks.failed.status-message";
    applies: [Declares(Tasks)];
    passive: failed_status_message
}

fn failed_status_message(seen: &Observed, notes: &mut Notes<'_>) {
    for (_, task) in detailed(seen, "failed") {
        let message = task.get("statusMessage");
        notes.expect(message.is_some_and(Value::is_string), "a `statusMessage`", || shown(message));
    }
}

check! {
    /// **Observed:** every result of tasks/get has `resultType: "complete"`, whatever the status of the task. Position:
    /// examples of earlier texts show `"task"` for ended tasks; the rule counts.
    ///
    /// **Why:** a client takes `"task"` here for an invalid answer.
    ///
    /// **Fix:** set `resultType` to `"complete"`: it is the result of tasks/get that is complete, not the task.
    pub(crate) GET_RESULT_TYPE = "tasks.get.result-type";
    applies: [Declares(Tasks)];
    passive: get_result_type
}

fn get_result_type(seen: &Observed, notes: &mut Notes<'_>) {
    complete(seen, notes, method::TASKS_GET);
}

check! {
    /// **Observed:** every result of tasks/update has `resultType: "complete"`.
    ///
    /// **Why:** a client takes any other for an invalid answer, and does not know whether its input arrived.
    ///
    /// **Fix:** answer with `{"resultType": "complete"}`.
    pub(crate) UPDATE_RESULT_TYPE = "tasks.update.result-type";
    applies: [Declares(Tasks)];
    passive: update_result_type
}

fn update_result_type(seen: &Observed, notes: &mut Notes<'_>) {
    complete(seen, notes, method::TASKS_UPDATE);
}

check! {
    /// **Observed:** every result of tasks/cancel has `resultType: "complete"`.
    ///
    /// **Why:** a client takes any other for an invalid answer.
    ///
    /// **Fix:** answer with `{"resultType": "complete"}`.
    pub(crate) CANCEL_RESULT_TYPE = "tasks.cancel.result-type";
    applies: [Declares(Tasks)];
    passive: cancel_result_type
}

fn cancel_result_type(seen: &Observed, notes: &mut Notes<'_>) {
    complete(seen, notes, method::TASKS_CANCEL);
}

fn complete(seen: &Observed, notes: &mut Notes<'_>, method: &str) {
    if let Some(result) = seen.result().filter(|_| seen.method() == Some(method)) {
        notes.expect(result["resultType"] == "complete", "`resultType` is \"complete\"", || {
            format!(
                "{} with status {}",
                shown(result.get("resultType")),
                shown(result.get("status"))
            )
        });
    }
}

#[cfg(test)]
mod tests;
