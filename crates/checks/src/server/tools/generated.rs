//! server/tools#security-considerations: calls with generated arguments.

use std::time::Duration;

use futures_util::future::join_all;
use plumb_flows::schema::coercion;
use plumb_model::End;
use plumb_runner::generate::{self, Generated, Violating};
use plumb_runner::sample::aside;
use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check, clip};
use plumb_wire::method;
use serde_json::{Map, Value, json};

use super::calls::{AcceptingTool, subjects};

/// So many tools are called.
const TOOLS: usize = 24;

/// So many violating calls of all tools together, shared out evenly, however long they take: the same seed sends the
/// same calls.
const ALL_CALLS: usize = 240;

/// At most so many violating calls of one tool; what one does not need, others may have.
const CALLS: usize = 48;

/// So many calls wait beside each other; the first fault of a row is reported.
const BESIDE: usize = 4;

/// So many valid calls of one tool, for its results.
const VALID: usize = 6;

/// So many calls to make a failing one smaller.
const SHRINKING: usize = 12;

/// Making arguments is left behind after so long: it is bounded in number, and this is for what the number does not tell.
const MAKING: Duration = Duration::from_secs(10);

/// A tool that just answered at once has so long for each call.
const PATIENCE: Duration = Duration::from_secs(3);

check! {
    /// **Observed:** callable tools (harmless by their own account, or allowed by you) are called with arguments
    /// that their `inputSchema` refuses: each differs in one place from a call that was just accepted.
    /// The values are generated from the schema and the run's seed; a call that succeeds is made smaller first. Keywords
    /// that say how parts go together (`allOf`, `anyOf`, `oneOf`, `not`, `if`, `dependentRequired`, `contains` and their
    /// kin) are broken one at a time, by arguments that would fit without the one keyword; those about one value, however
    /// deep it lies, by that value alone, and in a list by its second item. Required arguments are left out altogether, too.
    /// No answer, or HTTP 5xx without a JSON-RPC error, counts as well. `null` in place of a value that may be absent, formats and
    /// unknown arguments are not judged here. **Position:** nor is what a server can read as the type that it wants.
    ///
    /// **Why:** arguments are written by models and steered by attackers; what the schema refuses, nobody tested.
    ///
    /// **Fix:** validate by the schema that is listed, before the tool runs.
    pub(crate) VALIDATE_INPUTS = "tools.sec.validate-inputs";
    since: "2025-03-26";
    applies: [Declares(Tools)];
    needs: [Tool];
    scenario: validate_inputs
}

async fn validate_inputs(bench: &Bench) -> Judgement {
    let subjects = subjects(bench, TOOLS).await?;
    let mut made = Vec::new();
    for subject in &subjects {
        let generated = make(bench, subject.schema(), &subject.accepted).await;
        let judged = generated.violating.into_iter().filter(|v| is_judged(v, subject));
        made.push(judged.take(CALLS).collect::<Vec<Violating>>());
    }
    let most = shared_out(&made.iter().map(Vec::len).collect::<Vec<_>>(), ALL_CALLS);
    for (subject, mut judged) in subjects.into_iter().zip(made) {
        judged.truncate(most);
        let mut broken = None;
        for row in judged.chunks(BESIDE) {
            let calls: Vec<_> =
                row.iter().map(|violating| call(bench, &subject, &violating.arguments)).collect();
            for (violating, answer) in row.iter().zip(join_all(calls).await) {
                if let Some(actual) = fault(&answer?).filter(|_| broken.is_none()) {
                    broken = Some((violating.clone(), actual));
                }
            }
            if broken.is_some() {
                break;
            }
        }
        let tried = judged.len();
        let title = format!("{} with arguments that its schema refuses", subject.name);
        let judgement = match broken {
            Some((violating, actual)) => shrunk(bench, &subject, violating, actual).await,
            None if tried == 0 => continue,
            None => without_arguments(bench, &subject).await,
        };
        bench.case(&subject.name, title, judgement);
    }
    bench.conclude()
}

