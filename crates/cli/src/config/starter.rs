//! What `plumb init` writes: what a survey found, what it did not, and what may be it.

use std::fmt::Write as _;

use plumb_model::Secrets;
use plumb_runner::{Prop, Survey, wanted_arguments};
use serde_json::Value;

use super::{basic, inline};
use crate::args::TargetArgs;

/// The path that needs no telling.
const MCP_PATH: &str = "/mcp";
/// So many tools that were not called are named.
const UNCALLED: usize = 20;

/// A commented configuration with the target that was surveyed, what was found, and what was not.
pub(crate) fn starter(survey: &Survey, secrets: &Secrets, target: &TargetArgs) -> String {
    let mut text = format!(
        "# What Plumb is told about this server. Everything here is optional.\n\n\
         # Tools that may be called though they are not marked `readOnlyHint: true`; \"all\" for every tool.\n\
         allow_calls = []\n\n\
         # How `plumb run` reaches it, and how a run goes: what a command line can say, by the names of its options. The\n\
         # command line has the last word; `--profile ci` takes what [profile.ci] says otherwise.\n\
         {}\
         # [run]\n\
         # suite = \"core\"\n\
         # [profile.ci]\n\
         # markdown = \"summary.md\"\n\n",
        reached(target, secrets)
    );
    text.push_str(
        "# Violations that you know and accept, by requirement id, each with a reason.\n\
         [known]\n\
         # \"http.origin.invalid-403\" = \"behind a gateway that checks it; issue 12\"\n\
         # \"base.error.same-id\" = { reason = \"until the SDK moves\", revision = \"2025-11-25\" }\n\n\
         # Positions of which you take the other side, each with a reason; `plumb explain ID` tells which one a\n\
         # requirement rests on.\n\
         [positions]\n\
         # \"task-affinity\" = \"our gateway routes by Mcp-Name\"\n\n\
         # Things with known behaviour that some checks need. The survey found these by itself; a line here wins.\n",
    );
    for (prop, found) in &survey.props {
        let mut arguments = serde_json::Value::Object(found.arguments.clone());
        secrets.blot_json(&mut arguments);
        let _ = writeln!(
            text,
            "# [props.{}]\n# name = {}\n# arguments = {}",
            prop.name(),
            basic(&secrets.blot_text(&found.name)),
            inline(&arguments)
        );
    }
    let missing: Vec<Prop> =
        Prop::ALL.iter().copied().filter(|p| survey.prop(*p).is_none()).collect();
    if !missing.is_empty() {
        text.push_str(
            "\n# It did not find these. Whatever of yours is such a thing, name it: so many more checks are judged then, and it may be\n\
             # called for that. A name that stands here already is a guess by a tool's own words: take the line in if it is right.\n",
        );
        uncalled(&mut text, survey, secrets);
    }
    let checks = plumb_checks::all();
    for prop in missing {
        let needs = match checks.iter().filter(|check| check.needs.contains(&prop)).count() {
            0 => "Of use:".to_owned(),
            1 => "1 check needs".to_owned(),
            n => format!("{n} checks need"),
        };
        let fixture = prop
            .fixture()
            .map_or_else(String::new, |name| format!(" (the official fixture's is {name})"));
        let (what, name) = (prop.what(), prop.name());
        let article = if what.starts_with('a') { "an" } else { "a" };
        let _ = writeln!(text, "#\n# {needs} {article} {what}{fixture}.\n# [props.{name}]");
        proposed(&mut text, prop.likely(unknown(survey)), secrets);
    }
    text
}

/// The target as a table; as an example where none was given, and where a secret would stand in a file.
fn reached(target: &TargetArgs, secrets: &Secrets) -> String {
    let command: Vec<String> = target.server.iter().map(|word| basic(word)).collect();
    let mut lines: Vec<String> =
        target.url.iter().map(|url| format!("url = {}", basic(url))).collect();
    if !command.is_empty() {
        lines.push(format!("command = [{}]", command.join(", ")));
    }
    if target.path != MCP_PATH {
        lines.push(format!("path = {}", basic(&target.path)));
    }
    let table = format!("[target]\n{}\n", lines.join("\n"));
    if lines.is_empty() || secrets.blot_text(&table) != table {
        return "# [target]\n# command = [\"node\", \"server.js\"]    # or url = \"https://example.com/mcp\"\n".into();
    }
    let more = !target.env.is_empty() || !target.header.is_empty();
    let more = if more {
        "# What --env and --header said may be secret, and does not stand here.\n"
    } else {
        ""
    };
    format!("{table}{more}")
}

/// A name to fill in, or the one that a tool's own words propose.
fn proposed(text: &mut String, likely: Option<&Value>, secrets: &Secrets) {
    let Some(tool) = likely else {
        text.push_str("# name = \"…\"\n");
        return;
    };
    let name = basic(&secrets.blot_text(tool["name"].as_str().unwrap_or_default()));
    let _ = writeln!(text, "# name = {name}");
    let mut arguments = Value::Object(wanted_arguments(tool));
    if arguments.as_object().is_some_and(|all| !all.is_empty()) {
        secrets.blot_json(&mut arguments);
        let _ = writeln!(text, "# arguments = {}", inline(&arguments));
    }
}

/// The tools of which nobody knows what they do, since nothing allows to call them.
fn unknown(survey: &Survey) -> impl Iterator<Item = &Value> {
    let called = |name: &Value| survey.callable.iter().any(|c| c.tool["name"] == *name);
    survey.tools.items.iter().map(|item| &item.value).filter(move |tool| !called(&tool["name"]))
}

/// Names the tools of which nobody knows what they do, since nothing allows to call them.
fn uncalled(text: &mut String, survey: &Survey, secrets: &Secrets) {
    let names = unknown(survey).filter_map(|tool| tool["name"].as_str());
    let told: Vec<String> =
        names.take(UNCALLED).map(|name| basic(&secrets.blot_text(name))).collect();
    if !told.is_empty() {
        let _ = writeln!(
            text,
            "# These tools were not called, since nothing marks them as harmless: {}",
            told.join(", ")
        );
    }
}
