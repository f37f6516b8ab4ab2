//! Histories of tasks, legal and illegal.

use serde_json::json;

use super::*;

fn life(tasks: &[Value]) -> Vec<State> {
    let state =
        |(seq, task): (u64, &Value)| State { task: task.clone(), answered: BTreeSet::new(), seq };
    (1..).zip(tasks).map(state).collect()
}

#[test]
fn nothing_leads_out_of_an_end() {
    let status = |s: &str| json!({"status": s});
    let legal = ["working", "input_required", "working", "completed", "completed"].map(status);
    assert_eq!(illegal_step(&life(&legal)), None);
    let flapping = ["working", "failed", "working"].map(status);
    assert_eq!(
        illegal_step(&life(&flapping)).map(|f| f.actual),
        Some("failed became working".into())
    );
}

#[test]
fn an_outcome_that_vanishes_is_a_change() {
    let seed = json!({"status": "completed"});
    let whole = json!({"status": "completed", "result": {"content": []}});
    assert_eq!(changed_after_end(&life(&[seed.clone(), whole.clone(), whole.clone()])), None);
    assert!(
        changed_after_end(&life(&[json!({"status": "working"}), whole.clone(), seed])).is_some()
    );
    let cancelled = json!({"status": "cancelled"});
    assert!(changed_after_end(&life(&[whole, cancelled])).is_some());
}

#[test]
fn times_are_read_in_every_form_of_the_standard() {
    for text in [
        "2026-07-28T10:00:00Z",
        "2026-07-28T10:00:00.123456+02:00",
        "20260728T100000Z",
        "2026-07-28T10:00:00",
    ] {
        assert!(instant(text).is_some(), "{text}");
    }
    for text in
        ["1785196800000", "28.7.2026", "2026-13-01T00:00:00Z", "Tue, 28 Jul 2026 10:00:00 GMT"]
    {
        assert!(instant(text).is_none(), "{text}");
    }
}

#[test]
fn times_do_not_run_back() {
    let at = |created: &str, updated: &str| json!({"createdAt": created, "lastUpdatedAt": updated});
    let (one, two) = ("2026-07-28T10:00:00Z", "2026-07-28T10:00:01Z");
    assert_eq!(wrong_times(&life(&[at(one, one), at("2026-07-28T12:00:00+02:00", two)])), None);
    assert!(wrong_times(&life(&[at(one, two), at(one, one)])).is_some());
    assert!(wrong_times(&life(&[at(one, two), at(two, two)])).is_some());
}

fn form(text: &str, field: &str) -> Value {
    let schema =
        json!({"type": "object", "properties": {field: {"type": "string", "title": text}}});
    json!({"method": "elicitation/create", "params": {"message": text, "requestedSchema": schema}})
}

fn asks(text: &str, field: &str) -> Value {
    json!({"status": "input_required", "inputRequests": {"k": form(text, field)}})
}

#[test]
fn a_key_that_returns_for_something_else_is_a_reuse_and_one_that_stays_is_none() {
    let works = json!({"status": "working"});
    let returned = [asks("a", "x"), works.clone(), asks("a", "y")];
    assert!(misused_key(&life(&returned), Misuse::Returned).is_some());
    let again = [asks("a", "x"), works.clone(), asks("a", "x")];
    assert_eq!(misused_key(&life(&again), Misuse::Returned), None, "the same, still open");
    let both = life(&[asks("a", "x"), asks("a", "y")]);
    assert!(misused_key(&both, Misuse::TwoRequests).is_some());
    let mut answered = life(&[asks("a", "x"), works, asks("a", "x")]);
    assert_eq!(misused_key(&answered, Misuse::ReturnedAnswered), None);
    answered[2].answered.insert("k".into());
    assert!(misused_key(&answered, Misuse::ReturnedAnswered).is_some());
    assert!(misused_key(&answered, Misuse::Returned).is_some());
}

#[test]
fn a_countdown_in_a_text_is_no_other_request() {
    let counted = life(&[asks("9 seconds", "x"), asks("8 seconds", "x"), asks("late", "x")]);
    for misuse in [Misuse::Returned, Misuse::ReturnedAnswered, Misuse::TwoRequests] {
        assert_eq!(misused_key(&counted, misuse), None);
    }
    assert_eq!(rounds(&counted), 1);
    let url =
        json!({"method": "elicitation/create", "params": {"mode": "url", "message": "9 seconds"}});
    assert!(is_another(&form("9 seconds", "x"), &url));
}

#[test]
fn a_stale_reading_is_no_reuse() {
    let at = |task: Value, updated: &str| {
        let mut task = task;
        task["lastUpdatedAt"] = json!(updated);
        task
    };
    let (one, two) = ("2026-07-28T10:00:00Z", "2026-07-28T10:00:01Z");
    let mut states = life(&[
        at(asks("a", "x"), one),
        at(json!({"status": "working"}), two),
        at(asks("a", "x"), one),
    ]);
    states[2].answered.insert("k".into());
    assert_eq!(misused_key(&states, Misuse::ReturnedAnswered), None);
    states[2].task["lastUpdatedAt"] = json!("2026-07-28T10:00:02Z");
    assert!(misused_key(&states, Misuse::ReturnedAnswered).is_some());
}

#[test]
fn rounds_are_counted_by_their_keys() {
    let asks =
        |key: &str| json!({"status": "input_required", "inputRequests": {key: form("a", "x")}});
    assert_eq!(rounds(&life(&[asks("a"), asks("a"), asks("b")])), 2);
}