/// A call without the member `arguments` is one with an empty object, which may be what the schema refuses.
async fn without_arguments(bench: &Bench, subject: &AcceptingTool) -> Judgement {
    if !subject.refuses(&json!({})).await {
        return Ok(Finding::Held);
    }
    let call = Probe::request(method::TOOLS_CALL, json!({"name": subject.name}));
    let seen = bench.send(call.mirrored(subject.schema()).patience(PATIENCE)).await?;
    Ok(match fault(&seen) {
        Some(actual) => Finding::violated("a refusal of a call without `arguments`", actual),
        None => Finding::Held,
    })
}

/// How many each may have of all, if none gets more than it wants.
fn shared_out(wanted: &[usize], all: usize) -> usize {
    let fits = |most: &usize| wanted.iter().map(|w| w.min(most)).sum::<usize>() <= all;
    (1..=CALLS).rev().find(fits).unwrap_or(1)
}

/// What calls with generated arguments that the schema accepts show.
pub(super) async fn accepted(bench: &Bench, callable: &Callable) -> Result<Vec<Observed>, Trouble> {
    let complete = callable.shown.as_ref().is_some_and(|shown| shown.complete().is_some());
    let quick = complete && bench.survey().is_quick(callable);
    let (Some(name), true) = (callable.tool.get("name").and_then(Value::as_str), quick) else {
        return Ok(Vec::new());
    };
    let schema = callable.tool.get("inputSchema").unwrap_or(&Value::Null);
    let made = make(bench, schema, &callable.arguments).await;
    let mut shown = Vec::new();
    for arguments in made.valid.into_iter().take(VALID) {
        let seen = bench.send(bench.call_of(name, arguments).patience(PATIENCE)).await?;
        // An argument may say how much there is to do: what others ask of the tool may take as long, and goes on meanwhile.
        let works_on = seen.exchange.answer.end == End::TimedOut;
        shown.push(seen);
        if works_on {
            break;
        }
    }
    Ok(shown)
}

async fn make(bench: &Bench, schema: &Value, accepted: &Map<String, Value>) -> Generated {
    let (schema, accepted, seed) = (schema.clone(), accepted.clone(), bench.seed());
    let made = aside(MAKING, move || generate::arguments(&schema, &accepted, seed));
    made.await.unwrap_or_default()
}

/// `null` often stands for an absent argument, unknown arguments are a rule of their own, and what can be read as the type
/// that is wanted may be.
fn is_judged(violating: &Violating, subject: &AcceptingTool) -> bool {
    let Some(arguments) = violating.arguments.as_object() else { return false };
    let known = subject.schema().get("properties").and_then(Value::as_object);
    if coercion::is_readable(&violating.arguments, subject.schema()) {
        return false;
    }
    // A keyword that speaks of names which the schema does not list is broken by such a name.
    let of_names = violating.keyword.is_some();
    (arguments.values().all(|v| !holds_null(v)) || is_required(violating, subject))
        && arguments.keys().all(|name| {
            of_names
                || known.is_some_and(|k| k.contains_key(name))
                || subject.accepted.contains_key(name)
        })
}

/// Whether the one `null` stands for an argument that may not be absent either.
fn is_required(violating: &Violating, subject: &AcceptingTool) -> bool {
    let mut absent = violating.arguments.clone();
    let dropped = drop_nulls(&mut absent);
    dropped && !holds_null(&absent) && generate::refuses(subject.schema(), &absent)
}

/// Leaves out members that are `null`; says whether there were any.
fn drop_nulls(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let before = members.len();
            members.retain(|_, member| !member.is_null());
            let inner = members.values_mut().map(drop_nulls).fold(false, std::ops::BitOr::bitor);
            inner || members.len() < before
        }
        Value::Array(items) => items.iter_mut().map(drop_nulls).fold(false, std::ops::BitOr::bitor),
        _ => false,
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(map) => map.values().any(holds_null),
        _ => false,
    }
}

