//! Results of calls that are not what they are said to be.

use plumb_wire::method;
use serde_json::{Value, json};

use super::Provoked;
use crate::client::scenario::REFERRED;

/// The dialect that the revision has for schemas that name none.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

pub(super) fn amend(provoked: Provoked, origin: &str, method: &str, result: &mut Value) {
    match method {
        method::TOOLS_LIST => {
            if let Some(schema) = schema(provoked, origin) {
                for tool in result["tools"].as_array_mut().into_iter().flatten() {
                    tool["outputSchema"] = schema.clone();
                }
            }
        }
        method::TOOLS_CALL if provoked == Provoked::BadContent => {
            result["content"] = json!([{ "type": "text" }, 7]);
        }
        method::TOOLS_CALL => {
            let content = content(provoked);
            // Whatever it was called with: an error would need no valid content.
            result["isError"] = json!(false);
            result["content"] = json!([{ "type": "text", "text": content.to_string() }]);
            result["structuredContent"] = content;
        }
        _ => {}
    }
}

fn schema(provoked: Provoked, origin: &str) -> Option<Value> {
    // By JSON Schema 2020-12 a number and a text; by earlier drafts, where `prefixItems` says nothing, an empty array.
    let pair = json!({ "type": "array", "prefixItems": [{ "type": "number" }, { "type": "string" }],
        "items": false });
    let object = |pair: Value| json!({ "type": "object", "properties": { "pair": pair }, "required": ["pair"] });
    Some(match provoked {
        Provoked::InvalidOutput => json!({ "type": "object",
            "properties": { "sum": { "type": "number" } }, "required": ["sum"] }),
        Provoked::DefaultDialect => object(pair),
        Provoked::InvalidByDefault => {
            object(json!({ "type": "array", "prefixItems": [{ "type": "number" }] }))
        }
        Provoked::InvalidByDialect => {
            let mut schema =
                object(json!({ "type": "array", "prefixItems": [{ "type": "number" }] }));
            schema["$schema"] = json!(DIALECT);
            schema
        }
        Provoked::OutputReference => json!({ "type": "object",
            "properties": { "sum": { "$ref": format!("{origin}{REFERRED}") } } }),
        _ => return None,
    })
}

fn content(provoked: Provoked) -> Value {
    match provoked {
        Provoked::InvalidOutput => json!({ "sum": "eight" }),
        Provoked::DefaultDialect => json!({ "pair": [8, "eight"] }),
        Provoked::InvalidByDefault | Provoked::InvalidByDialect => json!({ "pair": ["eight"] }),
        _ => json!({ "sum": 8 }),
    }
}
