//! Tools that need an answer of the client first.

mod elicitation;
mod questions;
mod rounds;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::mrtr::{self, Input};
use crate::features::outcome::{Outcome, failed, said};
use crate::features::{forms, roots};
use crate::message::RpcError;

use self::elicitation::{linked, named, streaming};
use self::questions::{gather, question};
use self::rounds::{confirmed, redeemed, several, two_rounds, whatever_can_be_had};
use super::tool::{no_arguments, read_only, tool};

pub(super) fn definitions() -> Vec<Value> {
    let plain = [
        ("test_missing_capability", "Needs a client that can sample"),
        ("test_streaming_elicitation", "Says that it starts, then asks for a name"),
        ("test_input_required_result_elicitation", "Asks for a name"),
        ("test_input_required_result_sampling", "Asks for a completion"),
        ("test_input_required_result_list_roots", "Asks for the roots"),
        ("test_input_required_result_request_state", "Asks for a confirmation and keeps its place"),
        ("test_input_required_result_multiple_inputs", "Asks for three things at once"),
        ("test_input_required_result_multi_round", "Asks for two things, one after the other"),
        (
            "test_input_required_result_tampered_state",
            "Asks for a confirmation and signs its place",
        ),
        ("test_input_required_result_capabilities", "Asks for what the client can supply"),
        ("form_elicitation", "Shows a form with every kind of field"),
    ];
    let path = json!({
        "type": "object",
        "properties": { "path": { "type": "string", "minLength": 1, "examples": ["/home/user/project/a.txt"] } },
        "required": ["path"],
        "additionalProperties": false,
    });
    let email = json!({
        "type": "object",
        "properties": { "email": { "type": "string", "description": "Stays out of the link" } },
        "additionalProperties": false,
    });
    let code = json!({
        "type": "object",
        "properties": { "code": { "type": "string", "default": "welcome" } },
        "additionalProperties": false,
    });
    plain
        .into_iter()
        .map(|(name, description)| read_only(tool(name, description, no_arguments())))
        .chain([
            read_only(tool(
                "url_elicitation",
                "Sends the user to a page to enter an API key",
                email,
            )),
            read_only(tool("path_in_roots", "Says whether a path is within the roots", path)),
            tool(
                "test_input_required_result_single_use",
                "Redeems a code after a confirmation, which counts once",
                code,
            ),
        ])
        .collect()
}

pub(super) async fn run(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Outcome> {
    let outcome = match name {
        "test_missing_capability" => sampling_declared(call),
        "test_streaming_elicitation" => streaming(call).await,
        "test_input_required_result_elicitation" => named(call, "user_name").await,
        "test_input_required_result_sampling" => {
            gather(call, vec![("capital_question", question(call))], |_, answers| {
                let text = &answers.get("capital_question")["content"]["text"];
                Ok(said(format!("The model says: {}", text.as_str().unwrap_or_default())))
            })
            .await
        }
        "test_input_required_result_list_roots" => {
            gather(call, vec![("client_roots", Input::Roots)], |_, answers| {
                Ok(said(format!("The roots are: {}", answers.get("client_roots")["roots"])))
            })
            .await
        }
        "test_input_required_result_request_state" => confirmed(call, "state-ok").await,
        "test_input_required_result_tampered_state" => confirmed(call, "the state was ours").await,
        "test_input_required_result_multiple_inputs" => several(call).await,
        "test_input_required_result_multi_round" => two_rounds(call).await,
        "test_input_required_result_capabilities" => whatever_can_be_had(call).await,
        "form_elicitation" => {
            let form = Input::Form {
                message: match () {
                    () if !call.rules().messages_without_secrets => "Please enter your password.",
                    () if call.server.options.innocent_words => {
                        "Please fill in the form. Your homepage is an address, e.g. https://example.com"
                    }
                    () => "Please fill in the form.",
                },
                schema: forms::every_kind(&call.server),
            };
            gather(call, vec![("form", form)], |call, answers| {
                Ok(match answers.content(call, "form")? {
                    Some(content) => said(format!("The form says: {content}")),
                    None => said("The form was not filled in."),
                })
            })
            .await
        }
        "url_elicitation" => linked(call, arguments).await,
        "path_in_roots" => within(call, arguments).await,
        "test_input_required_result_single_use" => redeemed(call).await,
        _ => return None,
    };
    Some(outcome)
}

fn sampling_declared(call: &Call) -> Outcome {
    if call.meta.capabilities.contains_key("sampling")
        || !call.rules().relies_on_declared_capabilities
    {
        return Ok(said("The client can sample."));
    }
    Err(mrtr::missing_capability(call, &json!({ "sampling": {} })))
}

async fn within(call: &Call, arguments: &Map<String, Value>) -> Outcome {
    let path = arguments.get("path").and_then(Value::as_str).unwrap_or_default();
    if path.contains("..") && !call.rules().tool_paths_contained {
        return Ok(said("root:x:0:0:root:/root:/bin/sh"));
    }
    gather(call, vec![("roots", Input::Roots)], |call, answers| {
        let roots = answers.get("roots")["roots"].as_array().cloned().unwrap_or_default();
        if roots.is_empty() {
            if !call.rules().missing_roots_handled {
                return Err(RpcError::internal("there must be a root"));
            }
            return Ok(failed("there are no roots: share one"));
        }
        let inside = roots.iter().any(|root| {
            roots::contains(call.rules(), root["uri"].as_str().unwrap_or_default(), path)
        });
        Ok(if inside {
            said(format!("{path} is within the roots"))
        } else {
            failed(&format!("{path} is outside the roots"))
        })
    })
    .await
}
