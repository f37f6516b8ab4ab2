//! The life of a task, judged from the states that were seen: no input or output.

use std::collections::{BTreeMap, BTreeSet};

use plumb_runner::{brief, has_ended};
use serde_json::Value;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{OffsetDateTime, PrimitiveDateTime};

/// A state of a task as it was seen.
#[derive(Clone, Debug)]
pub struct State {
    /// The task.
    pub task: Value,
    /// The keys whose responses had been acknowledged before this was asked for.
    pub answered: BTreeSet<String>,
    /// The exchange.
    pub seq: u64,
}

impl State {
    /// A state that nothing was answered before.
    pub const fn of(task: Value, seq: u64) -> Self {
        Self { task, answered: BTreeSet::new(), seq }
    }
}

/// What a history shows that it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was to be seen.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// The exchange that shows it.
    pub seq: u64,
}

fn fault(state: &State, expected: &str, actual: String) -> Fault {
    Fault { expected: expected.to_owned(), actual, seq: state.seq }
}

fn status(state: &State) -> &str {
    state.task["status"].as_str().unwrap_or("no status")
}

/// A step that the diagram does not have: any out of a terminal state.
pub fn illegal_step(states: &[State]) -> Option<Fault> {
    states.windows(2).find_map(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        let stays = status(before) == status(after);
        if stays || !has_ended(&before.task) {
            return None;
        }
        Some(fault(
            after,
            "no transition out of a terminal state",
            format!("{} became {}", status(before), status(after)),
        ))
    })
}

/// A terminal state whose status or payload differs later, or whose payload vanishes.
pub fn changed_after_end(states: &[State]) -> Option<Fault> {
    let end = states.iter().position(|s| has_ended(&s.task))?;
    let ended = &states[end];
    if let Some(later) = states[end..].iter().find(|later| status(later) != status(ended)) {
        let actual = format!("{} became {}", status(ended), status(later));
        return Some(fault(later, "the status of an ended task stays", actual));
    }
    // A handle has no payload, even where the task ended at once; the states after it have.
    let full = &states[end.max(1).min(states.len())..];
    let first = full.first()?;
    let text = |v: Option<&Value>| v.map_or_else(|| "nothing".to_owned(), brief);
    full.iter().find_map(|later| {
        ["result", "error"].into_iter().find_map(|member| {
            let (was, is) = (first.task.get(member), later.task.get(member));
            let actual = || format!("`{member}` was {}, then {}", text(was), text(is));
            if was == is {
                None
            } else {
                Some(fault(later, "the outcome of an ended task stays", actual()))
            }
        })
    })
}

/// A time that cannot be read, a creation that moves, an update that lies before an earlier one.
pub fn wrong_times(states: &[State]) -> Option<Fault> {
    for state in states {
        for member in ["createdAt", "lastUpdatedAt"] {
            let written = state.task.get(member);
            if let Some(written) = written
                && written.as_str().and_then(instant).is_none()
            {
                return Some(fault(
                    state,
                    "a time in ISO 8601",
                    format!("`{member}` is {}", brief(written)),
                ));
            }
        }
    }
    states.windows(2).find_map(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        let at = |state: &State, member: &str| state.task[member].as_str().and_then(instant);
        if let (Some(was), Some(is)) = (at(before, "createdAt"), at(after, "createdAt"))
            && was != is
        {
            let actual = format!("{} became {}", before.task["createdAt"], after.task["createdAt"]);
            return Some(fault(after, "`createdAt` stays", actual));
        }
        if let (Some(was), Some(is)) = (at(before, "lastUpdatedAt"), at(after, "lastUpdatedAt"))
            && is < was
        {
            let actual =
                format!("{} after {}", after.task["lastUpdatedAt"], before.task["lastUpdatedAt"]);
            return Some(fault(after, "`lastUpdatedAt` does not run back", actual));
        }
        None
    })
}

/// Reads a time in ISO 8601, with or without an offset; without one, as if in UTC.
pub fn instant(text: &str) -> Option<OffsetDateTime> {
    let offset = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(text, &Iso8601::DEFAULT));
    let local =
        || PrimitiveDateTime::parse(text, &Iso8601::DEFAULT).map(PrimitiveDateTime::assume_utc);
    offset.or_else(|_| local()).ok()
}

