//! `server/utilities/logging`: log messages for the requests that ask for them, and for no other.

mod content;
mod level;
mod secrets;
mod stream;

use std::sync::Arc;

pub(crate) use content::contact_argument;
use plumb_flows::quiet::Quiet;
use plumb_runner::{Bench, Check, Observed, Probe, Prop, Trouble, capable};
use plumb_wire::{meta, notification};
pub(crate) use secrets::secret_in;
use serde_json::Value;

pub(crate) const CHECKS: &[&Check] = &[
    &level::DECLARE,
    &level::NO_LEVEL_NO_LOGS,
    &level::THRESHOLD,
    &stream::OWN_STREAM,
    &stream::NO_OTHER_STREAM,
    &stream::BEFORE_RESPONSE,
    &level::NO_REMEMBERED_LEVEL,
    &level::INVALID_LEVEL,
    &content::LOGGER_NAMES,
    &secrets::SECRETS,
    &content::PII,
    &content::INTERNALS,
];

const METHOD: &str = notification::MESSAGE;

/// At most so many tools that log are called by one check.
const TOOLS: usize = 5;

/// The levels, the least severe first: server/utilities/logging#log-levels.
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Calls of the tools that log, with every capability declared and no level.
fn loggers(bench: &Bench) -> Result<Vec<(String, Probe)>, Trouble> {
    let mut found = Vec::new();
    for prop in [Prop::AllLevelsTool, Prop::LoggingTool] {
        if let Some(tool) =
            bench.survey().prop(prop).filter(|t| found.iter().all(|(n, _)| *n != t.name))
        {
            found.push((tool.name.clone(), capable(bench.call(prop)?)));
        }
    }
    // Over standard streams, where log messages name no request, the survey can mistake whose they are: names first.
    for by_name in [true, false] {
        for callable in &bench.survey().callable {
            let Some(name) = callable.tool["name"].as_str() else { continue };
            let Some(shown) = callable.shown.as_ref().filter(|s| s.complete().is_some()) else {
                continue;
            };
            let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
            let logs = if by_name {
                words.any(|word| ["log", "logs", "logging"].contains(&word))
            } else {
                logged(shown).next().is_some()
            };
            if logs && found.len() < TOOLS && found.iter().all(|(n, _)| n != name) {
                let call = bench.call_of(name, Value::Object(callable.arguments.clone()));
                found.push((name.to_owned(), capable(call)));
            }
        }
    }
    Ok(found)
}

/// Those that answer at once, if there are any: what takes time is no other memory of the server.
fn quick_loggers(bench: &Bench) -> Result<Vec<(String, Probe)>, Trouble> {
    let survey = bench.survey();
    let slow = |name: &str| {
        let known = survey.callable.iter().find(|callable| callable.tool["name"] == name);
        known.is_some_and(|callable| !survey.is_quick(callable))
    };
    let all = loggers(bench)?;
    let quick: Vec<_> = all.iter().filter(|(name, _)| !slow(name)).cloned().collect();
    Ok(if quick.is_empty() { all } else { quick })
}

/// A tool that logs, and what it was answered when it was called at level debug.
struct Called {
    name: String,
    call: Probe,
    seen: Result<Observed, Trouble>,
}

/// Each tool that logs, called once in a run for all checks.
async fn called(bench: &Bench) -> Result<Arc<Vec<Called>>, Trouble> {
    let called = bench.shared("loggers", || call_each(bench)).await?;
    called.iter().filter_map(|one| one.seen.as_ref().ok()).for_each(|seen| bench.note(seen));
    Ok(called)
}

async fn call_each(bench: &Bench) -> Result<Vec<Called>, Trouble> {
    let quiet = Quiet::quiet(bench).await?;
    let mut called = Vec::new();
    for (name, probe) in loggers(bench)? {
        let call = at(&probe, "debug");
        let seen = quiet.control(call.clone()).await;
        called.push(Called { name, call, seen });
    }
    quiet.leave().await;
    Ok(called)
}

/// The parameters of the log messages of an answer.
fn logged(seen: &Observed) -> impl Iterator<Item = &Value> {
    seen.notifications(METHOD).filter_map(|m| m.params())
}

fn at(probe: &Probe, level: &str) -> Probe {
    probe.clone().meta(meta::LOG_LEVEL, level)
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect()
}
