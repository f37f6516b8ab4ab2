//! Whether a request is answered by its own values: not by those of one beside it, and not by those of one before it.

use std::time::Duration;

use futures_util::future::join_all;
use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Observed, Probe, Trouble};
use plumb_wire::method;
use serde_json::{Value, json};

/// So many calls of one tool are made beside each other, of so many tools.
const BESIDE: usize = 6;
const TOOLS: usize = 3;

/// A tool that takes longer is not called so often.
const SOON: Duration = Duration::from_millis(600);

/// A text of ours is at most so long, in characters.
const MARKER: u64 = 16;

/// So many prompts are looked at.
const PROMPTS: usize = 4;

/// Tools whose answers hold a text that they were given, called beside each other with a text each.
pub(super) async fn beside_each_other(bench: &Bench) -> Result<(), Trouble> {
    // A moment of work is just when one call is mixed up with another.
    let soon = |c: &&Callable| {
        let quiet = |shown: &Observed| shown.complete().is_some() && shown.asked().next().is_none();
        c.shown.as_ref().is_some_and(quiet) && c.took.is_some_and(|took| took < SOON)
    };
    let quick = bench.survey().callable.iter().filter(soon);
    let told = quick.filter_map(|callable| Some((callable, free_argument(callable)?)));
    let mut judged = 0;
    for (callable, argument) in told.take(TOOLS * 4) {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let marked = |marker: &str| {
            let mut arguments = callable.arguments.clone();
            arguments.insert(argument.clone(), json!(marker));
            bench.call_of(name, Value::Object(arguments))
        };
        let alone = marker(bench);
        if !bench.send(marked(&alone)).await?.result().is_some_and(|r| holds(r, &alone)) {
            continue;
        }
        let markers: Vec<String> = (0..BESIDE).map(|_| marker(bench)).collect();
        let calls = join_all(markers.iter().map(|marker| bench.send(marked(marker)))).await;
        let mut mixed = None;
        for (marker, seen) in markers.iter().zip(calls) {
            let seen = seen?;
            // What tells of all that it was given keeps them by its purpose.
            let own = seen.result().is_some_and(|result| holds(result, marker));
            let of_another =
                |other: &&String| !own && seen.result().is_some_and(|result| holds(result, other));
            let other = markers.iter().chain([&alone]).find(of_another).cloned();
            mixed = mixed.or(other.map(|other| (marker, other)));
        }
        let finding = Finding::expect(mixed.is_none(), "each answer by its own arguments", || {
            let (own, other) = mixed.clone().unwrap_or((&alone, String::new()));
            format!("the call with {own:?} was answered by {other:?}, the text of another")
        });
        let title = format!("{name:?}, called beside itself with other arguments");
        bench.case(&format!("{name}-beside-itself"), title, Ok(finding));
        judged += 1;
        if judged == TOOLS {
            break;
        }
    }
    Ok(())
}

/// Prompts that hold what an optional argument says, fetched with it and then without.
pub(super) async fn left_out(bench: &Bench) -> Result<(), Trouble> {
    let listed =
        |name: &Value| bench.survey().prompts.items.iter().find(|item| item.value["name"] == *name);
    let fetched = bench.survey().fetched_prompts.iter().filter_map(Observed::params);
    let told =
        fetched.filter_map(|prompt| Some((prompt, optional(&listed(&prompt["name"])?.value)?)));
    for (prompt, argument) in told.take(PROMPTS) {
        let name = prompt["name"].as_str().unwrap_or_default();
        let mut without = prompt["arguments"].as_object().cloned().unwrap_or_default();
        without.shift_remove(&argument);
        let mut with = without.clone();
        let marker = marker(bench);
        with.insert(argument.clone(), json!(marker));
        let get = |arguments: &serde_json::Map<String, Value>| {
            bench.send(Probe::request(
                method::PROMPTS_GET,
                json!({"name": name, "arguments": arguments}),
            ))
        };
        if !get(&with).await?.result().is_some_and(|result| holds(result, &marker)) {
            continue;
        }
        // A prompt may need one of several: a refusal shows nothing.
        let seen = get(&without).await?;
        let Some(result) = seen.result() else { continue };
        let kept = holds(result, &marker);
        let finding = Finding::expect(!kept, "nothing of the request before", || {
            format!("{marker:?}, which only the request before said of {argument:?}")
        });
        let title = format!("{name:?} with {argument:?}, and then without");
        bench.case(&format!("{name}-left-out"), title, Ok(finding));
    }
    Ok(())
}

/// A text that nobody else says.
fn marker(bench: &Bench) -> String {
    format!("p{}x", bench.fresh_id())
}

fn holds(result: &Value, marker: &str) -> bool {
    result.to_string().contains(marker)
}

/// A text of the tool's arguments that may be any.
fn free_argument(callable: &Callable) -> Option<String> {
    let properties = callable.tool.pointer("/inputSchema/properties")?.as_object()?;
    let bound = ["enum", "pattern", "format", "const", "x-mcp-header"];
    let free = |s: &Value| {
        let long = s["maxLength"].as_u64().is_none_or(|most| most >= MARKER);
        s["type"] == "string" && long && bound.iter().all(|k| s.get(*k).is_none())
    };
    properties.iter().find(|(_, s)| free(s)).map(|(name, _)| name.clone())
}

/// An argument of a prompt that may be left out.
fn optional(prompt: &Value) -> Option<String> {
    let arguments = prompt["arguments"].as_array()?;
    let optional = arguments.iter().find(|argument| argument["required"] != true)?;
    optional["name"].as_str().map(str::to_owned)
}
