//! What a gateway may remember: lists, reads and `server/discover`, as long as they are fresh, and private ones for who has
//! asked.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Asked, Shared, is};
use crate::lock::lock;

/// So many answers are remembered.
const MOST: usize = 256;

/// An answer that is remembered although it must not be.
const WRONGLY: Duration = Duration::from_secs(5);

const CACHEABLE: [&str; 6] = [
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];

/// The answers that are remembered.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, (Instant, Cached)>>);

/// An answer as it is remembered.
#[derive(Clone)]
pub(super) struct Cached {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Cached {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Self {
        let mut headers = headers.clone();
        headers.remove(header::CONTENT_LENGTH);
        Self { status, headers, body: body.clone() }
    }

    pub(super) fn into_response(self) -> Response {
        (self.status, self.headers, Body::from(self.body)).into_response()
    }

    /// The same for another request, which has an id of its own.
    fn under(mut self, id: &Value) -> Self {
        if let Ok(mut message) = serde_json::from_slice::<Value>(&self.body) {
            message["id"] = id.clone();
            self.body = message.to_string().into();
        }
        self
    }
}

impl Cache {
    /// What is remembered for a request, and still fresh.
    pub(super) fn fresh(&self, shared: &Shared, asked: &Asked) -> Option<Cached> {
        let message: Value = serde_json::from_slice(&asked.body).ok()?;
        let known = lock(&self.0);
        let (until, cached) = known.get(&key(shared, asked, &message)?)?;
        if *until < Instant::now() {
            return None;
        }
        let cached = cached.clone();
        Some(if shared.keeps("ids_kept_apart") { cached.under(&message["id"]) } else { cached })
    }

    /// Remembers an answer, if that is allowed or the rule against it is broken.
    pub(super) fn keep(&self, shared: &Shared, asked: &Asked, cached: &Cached) {
        let Ok(message) = serde_json::from_slice::<Value>(&asked.body) else { return };
        let Some(key) = key(shared, asked, &message) else { return };
        let result = serde_json::from_slice::<Value>(&cached.body).unwrap_or_default();
        let result = &result["result"];
        if cached.status != StatusCode::OK
            || !is(&cached.headers, "application/json")
            || result.is_null()
        {
            return;
        }
        let told = result["ttlMs"].as_u64().map(Duration::from_millis).unwrap_or_default();
        let fresh = if shared.gateway.caches { told } else { told.max(WRONGLY) };
        let mut known = lock(&self.0);
        if known.len() < MOST && !fresh.is_zero() {
            known.insert(key, (Instant::now() + fresh, cached.clone()));
        }
    }
}

/// By what an answer is found again; `None` for what is not remembered.
fn key(shared: &Shared, asked: &Asked, message: &Value) -> Option<String> {
    let method = message["method"].as_str()?;
    let calls = !shared.keeps("calls_not_cached") && method == "tools/call";
    let lists = CACHEABLE.contains(&method)
        && (shared.gateway.caches
            || !shared.keeps("private_kept_apart")
            || !shared.keeps("ids_kept_apart"));
    if !calls && !lists {
        return None;
    }
    let who =
        asked.headers.get(header::AUTHORIZATION).filter(|_| shared.keeps("private_kept_apart"));
    let who = who.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    // What the server refuses for its fields is never found here: they are part of the key.
    let fields = ["mcp-method", "mcp-name", "mcp-protocol-version"];
    let fields = fields.map(|name| asked.headers.get(name).map(|v| v.as_bytes().to_vec()));
    Some(json!([who, method, message["params"], fields]).to_string())
}
