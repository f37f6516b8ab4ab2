//! A server of an earlier revision: it opens by a handshake, and its results have no type.

use plumb_model::Edition;
use plumb_wire::http::Response;
use plumb_wire::jsonrpc::Kind;
use plumb_wire::{Asked, codes, header, meta, method};
use serde_json::{Value, json};

use super::Provoked;
use crate::client::server::ENDPOINT;

/// The revision that it speaks.
const SPOKEN: &str = "2025-11-25";

/// What servers of earlier revisions say to a request without a session.
const NO_SESSION: i64 = -32000;

pub(super) fn answered(provoked: Provoked, asked: &Asked, edition: &Edition) -> Option<Response> {
    if asked.target() != ENDPOINT || asked.method() != "POST" {
        return None;
    }
    let message = asked.message();
    let body = message.json.as_ref().unwrap_or(&Value::Null);
    if message.kind == Kind::Notification {
        return Some(Response::new(202));
    }
    let named = body["params"]["_meta"].get(meta::PROTOCOL_VERSION).is_some();
    let field = asked.header(header::PROTOCOL_VERSION) == Some(edition.revision.as_str());
    let opens = message.method() == Some(method::OLD_INITIALIZE);
    if !opens && (named || field) {
        return Some(refused(provoked, message.id()));
    }
    let result = match message.method() {
        Some(method::OLD_INITIALIZE) => json!({
            "protocolVersion": SPOKEN,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "plumb", "version": env!("CARGO_PKG_VERSION") },
        }),
        Some("ping") => json!({}),
        Some(method::TOOLS_LIST) => json!({ "tools": [{
            "name": "add_numbers",
            "description": "Adds two numbers.",
            "inputSchema": { "type": "object", "properties": {
                "a": { "type": "number" }, "b": { "type": "number" } }, "required": ["a", "b"] },
            "annotations": { "readOnlyHint": true },
        }] }),
        Some(method::TOOLS_CALL) => json!({ "content": [{ "type": "text", "text": "8" }] }),
        _ => {
            let error = json!({ "code": codes::METHOD_NOT_FOUND, "message": "Method not found" });
            let answer = json!({ "jsonrpc": "2.0", "id": message.id(), "error": error });
            return Some(Response::json(&answer));
        }
    };
    let answer = json!({ "jsonrpc": "2.0", "id": message.id(), "result": result });
    Some(Response::json(&answer))
}

/// How it refuses a request that it does not understand.
fn refused(provoked: Provoked, id: Option<&Value>) -> Response {
    match provoked {
        // Over standard streams, what has no body is not said at all.
        Provoked::EarlierEmpty | Provoked::EarlierSilent => Response::new(400),
        Provoked::EarlierPage => Response::new(400)
            .header("Content-Type", "text/html")
            .body("<!doctype html><title>Bad Request</title>"),
        _ => {
            let (code, message) = match provoked {
                Provoked::EarlierMethod => (codes::METHOD_NOT_FOUND, "Method not found"),
                Provoked::EarlierParams => (codes::INVALID_PARAMS, "Invalid request parameters"),
                _ => (NO_SESSION, "Bad Request: Server not initialized"),
            };
            let error = json!({ "code": code, "message": message });
            let answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
            Response { status: 400, ..Response::json(&answer) }
        }
    }
}
