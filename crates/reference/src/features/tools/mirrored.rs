//! A tool whose arguments are mirrored into headers.

use serde_json::{Map, Value, json};

use super::tool::{read_only, tool};

pub(super) fn definitions() -> Vec<Value> {
    let schema = json!({
        "type": "object",
        "properties": {
            "region": { "type": "string", "description": "Where to work", "x-mcp-header": "Region" },
            "count": {
                "type": "integer",
                "minimum": -9_007_199_254_740_991_i64,
                "maximum": 9_007_199_254_740_991_i64,
                "x-mcp-header": "Count",
            },
            "budget": { "type": "integer", "description": "As much as it takes", "x-mcp-header": "Budget" },
            "dry_run": { "type": "boolean", "x-mcp-header": "Dry-Run" },
            "note": { "type": "string", "x-mcp-header": "Note" },
            "routing": {
                "type": "object",
                "properties": { "tenant": { "type": "string", "x-mcp-header": "Tenant" } },
            },
            "remark": { "type": "string", "description": "Stays in the body" },
        },
        "required": ["region"],
    });
    vec![read_only(tool(
        "test_custom_headers",
        "Repeats arguments that are mirrored into headers",
        schema,
    ))]
}

/// A mirrored parameter that is null counts as absent: no header is expected for it.
pub(super) fn drop_nulls(arguments: &mut Map<String, Value>) {
    for name in ["count", "budget", "dry_run", "note"] {
        if arguments.get(name) == Some(&Value::Null) {
            arguments.shift_remove(name);
        }
    }
    if let Some(Value::Object(routing)) = arguments.get_mut("routing")
        && routing.get("tenant") == Some(&Value::Null)
    {
        routing.shift_remove("tenant");
    }
}
