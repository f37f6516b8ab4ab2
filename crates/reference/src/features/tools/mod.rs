//! tools/list and tools/call.

pub(crate) mod catalogue;
mod content;
mod flaws;
mod inputs;
mod mirrored;
mod principals;
mod sampling;
mod schemas;
mod stateful;
mod tool;
mod triggers;
mod work;

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use crate::auth::access;
use crate::burden::RIDDLE;
use crate::call::Call;
use crate::lock::{lock, next, now_and_then};
use crate::message::RpcError;
use crate::options::LimitBy;
use crate::schema;

use self::catalogue::{catalogue, definition, known_as};
use self::tool::{no_arguments, tool};
use super::outcome::{Outcome, annotate, failed, said};
use super::tasks::{self, legacy};
use super::{apps, lists};

/// Tools on a page.
const PAGE: usize = 30;

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
    apps::link(rules, &call.meta.capabilities, &mut tools);
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
    // A reading begins with its first page, which alone shows it.
    let begins = !call.params.contains_key("cursor");
    if !rules.tools_ordered && begins && now_and_then(&call.server.state.scratch.tool_lists) {
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
    legacy::refuse_parameter(call)?;
    let mut arguments = match call.params.get("arguments") {
        None if !rules.absent_arguments_are_none => {
            return Err(call.malformed("arguments are missing"));
        }
        None => Map::new(),
        Some(Value::Object(arguments)) => arguments.clone(),
        Some(_) if !rules.malformed_call_refused => Map::new(),
        Some(_) => return Err(call.malformed("arguments is not an object")),
    };
    let Some(definition) = definition(&call.server, name) else { return unknown(call, name) };
    if !call.server.state.admit(call.server.options.calls_per_second) {
        return limited(call.server.options.limit_by);
    }
    let Some(_at_work) = call.server.state.begin(call.server.options.calls_at_once) else {
        return limited(call.server.options.limit_by);
    };
    if definition["name"] == RIDDLE {
        return Ok(failed("the arguments are more than this server reads"));
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
    let words =
        "rate limit exceeded: too many calls at once or in one second, try again in the next";
    match by {
        LimitBy::ToolError => Ok(failed(words)),
        LimitBy::RpcError => Err(RpcError::new(-30_029, words)),
        LimitBy::Status429 => Err(RpcError::new(-30_029, words).status(429)),
    }
}

async fn run(call: &Call, name: &str, arguments: &Map<String, Value>) -> Outcome {
    if let Some(outcome) = content::run(call, name) {
        return outcome;
    }
    if let Some(outcome) = schemas::run(call, name, arguments).await {
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
    if let Some(outcome) = tasks::tools::run(call, name, arguments).await {
        return outcome;
    }
    match name {
        "sampling_with_tools" => sampling::run(call, arguments).await,
        _ => Ok(said(format!("{name} was called with {}", Value::Object(arguments.clone())))),
    }
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
