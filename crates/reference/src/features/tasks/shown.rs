//! A task as tasks/get and notifications/tasks show it.

use serde_json::{Map, Value, json};

use super::record::Record;
use super::record::{POLL_MS, TTL_MS};
use super::script::{End, View};
use crate::call::Call;
use crate::features::clock::{iso, now};
use crate::features::forms;
use crate::features::outcome::annotate;
use crate::message::RpcError;
use crate::rules::Rules;

/// The task with what its status carries. `reads` counts how often it was read before, for mutants that mind.
pub(super) fn shown(call: &Call, record: &Record, view: &View, reads: u64) -> Value {
    let rules = call.rules();
    let mut task = handle(call, record, view);
    if !rules.task_created_at_kept {
        task["createdAt"] = json!(iso(record.created + reads));
    }
    if view.status == "input_required" && rules.task_inputs_listed {
        task["inputRequests"] = requests(call, view, reads);
    }
    if view.is_terminal() && !rules.task_ended_asks_nothing {
        task["inputRequests"] = json!({ "sure": { "method": "roots/list" } });
    }
    match &view.end {
        Some(End::Result(result)) => settle(call, &mut task, result),
        Some(End::Error { code, message }) => {
            let code = if rules.task_outcome_as_sync { *code } else { RpcError::INVALID_PARAMS };
            fail(call, &mut task, code, message);
        }
        None => {}
    }
    if view.status == "cancelled" && !rules.cancelled_tasks_do_not_fail {
        fail(call, &mut task, RpcError::INTERNAL, "the work was cancelled");
    }
    let members = task.as_object_mut();
    if let Some(members) = members {
        if !rules.task_shape && view.status == "input_required" {
            members.shift_remove("createdAt");
        }
        if !rules.task_failure_explained && view.status == "failed" {
            members.shift_remove("statusMessage");
        }
    }
    if !rules.task_transitions
        && view.is_terminal()
        && call.server.state.tasks.slips.was_delivered(&record.id)
        && reads % 2 == 1
    {
        return handle(
            call,
            record,
            &View {
                status: "working",
                message: "Once more.",
                since: now(),
                asks: vec![],
                end: None,
                next: None,
            },
        );
    }
    task
}

/// The task without what its status carries, as a CreateTaskResult has it.
pub(super) fn handle(call: &Call, record: &Record, view: &View) -> Value {
    let rules = call.rules();
    let status =
        if view.status == "working" && !rules.task_status_values { "running" } else { view.status };
    let written = |at: u64| {
        if rules.task_times_iso { json!(iso(at)) } else { json!(format!("{} ms", at)) }
    };
    json!({
        "taskId": record.id,
        "status": status,
        "statusMessage": view.message,
        "createdAt": written(record.created),
        "lastUpdatedAt": written(view.since),
        "ttlMs": TTL_MS,
        "pollIntervalMs": if rules.task_intervals_integer { json!(POLL_MS) } else { json!(POLL_MS.to_string()) },
    })
}

/// The name under which a question is shown.
pub(super) fn key<'a>(rules: &Rules, key: &'a str) -> &'a str {
    if key == "step-2" && !(rules.task_keys_unique && rules.task_keys_not_reused) {
        "step-1"
    } else {
        key
    }
}

fn requests(call: &Call, view: &View, reads: u64) -> Value {
    let rules = call.rules();
    let mut requests = Map::new();
    for (name, input) in &view.asks {
        let mut request = input.request(call);
        if !rules.task_key_keeps_request {
            request["params"]["requestedSchema"] =
                forms::one_field(&format!("answer_{reads}"), "Answer");
        }
        if call.server.options.counting_questions
            && let Some(message) = request.pointer_mut("/params/message")
        {
            *message = json!(format!(
                "{} ({} s left)",
                message.as_str().unwrap_or_default(),
                60_u64.saturating_sub(reads)
            ));
        }
        if !rules.task_keys_not_reused && name.starts_with("step") {
            request["params"]["message"] = json!("Well?");
        }
        requests.insert(key(rules, name).to_owned(), request);
    }
    if !rules.task_inputs_repeated && reads > 0 && view.asks.len() > 1 {
        requests.clear();
    }
    Value::Object(requests)
}

fn settle(call: &Call, task: &mut Value, result: &Value) {
    let rules = call.rules();
    let failed = result["isError"] == true;
    if failed && !rules.tool_errors_do_not_fail_tasks {
        return fail(call, task, RpcError::INTERNAL, "the tool reported an error");
    }
    if failed && !rules.task_result_inlined {
        return;
    }
    let mut result = result.clone();
    annotate(&call.server, &mut result);
    if failed && !rules.tool_errors_kept_in_tasks {
        result["isError"] = json!(false);
    }
    if !rules.task_result_shape {
        result = json!({ "text": result["content"][0]["text"] });
    }
    task["result"] = result;
}

fn fail(call: &Call, task: &mut Value, code: i64, message: &str) {
    let rules = call.rules();
    task["status"] = json!("failed");
    if !rules.task_error_inlined {
        return;
    }
    task["error"] = if rules.task_error_code {
        json!({ "code": code, "message": message })
    } else {
        json!({ "reason": message })
    };
}
