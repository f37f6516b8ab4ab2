//! Finding props: fixture names, then calls of what may be called, watched.

use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_model::pack::ParamType;
use plumb_wire::uri::template::{expand_with, variables};
use plumb_wire::{meta, method, notification};
use serde_json::{Map, Value, json};

use super::timed::took;
use super::{AllowCalls, Callable};
use crate::channel::Channel;
use crate::props::{FIXTURE_PROMPTS, FIXTURE_TOOLS, fixture_arguments, is_fixture};
use crate::{Found, Observed, Probe, Prop, Survey, sample};

/// At most so many tools are called, so that a thousand tools do not make a thousand calls.
const CALLS: usize = 96;

/// At most so many calls wait at once.
const CALLS_AT_ONCE: usize = 8;

/// At most so many arguments are completed.
const COMPLETIONS: usize = 48;

/// At most so many templates are expanded.
const TEMPLATES: usize = 16;

/// A tool gets this long to show what it does.
const PATIENCE: Duration = Duration::from_secs(3);

/// Slow enough to be interrupted: what is asked of a tool that can be told.
const SLOW: Duration = Duration::from_millis(1_500);

/// A tool is slow that takes so much longer than the target's quick exchanges do.
const SLOWER: Duration = Duration::from_millis(500);

/// A tool answers at once that takes no more than so much longer.
const AT_ONCE: Duration = Duration::from_millis(300);

/// At most so many tools that took long are called once more, to tell a slow tool from a slow moment.
const AGAIN: usize = 6;

/// Making arguments for all tools may take so long.
const MAKING: Duration = Duration::from_secs(5);

/// The tools that may be called, with arguments that their schemas accept: of very many, the first and the last.
pub(super) async fn callables(survey: &Survey, allow: &AllowCalls) -> Vec<Callable> {
    let tools = survey.tools.items.iter().map(|item| &item.value);
    let allowed: Vec<Value> = tools.filter(|tool| may_call(tool, allow)).cloned().collect();
    let late = allowed.len().saturating_sub(CALLS / 4);
    let ends = move |at: usize| at < CALLS - CALLS / 4 || at >= late;
    let made = sample::aside(MAKING, move || {
        let begun = std::time::Instant::now();
        let in_time = |_: &&Value| begun.elapsed() < MAKING / 2;
        let tools = allowed.iter().take_while(in_time).filter_map(callable).enumerate();
        tools.filter(|(at, _)| ends(*at)).map(|(_, callable)| callable).collect::<Vec<_>>()
    });
    let mut made = made.await.unwrap_or_default();
    made.truncate(CALLS);
    made
}

/// Calls each tool once, several beside each other.
pub(super) async fn call_each(callables: &[Callable], channel: &Channel) -> Vec<Option<Observed>> {
    let calls = callables.iter().enumerate().map(|(at, callable)| async move {
        (at, channel.send("survey", &call(callable)).await.ok())
    });
    let mut shown: Vec<_> =
        futures_util::stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).collect().await;
    shown.sort_by_key(|(at, _)| *at);
    shown.into_iter().map(|(_, shown)| shown).collect()
}

/// What the names and the lists tell.
pub(super) fn by_lists(survey: &mut Survey) {
    by_fixture_name(survey);
    by_listing(survey);
}

/// What the calls showed.
pub(super) fn by_calls(survey: &mut Survey) {
    by_duration(survey);
    for callable in survey.callable.clone() {
        by_behaviour(survey, &callable);
    }
    default_tool(survey);
}

/// Calls once more what took long, with nothing else in flight: a tool is as quick as its quicker call.
pub(super) async fn call_again(survey: &mut Survey, channel: &Channel) {
    let quick = survey.quick();
    let long = |callable: &&mut Callable| {
        let long = succeeds(callable) && callable.took.is_some_and(|took| took > quick);
        long && !super::timed::is_told(callable)
    };
    for callable in survey.callable.iter_mut().filter(long).take(AGAIN) {
        if let Ok(shown) = channel.send("survey", &call(callable)).await
            && shown.is_accepted()
        {
            callable.took = callable.took.min(Some(took(&shown)));
        }
    }
}

