//! Tasks that are looked at once for all checks.

use std::sync::Arc;
use std::time::Duration;

use plumb_runner::{Bench, Observed, Probe, Trouble};
use plumb_wire::method;
use serde_json::{Value, json};

/// The metadata by which a message names its task.
pub(super) const RELATED: &str = "io.modelcontextprotocol/related-task";

/// At most so many tools are called as tasks.
const TOOLS: usize = 6;

/// A task is read so often, this long apart, until it has ended.
const READS: usize = 12;
const APART: Duration = Duration::from_millis(100);

/// A task, from its creation on.
pub(super) struct Life {
    /// The tool.
    pub(super) tool: String,
    /// The answer to the call.
    pub(super) created: Observed,
    /// Each time that it was read, until it had ended, and twice behind that.
    pub(super) read: Vec<Observed>,
    /// What the call came to, asked for when it had ended.
    pub(super) result: Option<Observed>,
}

impl Life {
    /// The id of the task.
    pub(super) fn id(&self) -> Option<&str> {
        task(&self.created)?["taskId"].as_str()
    }

    /// Every task that was shown, its creation first.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&Observed, &Value)> {
        let read = self.read.iter().filter_map(|seen| Some((seen, seen.result()?)));
        task(&self.created).map(|task| (&self.created, task)).into_iter().chain(read)
    }

    /// Whether it was seen to end.
    pub(super) fn ended(&self) -> bool {
        self.shown().last().is_some_and(|(_, task)| has_ended(task))
    }
}

/// The task that an answer to a call tells of.
pub(super) fn task(seen: &Observed) -> Option<&Value> {
    seen.result()?.get("task").filter(|task| task.is_object())
}

/// Whether a task has come to its end.
pub(super) fn has_ended(task: &Value) -> bool {
    matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled"))
}

/// Whether calls of tools are declared to be taken as tasks.
pub(super) fn takes_calls(bench: &Bench) -> bool {
    bench.survey().capabilities.pointer("/tasks/requests/tools/call").is_some()
}

/// Whether an operation on tasks is declared.
pub(super) fn offers(bench: &Bench, operation: &str) -> bool {
    bench.survey().capabilities.pointer(&format!("/tasks/{operation}")).is_some()
}

/// The calls of tools that may be called, of those that say one of these of tasks.
pub(super) fn calls(bench: &Bench, support: &[&str]) -> Vec<(String, Probe)> {
    let said = |tool: &Value| {
        let said = tool.pointer("/execution/taskSupport").and_then(Value::as_str);
        support.contains(&said.unwrap_or("forbidden"))
    };
    let callable = bench.survey().callable.iter().filter(|c| said(&c.tool)).take(TOOLS);
    let call = callable.filter_map(|c| {
        let name = c.tool["name"].as_str()?;
        Some((name.to_owned(), bench.call_of(name, Value::Object(c.arguments.clone()))))
    });
    call.collect()
}

/// A call as a task.
pub(super) fn as_task(call: Probe) -> Probe {
    call.param("task", json!({"ttl": 60_000}))
}

/// A request about a task.
pub(super) fn about(method: &str, id: &str) -> Probe {
    Probe::request(method, json!({"taskId": id}))
}

/// The tasks of the tools that take them, each followed to its end, once in a run.
pub(super) async fn lives(bench: &Bench) -> Result<Arc<Vec<Life>>, Trouble> {
    let lives = bench.shared("core-tasks", || followed(bench)).await?;
    for life in lives.iter() {
        bench.note(&life.created);
    }
    Ok(lives)
}

async fn followed(bench: &Bench) -> Result<Vec<Life>, Trouble> {
    let mut lives = Vec::new();
    if !takes_calls(bench) {
        return Ok(lives);
    }
    for (tool, call) in calls(bench, &["optional", "required"]) {
        let created = bench.send(as_task(call)).await?;
        lives.push(Life { tool, created, read: Vec::new(), result: None });
    }
    let followed = lives.into_iter().map(|life| follow(bench, life));
    let lives = futures_util::future::try_join_all(followed).await?;
    Ok(lives)
}

/// Reads a task until it has ended, and twice behind that.
async fn follow(bench: &Bench, mut life: Life) -> Result<Life, Trouble> {
    let Some(id) = life.id().map(str::to_owned) else { return Ok(life) };
    let mut behind = 0;
    for _ in 0..READS {
        let seen = bench.send(about(method::TASKS_GET, &id)).await?;
        let status = seen.result().map(|task| (has_ended(task), task["status"].clone()));
        life.read.push(seen);
        match status {
            Some((true, _)) if behind == 2 => break,
            Some((true, _)) => behind += 1,
            // It waits for its client; others look at that.
            Some((_, status)) if status == "input_required" => break,
            Some(_) => {}
            None => break,
        }
        bench.pause(APART).await;
    }
    if life.ended() {
        life.result = Some(bench.send(about(method::OLD_TASKS_RESULT, &id)).await?);
    }
    Ok(life)
}
