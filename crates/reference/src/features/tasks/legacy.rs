//! What mutants get wrong with tasks: the ways of earlier revisions.

use serde_json::{Value, json};

use crate::call::Call;
use crate::features::clock::now;
use crate::message::RpcError;
use crate::server::Server;

/// A mutant takes the cancellation of an answered request for one of its task.
pub(crate) fn cancel_by_request(server: &Server, id: &Value) {
    if server.rules.task_survives_cancelled_notification {
        return;
    }
    let tasks = &server.state.tasks;
    for task in tasks.slips.made_by(id) {
        // A mutant that cannot cancel is none.
        let _ = tasks.append(&task, &json!({ "event": "cancelled", "at": now() }));
    }
}

/// A mutant refuses the parameter by which clients of the previous revision asked for a task.
pub(crate) fn refuse_parameter(call: &Call) -> Result<(), RpcError> {
    if call.params.contains_key("task") && !call.rules().task_parameter_ignored {
        return Err(call.malformed("task is not supported"));
    }
    Ok(())
}