/// What the target's quick exchanges take: the middle one of discovery and the lists.
pub(super) fn pace(survey: &Survey) -> Duration {
    let lists = [&survey.tools, &survey.resources, &survey.templates, &survey.prompts];
    let pages = lists.iter().flat_map(|l| l.pages.iter().take(4));
    let shown = survey.discover.iter().chain(pages).filter(|seen| seen.response().is_some());
    let mut each: Vec<Duration> = shown.map(took).collect();
    each.sort();
    each.get(each.len() / 2).copied().unwrap_or_default()
}

/// The longest that a tool may take which answers at once, given the target's pace and its tools.
pub(super) fn quick(pace: Duration, callables: &[Callable]) -> Duration {
    let quickest = callables.iter().filter(|c| succeeds(c)).filter_map(|c| c.took).min();
    let usual = pace.max(quickest.unwrap_or_default());
    usual + AT_ONCE.max(usual / 2)
}

fn succeeds(callable: &Callable) -> bool {
    let shown = callable.shown.as_ref().and_then(Observed::complete);
    shown.is_some_and(|result| result["isError"] != true)
}

/// A tool that can be told is the best slow tool.
fn by_duration(survey: &mut Survey) {
    if let Some(timed) = survey.timed.clone() {
        let (arguments, _) = timed.lasting(SLOW);
        offer(survey, Prop::SlowTool, &timed.name, arguments, None);
    }
}

/// Whether a tool may be called: it says that it is harmless, or its name or the user does.
fn may_call(tool: &Value, allow: &AllowCalls) -> bool {
    let Some(name) = tool["name"].as_str() else { return false };
    let read_only = tool.pointer("/annotations/readOnlyHint") == Some(&json!(true));
    let changes = name.starts_with("test_trigger_") || name == "test_update_resource";
    (read_only || is_fixture(name) || allow.all || allow.names.iter().any(|n| n == name))
        && !changes
}

fn callable(tool: &Value) -> Option<Callable> {
    let arguments = sample::arguments(tool.get("inputSchema")?)?;
    Some(Callable { tool: tool.clone(), arguments, shown: None, took: None })
}

/// Every client capability, so that a tool which asks for input does so.
pub fn every_capability() -> Value {
    json!({
        "elicitation": {"form": {}, "url": {}},
        "sampling": {"tools": {}, "context": {}},
        "roots": {}
    })
}

pub(super) fn call(callable: &Callable) -> Probe {
    let name = callable.tool["name"].as_str().unwrap_or_default();
    Probe::request(method::TOOLS_CALL, json!({"name": name, "arguments": callable.arguments}))
        .mirrored(&callable.tool["inputSchema"])
        .capabilities(every_capability())
        .meta(meta::PROGRESS_TOKEN, format!("survey-{name}"))
        .meta(meta::LOG_LEVEL, "debug")
        .patience(PATIENCE)
}

pub(super) fn offer(
    survey: &mut Survey,
    prop: Prop,
    name: &str,
    arguments: Map<String, Value>,
    about: Option<&str>,
) {
    let found = Found { name: name.to_owned(), arguments, about: about.map(str::to_owned) };
    survey.props.entry(prop).or_insert(found);
}

fn by_fixture_name(survey: &mut Survey) {
    for (prop, name, about) in FIXTURE_TOOLS {
        if let Some(tool) = survey.tool(name) {
            let mut arguments = fixture_arguments(name);
            arguments.extend(sample::arguments(&tool["inputSchema"]).unwrap_or_default());
            offer(survey, *prop, name, arguments, *about);
        }
    }
    for (prop, name) in FIXTURE_PROMPTS {
        if survey.prompts.items.iter().any(|p| p.value["name"] == *name) {
            offer(survey, *prop, name, fixture_arguments(name), None);
        }
    }
}

fn by_listing(survey: &mut Survey) {
    if let Some(uri) =
        survey.resources.items.first().and_then(|r| r.value["uri"].as_str().map(str::to_owned))
    {
        let fixture = |u: &str| survey.resources.items.iter().any(|r| r.value["uri"] == u);
        let text =
            if fixture("test://static-text") { "test://static-text".to_owned() } else { uri };
        offer(survey, Prop::Resource, &text, Map::new(), None);
    }
    let prompts: Vec<Value> = survey.prompts.items.iter().map(|p| p.value.clone()).collect();
    for prompt in &prompts {
        let Some(name) = prompt["name"].as_str() else { continue };
        let required = required_arguments(prompt);
        if !required.is_empty() {
            offer(survey, Prop::PromptWithArguments, name, required.clone(), None);
        }
        offer(survey, Prop::Prompt, name, required, None);
    }
}

