//! What the client can be asked for, and what counts as an answer.

use serde_json::{Value, json};

use crate::call::Call;
use crate::message::RpcError;
use crate::rules::Rules;
use crate::schema;
use crate::seal::random_name;

/// Something that only the client can supply.
pub(crate) enum Input {
    Form { message: &'static str, schema: Value },
    Url { message: &'static str, url: String },
    Sampling(Value),
    Roots,
}

impl Input {
    /// Refuses if the client did not declare, on this request, that it can supply the input.
    pub(crate) fn declared(&self, call: &Call) -> Result<(), RpcError> {
        let rules = call.rules();
        let capability = |name: &str| call.meta.capabilities.get(name);
        let (declared, required) = match self {
            Self::Form { .. } => {
                let url_only = |it: &Value| it.get("url").is_some() && it.get("form").is_none();
                let modes = capability("elicitation")
                    .is_some_and(|it| !url_only(it) || !rules.elicitation_mode_supported);
                (modes || !rules.elicits_only_if_declared, json!({ "elicitation": {} }))
            }
            Self::Url { .. } => {
                let modes = capability("elicitation").is_some_and(|it| {
                    it.get("url").is_some() || !rules.empty_elicitation_means_form
                });
                (modes, json!({ "elicitation": { "url": {} } }))
            }
            Self::Sampling(_) => (
                capability("sampling").is_some() || !rules.samples_only_if_declared,
                json!({ "sampling": {} }),
            ),
            Self::Roots => {
                let path = call.params.get("name").is_some_and(|name| name == "path_in_roots");
                let asks =
                    !rules.roots_only_if_declared || (path && !rules.roots_capability_checked);
                (capability("roots").is_some() || asks, json!({ "roots": {} }))
            }
        };
        if declared || !rules.relies_on_declared_capabilities {
            return Ok(());
        }
        let mut error = missing_capability(call, &required);
        if matches!(self, Self::Url { .. }) && !rules.no_url_elicitation_error {
            error.code = -32042;
        }
        Err(error)
    }

    /// The request as it stands in `inputRequests`.
    pub(in crate::features) fn request(&self, call: &Call) -> Value {
        let rules = call.rules();
        match self {
            Self::Form { message, schema } => {
                let mut params =
                    json!({ "mode": "form", "message": message, "requestedSchema": schema });
                if !rules.form_mode_named {
                    params["mode"] = json!("dialog");
                }
                if !rules.no_links_in_forms {
                    params["message"] = json!(format!("{message} See https://example.com/why"));
                }
                let members = params.as_object_mut();
                if let Some(params) = members {
                    if !rules.elicitation_has_message {
                        params.shift_remove("message");
                    }
                    if !rules.form_has_schema {
                        params.shift_remove("requestedSchema");
                    }
                }
                json!({ "method": "elicitation/create", "params": params })
            }
            Self::Url { message, url } => {
                let mut params = json!({ "mode": "url", "message": message, "url": url });
                if let Some(params) =
                    params.as_object_mut().filter(|_| !rules.url_elicitation_complete)
                {
                    params.shift_remove("message");
                }
                if !rules.removed_members_absent {
                    params["elicitationId"] = json!(random_name());
                }
                json!({ "method": "elicitation/create", "params": params })
            }
            Self::Sampling(params) => {
                json!({ "method": "sampling/createMessage", "params": params })
            }
            Self::Roots if !rules.input_requests_of_three_kinds => {
                json!({ "method": "resources/list" })
            }
            Self::Roots => json!({ "method": "roots/list" }),
        }
    }

    /// The request as servers of earlier revisions sent it.
    pub(crate) fn as_request(&self, call: &Call, key: &str) -> Value {
        let mut request = self.request(call);
        request["jsonrpc"] = json!("2.0");
        request["id"] = json!(format!("server-{key}"));
        request
    }

    /// Whether the answer is one to go on with; an error if it is no answer at all.
    pub(crate) fn accepts(&self, call: &Call, answer: &Value) -> Result<bool, RpcError> {
        let rules = call.rules();
        if !rules.answers_validated {
            return Ok(true);
        }
        match self {
            Self::Form { schema, .. } => match answer["action"].as_str() {
                Some("accept") if !rules.form_answers_validated => Ok(true),
                Some("accept") if answer["content"].is_object() => {
                    Ok(schema::violation(schema, &answer["content"], &Rules::SPEC).is_none())
                }
                Some("decline" | "cancel") => Ok(true),
                _ => Err(RpcError::invalid_params(
                    "an input response is not an ElicitResult of a form",
                )),
            },
            Self::Url { .. } => match answer["action"].as_str() {
                Some("accept" | "decline" | "cancel") => Ok(true),
                _ => Err(RpcError::invalid_params("an input response is not an ElicitResult")),
            },
            Self::Sampling(_) => {
                let role = matches!(answer["role"].as_str(), Some("user" | "assistant"));
                if answer["content"].is_array() && !rules.completions_may_be_lists {
                    return Err(RpcError::internal("content has no member `text`"));
                }
                let content = answer["content"].is_object() || answer["content"].is_array();
                if (role && content && answer["model"].is_string())
                    || !rules.sampling_answers_validated
                {
                    return Ok(true);
                }
                Err(RpcError::invalid_params("an input response is not a CreateMessageResult"))
            }
            Self::Roots => {
                let roots = answer["roots"].as_array();
                let files = |root: &Value| {
                    root["uri"].as_str().is_some_and(|uri| uri.starts_with("file://"))
                };
                if roots.is_some_and(|roots| roots.iter().all(files)) {
                    return Ok(true);
                }
                Err(RpcError::invalid_params("an input response is not a ListRootsResult"))
            }
        }
    }
}

/// The error for a request that needs what its client did not declare.
pub(crate) fn missing_capability(call: &Call, required: &Value) -> RpcError {
    let rules = call.rules();
    let code = if rules.missing_capability_code {
        RpcError::MISSING_CAPABILITY
    } else {
        RpcError::INTERNAL
    };
    let status = if rules.missing_capability_status_400 { 400 } else { 200 };
    let names: Vec<&String> = required.as_object().into_iter().flat_map(|it| it.keys()).collect();
    let required = if rules.missing_capability_listed { required.clone() } else { json!(names) };
    RpcError::new(code, "the client did not declare a capability that this needs")
        .data(json!({ "requiredCapabilities": required }))
        .status(status)
}
