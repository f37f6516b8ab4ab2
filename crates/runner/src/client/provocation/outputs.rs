//! Results of calls that cannot be read without fetching something.

use plumb_wire::method;
use serde_json::{Value, json};

use crate::client::scenario::REFERRED;

pub(super) fn amend(origin: &str, method: &str, result: &mut Value) {
    match method {
        method::TOOLS_LIST => {
            let schema = json!({ "type": "object",
                "properties": { "sum": { "$ref": format!("{origin}{REFERRED}") } } });
            for tool in result["tools"].as_array_mut().into_iter().flatten() {
                tool["outputSchema"] = schema.clone();
            }
        }
        method::TOOLS_CALL => {
            let content = json!({ "sum": 8 });
            // Whatever it was called with: an error would need no valid content.
            result["isError"] = json!(false);
            result["content"] = json!([{ "type": "text", "text": content.to_string() }]);
            result["structuredContent"] = content;
        }
        _ => {}
    }
}
