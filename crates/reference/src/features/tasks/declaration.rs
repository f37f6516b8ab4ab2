//! Whether a client can take tasks.

use serde_json::{Value, json};

use crate::call::Call;
use crate::features::extensions::TASKS;
use crate::features::mrtr::missing_capability;
use crate::message::RpcError;

/// Whether the client declared, on this request, that it can take tasks.
pub(super) fn declared(call: &Call) -> bool {
    let (rules, capabilities) = (call.rules(), &call.meta.capabilities);
    let settings = capabilities.get("extensions").and_then(|all| all.get(TASKS));
    let given = settings.and_then(Value::as_object);
    given.is_some_and(|settings| !settings.is_empty() || rules.task_settings_empty)
        || (capabilities.contains_key("tasks") && !rules.legacy_task_capability_ignored)
        || (!rules.task_declaration_per_request && declared_before(call))
}

/// The error for a client that did not declare the extension.
pub(super) fn undeclared(call: &Call) -> RpcError {
    missing_capability(call, &json!({ "extensions": { TASKS: {} } }))
}

/// What a mutant remembers of the connection.
fn declared_before(call: &Call) -> bool {
    let memory = call.connection.memory();
    memory.capabilities.get("extensions").is_some_and(|all| all.get(TASKS).is_some())
}
