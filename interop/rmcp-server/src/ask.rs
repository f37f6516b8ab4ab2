//! Input requests, and the capability that each of them needs.

use rmcp::{ErrorData, model::*};
use serde_json::json;

use crate::{Answer, Context};

/// Asks for one required text by form elicitation.
pub(crate) fn form(field: &str) -> InputRequest {
    let schema = json!({"type": "object", "properties": {field: {"type": "string"}}, "required": [field]});
    let requested_schema = serde_json::from_value(schema).expect("one text field is a valid form");
    let message = format!("Please give the {field}");
    let form = ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema };
    InputRequest::Elicitation(ElicitRequest::new(form))
}

/// Asks the client's model a question.
pub(crate) fn sample() -> InputRequest {
    let messages = vec![SamplingMessage::user_text("What is the capital of France?")];
    InputRequest::CreateMessage(CreateMessageRequest::new(CreateMessageRequestParams::new(messages, 100)))
}

/// Asks for the client's roots.
pub(crate) fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

/// Sends one request under its key, or refuses a client that did not declare what it needs.
pub(crate) fn send(context: &Context, key: &str, ask: InputRequest, state: Option<String>) -> Answer<CallToolResponse> {
    let needed = match &ask {
        InputRequest::CreateMessage(_) => ClientCapabilities::builder().enable_sampling().build(),
        InputRequest::ListRoots(_) => ClientCapabilities::builder().enable_roots().build(),
        _ => ClientCapabilities::builder().enable_elicitation().build(),
    };
    need(context, needed)?;
    Ok(InputRequiredResult::new(Some([(key.to_owned(), ask)].into()), state).into())
}

/// Refuses a request whose client lacks any of the `needed` capabilities.
pub(crate) fn need(context: &Context, needed: ClientCapabilities) -> Answer<()> {
    let declared = context.client_capabilities().unwrap_or_default();
    // An elicitation capability that names no mode stands for forms.
    let takes_forms = declared.elicitation.as_ref().is_some_and(|c| c.form.is_some() || c.url.is_none());
    let granted = (needed.elicitation.is_none() || takes_forms)
        && (needed.sampling.is_none() || declared.sampling.is_some())
        && (needed.roots.is_none() || declared.roots.is_some())
        && (!needed.supports_tasks() || declared.supports_tasks());
    granted.then_some(()).ok_or_else(|| ErrorData::missing_required_client_capability(needed))
}
