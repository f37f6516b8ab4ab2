//! A server of two eras at one endpoint, over HTTP: the server of this revision, and that of the revisions before it. Each
//! request says whose it is, and neither knows of the other.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::handshake;
use crate::http::{self, Peer, Running};
use crate::reference::Reference;
use crate::server::Server;

/// Larger bodies than either server takes.
const MOST: usize = 8 << 20;

/// What a request of this revision says of itself.
const VERSION: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

/// Both servers.
#[derive(Clone)]
struct Eras {
    modern: Arc<Server>,
    legacy: Arc<handshake::Server>,
}

/// Serves both eras on the listener until the process ends, with these rules of the earlier one broken. The endpoint is `/mcp`.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_dual_http(
    reference: Reference,
    broken: Vec<String>,
    listener: TcpListener,
) -> io::Result<()> {
    let server = Server::new(reference);
    let app = app(&server, &broken);
    http::serve(server, app, listener, std::future::pending()).await
}

/// Serves both eras on a free port of the loopback interface.
///
/// # Errors
///
/// When no port can be had.
pub async fn spawn_dual_http(reference: Reference, broken: &[&str]) -> io::Result<Running> {
    let server = Server::new(reference);
    let broken: Vec<String> = broken.iter().map(|rule| (*rule).to_owned()).collect();
    let app = app(&server, &broken);
    http::spawn(server, app).await
}

fn app(modern: &Arc<Server>, broken: &[String]) -> Router {
    let eras = Eras { modern: Arc::clone(modern), legacy: handshake::Server::new(broken) };
    Router::new().fallback(endpoint).with_state(eras)
}

async fn endpoint(
    State(eras): State<Eras>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    // Whatever ended the body before its time has ended the request.
    let Ok(bytes) = to_bytes(body, MOST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if is_legacy(&head.method, &head.headers, &bytes) {
        return handshake::serve(State(eras.legacy), head.method, head.uri, head.headers, bytes)
            .await;
    }
    let request = Request::from_parts(head, Body::from(bytes));
    http::endpoint(State(eras.modern), ConnectInfo(peer), request).await
}

/// Whether a request belongs to a session, or opens one.
fn is_legacy(method: &Method, headers: &HeaderMap, body: &Bytes) -> bool {
    let message = serde_json::from_slice::<Value>(body).unwrap_or_default();
    if method == Method::POST && message.pointer(VERSION).is_some() {
        return false;
    }
    message["method"] == "initialize" || headers.contains_key("mcp-session-id")
}
