//! Tools that need an answer of the client first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::mrtr::{self, Answers, Gathered, Input};
use crate::features::outcome::{Outcome, failed, said};
use crate::features::{forms, roots};
use crate::lock::lock;
use crate::message::RpcError;
use crate::meta::Level;
use crate::seal::random_name;
use crate::transport::Transport;

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

async fn gather(
    call: &Call,
    inputs: Vec<(&str, Input)>,
    then: impl FnOnce(&Call, &Answers) -> Outcome,
) -> Outcome {
    match mrtr::gather(call, &inputs, false).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => then(call, &answers),
    }
}

fn sampling_declared(call: &Call) -> Outcome {
    if call.meta.capabilities.contains_key("sampling")
        || !call.rules().relies_on_declared_capabilities
    {
        return Ok(said("The client can sample."));
    }
    Err(mrtr::missing_capability(call, &json!({ "sampling": {} })))
}

fn name_form() -> Input {
    Input::Form { message: "What is your name?", schema: forms::one_field("name", "Name") }
}

fn question(call: &Call) -> Input {
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

async fn named(call: &Call, key: &str) -> Outcome {
    gather(call, vec![(key, name_form())], |call, answers| {
        Ok(match answers.content(call, key)? {
            Some(content) => {
                said(format!("Hello, {}!", content["name"].as_str().unwrap_or("whoever you are")))
            }
            None => said("No name was given: nobody is greeted."),
        })
    })
    .await
}

/// Asks on a stream that has begun.
async fn streaming(call: &Call) -> Outcome {
    let (rules, form) = (call.rules(), name_form());
    if call.params.get("inputResponses").is_none() {
        form.declared(call)?;
        call.progress(1, 2, "about to ask").await;
        call.log(Level::Info, "inputs", json!({ "step": "about to ask" })).await;
        let http = call.transport == Transport::Http;
        if (http && !rules.no_requests_on_streams) || (!http && !rules.no_requests_on_stdout) {
            call.outbox.send(form.as_request(call, "user_name")).await;
        }
    }
    named(call, "user_name").await
}

async fn confirmed(call: &Call, words: &str) -> Outcome {
    let schema = json!({
        "type": "object",
        "properties": { "ok": { "type": "boolean", "title": "Go on?" } },
        "required": ["ok"],
    });
    let inputs = [("confirm", Input::Form { message: "Shall I go on?", schema })];
    let retry = mrtr::retry(call)?;
    // An answer without the state that goes with it is the answer to nothing.
    if !retry.stateful
        && retry.responses.contains_key("confirm")
        && call.rules().tampered_state_refused
    {
        let asked = [(inputs[0].0, &inputs[0].1)];
        return mrtr::ask(call, &asked, Some((Map::new(), Value::Null))).await;
    }
    match mrtr::gather(call, &inputs, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => Ok(match answers.content(call, "confirm")? {
            Some(_) => said(format!("Confirmed: {words}")),
            None => said("Not confirmed: nothing was done."),
        }),
    }
}

async fn several(call: &Call) -> Outcome {
    let inputs =
        [("user_name", name_form()), ("greeting", question(call)), ("client_roots", Input::Roots)];
    match mrtr::gather(call, &inputs, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => {
            let name = answers
                .content(call, "user_name")?
                .map_or("nobody".into(), |content| content["name"].to_string());
            Ok(said(format!(
                "{name}: {} {}",
                answers.get("greeting")["content"],
                answers.get("client_roots")["roots"]
            )))
        }
    }
}

async fn two_rounds(call: &Call) -> Outcome {
    let step = |number: &str| Input::Form {
        message: "Next, please.",
        schema: forms::one_field("value", number),
    };
    let first = [("step1", step("First"))];
    if let Gathered::Ask(result) = mrtr::gather(call, &first, true).await? {
        return Ok(result);
    }
    let both = [("step1", step("First")), ("step2", step("Second"))];
    match mrtr::gather(call, &both, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => {
            let values: Vec<String> = ["step1", "step2"]
                .into_iter()
                .map(|key| {
                    Ok(answers
                        .content(call, key)?
                        .map_or("nothing".into(), |content| content["value"].to_string()))
                })
                .collect::<Result<_, RpcError>>()?;
            Ok(said(format!("Both rounds are done: {}", values.join(", then "))))
        }
    }
}

async fn whatever_can_be_had(call: &Call) -> Outcome {
    let mut inputs = vec![
        ("user_name", name_form()),
        ("greeting", question(call)),
        ("client_roots", Input::Roots),
    ];
    inputs.retain(|(_, input)| input.declared(call).is_ok());
    if inputs.is_empty() {
        return Ok(said("There is nothing that this client could be asked for."));
    }
    gather(call, inputs, |_, _| Ok(said("Thank you."))).await
}

async fn linked(call: &Call, arguments: &Map<String, Value>) -> Outcome {
    let rules = call.rules();
    let mut url = format!("https://plumb.example/connect?request={}", random_name());
    if !rules.url_without_personal_data {
        let email = arguments.get("email").and_then(Value::as_str).unwrap_or("ada@example.com");
        let name = call
            .meta
            .client_info
            .as_ref()
            .map_or("nobody", |info| info["name"].as_str().unwrap_or_default());
        url = format!("{url}&email={email}&user={name}");
    }
    if !rules.url_without_encoded_data {
        let email = arguments.get("email").and_then(Value::as_str).unwrap_or("ada@example.com");
        url = format!("{url}&login={}", URL_SAFE_NO_PAD.encode(json!({ "to": email }).to_string()));
    }
    if call.server.options.innocent_words {
        let name = call.meta.client_info.as_ref().and_then(|info| info["name"].as_str());
        url = format!("{url}&client={}", name.unwrap_or("nobody"));
    }
    if !rules.url_over_https {
        url = url.replace("https://", "http://");
    }
    if !rules.url_valid {
        "the usual page".clone_into(&mut url);
    }
    let input = if rules.secrets_by_url {
        Input::Url { message: "Please enter your API key on this page.", url }
    } else {
        Input::Form {
            message: "Please enter your API key.",
            schema: forms::one_field("api_key", "API key"),
        }
    };
    gather(call, vec![("api_key", input)], |call, answers| {
        Ok(match answers.content(call, "api_key")? {
            Some(_) => said("Thank you. Nothing was needed of the key."),
            None => said("Then not."),
        })
    })
    .await
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

async fn redeemed(call: &Call) -> Outcome {
    let schema = forms::one_field("confirmation", "Say yes");
    let inputs = [("confirm", Input::Form { message: "Redeem the code?", schema })];
    match mrtr::gather(call, &inputs, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) if answers.content(call, "confirm")?.is_some() => {
            let Some(state) = call.params.get("requestState").and_then(Value::as_str) else {
                return Ok(failed("the confirmation belongs to no request of this server"));
            };
            let serial =
                if call.rules().state_used_once_anywhere { 0 } else { call.connection.serial };
            let fresh = lock(&call.server.state.redeemed).insert(&format!("{serial} {state}"), ());
            if fresh || !call.rules().state_used_once {
                return Ok(said("Redeemed."));
            }
            Ok(failed("this was redeemed before"))
        }
        Gathered::All(_) => Ok(said("Nothing was redeemed.")),
    }
}
