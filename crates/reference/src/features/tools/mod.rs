//! tools/list and tools/call.

mod content;
mod flaws;
mod inputs;
mod mirrored;
mod principals;
mod sampling;
mod schemas;
mod stateful;
mod triggers;
mod work;

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use crate::auth::access;
use crate::call::Call;
use crate::lock::{lock, next};
use crate::message::RpcError;
use crate::options::LimitBy;
use crate::schema;
use crate::server::Server;

use super::{advice, lists, tasks, text};

/// Tools on a page.
const PAGE: usize = 30;

/// Names of the fixture, and names that a server of its own might have.
const OWN_NAMES: [(&str, &str); 6] = [
    ("test_simple_text", "say_hello"),
    ("test_trigger_tool_change", "plug_in"),
    ("test_trigger_prompt_change", "learn_phrase"),
    ("test_trigger_resource_change", "put_file"),
    ("test_update_resource", "touch"),
    ("slow", "work"),
];

/// What a tool says, or the error that the protocol has for it.
type Outcome = Result<Value, RpcError>;

pub(crate) fn list(call: &Call) -> Outcome {
    let rules = call.rules();
    if !rules.tools_list_answered {
        return Err(RpcError::internal("the list of tools is lost"));
    }
    if !call.server.options.features.tools {
        return lists::page(call, "tools", PAGE, &[]);
    }
    let mut tools = catalogue(&call.server);
    tools.retain(|tool| access::listed(call, tool["name"].as_str().unwrap_or_default()));
    if !rules.tools_same_on_every_connection && call.connection.serial % 2 == 1 {
        tools.remove(1);
    }
    if !rules.tools_without_side_effect && call.connection.memory().tool_calls > 0 {
        tools.insert(0, tool("after_a_call", "Appears once a tool was called", no_arguments()));
    }
    if !rules.first_call_adds_nothing
        && call.server.state.scratch.tool_calls.load(Ordering::Relaxed) > 0
    {
        tools.push(tool("after_the_first_call", "Appears once and stays", no_arguments()));
    }
    if !rules.tools_unlocked_by_nothing && call.connection.memory().unlocked {
        tools.push(tool("unlocked", "Appears once another tool was called", no_arguments()));
    }
    if !rules.tools_ordered && next(&call.server.state.scratch.lists) % 2 == 1 {
        tools.swap(0, 1);
    }
    if !rules.tool_schemas_unchanged {
        for tool in &mut tools {
            if let Some(schema) = tool["inputSchema"].as_object_mut() {
                for keyword in ["$defs", "$anchor", "allOf", "anyOf", "if", "then", "else"] {
                    schema.shift_remove(keyword);
                }
            }
        }
    }
    lists::page(call, "tools", PAGE, &tools)
}

pub(crate) async fn call(call: &Call) -> Outcome {
    let rules = call.rules();
    let name = call.string("name")?;
    tasks::refuse_parameter(call)?;
    let mut arguments = match call.params.get("arguments") {
        None => Map::new(),
        Some(Value::Object(arguments)) => arguments.clone(),
        Some(_) if !rules.malformed_call_refused => Map::new(),
        Some(_) => return Err(call.malformed("arguments is not an object")),
    };
    let Some(definition) = definition(&call.server, name) else { return unknown(call, name) };
    if !call.server.state.admit(call.server.options.calls_per_second) {
        return limited(call.server.options.limit_by);
    }
    next(&call.server.state.scratch.tool_calls);
    call.connection.memory().unlocked |= name == "structured_primitive";
    if !rules.handles_required
        && definition["name"] == "add_item"
        && !arguments.contains_key("basket_id")
    {
        let last = lock(&call.server.state.scratch.last_basket).clone();
        arguments.insert("basket_id".into(), json!(last));
    }
    let own = call.connection.memory().basket.clone();
    if let Some(own) = own.filter(|_| !rules.baskets_not_of_connections)
        && definition["name"] == "add_item"
    {
        arguments.entry("basket_id").or_insert(json!(own));
    }
    mirrored::drop_nulls(&mut arguments);
    schemas::dereference(call, &definition).await;
    let violation =
        schema::violation(&definition["inputSchema"], &Value::Object(arguments.clone()), rules);
    // Its pattern is for another engine than this server's.
    let readable = definition["name"] != "uncommon_pattern";
    if let Some(violation) = violation.filter(|_| rules.tool_arguments_validated && readable) {
        return Ok(failed(&format!("the arguments are not valid: {violation}")));
    }
    let name = definition["name"].as_str().unwrap_or_default();
    let mut result = run(call, known_as(&call.server, name), &arguments).await?;
    annotate(&call.server, &mut result);
    Ok(result)
}

fn limited(by: LimitBy) -> Outcome {
    let words = "rate limit exceeded: too many calls in one second, try again in the next";
    match by {
        LimitBy::ToolError => Ok(failed(words)),
        LimitBy::RpcError => Err(RpcError::new(-30_029, words)),
        LimitBy::Status429 => Err(RpcError::new(-30_029, words).status(429)),
    }
}

