//! ext:tasks#input-requests: what a task asks of a client that declared little.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, has_ended, task_id};
use plumb_wire::{TASKS_EXTENSION, method};
use serde_json::{Value, json};

use super::{InputKind, Round, judged};

/// A task is read at most so often, until it asks or has ended.
const READS: usize = 12;

/// At most so much passes between two reads.
const INTERVAL: Duration = Duration::from_millis(500);

/// Judges every tool whose task asked for input of a kind in the survey: before a client that declares these
/// capabilities beside the extension, on every request alike, it does not ask for any of that kind.
pub async fn of_tasks(
    bench: &Bench,
    slug: &str,
    declared: &Value,
    undeclared: impl Fn(InputKind) -> bool,
) -> Result<(), Trouble> {
    for task in &bench.survey().tasks {
        if !Round::of_task(&task.last).inputs.iter().any(|i| undeclared(i.kind())) {
            continue;
        }
        let mut capabilities = declared.clone();
        capabilities["extensions"] = json!({TASKS_EXTENSION: {}});
        let call = bench.call_of(&task.name, Value::Object(task.arguments.clone()));
        let seen = shown(bench, call, &capabilities).await?;
        let asked = seen.result().map(Round::of_task).unwrap_or_default();
        let fits = !asked.inputs.iter().any(|i| undeclared(i.kind()));
        let judgement: Judgement = judged(&seen, |seen| {
            let expected = format!("no input request beyond the declared capabilities {declared}");
            Finding::expect(fits, expected, || seen.describe())
        });
        let title = format!("a task of {:?} by a client that declares {declared}", task.name);
        bench.case(&format!("task-{}-{slug}", task.name), title, judgement);
    }
    Ok(())
}

/// The answer in which the call, or the task that it became, came to a stand: a refusal, a result, input asked for, an end.
async fn shown(bench: &Bench, call: Probe, capabilities: &Value) -> Result<Observed, Trouble> {
    let mut seen = bench.send(call.capabilities(capabilities.clone())).await?;
    let Some(id) = seen.result().and_then(task_id).map(str::to_owned) else { return Ok(seen) };
    for _ in 0..READS {
        let at_work = seen.result().is_some_and(|task| {
            !has_ended(task) && task.get("inputRequests").is_none_or(Value::is_null)
        });
        if !at_work {
            break;
        }
        let interval = seen.result().and_then(|task| task["pollIntervalMs"].as_u64());
        let interval = interval.map_or(INTERVAL / 2, Duration::from_millis).min(INTERVAL);
        bench.pause(interval).await;
        let get = Probe::request(method::TASKS_GET, json!({"taskId": id}));
        seen = bench.send(get.capabilities(capabilities.clone())).await?;
    }
    Ok(seen)
}
