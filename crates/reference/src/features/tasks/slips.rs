//! What mutants keep about tasks: memory that a conforming server has no use for.

use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;

use crate::connection::Connection;
use crate::features::clock::now;
use crate::lock::lock;
use crate::rules::Rules;
use crate::shelf::Shelf;

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

    /// Notes which request made the task, for whoever must not know any more.
    pub(super) fn created(
        &self,
        rules: &Rules,
        connection: &Arc<Connection>,
        request: &Value,
        id: &str,
    ) {
        let kept = rules.task_survives_disconnect
            && rules.task_survives_cancelled_notification
            && rules.task_ack_ids
            && rules.task_notification_filter;
        if !kept {
            let connection = Arc::downgrade(connection);
            lock(&self.origins).push(Origin {
                task: id.to_owned(),
                request: request.clone(),
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

    /// The tasks that the request made.
    pub(super) fn made_by(&self, request: &Value) -> Vec<String> {
        lock(&self.origins)
            .iter()
            .filter(|origin| origin.request == *request)
            .map(|origin| origin.task.clone())
            .collect()
    }
}