/// How one key was used over a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// It came back after it was gone, for another request or after it was answered.
    Returned,
    /// It came back after it was answered and gone.
    ReturnedAnswered,
    /// It named two different requests.
    TwoRequests,
}

/// The first misuse of a key of this kind.
pub fn misused_key(states: &[State], wanted: Misuse) -> Option<Fault> {
    let mut requests: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    let empty = serde_json::Map::new();
    for state in states.iter().enumerate().filter(|(n, _)| !is_stale(states, *n)).map(|(_, s)| s) {
        let asked = state.task["inputRequests"].as_object().unwrap_or(&empty);
        for (key, request) in asked {
            let key = key.as_str();
            let other = requests.get(key).filter(|before| is_another(before, request));
            if wanted == Misuse::TwoRequests
                && let Some(before) = other
            {
                let actual = format!("`{key}` named {}, then {}", brief(before), brief(request));
                return Some(fault(
                    state,
                    "a key names one request over the life of a task",
                    actual,
                ));
            }
            let answered = state.answered.contains(key);
            let returned = gone.contains(key) && (answered || other.is_some());
            let anew = returned || (answered && other.is_some());
            if anew
                && (wanted == Misuse::Returned || (wanted == Misuse::ReturnedAnswered && answered))
            {
                let when = if answered {
                    "after its response was acknowledged"
                } else {
                    "after it was gone, for another request"
                };
                return Some(fault(
                    state,
                    "a key of its own for each request",
                    format!("`{key}` came back {when}"),
                ));
            }
            requests.entry(key).or_insert(request);
        }
        gone.extend(requests.keys().copied().filter(|key| !asked.contains_key(*key)));
    }
    None
}

/// Whether a state is older than one that was seen before it: updates are eventually consistent, so a reading may come
/// from a replica that has not heard of them.
fn is_stale(states: &[State], n: usize) -> bool {
    let time = |state: &State| state.task["lastUpdatedAt"].as_str().and_then(instant);
    let own = time(&states[n]);
    own.is_some() && states[..n].iter().any(|before| time(before) > own)
}

/// Whether two requests ask for something else: by their method, their mode, or the fields of their form. Texts may
/// differ between two readings of one request, such as a countdown in a message.
pub fn is_another(one: &Value, other: &Value) -> bool {
    essence(one) != essence(other)
}

fn essence(request: &Value) -> Value {
    let params = &request["params"];
    let fields = params.pointer("/requestedSchema/properties").and_then(Value::as_object);
    let fields = fields.map(|fields| {
        let fields = fields.iter().map(|(name, field)| (name.clone(), field["type"].clone()));
        fields.collect::<BTreeMap<String, Value>>()
    });
    serde_json::json!({
        "method": request["method"],
        "mode": params["mode"].as_str().unwrap_or("form"),
        "fields": fields,
    })
}

/// How many different keys were shown, and in how many rounds.
pub fn keys(states: &[State]) -> usize {
    let keys = states.iter().filter_map(|s| s.task["inputRequests"].as_object()).flatten();
    keys.map(|(key, _)| key).collect::<BTreeSet<_>>().len()
}

/// How often a task began to wait for input.
pub fn rounds(states: &[State]) -> usize {
    let asking =
        |s: &State| s.task["inputRequests"].as_object().is_some_and(|asked| !asked.is_empty());
    let mut rounds = 0;
    let mut before: Option<&Value> = None;
    for state in states.iter().filter(|s| asking(s)) {
        let names = |asked: &Value| {
            asked.as_object().map(|asked| asked.keys().cloned().collect::<BTreeSet<_>>())
        };
        let another = before.is_some_and(|b| names(b) != names(&state.task["inputRequests"]));
        rounds += usize::from(before.is_none() || another);
        before = Some(&state.task["inputRequests"]);
    }
    rounds
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn life(tasks: &[Value]) -> Vec<State> {
        let state = |(seq, task): (u64, &Value)| State {
            task: task.clone(),
            answered: BTreeSet::new(),
            seq,
        };
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
            changed_after_end(&life(&[json!({"status": "working"}), whole.clone(), seed]))
                .is_some()
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
        let at =
            |created: &str, updated: &str| json!({"createdAt": created, "lastUpdatedAt": updated});
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
        let url = json!({"method": "elicitation/create", "params": {"mode": "url", "message": "9 seconds"}});
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
}

#[cfg(test)]
mod properties {
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
}