/// Dummy values for the required arguments of a prompt.
pub fn required_arguments(prompt: &Value) -> Map<String, Value> {
    let mut arguments = fixture_arguments(prompt["name"].as_str().unwrap_or_default());
    let required =
        prompt["arguments"].as_array().into_iter().flatten().filter(|a| a["required"] == true);
    for name in required.filter_map(|a| a["name"].as_str()) {
        arguments.entry(name.to_owned()).or_insert_with(|| json!("plumb"));
    }
    arguments
}

fn by_behaviour(survey: &mut Survey, callable: &Callable) {
    let (Some(shown), Some(name)) = (&callable.shown, callable.tool["name"].as_str()) else {
        return;
    };
    let arguments = &callable.arguments;
    let mut found: Vec<Prop> = Vec::new();
    if shown.notifications(notification::PROGRESS).next().is_some() {
        found.push(Prop::ProgressTool);
    }
    let levels = shown
        .notifications(notification::MESSAGE)
        .filter_map(|m| m.params()?.get("level").cloned());
    match levels
        .fold(Vec::new(), |mut all, l| {
            if !all.contains(&l) {
                all.push(l);
            }
            all
        })
        .len()
    {
        0 => {}
        8 => found.extend([Prop::LoggingTool, Prop::AllLevelsTool]),
        _ => found.push(Prop::LoggingTool),
    }
    if shown.is_accepted() && callable.took.is_some_and(|took| took > survey.pace + SLOWER) {
        found.push(Prop::SlowTool);
    }
    if let Some(result) = shown.complete() {
        by_content(result, callable, &mut found);
    }
    if let Some(result) = shown.input_required() {
        by_inputs(result, &mut found);
    }
    let identity =
        ["clientInfo", "client_info", "whoami", "identity"].iter().any(|w| name.contains(w));
    if identity {
        found.push(Prop::IdentityTool);
    }
    if name == "journal" {
        found.push(Prop::Journal);
    }
    for prop in found {
        offer(survey, prop, name, arguments.clone(), None);
    }
    let annotated = |a: &super::Annotated| a.of == ParamType::String && a.tool["name"] == name;
    if survey.annotated.iter().any(annotated) {
        offer(survey, Prop::AnnotatedTool, name, arguments.clone(), None);
    }
}

fn by_content(result: &Value, callable: &Callable, found: &mut Vec<Prop>) {
    if result["isError"] == true {
        found.push(Prop::ErrorTool);
        return;
    }
    let content = result["content"].as_array().cloned().unwrap_or_default();
    let mut kinds: Vec<&str> = content.iter().filter_map(|c| c["type"].as_str()).collect();
    for kind in &kinds {
        match *kind {
            "image" => found.push(Prop::ImageTool),
            "audio" => found.push(Prop::AudioTool),
            "resource" => found.push(Prop::EmbeddedTool),
            _ => {}
        }
    }
    kinds.dedup();
    if kinds.len() > 1 {
        found.push(Prop::MixedTool);
    }
    if callable.tool.get("outputSchema").is_some() {
        found.push(Prop::StructuredTool);
    }
}

fn by_inputs(result: &Value, found: &mut Vec<Prop>) {
    if result.get("requestState").is_some() {
        found.push(Prop::StateTool);
    }
    let Some(inputs) = result.get("inputRequests").and_then(Value::as_object) else { return };
    if inputs.len() > 1 {
        found.push(Prop::MultiInputTool);
        return;
    }
    for input in inputs.values() {
        let url = input.pointer("/params/mode") == Some(&json!("url"));
        match input["method"].as_str() {
            Some(method::ELICITATION_CREATE) if url => found.push(Prop::ElicitUrlTool),
            Some(method::ELICITATION_CREATE) => found.push(Prop::ElicitTool),
            Some(method::SAMPLING_CREATE_MESSAGE) if input.pointer("/params/tools").is_some() => {
                found.push(Prop::SamplingToolsTool);
            }
            Some(method::SAMPLING_CREATE_MESSAGE) => found.push(Prop::SamplingTool),
            Some(method::ROOTS_LIST) => found.push(Prop::RootsTool),
            _ => {}
        }
    }
}

