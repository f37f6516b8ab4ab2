//! Finding tools whose calls become tasks: each that may be called is called once more, with the extension declared.

use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_wire::{Capability, method};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::callable::{Callable, every_capability};
use super::tasking::{EndedTask, Tasking, has_ended, task_capable, task_id};
use super::timed::speaks_of_time;
use super::watch::offer;
use crate::channel::Channel;
use crate::{Observed, Probe, Prop, Survey, Trouble, sample};

/// The tools of the official fixture for tasks. Their names are common words, so they count only together: where
/// `slow_compute` is listed, too.
const FIXTURE: [&str; 7] = [
    "greet",
    "slow_compute",
    "failing_job",
    "protocol_error_job",
    "confirm_delete",
    "multi_input",
    "test_tool_with_task",
];

/// At most so many tools are called.
const CALLS: usize = 56;

/// At most so many tools are watched at once.
const CALLS_AT_ONCE: usize = 8;

/// A task is watched for so long.
const WATCH: Duration = Duration::from_millis(1_200);

/// A call gets so long for its answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// At most so many further values of an enumeration are tried on a tool that makes tasks.
const VARIANTS: usize = 4;

/// What the tools that may be called showed when they were called with the extension declared.
#[derive(Default)]
pub(super) struct Watched {
    /// Those that answered with a task.
    shown: Vec<Tasking>,
    /// The same with other values of an argument that is one of several.
    variants: Vec<Tasking>,
    /// A task that has ended.
    pub(super) ended: Option<EndedTask>,
}

/// Calls the tools that may be called with the extension declared.
pub(super) async fn watch_each(
    survey: &Survey,
    callables: &[Callable],
    channel: &Channel,
) -> Watched {
    if !survey.declares(Capability::Tasks) || channel.edition().has_handshake() {
        return Watched::default();
    }
    let watched = candidates(survey, callables)
        .into_iter()
        .enumerate()
        .map(|(at, candidate)| async move { Some((at, watch(channel, candidate).await?)) });
    let watched = futures_util::stream::iter(watched).buffer_unordered(CALLS_AT_ONCE);
    let mut shown: Vec<(usize, Tasking)> =
        watched.filter_map(|watched| async move { watched }).collect().await;
    shown.sort_by_key(|(at, _)| *at);
    let shown: Vec<Tasking> = shown.into_iter().map(|(_, tasking)| tasking).collect();
    let varied = shown.iter().flat_map(|tasking| varied(survey, tasking));
    let varied = varied.map(|candidate| watch(channel, candidate));
    let variants = futures_util::stream::iter(varied).buffered(CALLS_AT_ONCE);
    let variants = variants.filter_map(|watched| async move { watched }).collect().await;
    let ended = ended(channel, &shown).await;
    Watched { shown, variants, ended }
}

/// The same call with the other values of its first argument that is one of several strings: how a task ends may hang on it.
fn varied(survey: &Survey, tasking: &Tasking) -> Vec<Candidate> {
    let Some(schema) = survey.tool(&tasking.name).map(|tool| tool["inputSchema"].clone()) else {
        return Vec::new();
    };
    let listed = |name: &str| schema.pointer("/properties")?.get(name)?.get("enum")?.as_array();
    let Some((name, values)) = tasking.arguments.keys().find_map(|n| Some((n, listed(n)?))) else {
        return Vec::new();
    };
    let others = values.iter().filter(|v| v.is_string() && tasking.arguments.get(name) != Some(v));
    let candidate = |value: &Value| {
        let mut arguments = tasking.arguments.clone();
        arguments.insert(name.clone(), value.clone());
        Candidate { name: tasking.name.clone(), arguments, schema: schema.clone(), called: true }
    };
    let valid = sample::validator(&schema);
    let fits = |c: &Candidate| {
        valid.as_ref().is_none_or(|v| v.is_valid(&Value::Object(c.arguments.clone())))
    };
    others.map(candidate).filter(fits).take(VARIANTS).collect()
}

/// What the tasks showed.
pub(super) fn by_tasks(survey: &mut Survey, watched: Watched) {
    let Watched { mut shown, variants, .. } = watched;
    for tasking in shown.iter_mut().filter(|t| t.plain.is_none()) {
        let named = |c: &&Callable| c.tool["name"] == tasking.name;
        tasking.plain = survey.callable.iter().find(named).and_then(|c| c.shown.clone());
    }
    for tasking in &shown {
        by_name(survey, tasking);
    }
    for tasking in shown.iter().chain(&variants) {
        by_end(survey, tasking);
    }
    let plain = |t: &&Tasking| {
        t.last["status"] == "completed" && t.last.pointer("/result/isError") != Some(&json!(true))
    };
    if let Some(quick) = shown.iter().find(plain).or(shown.first()) {
        offer(survey, Prop::TaskTool, &quick.name, quick.arguments.clone(), None);
    }
    if !shown.is_empty() && fixture(survey) && survey.tool("test_tool_with_task").is_some() {
        let arguments = arguments(survey, "test_tool_with_task");
        offer(survey, Prop::MrtrTaskTool, "test_tool_with_task", arguments, None);
    }
    survey.tasks = shown;
    survey.task_variants = variants;
}

struct Candidate {
    name: String,
    arguments: Map<String, Value>,
    schema: Value,
    /// Whether the call without the extension is made elsewhere.
    called: bool,
}

fn fixture(survey: &Survey) -> bool {
    survey.tool("slow_compute").is_some()
}

fn arguments(survey: &Survey, name: &str) -> Map<String, Value> {
    survey.tool(name).and_then(|t| sample::arguments(&t["inputSchema"])).unwrap_or_default()
}

