//! Requests that change nothing by their own account, the process that they go to, and what is said of a list behind them.

use plumb_model::pack::Base;
use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Probe};
use serde_json::{Value, json};

use super::List;
use crate::work::answers_at_once;

/// So many tools of a kind are called to see whether a list changes behind them.
const CALLS: usize = 24;

/// So many listed things of a kind are read.
const READS: usize = 8;

pub(super) fn by_itself(list: List) -> Finding {
    Finding::unseen(
        format!("{} changes by itself, so two readings cannot be compared", list.method),
        "let the list rest for the time of a run",
    )
}

pub(super) fn expected(list: List) -> String {
    format!("{} as it was before other requests on the connection", list.key)
}

pub(super) fn harmless(bench: &Bench) -> Vec<Probe> {
    let bases = [
        Base::Discover,
        Base::ToolsList,
        Base::ResourcesList,
        Base::TemplatesList,
        Base::PromptsList,
        Base::Complete,
    ];
    let mut probes: Vec<Probe> = bases.into_iter().filter_map(|base| bench.base(base)).collect();
    let survey = bench.survey();
    let shown = survey
        .fetched_resources
        .iter()
        .take(READS)
        .chain(survey.fetched_prompts.iter().take(READS));
    for seen in shown.filter(|seen| seen.complete().is_some()) {
        let mut params = seen.params().cloned().unwrap_or_default();
        if let Some(params) = params.as_object_mut() {
            params.remove("_meta");
        }
        probes.push(Probe::request(seen.method().unwrap_or_default(), params));
    }
    probes.extend(calls(bench, says_harmless));
    probes
}

pub(super) fn says_harmless(tool: &Value) -> bool {
    tool.pointer("/annotations/readOnlyHint") == Some(&json!(true))
}

/// Calls of tools that answered at once with a result, those that want a kind of tool alone.
pub(super) fn calls(bench: &Bench, wanted: fn(&Value) -> bool) -> Vec<Probe> {
    let callable = bench.survey().callable.iter();
    let callable = callable.filter(|c| wanted(&c.tool) && answers_at_once(bench, c));
    let call = |c: &Callable| {
        let name = c.tool.get("name").and_then(Value::as_str).unwrap_or_default();
        bench.call_of(name, Value::Object(c.arguments.clone()))
    };
    callable.take(CALLS).map(call).collect()
}
