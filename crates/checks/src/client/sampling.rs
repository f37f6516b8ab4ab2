//! client/sampling, client/roots: what a client declares, and what it answers.

use plumb_runner::client::{ASK, Moment, NO_TOOLS, Provoked, Scenario, USE_A_TOOL, WHERE};
use plumb_runner::{Check, Marks, check, clip};
use serde_json::Value;

use super::elicitation::declares;
use super::mrtr::response;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

/// The keys under which completions are asked for.
pub(super) const COMPLETIONS: [&str; 3] = [ASK, NO_TOOLS, USE_A_TOOL];

pub(crate) const CHECKS: &[&Check] = &[
    &DECLARE,
    &REQUIRED,
    &NONE,
    &ROLE,
    &MAX_TOKENS,
    &UNDECLARED,
    &ROOTS_DECLARE,
    &ROOTS_FILE,
    &ROOTS_SHAPE,
    &ROOTS_PLAIN,
];

check! {
    /// **Observed:** a client that declares `sampling` with one request of a scenario declares it with each.
    ///
    /// **Why:** a server goes by the request at hand, and would not ask.
    ///
    /// **Fix:** add the capabilities where all requests are written.
    pub(crate) DECLARE = "sampling.client.declare";
    happening: |moment, marks| declares(moment, marks, "sampling")
}

check! {
    /// **Observed:** a completion whose `toolChoice` is `required` uses a tool.
    ///
    /// **Why:** the server goes on with what the tool is asked for, and has no other way.
    ///
    /// **Fix:** hand the choice to the model.
    pub(crate) REQUIRED = "sampling.choice-required";
    happening: |moment, marks| {
        if let Some(answer) = response(moment, USE_A_TOOL) {
            marks.expect(uses_tool(&answer), "a `tool_use`", || shown(&answer));
        }
    }
}

/// The tokens that a completion may have: runner/src/client/provocation/inputs.rs.
const TOKENS: usize = 50;
/// No token is longer than this, in characters, whatever the model.
const LONGEST: usize = 100;

check! {
    /// **Observed:** a completion that may have 50 tokens has no more than 5,000 characters: no token of any model is longer than
    /// a hundred.
    ///
    /// **Why:** the server pays for them, or has no room for more.
    ///
    /// **Fix:** hand `maxTokens` to the model, and cut what is longer.
    pub(crate) MAX_TOKENS = "sampling.max-tokens";
    happening: max_tokens
}

fn max_tokens(moment: &Moment<'_>, marks: &mut Marks) {
    for answer in COMPLETIONS.into_iter().filter_map(|key| response(moment, key)) {
        let content = &answer["content"];
        let blocks = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
        let length: usize =
            blocks.iter().filter_map(|b| b["text"].as_str()).map(|text| text.chars().count()).sum();
        marks.expect(
            length <= TOKENS * LONGEST,
            format!("a text of {TOKENS} tokens at most"),
            || format!("one of {length} characters"),
        );
    }
}

check! {
    /// **Observed:** a completion whose `toolChoice` is `none` uses no tool, and one that is given no tools none either.
    ///
    /// **Why:** the server is not ready to run one.
    ///
    /// **Fix:** hand the choice to the model, or leave its tools out.
    pub(crate) NONE = "sampling.choice-none";
    happening: |moment, marks| {
        for answer in [NO_TOOLS, ASK].into_iter().filter_map(|key| response(moment, key)) {
            marks.expect(!uses_tool(&answer), "no `tool_use`", || shown(&answer));
        }
    }
}

fn uses_tool(answer: &Value) -> bool {
    let is_use = |block: &Value| block["type"] == "tool_use";
    let content = &answer["content"];
    is_use(content) || content.as_array().is_some_and(|blocks| blocks.iter().any(is_use))
}

check! {
    /// **Observed:** a completion has the role `user` or `assistant`, and content.
    ///
    /// **Why:** it becomes a message of the conversation, and there are no others.
    ///
    /// **Fix:** send `assistant`, whatever your model calls itself.
    pub(crate) ROLE = "sampling.message-role";
    happening: role
}