fn candidates(survey: &Survey, callables: &[Callable]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for callable in callables {
        let Some(name) = callable.tool["name"].as_str() else { continue };
        let schema = callable.tool["inputSchema"].clone();
        let arguments = callable.arguments.clone();
        found.push(Candidate { name: name.to_owned(), arguments, schema, called: true });
    }
    // Those of the fixture first: they are sure to show something.
    found.sort_by_key(|c| !FIXTURE.contains(&c.name.as_str()));
    if fixture(survey) {
        for name in FIXTURE {
            let Some(tool) = survey.tool(name) else { continue };
            if found.iter().all(|c| c.name != name) {
                let schema = tool["inputSchema"].clone();
                let arguments = arguments(survey, name);
                let candidate =
                    Candidate { name: name.to_owned(), arguments, schema, called: false };
                found.insert(0, candidate);
            }
        }
    }
    found.truncate(CALLS);
    found
}

/// Calls a tool with the extension; if a task comes of it, watches the task and calls without, to compare.
async fn watch(channel: &Channel, candidate: Candidate) -> Option<Tasking> {
    let Candidate { name, arguments, schema, called } = candidate;
    let call = || {
        let call =
            Probe::request(method::TOOLS_CALL, json!({"name": name, "arguments": arguments}))
                .mirrored(&schema);
        call.patience(PATIENCE)
    };
    let created = channel.survey(&task_capable(call())).await.ok()?;
    let id = task_id(created.result()?)?.to_owned();
    let last = follow(channel, &id, created.result()?).await;
    let plain = if called {
        None
    } else {
        channel.survey(&call().capabilities(every_capability())).await.ok()
    };
    Some(Tasking { name, arguments, plain, created, last })
}

/// The task when it is done, waits for input, or was watched long enough.
async fn follow(channel: &Channel, id: &str, handle: &Value) -> Value {
    let begun = Instant::now();
    let mut last = handle.clone();
    while !has_ended(&last) && last["status"] != "input_required" && begun.elapsed() < WATCH {
        let interval = last["pollIntervalMs"].as_u64().unwrap_or(100);
        sleep(Duration::from_millis(interval).min(WATCH / 4)).await;
        let Ok(seen) = of_task(channel, method::TASKS_GET, id, json!({})).await else { break };
        let Some(task) = seen.result() else { break };
        last = task.clone();
    }
    last
}

async fn of_task(
    channel: &Channel,
    method: &str,
    id: &str,
    mut params: Value,
) -> Result<Observed, Trouble> {
    params["taskId"] = json!(id);
    channel.survey(&task_capable(Probe::request(method, params)).patience(PATIENCE)).await
}

async fn ended(channel: &Channel, shown: &[Tasking]) -> Option<EndedTask> {
    let lasting = |t: &&Tasking| t.last["ttlMs"].as_u64().is_none_or(|ttl| ttl >= 30_000);
    let ended = shown.iter().filter(|t| has_ended(&t.last)).find(lasting)?;
    let id = task_id(&ended.last)?.to_owned();
    let update = of_task(channel, method::TASKS_UPDATE, &id, json!({"inputResponses": {}})).await;
    let cancel = of_task(channel, method::TASKS_CANCEL, &id, json!({})).await;
    let accepted = |seen: Result<Observed, Trouble>| seen.is_ok_and(|seen| seen.is_accepted());
    Some(EndedTask { id, takes_update: accepted(update), takes_cancel: accepted(cancel) })
}

/// What a tool of the fixture is for, whatever came of it.
fn by_name(survey: &mut Survey, tasking: &Tasking) {
    if !fixture(survey) {
        return;
    }
    let props: &[Prop] = match tasking.name.as_str() {
        "slow_compute" => &[Prop::SlowTaskTool],
        "failing_job" => &[Prop::ErrorTaskTool],
        "protocol_error_job" => &[Prop::FailingTaskTool],
        "confirm_delete" => &[Prop::InputTaskTool],
        "multi_input" => &[Prop::MultiInputTaskTool],
        _ => &[],
    };
    for prop in props {
        offer(survey, *prop, &tasking.name, tasking.arguments.clone(), None);
    }
    let refused = tasking.plain.as_ref().is_some_and(Observed::is_refused);
    if tasking.name == "failing_job" && refused {
        offer(survey, Prop::TaskOnlyTool, &tasking.name, tasking.arguments.clone(), None);
    }
}

fn by_end(survey: &mut Survey, tasking: &Tasking) {
    let mut found = Vec::new();
    let timed = survey
        .tool(&tasking.name)
        .and_then(|t| t.pointer("/inputSchema/properties"))
        .and_then(Value::as_object)
        .is_some_and(|properties| properties.keys().any(|name| speaks_of_time(name)));
    match tasking.last["status"].as_str() {
        Some("working") => found.push(Prop::SlowTaskTool),
        Some("completed") if timed => found.push(Prop::SlowTaskTool),
        Some("completed") if tasking.last.pointer("/result/isError") == Some(&json!(true)) => {
            found.push(Prop::ErrorTaskTool);
        }
        Some("failed") => found.push(Prop::FailingTaskTool),
        Some("input_required") => {
            found.push(Prop::InputTaskTool);
            if tasking.last["inputRequests"].as_object().is_some_and(|asked| asked.len() > 1) {
                found.push(Prop::MultiInputTaskTool);
            }
        }
        _ => {}
    }
    let refused = tasking.plain.as_ref().is_some_and(Observed::is_refused);
    if refused && tasking.last["status"] != "failed" {
        found.push(Prop::TaskOnlyTool);
    }
    for prop in found {
        offer(survey, prop, &tasking.name, tasking.arguments.clone(), None);
    }
}