/// Annotates the content of a result, if the server is one that does.
pub(super) fn annotate(server: &Server, result: &mut Value) {
    if server.options.annotations {
        for block in result["content"].as_array_mut().into_iter().flatten() {
            block["annotations"] = json!({ "audience": ["user", "assistant"], "priority": 0.5 });
        }
    }
}

/// The definition of a tool, if there is one of this name.
pub(crate) fn definition(server: &Server, name: &str) -> Option<Value> {
    let tools = catalogue(server);
    let same = |tool: &Value| {
        tool["name"] == name
            || (!server.rules.tool_names_case_sensitive
                && tool["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
    };
    tools.into_iter().find(same)
}

/// The name that the code knows a tool by.
fn known_as<'a>(server: &Server, name: &'a str) -> &'a str {
    let own = OWN_NAMES.iter().find(|(_, own)| *own == name && server.options.own_names);
    own.map_or(name, |(fixture, _)| *fixture)
}

async fn run(call: &Call, name: &str, arguments: &Map<String, Value>) -> Outcome {
    if let Some(outcome) = content::run(call, name) {
        return outcome;
    }
    if let Some(outcome) = schemas::run(call, name, arguments) {
        return outcome;
    }
    if let Some(outcome) = stateful::run(call, name, arguments) {
        return outcome;
    }
    if let Some(outcome) = work::run(call, name, arguments).await {
        return outcome;
    }
    if let Some(outcome) = inputs::run(call, name, arguments).await {
        return outcome;
    }
    if let Some(outcome) = triggers::run(call, name, arguments).await {
        return outcome;
    }
    if let Some(outcome) = principals::run(call, name, arguments).await {
        return outcome;
    }
    if let Some(outcome) = tasks::run(call, name, arguments).await {
        return outcome;
    }
    match name {
        "sampling_with_tools" => sampling::run(call, arguments).await,
        _ => Ok(said(format!("{name} was called with {}", Value::Object(arguments.clone())))),
    }
}

/// Every tool, in the order that it is listed in.
fn catalogue(server: &Server) -> Vec<Value> {
    let mut tools = principals::definitions(server);
    tools.extend(content::definitions(server));
    tools.extend(mirrored::definitions());
    tools.extend(schemas::definitions(server));
    tools.extend(work::definitions());
    tools.extend(inputs::definitions());
    tools.extend(sampling::definitions());
    tools.extend(stateful::definitions());
    tools.extend(triggers::definitions());
    tools.extend(tasks::definitions(server));
    if server.options.long_tool_name {
        tools.push(read_only(tool(
            &"n".repeat(100),
            "Has a name of 100 characters",
            no_arguments(),
        )));
    }
    for number in 0..server.options.extra_tools {
        tools.push(read_only(tool(&format!("extra_{number:04}"), "One of many", no_arguments())));
    }
    flaws::spoil(server, &mut tools);
    advice::trim(server, &mut tools);
    for tool in tools.iter_mut().filter(|_| server.options.own_names) {
        let own = OWN_NAMES.iter().find(|(fixture, _)| tool["name"] == *fixture);
        if let Some((_, own)) = own {
            tool["name"] = json!(own);
        }
    }
    if let Some(only) = &server.options.only_tools {
        tools.retain(|tool| only.iter().any(|name| tool["name"] == **name));
    }
    if server.state.dynamic().tool {
        tools.push(read_only(tool("test_dynamic_tool", "Comes and goes", no_arguments())));
    }
    tools
}

fn unknown(call: &Call, name: &str) -> Outcome {
    let rules = call.rules();
    let message = format!("there is no tool {name:?}");
    if !rules.unknown_tool_is_a_protocol_error {
        return Ok(failed(&message));
    }
    let code = match () {
        () if !rules.no_codes_of_the_legacy_range => -32003,
        () if !rules.no_undefined_reserved_codes => -32050,
        () if !rules.reserved_codes_for_their_purpose => RpcError::MISSING_CAPABILITY,
        () if !rules.own_codes_outside_reserved => -32500,
        () => RpcError::INVALID_PARAMS,
    };
    Err(RpcError::new(code, message))
}

fn tool(name: &str, description: &str, input_schema: Value) -> Value {
    let mut tool = json!({ "name": name, "description": description });
    tool["inputSchema"] = input_schema;
    tool
}

/// The tool changes nothing: whoever likes may call it.
fn read_only(mut tool: Value) -> Value {
    tool["annotations"] = json!({ "readOnlyHint": true });
    tool
}

fn no_arguments() -> Value {
    json!({ "type": "object", "additionalProperties": false })
}

/// A result of text.
fn said(words: impl Into<String>) -> Value {
    json!({ "content": [text(words)] })
}

/// A result that says what went wrong, for the model to do better.
fn failed(words: &str) -> Value {
    json!({ "content": [text(words)], "isError": true })
}
