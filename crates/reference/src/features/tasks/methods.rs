//! tasks/get, tasks/update and tasks/cancel.

use serde_json::{Map, Value, json};

use super::declaration::{declared, undeclared};
use super::lookup::find;
use super::record::Record;
use super::script::View;
use super::shown::{self, shown};
use crate::call::Call;
use crate::features::clock::{now, until};
use crate::features::outcome::Outcome;
use crate::message::RpcError;

/// tasks/get.
pub(crate) async fn get(call: &Call) -> Outcome {
    let record = addressed(call)?;
    if !call.rules().task_get_at_once {
        while let Some(next) = View::of(&record, now()).next {
            tokio::time::sleep(until(next)).await;
        }
    }
    let mut view = View::of(&record, now());
    if call.server.state.tasks.slips.is_revived(&record.id) {
        view = View::working(now(), now());
    }
    let reads = call.server.state.tasks.slips.read(&record.id);
    let mut task = shown(call, &record, &view, reads);
    if view.is_terminal() {
        call.server.state.tasks.slips.delivered(&record.id);
    }
    if view.status == "failed" && !call.rules().task_get_type {
        task["resultType"] = json!("task");
    }
    Ok(task)
}

/// tasks/update.
pub(crate) fn update(call: &Call) -> Outcome {
    let rules = call.rules();
    let record = match addressed(call) {
        Err(error)
            if error.code == RpcError::INVALID_PARAMS && !rules.task_update_unknown_refused =>
        {
            return Ok(json!({}));
        }
        record => record?,
    };
    let Some(Value::Object(responses)) = call.params.get("inputResponses") else {
        return Err(call.malformed("inputResponses is not an object"));
    };
    let view = View::of(&record, now());
    if view.is_terminal() && !rules.task_updates_revive_nothing {
        call.server.state.tasks.slips.revive(&record.id);
    }
    let mut accepted: Map<String, Value> = Map::new();
    for (name, response) in responses {
        let Some((key, input)) = view.asks.iter().find(|(key, _)| shown::key(rules, key) == name)
        else {
            if rules.task_update_ignores_unknown_keys {
                continue;
            }
            return Err(call.malformed("inputResponses has a key that is not outstanding"));
        };
        if !rules.task_answers_validated || input.accepts(call, response)? {
            accepted.insert((*key).to_owned(), response.clone());
        }
    }
    if !rules.task_waits_for_all_inputs && !accepted.is_empty() {
        for (key, _) in &view.asks {
            accepted.entry(*key).or_insert_with(|| json!({ "action": "cancel" }));
        }
    }
    for (key, response) in &accepted {
        let event = json!({ "event": "answered", "at": now(), "key": key, "response": response });
        call.server.state.tasks.append(&record.id, &event)?;
    }
    if !rules.task_update_type {
        return Ok(json!({ "resultType": "task" }));
    }
    Ok(acknowledgment(call, &record, rules.task_update_acknowledged))
}

/// tasks/cancel.
pub(crate) fn cancel(call: &Call) -> Outcome {
    let rules = call.rules();
    let record = match addressed(call) {
        Err(error)
            if error.code == RpcError::INVALID_PARAMS && !rules.task_cancel_unknown_refused =>
        {
            return Ok(json!({}));
        }
        record => record?,
    };
    let terminal = View::of(&record, now()).is_terminal();
    if !terminal || !rules.terminal_tasks_final {
        let event = json!({ "event": "cancelled", "at": now(), "overrules": terminal });
        call.server.state.tasks.append(&record.id, &event)?;
    }
    if !rules.task_cancel_type {
        return Ok(json!({ "resultType": "task" }));
    }
    Ok(acknowledgment(call, &record, rules.task_cancel_acknowledged))
}

/// An empty result; a mutant takes the occasion to tell how the task is.
fn acknowledgment(call: &Call, record: &Record, empty: bool) -> Value {
    if empty { json!({}) } else { shown(call, record, &View::of(record, now()), 0) }
}

/// The task that the request names, if the client may name any and there is such a one.
fn addressed(call: &Call) -> Result<Record, RpcError> {
    let rules = call.rules();
    if !declared(call) && (rules.task_methods_need_extension || call.method != "tasks/update") {
        return Err(undeclared(call));
    }
    let id = call.string("taskId")?;
    find(call, id).ok_or_else(|| {
        let code = match call.method.as_str() {
            "tasks/get" if !rules.task_unknown_code => RpcError::INTERNAL,
            "tasks/cancel" if !rules.task_cancel_unknown_code => RpcError::INVALID_REQUEST,
            _ => RpcError::INVALID_PARAMS,
        };
        RpcError::new(code, "there is no task of this id, or no more")
    })
}
