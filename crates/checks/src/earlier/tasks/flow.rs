//! Tasks that are looked at once for all checks.

use std::sync::Arc;
use std::time::Duration;

use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Observed, Probe, Trouble, sample};
use plumb_wire::method;
use serde_json::{Value, json};

/// The metadata by which a message names its task.
pub(super) const RELATED: &str = "io.modelcontextprotocol/related-task";

/// At most so many tools are called as tasks.
const TOOLS: usize = 6;

/// At most so many further values of an argument that is one of several are tried on a tool: how a task ends may hang on it.
const VALUES: usize = 3;

/// A tool that takes longer is not called plainly, to compare.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A task is read so often, this long apart, until it has ended.
const READS: usize = 12;
const APART: Duration = Duration::from_millis(100);

/// A task, from its creation on.
pub(super) struct Life {
    /// The tool, and the value that its call has in place of the usual one.
    pub(super) tool: String,
    /// That call, without a task.
    pub(super) call: Probe,
    /// The answer to the same call without a task, of a tool that takes both.
    pub(super) plain: Option<Observed>,
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
    callables(bench, support).filter_map(|c| Some((name(c)?.to_owned(), call(bench, c)?))).collect()
}

fn callables<'a>(bench: &'a Bench, support: &[&str]) -> impl Iterator<Item = &'a Callable> {
    let said = |c: &&Callable| support.contains(&said(c));
    bench.survey().callable.iter().filter(said).take(TOOLS)
}

/// What a tool says of tasks.
fn said(callable: &Callable) -> &str {
    let said = callable.tool.pointer("/execution/taskSupport").and_then(Value::as_str);
    said.unwrap_or("forbidden")
}

fn name(callable: &Callable) -> Option<&str> {
    callable.tool["name"].as_str()
}

fn call(bench: &Bench, callable: &Callable) -> Option<Probe> {
    Some(bench.call_of(name(callable)?, Value::Object(callable.arguments.clone())))
}

/// The same tool with the other values of its first argument that is one of several strings, and what tells each from the others.
fn varied(callable: &Callable) -> Vec<(String, Callable)> {
    let schema = &callable.tool["inputSchema"];
    let listed = |name: &str| schema.pointer("/properties")?.get(name)?.get("enum")?.as_array();
    let given = &callable.arguments;
    let Some((argument, values)) = given.keys().find_map(|n| Some((n, listed(n)?))) else {
        return Vec::new();
    };
    let other = |value: &Value| {
        let mut callable = callable.clone();
        callable.arguments.insert(argument.clone(), value.clone());
        Some((format!("{}-{}", name(&callable)?, value.as_str()?), callable))
    };
    let valid = sample::validator(schema);
    let fits = |(_, c): &(String, Callable)| {
        valid.as_ref().is_none_or(|v| v.is_valid(&Value::Object(c.arguments.clone())))
    };
    let others = values.iter().filter(|value| given.get(argument) != Some(value));
    others.filter_map(other).filter(fits).take(VALUES).collect()
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
    for callable in callables(bench, &["optional", "required"]) {
        let usual = name(callable).map(|name| (name.to_owned(), callable.clone()));
        for (tool, callable) in usual.into_iter().chain(varied(callable)) {
            let Some(call) = call(bench, &callable) else { continue };
            let created = bench.send(as_task(call.clone())).await?;
            let compared =
                said(&callable) == "optional" && callable.took.is_some_and(|t| t < AT_ONCE);
            let plain = if compared { Some(bench.send(call.clone()).await?) } else { None };
            lives.push(Life { tool, call, plain, created, read: Vec::new(), result: None });
        }
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
