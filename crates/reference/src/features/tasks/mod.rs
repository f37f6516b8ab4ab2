//! The tasks extension: tools that answer with a handle, and the three methods that take it (ext-tasks).
//!
//! Nothing works in the background. What happened to a task is written down, and where it stands follows from that, from
//! its script and from the time. So a task outlives connection and process, and every replica says the same of it.

mod legacy;
mod listen;
mod record;
mod script;
mod shown;
mod slips;
mod store;
mod tools;

use serde_json::{Map, Value, json};

use crate::auth::access;
use crate::call::Call;
use crate::features::extensions::TASKS;
use crate::features::mrtr::missing_capability;
use crate::message::RpcError;

pub(crate) use self::legacy::{cancel_by_request, refuse_parameter};
pub(crate) use self::listen::{Watch, deliver};
pub(crate) use self::store::Store;
pub(crate) use self::tools::{definitions, run};

use self::record::Record;
use self::script::View;
use self::shown::shown;
use crate::features::clock::{now, until};

/// How long a task is kept, in milliseconds from its creation.
const TTL_MS: u64 = 300_000;

/// How often a client is asked to poll, in milliseconds.
const POLL_MS: u64 = 50;

type Outcome = Result<Value, RpcError>;

/// Whether the client declared, on this request, that it can take tasks.
fn declared(call: &Call) -> bool {
    let (rules, capabilities) = (call.rules(), &call.meta.capabilities);
    let settings = capabilities.get("extensions").and_then(|all| all.get(TASKS));
    let given = settings.and_then(Value::as_object);
    given.is_some_and(|settings| !settings.is_empty() || rules.task_settings_empty)
        || (capabilities.contains_key("tasks") && !rules.legacy_task_capability_ignored)
        || (!rules.task_declaration_per_request && declared_before(call))
}

/// What a mutant remembers of the connection.
fn declared_before(call: &Call) -> bool {
    let memory = call.connection.memory();
    memory.capabilities.get("extensions").is_some_and(|all| all.get(TASKS).is_some())
}

/// The error for a client that did not declare the extension.
fn undeclared(call: &Call) -> RpcError {
    missing_capability(call, &json!({ "extensions": { TASKS: {} } }))
}

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

/// The id of this process.
fn own_process() -> u64 {
    u64::from(std::process::id())
}

fn is_alive(process: u64) -> bool {
    std::path::Path::new(&format!("/proc/{process}")).exists()
}

/// The task of this id, if it is kept still.
fn find(call: &Call, id: &str) -> Option<Record> {
    let (rules, tasks) = (call.rules(), &call.server.state.tasks);
    let mut record = tasks.read(id)?;
    let age = now().saturating_sub(record.created);
    let bound = if call.method == "subscriptions/listen" {
        rules.task_listen_bound
    } else {
        rules.tasks_bound
    };
    let foreign = bound && !access::owns(call, &record.owner);
    let gone = age > TTL_MS
        || (!rules.tasks_durable && age < 60)
        || (!rules.tasks_kept && tasks.slips.was_delivered(id))
        || (!rules.tasks_known_everywhere && record.process != own_process() && age < 2_000)
        || (!rules.tasks_outlive_process && !is_alive(record.process))
        || foreign
        || (!rules.cancelled_tasks_kept && record.cancelled.is_some());
    if !rules.task_survives_disconnect && tasks.slips.was_left(id) {
        record.cancelled.get_or_insert(record.created + 1);
    }
    if !rules.cancelled_tasks_stay_so {
        record.cancelled = record.cancelled.filter(|at| now() < at + 400);
    }
    (!gone).then_some(record)
}
