//! What mutants get wrong with tasks: memory that a conforming server has no use for, and the ways of earlier revisions.

use std::sync::{Arc, Mutex, Weak};

use serde_json::{Value, json};

use super::record::now;
use crate::call::Call;
use crate::connection::Connection;
use crate::message::RpcError;
use crate::server::Server;
use crate::state::{Shelf, lock};

/// Memory that a conforming server has no use for.
#[derive(Default)]
pub(super) struct Slips {
    reads: Mutex<Shelf<u64>>,
    delivered: Mutex<Shelf<()>>,
    origins: Mutex<Vec<Origin>>,
    revived: Mutex<Shelf<u64>>,
}

/// Which request made a task, and on which connection.
struct Origin {
    task: String,
    request: Value,
    connection: Weak<Connection>,
}

impl Slips {
    /// Counts the reads of a task, from 0.
    pub(super) fn read(&self, id: &str) -> u64 {
        let mut reads = lock(&self.reads);
        let count = reads.entry(id);
        *count += 1;
        *count - 1
    }

    pub(super) fn delivered(&self, id: &str) {
        lock(&self.delivered).insert(id, ());
    }

    pub(super) fn was_delivered(&self, id: &str) -> bool {
        lock(&self.delivered).get(id).is_some()
    }

    /// A task that has ended goes on for a moment.
    pub(super) fn revive(&self, id: &str) {
        *lock(&self.revived).entry(id) = now() + 200;
    }

    pub(super) fn is_revived(&self, id: &str) -> bool {
        lock(&self.revived).get(id).is_some_and(|until| now() < *until)
    }

    pub(super) fn created(&self, call: &Call, id: &str) {
        let rules = call.rules();
        let kept = rules.task_survives_disconnect
            && rules.task_survives_cancelled_notification
            && rules.task_ack_ids
            && rules.task_notification_filter;
        if !kept {
            let connection = Arc::downgrade(&call.connection);
            lock(&self.origins).push(Origin {
                task: id.to_owned(),
                request: call.id.clone(),
                connection,
            });
        }
    }

    /// Whether the connection on which the task was made is gone.
    pub(super) fn was_left(&self, id: &str) -> bool {
        lock(&self.origins)
            .iter()
            .any(|origin| origin.task == id && origin.connection.strong_count() == 0)
    }

    pub(super) fn all(&self) -> Vec<String> {
        lock(&self.origins).iter().map(|origin| origin.task.clone()).collect()
    }
}

/// A mutant takes the cancellation of an answered request for one of its task.
pub(crate) fn cancel_by_request(server: &Server, id: &Value) {
    if server.rules.task_survives_cancelled_notification {
        return;
    }
    let tasks = &server.state.tasks;
    let made: Vec<String> = lock(&tasks.slips.origins)
        .iter()
        .filter(|origin| origin.request == *id)
        .map(|origin| origin.task.clone())
        .collect();
    for task in made {
        // A mutant that cannot cancel is none.
        let _ = tasks.append(&task, &json!({ "event": "cancelled", "at": now() }));
    }
}

/// A mutant refuses the parameter by which clients of 2025-11-25 asked for a task.
pub(crate) fn refuse_parameter(call: &Call) -> Result<(), RpcError> {
    if call.params.contains_key("task") && !call.rules().task_parameter_ignored {
        return Err(call.malformed("task is not supported"));
    }
    Ok(())
}
