//! What is asked of clients, and how one round asks it.

use serde_json::json;

use crate::call::Call;
use crate::features::forms;
use crate::features::mrtr::{self, Answers, Gathered, Input};
use crate::features::outcome::Outcome;

/// Asks for the inputs, and goes on with the answers.
pub(super) async fn gather(
    call: &Call,
    inputs: Vec<(&str, Input)>,
    then: impl FnOnce(&Call, &Answers) -> Outcome,
) -> Outcome {
    match mrtr::gather(call, &inputs, false).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => then(call, &answers),
    }
}

pub(super) fn name_form() -> Input {
    Input::Form { message: "What is your name?", schema: forms::one_field("name", "Name") }
}

pub(super) fn question(call: &Call) -> Input {
    let rules = call.rules();
    let mut params = json!({
        "messages": [{ "role": "user", "content": { "type": "text", "text": "What is the capital of France?" } }],
        "modelPreferences": { "hints": [{ "name": "claude" }], "intelligencePriority": 0.5, "speedPriority": 0.8 },
        "systemPrompt": "Answer in one word.",
        "maxTokens": 100,
    });
    if !rules.model_preferences_in_range {
        params["modelPreferences"]["speedPriority"] = json!(7);
    }
    if !rules.sampling_message_roles {
        params["messages"][0]["role"] = json!("system");
    }
    if !rules.sampling_content_shaped {
        params["messages"][0]["content"]["text"] = json!(5);
    }
    if !rules.sampling_context_omitted {
        params["includeContext"] = json!("thisServer");
    }
    if !rules.sampling_context_avoided {
        params["includeContext"] = json!("allServers");
    }
    let context = call
        .meta
        .capabilities
        .get("sampling")
        .is_some_and(|sampling| sampling.get("context").is_some());
    if !rules.sampling_context_if_declared && !context {
        params["includeContext"] = json!("thisServer");
    }
    if let Some(params) = params.as_object_mut().filter(|_| !rules.sampling_max_tokens) {
        params.shift_remove("maxTokens");
    }
    Input::Sampling(params)
}
