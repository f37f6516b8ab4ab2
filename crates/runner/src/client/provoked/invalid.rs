//! Tools that a client leaves out of its list, for an `x-mcp-header` that is not valid, and those that it keeps.

use plumb_wire::header::ANNOTATION;
use serde_json::{Value, json};

/// What is wrong with tools, and the names of those.
pub const INVALID: [(&str, &[&str]); 7] = [
    ("empty", &["header_empty"]),
    ("no token", &["header_with_space", "header_with_colon", "header_not_ascii"]),
    ("control", &["header_with_tab", "header_with_line_feed", "header_with_return"]),
    ("duplicate", &["header_twice", "header_twice_in_another_case"]),
    ("no primitive", &["header_on_object", "header_on_array", "header_on_null"]),
    ("number", &["header_on_number"]),
    (
        "unreachable",
        &[
            "header_below_items",
            "header_below_prefix_items",
            "header_below_one_of",
            "header_below_any_of",
            "header_below_all_of",
            "header_below_not",
            "header_below_then",
            "header_below_else",
            "header_below_ref",
            "header_below_additional",
            "header_below_pattern",
        ],
    ),
];

/// The tools that are valid.
pub const KEPT: [&str; 2] = ["valid_tool", "valid_nested_tool"];

pub(super) fn tools() -> Value {
    let named = INVALID.iter().flat_map(|(_, names)| *names).chain(&KEPT);
    Value::Array(named.map(|name| tool(name)).collect())
}

fn tool(name: &str) -> Value {
    json!({
        "name": name,
        "description": "Does nothing.",
        "inputSchema": schema(name),
        "annotations": { "readOnlyHint": true },
    })
}

fn schema(name: &str) -> Value {
    let on = |of: &str, header: &str| json!({ "type": of, ANNOTATION: header });
    let value = |property: Value| json!({ "type": "object", "properties": { "value": property } });
    let inner = || value(on("string", "Inner"));
    match name {
        "header_empty" => value(on("string", "")),
        "header_with_space" => value(on("string", "My Region")),
        "header_with_colon" => value(on("string", "Region:Primary")),
        "header_not_ascii" => value(on("string", "Région")),
        "header_with_tab" => value(on("string", "Region\tX")),
        "header_with_line_feed" => value(on("string", "Region\nX")),
        "header_with_return" => value(on("string", "Region\rX")),
        "header_twice" => two("Region", "Region"),
        "header_twice_in_another_case" => two("Region", "REGION"),
        "header_on_object" => value(on("object", "Value")),
        "header_on_array" => value(on("array", "Value")),
        "header_on_null" => value(on("null", "Value")),
        "header_on_number" => value(on("number", "Value")),
        "header_below_items" => value(json!({ "type": "array", "items": inner() })),
        "header_below_prefix_items" => value(json!({ "type": "array", "prefixItems": [inner()] })),
        "header_below_any_of" => {
            json!({ "type": "object", "anyOf": [inner(), { "type": "object" }] })
        }
        "header_below_all_of" => json!({ "type": "object", "allOf": [inner()] }),
        "header_below_not" => json!({ "type": "object", "not": inner() }),
        "header_below_else" => json!({ "type": "object", "if": {}, "else": inner() }),
        "header_below_additional" => {
            json!({ "type": "object", "additionalProperties": on("string", "Inner") })
        }
        "header_below_pattern" => {
            json!({ "type": "object", "patternProperties": { "^x": on("string", "Inner") } })
        }
        "header_below_one_of" => {
            json!({ "type": "object", "oneOf": [inner(), { "type": "object" }] })
        }
        "header_below_then" => json!({ "type": "object", "if": {}, "then": inner() }),
        "header_below_ref" => json!({ "type": "object", "$defs": { "inner": inner() },
            "properties": { "value": { "$ref": "#/$defs/inner" } } }),
        "valid_nested_tool" => {
            json!({ "type": "object", "properties": { "outer": value(on("string", "Outer")) } })
        }
        _ => value(on("string", "Value")),
    }
}

fn two(first: &str, second: &str) -> Value {
    json!({ "type": "object", "properties": {
        "value": { "type": "string", ANNOTATION: first },
        "other": { "type": "string", ANNOTATION: second },
    } })
}
