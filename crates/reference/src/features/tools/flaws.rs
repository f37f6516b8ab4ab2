//! Definitions that no server should list. A conforming server lists none of them.

use serde_json::{Value, json};

use crate::server::Server;

use super::tool::{no_arguments, tool};

/// Adds to the list what the broken rules make of it.
#[expect(clippy::too_many_lines, reason = "a list: one entry for each rule of definitions")]
pub(super) fn spoil(server: &Server, tools: &mut Vec<Value>) {
    let rules = &server.rules;
    let flawed = [
        (
            rules.annotation_not_empty,
            annotated("flawed_empty", json!({ "a": { "type": "string", "x-mcp-header": "" } })),
        ),
        (
            rules.annotation_is_a_token,
            annotated(
                "flawed_token",
                json!({ "a": { "type": "string", "x-mcp-header": "My Region" } }),
            ),
        ),
        (
            rules.annotation_without_control,
            annotated(
                "flawed_control",
                json!({ "a": { "type": "string", "x-mcp-header": "Region\r\nX-Evil" } }),
            ),
        ),
        (
            rules.annotations_unique,
            annotated(
                "flawed_twice",
                json!({
                    "a": { "type": "string", "x-mcp-header": "Region" },
                    "b": { "type": "string", "x-mcp-header": "REGION" },
                }),
            ),
        ),
        (
            rules.annotation_on_primitive,
            annotated(
                "flawed_number",
                json!({ "a": { "type": "number", "x-mcp-header": "Amount" } }),
            ),
        ),
        (
            rules.annotation_integers_safe,
            annotated(
                "flawed_integer",
                json!({
                    "a": { "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_992_i64, "x-mcp-header": "Amount" },
                }),
            ),
        ),
        (
            rules.annotation_reachable,
            annotated(
                "flawed_items",
                json!({
                    "a": { "type": "array", "items": { "type": "string", "x-mcp-header": "Item" } },
                }),
            ),
        ),
        (
            rules.annotation_not_sensitive,
            annotated(
                "flawed_secret",
                json!({ "api_key": { "type": "string", "x-mcp-header": "Api-Key" } }),
            ),
        ),
        (
            rules.tool_name_length,
            tool(&"n".repeat(129), "Has a name that is too long", no_arguments()),
        ),
        (
            rules.tool_name_characters,
            tool("flawed/slash", "Has a name with a slash", no_arguments()),
        ),
        (
            rules.tool_name_plain,
            tool("flawed, with spaces", "Has a name with spaces and a comma", no_arguments()),
        ),
        (rules.tool_names_unique, tool("test_simple_text", "Is there twice", no_arguments())),
        (rules.tool_schema_is_an_object, json!({ "name": "flawed_null", "inputSchema": null })),
        (
            rules.tool_schema_root_type,
            tool("flawed_root", "Has no type", json!({ "properties": {} })),
        ),
        (
            rules.tool_shape,
            json!({ "name": "flawed_title", "title": 5, "inputSchema": { "type": "object" } }),
        ),
        (
            rules.schema_references_arrive,
            tool(
                "flawed_reference",
                "Refers to what is not there",
                json!({
                    "type": "object",
                    "properties": { "place": { "$ref": "#/$defs/place" } },
                    "$defs": { "plaice": { "type": "string" } },
                }),
            ),
        ),
        (
            rules.schema_patterns_valid,
            tool(
                "flawed_pattern",
                "Has a pattern that no engine reads",
                json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": "^(a" } } }),
            ),
        ),
        (
            rules.schemas_recommended_dialect,
            tool(
                "flawed_dialect",
                "Is behind the times",
                json!({
                    "$schema": "http://json-schema.org/draft-04/schema#",
                    "type": "object",
                }),
            ),
        ),
        (
            rules.schemas_valid,
            json!({
                "name": "flawed_schema",
                "inputSchema": { "type": "object" },
                "outputSchema": { "type": "object", "required": "everything" },
            }),
        ),
    ];
    tools.extend(flawed.into_iter().filter(|(kept, _)| !kept).map(|(_, flaw)| flaw));
    if !rules.no_task_support {
        tools[0]["execution"] = json!({ "taskSupport": "optional" });
    }
}

fn annotated(name: &str, properties: Value) -> Value {
    let mut schema = json!({ "type": "object" });
    schema["properties"] = properties;
    tool(name, "Has an annotation that no client may accept", schema)
}
