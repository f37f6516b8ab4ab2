//! prompts/list and prompts/get.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::content::{PNG, WAV, icon, text};
use crate::lock::lock;
use crate::message::RpcError;
use crate::server::Server;
use crate::state::Event;

use super::mrtr::{self, Gathered, Input};
use super::uri::is_uri;
use super::{forms, lists};

/// A prompt with two optional arguments of which it needs one.
const EITHER: &str = "test_prompt_with_either";

/// Prompts on a page.
const PAGE: usize = 5;

pub(crate) fn list(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    if !rules.prompts_list_answered {
        return Err(RpcError::internal("the list of prompts is lost"));
    }
    if !call.server.options.features.prompts {
        return lists::page(call, "prompts", PAGE, &[]);
    }
    let mut prompts = catalogue(&call.server);
    if let Some(principal) = &call.principal {
        prompts.push(prompt(&private(&principal.subject), "Is for one person", &[]));
    }
    if !rules.prompts_same_on_every_connection && call.connection.serial % 2 == 1 {
        prompts.remove(4);
    }
    if !rules.prompts_without_side_effect && call.connection.memory().tool_calls > 0 {
        prompts.insert(0, prompt("test_after_a_call", "Appears once a tool was called", &[]));
    }
    lists::page(call, "prompts", PAGE, &prompts)
}

/// The name of the prompt that only one person sees.
fn private(subject: &str) -> String {
    format!("private_{subject}")
}

/// The names of the arguments of a prompt, listed or not.
pub(crate) fn arguments(server: &Server, name: &str) -> Option<Vec<String>> {
    let unlisted = prompt("test_failing_prompt", "", &["input"]);
    let prompts = catalogue(server);
    let prompt = prompts.iter().chain([&unlisted]).find(|prompt| prompt["name"] == name)?;
    let arguments = prompt["arguments"].as_array()?;
    Some(
        arguments
            .iter()
            .filter_map(|argument| argument["name"].as_str().map(str::to_owned))
            .collect(),
    )
}

