//! The body of a request.

use axum::body::{Body, Bytes};
use serde_json::Value;

/// The largest body read, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// All of the body; `None` if it is larger than is read, or cut off.
pub(super) async fn read(body: Body) -> Option<Bytes> {
    axum::body::to_bytes(body, BODY_LIMIT).await.ok()
}

/// Whether the body was meant to be a notification: it has a method and no id.
pub(super) fn is_notification(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body)
        .is_ok_and(|message| message.get("method").is_some() && message.get("id").is_none())
}
