//! What a task that has ended shows.

use plumb_runner::{Notes, Observed, brief, check, has_ended};
use serde_json::Value;

use super::shape::detailed;

check! {
    /// **Observed:** no task that tasks/get or a notification shows as completed, failed or cancelled has a request in `inputRequests`.
    ///
    /// **Why:** a client asks its user what nobody waits for, and is told that the answer does not count.
    ///
    /// **Fix:** leave `inputRequests` out once the task has ended.
    pub(crate) ASKS_NOTHING = "tasks.get.ended-asks-nothing";
    applies: [Declares(Tasks)];
    passive: asks_nothing
}

fn asks_nothing(seen: &Observed, notes: &mut Notes<'_>) {
    let all = ["completed", "failed", "cancelled"].into_iter().flat_map(|s| detailed(seen, s));
    for (_, task) in all.filter(|(_, task)| has_ended(task)) {
        let asks = |requests: &Value| requests.as_object().is_some_and(|all| !all.is_empty());
        let requests = task.get("inputRequests").filter(|requests| asks(requests));
        notes.expect(requests.is_none(), "no `inputRequests` of a task that has ended", || {
            requests.map(brief).unwrap_or_default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, holds, stdio};
    use serde_json::json;

    #[test]
    fn what_has_ended_asks_nothing() {
        let seen = |mut task: Value, requests: Value| {
            task["taskId"] = json!("t");
            task["inputRequests"] = requests;
            stdio("tasks/get", json!({"taskId": "t"}), &[complete(task)])
        };
        let go = json!({"go": {"method": "roots/list"}});
        let ended = || json!({"status": "completed", "result": {"content": []}});
        assert_eq!(holds(&ASKS_NOTHING, &seen(ended(), go.clone())), Some(false));
        assert_eq!(holds(&ASKS_NOTHING, &seen(ended(), json!({}))), Some(true));
        assert_eq!(holds(&ASKS_NOTHING, &seen(json!({"status": "input_required"}), go)), None);
    }
}
