//! The server over HTTP, with the metadata of a protected one beside it.

mod streams;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Asker, Earlier, Session, lock};
use crate::revision::{PREVIOUS, SERVED};

/// Two clients that ask at once do so within this time.
const AT_ONCE: Duration = Duration::from_millis(300);

/// Serves on the listener until the process ends. The endpoint is `/mcp`.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_earlier_http(ways: Vec<String>, listener: TcpListener) -> io::Result<()> {
    let app = Router::new().fallback(serve).with_state(Earlier::new(ways));
    axum::serve(listener, app).await
}

async fn serve(
    State(server): State<Arc<Earlier>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let host = field(&headers, "host").unwrap_or_default();
    if let Some(document) = server.well_known(uri.path(), host) {
        return document;
    }
    if server.has("protected") && field(&headers, "authorization").is_none() {
        return server.challenge(host);
    }
    match (method.as_str(), uri.path()) {
        ("OPTIONS", _) => server.preflight(),
        ("GET", "/sse") if server.has("stream.http-sse-2024") => streams::of_2024(),
        ("GET", "/mcp") => server.get(&headers),
        ("DELETE", "/mcp") => match field(&headers, "mcp-session-id") {
            Some(id) if server.has("session.ended-by-client") => {
                server.sessions().remove(id);
                lock(&server.ended).insert(id.to_owned());
                StatusCode::OK.into_response()
            }
            Some(_) if server.has("delete-ignored") => StatusCode::OK.into_response(),
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        },
        ("POST", "/mcp") => server.post(&headers, &body).await,
        (_, "/mcp") => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Earlier {
    async fn post(self: Arc<Self>, headers: &HeaderMap, body: &Bytes) -> Response {
        let Ok(message) = serde_json::from_slice::<Value>(body) else {
            return refusal(StatusCode::BAD_REQUEST, -32700, "no JSON");
        };
        let meta = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        let session = field(headers, "mcp-session-id").map(str::to_owned);
        let modern = meta.is_string();
        let asker = Asker { session, modern, way: None };
        if let Some(batch) = message.as_array() {
            if !self.has("batch.accepted") {
                return refusal(StatusCode::BAD_REQUEST, -32600, "an array");
            }
            let mut all = Vec::new();
            for request in batch {
                all.push(self.answer(&asker, request).await);
            }
            return (StatusCode::OK, axum::Json(Value::Array(all))).into_response();
        }
        if message["method"].is_null() {
            self.answered(&message);
            return StatusCode::ACCEPTED.into_response();
        }
        if let Some(refused) = self.refused(&asker, headers, &message) {
            return refused;
        }
        if message.get("id").is_none() {
            self.notified(&asker, &message);
            return StatusCode::ACCEPTED.into_response();
        }
        if message["method"] == "initialize" && !modern {
            return self.initialize(&asker, &message).await;
        }
        self.request(asker, message).await
    }

    async fn request(self: Arc<Self>, asker: Asker, message: Value) -> Response {
        if self.has("session.interleaved") {
            let id = message["id"].to_string();
            let first = lock(&self.in_flight).insert(id.clone());
            tokio::time::sleep(AT_ONCE).await;
            lock(&self.in_flight).remove(&id);
            if !first {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        }
        let streams = ["stream.event-ids", "stream.replay", "stream.retry-polling"];
        if message["method"] == "tools/call" || self.has_any(&streams) {
            return self.streamed(asker, message);
        }
        let unknown = asker.modern && !self.has("http.unknown-method-status");
        let answer = self.answer(&asker, &message).await;
        let status = match answer["error"]["code"].as_i64() {
            Some(-32601) if unknown => StatusCode::NOT_FOUND,
            Some(-32601) | None => StatusCode::OK,
            Some(_) => StatusCode::BAD_REQUEST,
        };
        (status, axum::Json(answer)).into_response()
    }

    async fn initialize(&self, asker: &Asker, message: &Value) -> Response {
        let Some(id) = self.begun(message) else {
            return refusal(StatusCode::BAD_REQUEST, -32600, "already initialized");
        };
        let answer = axum::Json(self.answer(asker, message).await);
        if id.is_empty() {
            return answer.into_response();
        }
        ([("mcp-session-id", id)], answer).into_response()
    }

    /// The id of a new session, empty if it has none; `None` where there may be no other.
    fn begun(&self, message: &Value) -> Option<String> {
        let id = if self.mints() {
            format!("session-{}-{}", self.process, self.next())
        } else {
            String::new()
        };
        let capabilities = message["params"]["capabilities"].clone();
        let mut sessions = self.sessions();
        if self.has("session.single-client") && !sessions.is_empty() {
            return None;
        }
        sessions.insert(id.clone(), Session { capabilities, ..Session::default() });
        Some(id)
    }

    /// Why a request is not taken at all.
    fn refused(&self, asker: &Asker, headers: &HeaderMap, message: &Value) -> Option<Response> {
        let version = field(headers, "mcp-protocol-version");
        let known = [SERVED, PREVIOUS, "2025-06-18", "2025-03-26"];
        if version.is_some_and(|v| !known.contains(&v)) && !self.has("http.version-unchecked") {
            return Some(refusal(StatusCode::BAD_REQUEST, -32022, "an unknown version"));
        }
        let mirrored = field(headers, "mcp-method").is_none_or(|m| message["method"] == m);
        if asker.modern && !mirrored && !self.has("http.headers-unchecked") {
            return Some(refusal(StatusCode::BAD_REQUEST, -32020, "the header says otherwise"));
        }
        if asker.modern || message["method"] == "initialize" {
            return None;
        }
        let required = self.has_any(&["session.required", "core.handshake-required"]);
        let checked =
            self.has_any(&["session.unknown-status", "replica.session", "restart.session"]);
        match &asker.session {
            None if required => Some(refusal(StatusCode::BAD_REQUEST, -32600, "no session")),
            Some(id)
                if lock(&self.ended).contains(id)
                    || checked && !self.sessions().contains_key(id) =>
            {
                Some(refusal(StatusCode::NOT_FOUND, -32600, "no such session"))
            }
            _ => None,
        }
    }

    fn notified(&self, asker: &Asker, message: &Value) {
        if message["method"] == "notifications/roots/list_changed"
            && self.has("method.roots-list-changed")
        {
            self.ask_for_roots(asker.session.as_deref());
        }
    }

    fn preflight(&self) -> Response {
        let headers = if self.has("http.cors") {
            "content-type"
        } else {
            "content-type, mcp-method, mcp-name, mcp-protocol-version"
        };
        let granted =
            [("access-control-allow-origin", "*"), ("access-control-allow-headers", headers)];
        (StatusCode::NO_CONTENT, granted).into_response()
    }

    fn challenge(&self, host: &str) -> Response {
        let mut parts = vec!["Bearer realm=\"plumb\"".to_owned()];
        if !self.has("auth.challenge") {
            let at = format!("http://{host}/.well-known/oauth-protected-resource/mcp");
            parts.push(format!("resource_metadata=\"{at}\""));
        }
        if !self.has("auth.scopes") {
            parts.push("scope=\"read\"".to_owned());
        }
        (StatusCode::UNAUTHORIZED, [("www-authenticate", parts.join(", "))]).into_response()
    }

    /// What it publishes about itself.
    fn described(&self, path: &str, host: &str) -> Option<Response> {
        let description = match path {
            "/.well-known/mcp-server.json" if self.has("card.superseded") => {
                json!({"name": "plumb-earlier", "version": "1", "endpoint": "/mcp"})
            }
            "/mcp/server-card" if self.has("card.versions") => json!({
                "name": "com.example/plumb-earlier",
                "version": "1",
                "description": "A server of the revision before",
                "remotes": [{
                    "type": "streamable-http",
                    "url": format!("http://{host}/mcp"),
                    "supportedProtocolVersions": ["2025-11-25"],
                }],
            }),
            _ => return None,
        };
        Some(axum::Json(description).into_response())
    }

    /// A document that a protected server, or its authorization server, has.
    fn well_known(&self, path: &str, host: &str) -> Option<Response> {
        if let Some(described) = self.described(path, host) {
            return Some(described);
        }
        if !self.has("protected") {
            return None;
        }
        let issuer = format!("http://{host}");
        let document = match path {
            "/.well-known/oauth-protected-resource/mcp" if !self.has("auth.resource-metadata") => {
                json!({"resource": format!("{issuer}/mcp"), "authorization_servers": [issuer]})
            }
            "/.well-known/oauth-authorization-server" => json!({
                "issuer": issuer,
                "registration_endpoint": format!("{issuer}/register"),
                "client_id_metadata_document_supported": !self.has("auth.registration"),
                "authorization_response_iss_parameter_supported": !self.has("auth.iss"),
            }),
            _ => return None,
        };
        Some(axum::Json(document).into_response())
    }
}

/// A field of the head.
fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refusal(status: StatusCode, code: i64, message: &str) -> Response {
    let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
    (status, axum::Json(error)).into_response()
}

/// A stream of events, each of them as it is written.
fn events(events: mpsc::UnboundedReceiver<String>) -> Response {
    let stream = futures_util::stream::unfold(events, |mut events| async move {
        let event = events.recv().await?;
        Some((Ok::<_, Infallible>(event), events))
    });
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}
