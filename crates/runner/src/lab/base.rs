//! Correct requests that vectors start from, as far as the target offers what they need.

use plumb_model::Edition;
use plumb_model::pack::Base;
use plumb_wire::{Capability, method};
use serde_json::{Map, Value, json};

use crate::survey::callable::every_capability;
use crate::survey::tasking::{EndedTask, task_capable};
use crate::{Observed, Probe, Prop, Survey};

/// A correct request, if the target offers what it needs.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each base")]
pub(crate) fn base_probe(survey: &Survey, edition: &Edition, base: Base) -> Option<Probe> {
    let declared = |feature: Capability, method: &str| {
        survey.declares(feature).then(|| Probe::request(method, json!({})))
    };
    match base {
        // What every server answers.
        Base::Discover if edition.has_handshake() => {
            Some(Probe::request(method::OLD_PING, json!({})))
        }
        Base::Discover => survey
            .discover
            .as_ref()
            .filter(|d| d.is_accepted())
            .map(|_| Probe::request(method::DISCOVER, json!({}))),
        Base::ToolsList => declared(Capability::Tools, method::TOOLS_LIST),
        Base::ResourcesList => declared(Capability::Resources, method::RESOURCES_LIST),
        Base::TemplatesList => {
            let works = survey.templates.pages.first().is_some_and(Observed::is_accepted);
            works.then(|| Probe::request(method::TEMPLATES_LIST, json!({})))
        }
        Base::PromptsList => declared(Capability::Prompts, method::PROMPTS_LIST),
        Base::ToolsCall => {
            let tool = survey.prop(Prop::Tool)?;
            let schema = &survey.tool(&tool.name)?["inputSchema"];
            let params = json!({"name": tool.name, "arguments": tool.arguments});
            Some(Probe::request(method::TOOLS_CALL, params).mirrored(schema))
        }
        Base::ResourcesRead => {
            let uri = &survey.prop(Prop::Resource)?.name;
            Some(Probe::request(method::RESOURCES_READ, json!({"uri": uri})))
        }
        Base::PromptsGet => {
            let prompt = survey.prop(Prop::Prompt)?;
            Some(Probe::request(
                method::PROMPTS_GET,
                json!({"name": prompt.name, "arguments": prompt.arguments}),
            ))
        }
        Base::Complete => {
            let found = survey.prop(Prop::Completion)?;
            let params =
                json!({"ref": found.arguments, "argument": {"name": found.name, "value": ""}});
            Some(Probe::request(method::COMPLETE, params))
        }
        // There is no such request.
        Base::Listen if edition.has_handshake() => None,
        Base::Listen => {
            let filter = filter(survey)?;
            let of_tasks = filter.get("taskIds").is_some();
            let probe = Probe::request(method::LISTEN, json!({"notifications": filter}));
            Some(if of_tasks { task_capable(probe) } else { probe })
        }
        Base::InputCall => {
            let calls = survey.callable.iter().filter_map(|c| c.shown.as_ref());
            let seen = calls.into_iter().find(|seen| seen.input_required().is_some())?;
            let schema = &survey.tool(seen.params()?["name"].as_str()?)?["inputSchema"];
            Some(asking(seen)?.mirrored(schema))
        }
        Base::InputPrompt => {
            asking(survey.fetched_prompts.iter().find(|seen| seen.input_required().is_some())?)
        }
        Base::TasksGet => task(survey, method::TASKS_GET, |_| true),
        Base::TasksUpdate => Some(
            task(survey, method::TASKS_UPDATE, |task| task.takes_update)?
                .param("inputResponses", json!({})),
        ),
        Base::TasksCancel => task(survey, method::TASKS_CANCEL, |task| task.takes_cancel),
        Base::AnnotatedCall | Base::AnnotatedEach | Base::CodeFlow | Base::Registration => None,
        Base::TaskCall => {
            let found = survey.prop(Prop::TaskTool)?;
            let schema = &survey.tool(&found.name)?["inputSchema"];
            let params = json!({"name": found.name, "arguments": found.arguments});
            Some(task_capable(Probe::request(method::TOOLS_CALL, params).mirrored(schema)))
        }
    }
}

/// The request again that the target answered by asking for input.
fn asking(seen: &Observed) -> Option<Probe> {
    let mut params = seen.params()?.clone();
    params.as_object_mut()?.remove("_meta");
    Some(Probe::request(seen.method()?, params).capabilities(every_capability()))
}

/// A request about a task that has ended, if the target takes it.
fn task(survey: &Survey, method: &str, taken: impl Fn(&EndedTask) -> bool) -> Option<Probe> {
    let task = survey.ended_task.as_ref().filter(|task| taken(task))?;
    Some(task_capable(Probe::request(method, json!({"taskId": task.id}))))
}

/// A subscription to all that the target declares to notify of; a server that declares any serves it.
fn filter(survey: &Survey) -> Option<Value> {
    let kinds = [
        (Capability::ToolsListChanged, "toolsListChanged"),
        (Capability::PromptsListChanged, "promptsListChanged"),
        (Capability::ResourcesListChanged, "resourcesListChanged"),
    ];
    let declared = kinds.into_iter().filter(|(capability, _)| survey.declares(*capability));
    let mut filter: Map<String, Value> =
        declared.map(|(_, flag)| (flag.to_owned(), json!(true))).collect();
    if let Some(resource) =
        survey.prop(Prop::Resource).filter(|_| survey.declares(Capability::ResourcesSubscribe))
    {
        filter.insert("resourceSubscriptions".into(), json!([resource.name]));
    }
    if filter.is_empty()
        && let Some(task) = &survey.ended_task
    {
        filter.insert("taskIds".into(), json!([task.id]));
    }
    (!filter.is_empty()).then_some(Value::Object(filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_revision_with_a_handshake_has_subscriptions_of_its_own() {
        let capabilities = json!({"tools": {"listChanged": true}});
        let survey = Survey { capabilities, ..Survey::default() };
        let there = |revision: &str| {
            let edition = Edition::of(revision).expect("an edition");
            base_probe(&survey, &edition, Base::Listen).is_some()
        };
        assert!(there("2026-07-28") && !there("2025-11-25"));
    }
}
