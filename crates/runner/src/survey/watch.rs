//! Finding props: by fixture names and lists, then by what the calls showed.

use std::time::Duration;

use plumb_model::pack::ParamType;
use plumb_wire::{method, notification};
use serde_json::{Map, Value, json};

use super::callable::{Callable, succeeds};
use crate::props::{FIXTURE_PROMPTS, FIXTURE_TOOLS, fixture_arguments, required_arguments};
use crate::{Found, Prop, Survey, sample};

/// Slow enough to be interrupted: what is asked of a tool that can be told.
const SLOW: Duration = Duration::from_millis(1_500);

/// A tool is slow that takes so much longer than the target's quick exchanges do.
const SLOWER: Duration = Duration::from_millis(500);

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

/// A tool that can be told is the best slow tool.
fn by_duration(survey: &mut Survey) {
    if let Some(timed) = survey.timed.clone() {
        let (arguments, _) = timed.lasting(SLOW);
        offer(survey, Prop::SlowTool, &timed.name, arguments, None);
    }
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
            let arguments = sample::arguments(&tool["inputSchema"]).unwrap_or_default();
            offer(survey, *prop, name, arguments, *about);
        }
    }
    for (prop, name) in FIXTURE_PROMPTS {
        let listed = survey.prompts.items.iter().find(|p| p.value["name"] == *name);
        let Some(arguments) = listed.map(|p| fixture_arguments(&p.value)) else { continue };
        if *prop != Prop::PromptWithArguments || !arguments.is_empty() {
            offer(survey, *prop, name, arguments, None);
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
    let annotated =
        |a: &super::annotated::Annotated| a.of == ParamType::String && a.tool["name"] == name;
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

#[cfg(test)]
mod tests;
