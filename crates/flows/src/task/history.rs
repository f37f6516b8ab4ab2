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
mod tests;

#[cfg(test)]
mod properties;
