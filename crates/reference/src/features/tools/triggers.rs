//! Tools that change what subscriptions are told of.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::outcome::{Outcome, said};
use crate::features::resources::catalogue::WATCHED;
use crate::features::{prompts, resources};
use crate::state::Event;

use super::tool::{no_arguments, tool};

pub(super) fn definitions() -> Vec<Value> {
    let uri = json!({
        "type": "object",
        "properties": { "uri": { "type": "string", "default": WATCHED } },
        "additionalProperties": false,
    });
    vec![
        tool("test_trigger_tool_change", "Adds a tool, or removes it again", no_arguments()),
        tool("test_trigger_prompt_change", "Adds a prompt, or removes it again", no_arguments()),
        tool(
            "test_trigger_resource_change",
            "Adds a resource, or removes it again",
            no_arguments(),
        ),
        tool(
            "test_update_resource",
            "Updates a resource, the watched one unless another is named",
            uri,
        ),
    ]
}

pub(super) async fn run(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Outcome> {
    let server = &call.server;
    let event = match name {
        "test_trigger_tool_change" => {
            server.state.change(|dynamic| dynamic.tool = !dynamic.tool, Event::ToolsChanged);
            Event::ToolsChanged
        }
        "test_trigger_prompt_change" => prompts::toggle(server),
        "test_trigger_resource_change" => resources::toggle(server),
        "test_update_resource" => {
            let uri = arguments.get("uri").and_then(Value::as_str).unwrap_or(WATCHED);
            resources::update(server, uri)
        }
        _ => return None,
    };
    call.blurt(&event).await;
    Some(Ok(said("changed")))
}
