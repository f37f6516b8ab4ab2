//! What a server that serves the revisions with a handshake alone says to clients of the newest, where it has heard of that.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{SPOKEN, failed};
use crate::revision::SERVED;

/// Tells which revisions it serves, by `server/discover`, and by the error to all else.
pub(super) fn told(message: &Value) -> Response {
    if message["method"] == "server/discover" {
        let info = json!({"name": "plumb-handshake", "version": env!("CARGO_PKG_VERSION")});
        let result = json!({
            "resultType": "complete", "ttlMs": 0, "cacheScope": "public", "supportedVersions": SPOKEN,
            "capabilities": {"tools": {}, "resources": {}, "prompts": {}},
            "_meta": {"io.modelcontextprotocol/serverInfo": info},
        });
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        return axum::Json(answer).into_response();
    }
    let error = json!({
        "code": -32022, "message": "this revision is not served here",
        "data": {"supported": SPOKEN, "requested": SERVED},
    });
    (StatusCode::BAD_REQUEST, axum::Json(failed(message.get("id"), &error))).into_response()
}
