//! schema: what the server asks of the client, judged over every request for input of the run.

use plumb_flows::parts;
use plumb_runner::{Notes, Observed, check, clip, sample};
use plumb_wire::schema::{Mismatch, part};
use plumb_wire::{method, notification};
use serde_json::Value;

use super::fit;

fn sampling(seen: &Observed) -> Vec<&Value> {
    parts::input_params(seen, method::SAMPLING_CREATE_MESSAGE)
}

check! {
    /// **Observed:** every sampling request has an array `messages` and an integer `maxTokens`.
    ///
    /// **Why:** no model can be called without either.
    ///
    /// **Fix:** always set `maxTokens`; there is no default.
    pub(crate) MAX_TOKENS = "schema.create-message.max-tokens";
    since: "2025-03-26";
    passive: max_tokens
}

fn max_tokens(seen: &Observed, notes: &mut Notes<'_>) {
    for params in sampling(seen) {
        let own = |m: &Mismatch| {
            matches!(m.at.as_str(), "/messages" | "/maxTokens")
                || (m.at.is_empty()
                    && ["messages", "maxTokens"].iter().any(|member| m.expected.contains(member)))
        };
        let found: Vec<Mismatch> = part::sampling_params(params).into_iter().filter(own).collect();
        fit(notes, "a sampling request", &found);
    }
}

check! {
    /// **Observed:** `includeContext` of sampling requests is absent or `none`.
    ///
    /// **Why:** the other values are deprecated, and will be removed with the feature or before.
    ///
    /// **Fix:** put the context that you need into the messages.
    pub(crate) CONTEXT = "schema.create-message.context";
    fact: "sampling.server.avoid-context";
    passive: context
}

fn context(seen: &Observed, notes: &mut Notes<'_>) {
    for params in sampling(seen) {
        let value = params.get("includeContext");
        notes.expect(
            value.is_none_or(|v| v == "none"),
            "`includeContext` that is absent or \"none\"",
            || value.map(ToString::to_string).unwrap_or_default(),
        );
    }
}

check! {
    /// **Observed:** cost, speed and intelligence priorities of sampling requests are numbers from 0 to 1.
    ///
    /// **Why:** clients weigh them against each other; one out of range decides alone.
    ///
    /// **Fix:** scale them to 0..1, or leave them out.
    pub(crate) PREFERENCES_RANGE = "schema.model-preferences.range";
    since: "2025-03-26";
    passive: preferences_range
}

fn preferences_range(seen: &Observed, notes: &mut Notes<'_>) {
    for preferences in sampling(seen).into_iter().filter_map(|p| p.get("modelPreferences")) {
        for name in ["costPriority", "speedPriority", "intelligencePriority"] {
            let Some(value) = preferences.get(name) else { continue };
            let fits = value.as_f64().is_some_and(|p| (0.0..=1.0).contains(&p));
            notes.expect(fits, format!("`{name}` from 0 to 1"), || value.to_string());
        }
    }
}

/// The content blocks of the messages of a sampling request, in order.
fn blocks(params: &Value) -> Vec<&Value> {
    let messages = params.get("messages").and_then(Value::as_array);
    let contents = messages.into_iter().flatten().filter_map(|m| m.get("content"));
    contents
        .flat_map(|c| c.as_array().map_or_else(|| std::slice::from_ref(c), Vec::as_slice))
        .collect()
}

fn is_kind(block: &Value, kind: &str) -> bool {
    block.get("type").is_some_and(|t| t == kind)
}

check! {
    /// **Observed:** the `toolUseId` of each tool result in a sampling request is the id of a tool use before it.
    ///
    /// **Why:** model APIs refuse a conversation whose results answer nothing.
    ///
    /// **Fix:** take the id from the tool use that the client returned.
    pub(crate) TOOL_RESULT_ID = "schema.tool-result.id";
    since: "2025-11-25";
    fact: "sampling.sec.match-results";
    passive: tool_result_id
}

fn tool_result_id(seen: &Observed, notes: &mut Notes<'_>) {
    for params in sampling(seen) {
        let blocks = blocks(params);
        for (at, result) in
            blocks.iter().enumerate().filter(|(_, block)| is_kind(block, "tool_result"))
        {
            let id = result.get("toolUseId");
            let used = blocks[..at]
                .iter()
                .any(|b| is_kind(b, "tool_use") && b.get("id").is_some() && b.get("id") == id);
            notes.expect(used, "a `toolUseId` that is the id of an earlier tool use", || {
                id.map_or_else(|| "no `toolUseId`".into(), ToString::to_string)
            });
        }
    }
}

check! {
    /// **Observed:** the `structuredContent` of tool results in a sampling request is valid by the `outputSchema` of the tool
    /// that was used, if the request has one.
    ///
    /// **Why:** the model was told what to expect.
    ///
    /// **Fix:** validate results before they go into the conversation.
    pub(crate) TOOL_RESULT_CONFORMS = "schema.tool-result.conform";
    since: "2025-11-25";
    passive: tool_result_conforms
}

fn tool_result_conforms(seen: &Observed, notes: &mut Notes<'_>) {
    for params in sampling(seen) {
        let blocks = blocks(params);
        for result in blocks.iter().filter(|block| is_kind(block, "tool_result")) {
            let Some((schema, structured)) = promised(params, &blocks, result) else { continue };
            let Some(validator) = sample::validator(schema) else { continue };
            let fault = validator.validate(structured).err();
            notes.expect(
                fault.is_none(),
                "`structuredContent` that is valid by the tool's outputSchema",
                || clip(&fault.unwrap_or_default(), 160),
            );
        }
    }
}

/// The schema that a tool result was promised to follow, and what came.
fn promised<'a>(
    params: &'a Value,
    blocks: &[&'a Value],
    result: &'a Value,
) -> Option<(&'a Value, &'a Value)> {
    let id = result.get("toolUseId")?;
    let usage = blocks.iter().find(|b| is_kind(b, "tool_use") && b.get("id") == Some(id))?;
    let tools = params.get("tools")?.as_array()?;
    let tool =
        tools.iter().find(|t| t.get("name").is_some() && t.get("name") == usage.get("name"))?;
    Some((tool.get("outputSchema")?, result.get("structuredContent")?))
}

check! {
    /// **Observed:** nothing that this revision removed appears: `elicitationId` in elicitation requests, the notification
    /// notifications/elicitation/complete, `execution.taskSupport` of tools. Tools of a server that also serves earlier
    /// revisions may keep the latter.
    ///
    /// **Why:** clients of this revision ignore what was removed, so what a server says there is lost.
    ///
    /// **Fix:** correlate by `requestState`; advertise tasks as an extension.
    pub(crate) REMOVED_MEMBERS = "schema.removed-members";
    passive: removed_members
}

fn removed_members(seen: &Observed, notes: &mut Notes<'_>) {
    for params in parts::input_params(seen, method::ELICITATION_CREATE) {
        notes.expect(
            params.get("elicitationId").is_none(),
            "an elicitation request without `elicitationId`",
            || clip(&params.to_string(), 160),
        );
    }
    let modern_only = !notes.survey.dual_era;
    for tool in parts::items(seen, method::TOOLS_LIST, "tools").filter(|_| modern_only) {
        notes.expect(
            tool.pointer("/execution/taskSupport").is_none(),
            "a tool without `execution.taskSupport`",
            || format!("tool {} has it", tool["name"]),
        );
    }
    for message in seen.notifications(notification::OLD_ELICITATION_COMPLETE) {
        notes.breaks("no notifications/elicitation/complete", clip(&message.raw.lossy(), 160));
    }
}