#[expect(clippy::too_many_lines, reason = "a table: one arm for each prompt")]
pub(crate) async fn get(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    let name = call.string("name")?;
    if let Some(principal) = &call.principal
        && let Some(subject) = name.strip_prefix("private_")
        && (subject == principal.subject || !rules.prompts_guarded)
    {
        return Ok(
            json!({ "messages": [{ "role": "user", "content": text(format!("This is for {subject}.")) }] }),
        );
    }
    if name.starts_with("moment_") && call.server.options.restless_lists.is_some() {
        return Ok(json!({ "messages": said(call, vec![text("While it lasts.")]) }));
    }
    let Some(known) = arguments(&call.server, name) else {
        let code =
            if rules.unknown_prompt_code { RpcError::INVALID_PARAMS } else { RpcError::INTERNAL };
        return Err(RpcError::new(code, format!("there is no prompt {name:?}")));
    };
    let mut given = given(call)?;
    let either = name == EITHER;
    if either && !rules.prompts_forget {
        let mut last = lock(&call.server.state.scratch.last_prompt);
        last.extend(std::mem::take(&mut given));
        given.clone_from(&last);
    }
    if either && given.is_empty() {
        return Err(RpcError::invalid_params("by_id or by_name is needed"));
    }
    let missing = known.iter().find(|argument| !either && !given.contains_key(*argument));
    if let Some(missing) = missing {
        let code = if rules.missing_prompt_argument_code {
            RpcError::INVALID_PARAMS
        } else {
            RpcError::INTERNAL
        };
        return Err(RpcError::new(code, format!("the argument {missing:?} is missing")));
    }
    let argument = |name: &str| value(call, &given, name);
    let image = if rules.prompt_image_base64 { PNG.to_owned() } else { format!("{PNG}*") };
    let image_type = match () {
        () if !rules.prompt_image_mime => "picture",
        () if call.server.options.uncommon_values => "image/x-portable-pixmap",
        () => "image/png",
    };
    let audio = if rules.prompt_audio_base64 { WAV.to_owned() } else { format!("{WAV}*") };
    let audio_type = if rules.prompt_audio_mime { "audio/wav" } else { "sound" };
    let messages = match name {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (arg1, arg2) = (argument("arg1"), argument("arg2"));
            vec![text(format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            vec![embedded(call, &given), text("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => vec![
            json!({ "type": "image", "data": image, "mimeType": image_type }),
            text("Please analyze the image above."),
        ],
        "test_prompt_with_audio" => vec![
            json!({ "type": "audio", "data": audio, "mimeType": audio_type }),
            text("Please listen to the recording above."),
        ],
        "test_prompt_with_context" => {
            vec![text(format!(
                "Write a {} program on {}.",
                argument("language"),
                argument("framework")
            ))]
        }
        EITHER => {
            vec![text(format!("Look for {}{}.", argument("by_id"), argument("by_name")))]
        }
        "test_prompt_with_many_values" => vec![text(format!("Describe {}.", argument("item")))],
        "test_input_required_result_prompt" => {
            let schema = forms::one_field("context", "Context");
            let input = Input::Form { message: "What is this about?", schema };
            match mrtr::gather(call, &[("user_context", input)], false).await? {
                Gathered::Ask(result) => return Ok(result),
                Gathered::All(answers) => match answers.content(call, "user_context")? {
                    Some(content) => {
                        vec![text(format!("Use this context: {}", content["context"]))]
                    }
                    None => vec![text("Work without a context.")],
                },
            }
        }
        "test_failing_prompt" => {
            let code = if rules.internal_prompt_error {
                RpcError::INTERNAL
            } else {
                RpcError::INVALID_PARAMS
            };
            return Err(RpcError::new(code, "the prompt failed"));
        }
        "test_ghost_prompt" => return Err(RpcError::invalid_params("there is no such prompt")),
        _ => vec![text("This prompt was added while the server ran.")],
    };
    Ok(json!({ "description": format!("The prompt {name}"), "messages": said(call, messages) }))
}

/// Turns the dynamic prompt on or off.
pub(crate) fn toggle(server: &Server) -> Event {
    server.state.change(|dynamic| dynamic.prompt = !dynamic.prompt, Event::PromptsChanged);
    Event::PromptsChanged
}

fn catalogue(server: &Server) -> Vec<Value> {
    let rules = &server.rules;
    let mut prompts = vec![
        prompt("test_simple_prompt", "A prompt without arguments", &[]),
        prompt(
            "test_prompt_with_arguments",
            "A prompt that repeats its arguments",
            &["arg1", "arg2"],
        ),
        prompt(
            "test_prompt_with_embedded_resource",
            "A prompt with a resource in it",
            &["resourceUri"],
        ),
        prompt("test_prompt_with_image", "A prompt with an image", &[]),
        prompt("test_prompt_with_audio", "A prompt with a recording", &[]),
        prompt("test_input_required_result_prompt", "A prompt that needs an answer first", &[]),
        prompt(
            "test_prompt_with_context",
            "A prompt whose second argument depends on the first",
            &["language", "framework"],
        ),
        prompt(
            "test_prompt_with_many_values",
            "A prompt with 150 values for its argument",
            &["item"],
        ),
    ];
    prompts[0]["icons"] = json!([icon()]);
    if !rules.prompt_shape {
        prompts[7]["arguments"] = json!([{ "name": "item" }, { "description": "has no name" }]);
    }
    if !rules.icon_source_scheme {
        prompts[0]["icons"][0]["src"] = json!("ftp://example.com/icon.png");
    }
    if !rules.icon_shape {
        prompts[0]["icons"][0]["sizes"] = json!("1x1");
    }
    if server.options.either_argument || !rules.prompts_forget {
        let optional = |name: &str| json!({ "name": name, "required": false });
        let mut either = prompt(EITHER, "A prompt that needs one of its arguments", &[]);
        either["arguments"] = json!([optional("by_id"), optional("by_name")]);
        prompts.push(either);
    }
    if !rules.one_prompt_for_a_name {
        prompts.push(prompt("test_simple_prompt", "Is there twice", &[]));
    }
    if server.options.prompt_without_description
        && let Some(prompt) = prompts[0].as_object_mut()
    {
        prompt.shift_remove("description");
    }
    if !rules.listed_prompts_resolve {
        prompts.push(prompt("test_ghost_prompt", "Is listed, and that is all", &[]));
    }
    if server.state.dynamic().prompt {
        prompts.push(prompt("test_dynamic_prompt", "Comes and goes", &[]));
    }
    prompts
}

fn prompt(name: &str, description: &str, arguments: &[&str]) -> Value {
    let arguments: Vec<Value> = arguments
        .iter()
        .map(|name| json!({ "name": name, "description": format!("The {name}"), "required": true }))
        .collect();
    json!({ "name": name, "title": name.replace('_', " "), "description": description, "arguments": arguments })
}

/// The arguments given, which are strings by name.
fn given(call: &Call) -> Result<Map<String, Value>, RpcError> {
    match call.params.get("arguments") {
        None if !call.rules().absent_prompt_arguments_are_none => {
            Err(call.malformed("arguments are missing"))
        }
        None => Ok(Map::new()),
        Some(Value::Object(arguments)) => {
            if call.rules().prompt_arguments_validated && !arguments.values().all(Value::is_string)
            {
                return Err(call.malformed("arguments are strings"));
            }
            Ok(arguments.clone())
        }
        Some(_) => Err(call.malformed("arguments is not an object")),
    }
}

/// The argument as it stands in the message: a text, never anything to look up or to evaluate.
fn value(call: &Call, given: &Map<String, Value>, name: &str) -> String {
    let rules = call.rules();
    let value = match given.get(name) {
        Some(Value::String(value)) => value.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    if !rules.prompt_arguments_used {
        return "something".to_owned();
    }
    if !rules.prompt_arguments_inert {
        if value.starts_with("file:") || value.contains("../") || value.starts_with("/etc/") {
            return "root:x:0:0:root:/root:/bin/sh".to_owned();
        }
        return value.replace("{{7*7}}", "49").replace("${7*7}", "49");
    }
    value
}

fn embedded(call: &Call, given: &Map<String, Value>) -> Value {
    let rules = call.rules();
    let wanted = value(call, given, "resourceUri");
    let uri = if is_uri(&wanted) { wanted } else { "test://embedded-resource".to_owned() };
    let mut resource = json!({ "uri": uri, "mimeType": "text/plain", "text": "Embedded resource content for testing." });
    if !rules.prompt_embedded_uri {
        resource["uri"] = json!("somewhere over there");
    }
    if let Some(resource) = resource.as_object_mut() {
        if !rules.prompt_embedded_mime {
            resource.shift_remove("mimeType");
        }
        if !rules.prompt_embedded_content {
            resource.shift_remove("text");
        }
    }
    json!({ "type": "resource", "resource": resource })
}

/// One user message for each block.
fn said(call: &Call, blocks: Vec<Value>) -> Vec<Value> {
    blocks
        .into_iter()
        .map(|mut block| {
            if call.server.options.annotations {
                block["annotations"] = json!({ "audience": ["user"], "priority": 0.5 });
            }
            if call.rules().prompt_message_shape {
                json!({ "role": "user", "content": block })
            } else {
                json!({ "role": "user", "content": [block] })
            }
        })
        .collect()
}
