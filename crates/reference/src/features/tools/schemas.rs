//! Tools with something to validate: strict arguments, dialects, structured results.

use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::call::Call;
use crate::content::text;
use crate::features::outcome::{Outcome, said};
use crate::lock::lock;
use crate::server::Server;

use super::tool::{no_arguments, read_only, tool};

pub(super) fn definitions(server: &Server) -> Vec<Value> {
    let mut tools = vec![
        tool(
            "json_schema_2020_12_tool",
            "Uses the keywords of JSON Schema 2020-12",
            address_schema(),
        ),
        tool("strict_arguments", "Accepts exactly what its schema allows", strict_schema()),
        tool("strict_2020_12", "Needs a validator of 2020-12, by default", newer_schema(None)),
        tool(
            "strict_2020_12_declared",
            "Needs a validator of 2020-12, by declaration",
            newer_schema(Some("2020-12")),
        ),
        tool("draft07_tuple", "Needs a validator of draft-07", draft07_schema()),
        structured("structured_object", "The weather, as an object", weather_schema()),
        structured(
            "structured_array",
            "The weather of several days, as an array",
            json!({ "type": "array", "items": weather_schema(), "minItems": 1 }),
        ),
        structured(
            "structured_primitive",
            "The temperature, as a number",
            json!({ "type": "number" }),
        ),
    ];
    if server.options.uncommon_values {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": { "note": { "type": "string", "pattern": "]?" } },
        });
        tools.push(tool("uncommon_pattern", "Has a pattern that not every engine reads", schema));
    }
    if let Some(url) = &server.options.external_ref {
        let schema = json!({ "type": "object", "properties": { "value": { "$ref": url } } });
        tools.push(tool("external_ref", "Its schema refers to another place", schema));
    }
    tools.into_iter().map(read_only).collect()
}

pub(super) async fn run(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Outcome> {
    let sunny = json!({ "temperature": 22.5, "conditions": "sunny", "humidity": 65 });
    let value = match name {
        "structured_object" if !call.rules().structured_results_conform => {
            json!({ "temperature": "22.5 °C" })
        }
        "structured_object" => sunny,
        "structured_array" => json!([sunny]),
        "structured_primitive" => json!(22.5),
        "json_schema_2020_12_tool"
        | "strict_arguments"
        | "strict_2020_12"
        | "strict_2020_12_declared"
        | "draft07_tuple"
        | "uncommon_pattern"
        | "external_ref" => {
            let mut arguments = arguments.clone();
            if !call.rules().calls_keep_their_arguments {
                mixed_up(call, &mut arguments).await;
            }
            return Some(Ok(said(format!("accepted {}", Value::Object(arguments)))));
        }
        _ => return None,
    };
    let copy = if call.rules().structured_text_copy {
        value.to_string()
    } else {
        "see the structured content".into()
    };
    let mut result = json!({ "content": [text(copy)] });
    if call.rules().structured_results_present {
        result["structuredContent"] = value;
    }
    Some(Ok(result))
}

/// Keeps an argument where all calls find it, and takes it from there a moment later, as no server may.
async fn mixed_up(call: &Call, arguments: &mut Map<String, Value>) {
    let Some(deadline) = arguments.get_mut("deadline") else { return };
    let kept = &call.server.state.scratch.last_deadline;
    lock(kept).replace(deadline.clone());
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    *deadline = lock(kept).clone().unwrap_or_default();
}

/// Fetches what a schema refers to, as no server may.
pub(super) async fn dereference(call: &Call, definition: &Value) {
    if call.rules().references_not_fetched || definition["name"] != "external_ref" {
        return;
    }
    let url = call.server.options.external_ref.as_deref().unwrap_or_default();
    let Some((authority, path)) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'))
    else {
        return;
    };
    if let Ok(mut stream) = tokio::net::TcpStream::connect(authority).await {
        let request =
            format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        // Whatever comes back: the harm is in asking.
        let _ = stream.write_all(request.as_bytes()).await;
        let _ = stream.read(&mut [0; 1_024]).await;
    }
}

fn structured(name: &str, description: &str, output_schema: Value) -> Value {
    let mut tool = tool(name, description, no_arguments());
    tool["outputSchema"] = output_schema;
    tool
}

fn weather_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "temperature": { "type": "number" },
            "conditions": { "type": "string" },
            "humidity": { "type": "integer", "minimum": 0, "maximum": 100 },
        },
        "required": ["temperature", "conditions", "humidity"],
    })
}

/// The keywords that the official suite looks for.
fn address_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }, { "required": ["name"] }] }],
        "anyOf": [{ "properties": { "name": { "minLength": 1 } } }, { "required": ["email"] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "properties": { "phone": { "maxLength": 40 } } },
        "required": ["name"],
        "additionalProperties": false,
    })
}

fn strict_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "code": { "type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$", "examples": ["ABC-1234"] },
            "amount": { "type": "integer", "minimum": 1, "maximum": 10 },
            "kind": { "type": "string", "enum": ["normal", "express"] },
            "deadline": { "type": "string", "minLength": 1, "maxLength": 40 },
            "options": {
                "type": "object",
                "properties": { "dry_run": { "type": "boolean" } },
                "additionalProperties": false,
            },
            "stops": {
                "type": "array",
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": { "city": { "type": "string", "minLength": 1 }, "days": { "type": "integer", "minimum": 1 } },
                    "required": ["city"],
                },
            },
        },
        "required": ["code"],
        "if": { "properties": { "kind": { "const": "express" } }, "required": ["kind"] },
        "then": { "required": ["deadline"] },
        "additionalProperties": false,
    })
}

/// A schema that a validator of draft-07 takes for an open one.
fn newer_schema(declared: Option<&str>) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": {
            "point": {
                "type": "array",
                "prefixItems": [{ "type": "number" }, { "type": "string" }],
                "minItems": 2,
                "maxItems": 2,
            },
            "card": { "type": "string" },
            "billing": { "type": "string" },
        },
        "dependentRequired": { "card": ["billing"] },
        "unevaluatedProperties": false,
    });
    if let Some(declared) = declared {
        schema["$schema"] = json!(format!("https://json-schema.org/draft/{declared}/schema"));
    }
    schema
}

/// A schema whose tuple means nothing in 2020-12.
fn draft07_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "pair": {
                "type": "array",
                "items": [{ "type": "string" }, { "type": "integer" }],
                "additionalItems": false,
                "minItems": 2,
            },
        },
        "required": ["pair"],
        "additionalProperties": false,
    })
}
