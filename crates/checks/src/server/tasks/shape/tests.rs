//! What each check says of recorded tasks, right and wrong.

use plumb_runner::Check;

use super::*;
use plumb_recorded::{answered, holds, notification, streamed};

fn task(status: &str) -> Value {
    json!({
        "resultType": "complete",
        "taskId": "786512e2",
        "status": status,
        "createdAt": "2026-07-28T10:00:00Z",
        "lastUpdatedAt": "2026-07-28T10:00:01Z",
        "ttlMs": null,
    })
}

fn with(mut task: Value, member: &str, value: Value) -> Value {
    task[member] = value;
    task
}

fn without(mut task: Value, member: &str) -> Value {
    task.as_object_mut().expect("an object").remove(member);
    task
}

fn read(task: Value) -> Observed {
    answered("tasks/get", json!({"taskId": "786512e2"}), task)
}

fn called(result: Value) -> Observed {
    answered("tools/call", json!({"name": "slow"}), result)
}

/// Both ways: what the check holds of, and what breaks it.
fn both(check: &Check, right: &[Observed], wrong: &[Observed]) {
    for seen in right {
        assert_eq!(holds(check, seen), Some(true), "{} of {}", check.id, seen.describe());
    }
    for seen in wrong {
        assert_eq!(holds(check, seen), Some(false), "{} of {}", check.id, seen.describe());
    }
}

#[test]
fn a_handle_is_told_by_its_type() {
    let handle = with(task("working"), "resultType", json!("task"));
    both(&RESULT_TYPE_TASK, &[called(handle.clone())], &[called(task("working"))]);
    let plain = called(json!({"resultType": "complete", "content": []}));
    both(
        &RESULT_TYPE_TASK_ONLY,
        &[called(handle.clone()), plain.clone(), read(task("working"))],
        &[called(json!({"resultType": "task", "content": []})), read(handle)],
    );
    assert_eq!(holds(&RESULT_TYPE_TASK, &plain), None, "a plain result is no handle");
}

#[test]
fn a_task_has_its_members_at_every_status() {
    let right =
        ["working", "input_required", "completed", "failed", "cancelled"].map(|s| read(task(s)));
    let lacking = ["taskId", "createdAt", "lastUpdatedAt", "ttlMs"]
        .map(|m| read(without(task("working"), m)));
    both(&SHAPE, &right, &lacking);
    both(&SHAPE, &[], &[read(with(task("failed"), "statusMessage", json!({"text": "no"})))]);
    both(&STATUS_VALUES, &right, &["running", "done", "COMPLETED"].map(|s| read(task(s))));
    let told = |task: Value| {
        streamed("subscriptions/listen", json!({}), &[notification("notifications/tasks", task)])
    };
    both(&SHAPE, &[told(task("working"))], &[told(without(task("working"), "status"))]);
}

#[test]
fn times_to_live_are_whole_milliseconds() {
    let ttl = |ttl: Value| read(with(task("working"), "ttlMs", ttl));
    both(
        &TTL_INTEGER,
        &[ttl(json!(null)), ttl(json!(60_000)), ttl(json!(6.0e4))],
        &[ttl(json!("60000")), ttl(json!(0.5))],
    );
    let poll = |ms: Value| read(with(task("working"), "pollIntervalMs", ms));
    both(&TTL_INTEGER, &[poll(json!(50))], &[poll(json!("50")), poll(json!(null))]);
}

#[test]
fn each_status_carries_what_belongs_to_it() {
    let asked = json!({"k": {"method": "elicitation/create", "params": {}}});
    let waiting = |asked: Value| read(with(task("input_required"), "inputRequests", asked));
    both(&INPUT_REQUIRED, &[waiting(asked)], &[read(task("input_required")), waiting(json!([]))]);
    let done = with(task("completed"), "result", json!({"content": []}));
    both(&COMPLETED, &[read(done.clone())], &[read(task("completed"))]);
    let other = with(task("completed"), "result", json!({"content": [{"type": "verse"}]}));
    both(&RESULT_VALIDATES, &[read(done)], &[read(other)]);
    let error = json!({"code": -32603, "message": "no"});
    let failed = with(task("failed"), "error", error);
    both(&FAILED, &[read(failed.clone())], &[read(task("failed"))]);
    let odd = with(task("failed"), "error", json!({"reason": "no"}));
    both(&FAILED_ERROR, &[read(failed.clone())], &[read(odd)]);
    let said = with(failed.clone(), "statusMessage", json!("no"));
    both(&FAILED_STATUS_MESSAGE, &[read(said)], &[read(failed)]);
    // A handle carries no payload, whatever its status.
    assert_eq!(
        holds(&COMPLETED, &called(with(task("completed"), "resultType", json!("task")))),
        None
    );
}

#[test]
fn results_of_the_methods_are_complete() {
    let right = task("failed");
    let wrong = with(right.clone(), "resultType", json!("task"));
    both(&GET_RESULT_TYPE, &[read(right.clone())], &[read(wrong.clone())]);
    for (check, method) in
        [(&UPDATE_RESULT_TYPE, "tasks/update"), (&CANCEL_RESULT_TYPE, "tasks/cancel")]
    {
        let of = |result: &Value| answered(method, json!({"taskId": "786512e2"}), result.clone());
        both(check, &[of(&json!({"resultType": "complete"}))], &[of(&json!({})), of(&wrong)]);
    }
}