async fn call(
    bench: &Bench,
    subject: &AcceptingTool,
    arguments: &Value,
) -> Result<Observed, Trouble> {
    bench.send(bench.call_of(&subject.name, arguments.clone()).patience(PATIENCE)).await
}

/// What is wrong with the answer to violating arguments, if anything is.
fn fault(answer: &Observed) -> Option<String> {
    let served = answer.complete().is_some_and(|r| r.get("isError") != Some(&json!(true)));
    let crashed = answer.status().is_some_and(|s| s >= 500) && answer.error().is_none();
    let silent = answer.messages.is_empty() && answer.exchange.answer.end == End::TimedOut;
    (served || crashed || silent).then(|| answer.describe())
}

/// The smallest value of the property that still fails.
async fn shrunk(
    bench: &Bench,
    subject: &AcceptingTool,
    violating: Violating,
    actual: String,
) -> Judgement {
    let mut smallest = (violating.arguments, actual);
    let mut calls = 0;
    if let Some(name) = &violating.property {
        let mut queue = smaller(smallest.0.get(name).unwrap_or(&Value::Null));
        while let Some(value) = queue.pop() {
            if calls == SHRINKING {
                break;
            }
            let arguments = subject.with(name, value.clone());
            let readable = coercion::is_readable(&arguments, subject.schema());
            if readable || !subject.refuses(&arguments).await {
                continue;
            }
            calls += 1;
            let answer = call(bench, subject, &arguments).await?;
            let silent = answer.exchange.answer.end == End::TimedOut;
            if let Some(actual) = fault(&answer) {
                queue = smaller(&value);
                smallest = (arguments, actual);
            }
            // Each further one would be waited for as long.
            if silent {
                break;
            }
        }
    }
    // A refusal, or silence, counts only beside calls that are served.
    bench.control(bench.call_of(&subject.name, Value::Object(subject.accepted.clone()))).await?;
    let (arguments, actual) = smallest;
    let keyword = violating.keyword.map(|at| format!(" (by `#{at}` alone)")).unwrap_or_default();
    Ok(Finding::violated(
        format!(
            "a refusal of {}, which the `inputSchema` does not allow{keyword}",
            clip(&arguments.to_string(), 160)
        ),
        actual,
    ))
}

/// Simpler values of the same type, the simplest last.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            let half: String = text.chars().take(text.chars().count() / 2).collect();
            let one: String = text.chars().take(1).collect();
            let simpler = [half, one, String::new()].into_iter().filter(|s| s.len() < text.len());
            simpler.map(Value::from).collect()
        }
        Value::Number(number) => match number.as_i64() {
            Some(0) => Vec::new(),
            Some(n) => [n / 2, n.signum(), 0]
                .into_iter()
                .filter(|s| s.unsigned_abs() < n.unsigned_abs())
                .map(Value::from)
                .collect(),
            None if number.as_f64() == Some(0.5) => Vec::new(),
            None => vec![json!(0.5)],
        },
        Value::Array(items) if !items.is_empty() => {
            let mut simpler: Vec<Value> =
                items.iter().map(|item| json!([item])).filter(|v| v != value).collect();
            simpler.push(json!([]));
            simpler
        }
        Value::Object(map) if !map.is_empty() => {
            let one =
                |(k, v): (&String, &Value)| Value::Object(Map::from_iter([(k.clone(), v.clone())]));
            let mut simpler: Vec<Value> = map.iter().map(one).filter(|v| v != value).collect();
            simpler.push(json!({}));
            simpler
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_comes_to_an_end() {
        for start in [
            json!("plumb"),
            json!(12345),
            json!(-7),
            json!(1.5),
            json!([1, [2]]),
            json!({"a": {"b": 1}, "c": 2}),
        ] {
            let mut value = start;
            for _ in 0..64 {
                match smaller(&value).into_iter().next() {
                    Some(next) => value = next,
                    None => break,
                }
            }
            assert!(smaller(&value).is_empty(), "{value}");
        }
    }
}
