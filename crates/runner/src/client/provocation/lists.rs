//! Lists that are right and unusual, and one that is none.

use plumb_wire::{codes, meta, method};
use serde_json::{Value, json};

use super::Provoked;
use crate::client::offers::{Refusal, cacheable, complete, invalid};

/// The items of paged lists of prompts and of resources, page by page: their names.
pub const MORE: [&[&str]; 4] = [&["greeting"], &[], &["second", "third", "fourth"], &["last"]];

/// A long line has so many bytes.
const LONG: usize = 200 * 1024;

pub(super) fn amend(provoked: Provoked, method: &str, result: &mut Value) {
    match provoked {
        Provoked::OtherName => {
            result["_meta"][meta::SERVER_INFO] =
                json!({ "name": "filesystem", "title": "Files", "version": "99.0.0-beta" });
        }
        Provoked::LongLine if method == method::TOOLS_LIST => {
            result["tools"][0]["description"] = json!("Adds two numbers. ".repeat(LONG / 18));
        }
        Provoked::TaskOnList if method == method::TOOLS_LIST => {
            result["resultType"] = json!("task");
            result["taskId"] = json!(super::TASK);
            result["status"] = json!("working");
            result["createdAt"] = json!("2026-07-28T00:00:00Z");
            result["lastUpdatedAt"] = json!("2026-07-28T00:00:00Z");
            result["ttlMs"] = json!(60_000);
            result["pollIntervalMs"] = json!(100);
        }
        _ => {}
    }
}

/// A page of prompts or of resources, and what comes of using them.
pub(super) fn pages(method: &str, params: &Value) -> Option<Result<Value, Refusal>> {
    let list = |member: &str, item: fn(&str) -> Value| {
        let at = match params.get("cursor").map(Value::as_str) {
            None => Some(0),
            Some(cursor) => (1..MORE.len()).find(|n| cursor == Some(&cursor_of(*n))),
        };
        let Some(at) = at else { return Err(invalid("there is no such cursor".into())) };
        let mut page =
            json!({ member: MORE[at].iter().map(|name| item(name)).collect::<Vec<_>>() });
        if at + 1 < MORE.len() {
            page["nextCursor"] = json!(cursor_of(at + 1));
        }
        Ok(complete(cacheable(page)))
    };
    let known = |name: Option<&str>| MORE.iter().any(|page| page.iter().any(|n| name == Some(n)));
    match method {
        method::PROMPTS_LIST => Some(list("prompts", |name| json!({ "name": name }))),
        method::RESOURCES_LIST => {
            Some(list("resources", |name| json!({ "uri": uri(name), "name": name })))
        }
        method::PROMPTS_GET if known(params["name"].as_str()) => Some(Ok(complete(json!({
            "messages": [{ "role": "user", "content": { "type": "text", "text": "Good day!" } }] })))),
        method::RESOURCES_READ => {
            let of = params["uri"].as_str().and_then(|of| of.strip_prefix("plumb:"));
            Some(if known(of) {
                Ok(complete(cacheable(json!({ "contents": [{ "uri": params["uri"],
                    "mimeType": "text/plain", "text": "Nothing happened." }] }))))
            } else {
                Err(Refusal::new(200, codes::INVALID_PARAMS, "there is no such resource"))
            })
        }
        _ => None,
    }
}

/// The last one reads as a number, and is none.
fn cursor_of(page: usize) -> String {
    if page + 1 == MORE.len() { format!("{page:04}") } else { format!("page {page}") }
}

fn uri(name: &str) -> String {
    format!("plumb:{name}")
}

/// The tool that `http-custom-headers` calls: another parameter is mirrored once the list has changed.
pub(super) fn changing_tools(changed: bool) -> Value {
    let mut tools = crate::client::provoked::mirrored::tools();
    if changed {
        for tool in tools.as_array_mut().into_iter().flatten() {
            tool["inputSchema"]["properties"]["depth"]["x-mcp-header"] = json!("Place");
        }
    }
    tools
}
