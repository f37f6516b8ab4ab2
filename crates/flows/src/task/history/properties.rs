//! No legal history is found at fault, and one that goes on after its end is.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A life as the text allows it: statuses that wander, then one outcome, told again and again.
fn legal() -> impl Strategy<Value = Vec<Value>> {
    let wandering = prop::collection::vec((any::<bool>(), 0_u64..5_000), 1..12);
    let outcome = prop::sample::select(vec!["completed", "failed", "cancelled"]);
    (wandering, outcome, 0_usize..5).prop_map(|(steps, outcome, readings)| {
        let mut now = 1_785_196_800_000_i64;
        let created = written(now);
        let mut asked = 0;
        let mut tasks = Vec::new();
        for (asks, millis) in steps {
            now += i64::try_from(millis).unwrap_or_default();
            let mut task = json!({"status": "working", "createdAt": created, "lastUpdatedAt": written(now)});
            if asks {
                asked += 1;
                task["status"] = json!("input_required");
                let message = format!("{millis} ms are left");
                task["inputRequests"] = json!({
                    format!("key-{asked}"): {"method": "elicitation/create", "params": {"message": message}}
                });
            }
            tasks.push(task);
        }
        let mut end = json!({"status": outcome, "createdAt": created, "lastUpdatedAt": written(now)});
        match outcome {
            "completed" => end["result"] = json!({"content": [], "isError": now % 2 == 0}),
            "failed" => end["error"] = json!({"code": -32603, "message": "no"}),
            _ => {}
        }
        tasks.extend(std::iter::repeat_n(end, readings));
        tasks
    })
}

fn written(millis: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    at.expect("in range").format(&Rfc3339).expect("can be written")
}

fn states(tasks: &[Value]) -> Vec<State> {
    (1..).zip(tasks).map(|(seq, task)| State::of(task.clone(), seq)).collect()
}

fn faults(states: &[State]) -> Vec<Fault> {
    let keys = [Misuse::Returned, Misuse::ReturnedAnswered, Misuse::TwoRequests]
        .into_iter()
        .filter_map(|misuse| misused_key(states, misuse));
    [illegal_step(states), changed_after_end(states), wrong_times(states)]
        .into_iter()
        .flatten()
        .chain(keys)
        .collect()
}

proptest! {
    #[test]
    fn what_the_text_allows_is_no_fault(tasks in legal()) {
        prop_assert_eq!(faults(&states(&tasks)), Vec::new());
    }

    #[test]
    fn what_goes_on_after_its_end_is_one(tasks in legal(), revived in prop::sample::select(vec!["working", "input_required", "other"])) {
        let mut states = states(&tasks);
        prop_assume!(states.len() > 1 && states.last().is_some_and(|s| has_ended(&s.task)));
        let status = states[states.len() - 1].task["status"].clone();
        let other = if status == "failed" { "completed" } else { "failed" };
        let mut after = states[states.len() - 1].clone();
        after.task["status"] = json!(if revived == "other" { other } else { revived });
        states.push(after);
        prop_assert!(illegal_step(&states).is_some());
        prop_assert!(changed_after_end(&states).is_some());
    }

    #[test]
    fn an_outcome_that_changes_is_one(tasks in legal()) {
        let mut states = states(&tasks);
        prop_assume!(states.iter().skip(1).any(|s| s.task.get("result").is_some()));
        let mut after = states[states.len() - 1].clone();
        after.task["result"]["content"] = json!([{"type": "text", "text": "another"}]);
        states.push(after);
        prop_assert!(changed_after_end(&states).is_some());
        prop_assert_eq!(illegal_step(&states), None);
    }

    #[test]
    fn the_order_of_answers_and_questions_decides(at in 1_usize..6) {
        let asks = json!({"status": "input_required", "inputRequests": {"k": {"method": "roots/list"}}});
        let works = json!({"status": "working"});
        let tasks: Vec<Value> = std::iter::repeat_n(asks.clone(), at).chain([works, asks]).collect();
        let mut states = states(&tasks);
        prop_assert_eq!(misused_key(&states, Misuse::ReturnedAnswered), None);
        let last = states.len() - 1;
        states[last].answered.insert("k".into());
        prop_assert!(misused_key(&states, Misuse::ReturnedAnswered).is_some());
    }
}