/// The tool of ordinary calls: one that answers at once, as far as the target does, with success.
fn default_tool(survey: &mut Survey) {
    let plain = |c: &&Callable| succeeds(c) && survey.is_quick(c);
    let fixture =
        survey.callable.iter().find(|c| c.tool["name"] == "test_simple_text").filter(plain);
    let quiet = |c: &&Callable| plain(c) && c.shown.as_ref().is_some_and(|s| s.messages.len() == 1);
    let chosen = fixture
        .or_else(|| survey.callable.iter().find(quiet))
        .or_else(|| survey.callable.iter().find(plain));
    let Some(chosen) = chosen.cloned() else {
        survey.props.remove(&Prop::Tool);
        return;
    };
    let name = chosen.tool["name"].as_str().unwrap_or_default().to_owned();
    survey.props.insert(Prop::Tool, Found { name, arguments: chosen.arguments, about: None });
}

/// The completions that prompts and templates offer: each reference, argument and what an empty value shows.
pub(super) async fn complete_each(
    survey: &Survey,
    channel: &Channel,
) -> Vec<(Map<String, Value>, String, Observed)> {
    if !survey.declares("completions") {
        return Vec::new();
    }
    let mut asked = Vec::new();
    for prompt in survey.prompts.items.iter().map(|p| &p.value) {
        let reference = json!({"type": "ref/prompt", "name": prompt["name"]});
        let arguments = prompt["arguments"].as_array().into_iter().flatten();
        let names = arguments.map(|a| a["name"].as_str().unwrap_or_default().to_owned());
        asked.extend(names.map(|name| (reference.clone(), name)));
    }
    for template in survey.templates.items.iter().map(|t| &t.value) {
        let Some(text) = template["uriTemplate"].as_str() else { continue };
        let reference = json!({"type": "ref/resource", "uri": text});
        asked.extend(variables(text).into_iter().map(|name| (reference.clone(), name)));
    }
    let calls = asked.into_iter().take(COMPLETIONS).map(|(reference, name)| async move {
        let params = json!({"ref": reference, "argument": {"name": name, "value": ""}});
        let shown = channel.send("survey", &Probe::request(method::COMPLETE, params)).await;
        match reference {
            Value::Object(reference) => Some((reference, name, shown.ok()?)),
            _ => None,
        }
    });
    let shown = futures_util::stream::iter(calls).buffered(4);
    shown.filter_map(|shown| async move { shown }).collect().await
}

pub(super) fn by_completions(
    survey: &mut Survey,
    shown: Vec<(Map<String, Value>, String, Observed)>,
) {
    for (reference, argument, shown) in shown {
        let Some(completion) = shown.complete().and_then(|r| r.get("completion")) else { continue };
        let many =
            completion["hasMore"] == true || completion["total"].as_u64().is_some_and(|t| t > 100);
        if many {
            offer(survey, Prop::ManyCompletions, &argument, reference.clone(), None);
        }
        let some = completion["values"].as_array().is_some_and(|v| !v.is_empty());
        if some {
            let found = Found { name: argument, arguments: reference, about: None };
            survey.props.insert(Prop::Completion, found);
        } else {
            offer(survey, Prop::Completion, &argument, reference, None);
        }
    }
}

/// The first template that gives a resource, with the value and the address that did.
pub(super) async fn read_template(
    survey: &Survey,
    channel: &Channel,
) -> Option<(String, &'static str, String)> {
    let templates = survey.templates.items.iter().take(TEMPLATES);
    for template in templates.filter_map(|t| t.value["uriTemplate"].as_str()) {
        for value in ["123", "1", "plumb"] {
            let Some(uri) = expand_with(template, value) else { break };
            let read = channel
                .send("survey", &Probe::request(method::RESOURCES_READ, json!({"uri": uri})))
                .await;
            if read.is_ok_and(|r| r.complete().is_some()) {
                return Some((template.to_owned(), value, uri));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
