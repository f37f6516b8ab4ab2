//! Which tasks there are for whom.

use super::record::{Record, TTL_MS};
use crate::auth::access;
use crate::call::Call;
use crate::features::clock::now;

/// The task of this id, if it is kept still.
pub(super) fn find(call: &Call, id: &str) -> Option<Record> {
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

/// The id of this process.
pub(super) fn own_process() -> u64 {
    u64::from(std::process::id())
}

fn is_alive(process: u64) -> bool {
    std::path::Path::new(&format!("/proc/{process}")).exists()
}
