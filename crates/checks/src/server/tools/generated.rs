//! server/tools#security-considerations: calls with generated arguments.

use std::time::Duration;

use futures_util::future::join_all;
use plumb_flows::schema::coercion;
use plumb_model::End;
use plumb_runner::generate::{self, Generated, Violating};
use plumb_runner::sample::aside;
use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check, clip};
use serde_json::{Map, Value, json};

use super::calls::{AcceptingTool, subjects};

/// So many tools are called.
const TOOLS: usize = 24;

/// So many violating calls of all tools together, shared out evenly, however long they take: the same seed sends the
/// same calls.
const ALL_CALLS: usize = 240;

/// At least and at most so many violating calls of one tool.
const CALLS: (usize, usize) = (8, 24);

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
    /// kin) are broken one at a time, by arguments that would fit without the one keyword.
    /// No answer, or HTTP 5xx without a JSON-RPC error, counts as well. `null` in place of a value, formats and
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
    let most = (ALL_CALLS / subjects.len().max(1)).clamp(CALLS.0, CALLS.1);
    for subject in subjects {
        let made = make(bench, subject.schema(), &subject.accepted).await;
        let judged = made.violating.into_iter().filter(|v| is_judged(v, &subject)).take(most);
        let judged: Vec<Violating> = judged.collect();
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
            None => Ok(Finding::Held),
        };
        bench.case(&subject.name, title, judgement);
    }
    bench.conclude()
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
        shown.push(bench.send(bench.call_of(name, arguments).patience(PATIENCE)).await?);
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
    arguments.values().all(|v| !holds_null(v))
        && arguments.keys().all(|name| {
            of_names
                || known.is_some_and(|k| k.contains_key(name))
                || subject.accepted.contains_key(name)
        })
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
            if let Some(actual) = fault(&answer) {
                queue = smaller(&value);
                smallest = (arguments, actual);
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
