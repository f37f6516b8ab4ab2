//! What prompts and templates offer: completions, and resources.

use futures_util::StreamExt as _;
use plumb_wire::uri::template::{expand_with, variables};
use plumb_wire::{Capability, method};
use serde_json::{Map, Value, json};

use super::watch::offer;
use crate::channel::Channel;
use crate::{Found, Observed, Probe, Prop, Survey};

/// At most so many arguments are completed.
const COMPLETIONS: usize = 48;

/// At most so many templates are expanded.
const TEMPLATES: usize = 16;

/// The completions that prompts and templates offer: each reference, argument and what an empty value shows.
pub(super) async fn complete_each(
    survey: &Survey,
    channel: &Channel,
) -> Vec<(Map<String, Value>, String, Observed)> {
    if !survey.declares(Capability::Completions) {
        return Vec::new();
    }
    let mut asked = Vec::new();
    // A reference is copied for each name, and there may be a thousand of each.
    let mut ask = |reference: Value, names: Vec<String>| {
        let room = COMPLETIONS - asked.len();
        asked.extend(names.into_iter().take(room).map(|name| (reference.clone(), name)));
        asked.len() < COMPLETIONS
    };
    for prompt in survey.prompts.items.iter().map(|p| &p.value) {
        let reference = json!({"type": "ref/prompt", "name": prompt["name"]});
        let arguments = prompt["arguments"].as_array().into_iter().flatten();
        let names = arguments.map(|a| a["name"].as_str().unwrap_or_default().to_owned());
        if !ask(reference, names.collect()) {
            break;
        }
    }
    for template in survey.templates.items.iter().map(|t| &t.value) {
        let Some(text) = template["uriTemplate"].as_str() else { continue };
        if !ask(json!({"type": "ref/resource", "uri": text}), variables(text)) {
            break;
        }
    }
    let calls = asked.into_iter().map(|(reference, name)| async move {
        let params = json!({"ref": reference, "argument": {"name": name, "value": ""}});
        let shown = channel.survey(&Probe::request(method::COMPLETE, params)).await;
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
            let read =
                channel.survey(&Probe::request(method::RESOURCES_READ, json!({"uri": uri}))).await;
            if read.is_ok_and(|r| r.complete().is_some()) {
                return Some((template.to_owned(), value, uri));
            }
        }
    }
    None
}