fn role(moment: &Moment<'_>, marks: &mut Marks) {
    for key in COMPLETIONS {
        let Some(answer) = response(moment, key) else { continue };
        let fits = ["user", "assistant"].contains(&answer["role"].as_str().unwrap_or_default())
            && (answer["content"].is_object() || answer["content"].is_array());
        marks.expect(fits, "a role that is known, and content", || shown(&answer));
    }
}

check! {
    /// **Observed:** a client that declares `sampling` without `tools` gives no completion for a request with tools.
    ///
    /// **Why:** the model would run without what it was promised.
    ///
    /// **Fix:** give an error to who called, where a request has `tools` or `toolChoice` that you did not declare.
    pub(crate) UNDECLARED = "schema.create-message.tools-error";
    judges: ["schema.create-message.tool-choice-error"];
    happening: undeclared
}

fn undeclared(moment: &Moment<'_>, marks: &mut Marks) {
    let here = Scenario::Provoked(Provoked::UndeclaredTools);
    let Some(all) = moment.whole_of(here) else { return };
    if !all.iter().any(plumb_runner::client::Received::is_asked_again) {
        return;
    }
    let given =
        all.iter().filter_map(|r| r.param("inputResponses")).find_map(|all| all.get(NO_TOOLS));
    let completion = given.filter(|answer| answer.get("content").is_some());
    marks.expect(completion.is_none(), "no completion with tools", || {
        completion.map(shown).unwrap_or_default()
    });
}

check! {
    /// **Observed:** a client that declares `roots` with one request of a scenario declares it with each.
    ///
    /// **Why:** a server goes by the request at hand, and would not ask.
    ///
    /// **Fix:** add the capabilities where all requests are written.
    pub(crate) ROOTS_DECLARE = "roots.client.declare";
    happening: |moment, marks| declares(moment, marks, "roots")
}

check! {
    /// **Observed:** the URI of each root begins with `file://`.
    ///
    /// **Why:** servers look for files there, and for nothing else.
    ///
    /// **Fix:** write paths as file URIs.
    pub(crate) ROOTS_FILE = "roots.uri-file";
    happening: |moment, marks| {
        for uri in uris(moment) {
            marks.expect(uri.starts_with("file://"), "a `file://` URI", || clip(&uri, SHOWN));
        }
    }
}

check! {
    /// **Observed:** the answer to `roots/list` has an array `roots`, each with a `uri`; a `name` is a text.
    ///
    /// **Why:** typed servers refuse the whole request.
    ///
    /// **Fix:** send an empty array where there is none.
    pub(crate) ROOTS_SHAPE = "schema.roots.shape";
    happening: |moment, marks| {
        if let Some(answer) = response(moment, WHERE) {
            let roots = answer["roots"].as_array();
            let named = |root: &Value| root.get("name").is_none_or(Value::is_string);
            let fits = roots.is_some_and(|all| all.iter().all(|root| root["uri"].is_string() && named(root)));
            marks.expect(fits, "an array `roots`, each with a `uri`, and a `name` in text", || shown(&answer));
        }
    }
}

check! {
    /// **Observed:** the path of a root has no `..`.
    ///
    /// **Why:** a server that compares paths as text is led out of what was allowed.
    ///
    /// **Fix:** normalise paths before they are offered.
    pub(crate) ROOTS_PLAIN = "roots.client.validate";
    happening: |moment, marks| {
        for uri in uris(moment) {
            let climbs = uri.to_ascii_lowercase().replace("%2e", ".").split('/').any(|part| part == "..");
            marks.expect(!climbs, "a path without `..`", || clip(&uri, SHOWN));
        }
    }
}

fn uris(moment: &Moment<'_>) -> Vec<String> {
    let answer = response(moment, WHERE).unwrap_or_default();
    let roots = answer["roots"].as_array().cloned().unwrap_or_default();
    roots.iter().filter_map(|root| root["uri"].as_str().map(str::to_owned)).collect()
}

fn shown(value: &Value) -> String {
    clip(&value.to_string(), SHOWN)
}
