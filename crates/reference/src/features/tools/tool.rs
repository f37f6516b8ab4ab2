//! The definition of a tool.

use serde_json::{Value, json};

pub(super) fn tool(name: &str, description: &str, input_schema: Value) -> Value {
    let mut tool = json!({ "name": name, "description": description });
    tool["inputSchema"] = input_schema;
    tool
}

/// The tool changes nothing: whoever likes may call it.
pub(super) fn read_only(mut tool: Value) -> Value {
    tool["annotations"] = json!({ "readOnlyHint": true });
    tool
}

pub(super) fn no_arguments() -> Value {
    json!({ "type": "object", "additionalProperties": false })
}
