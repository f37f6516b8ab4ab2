//! A server of two eras at one endpoint, or in one process over standard streams: the server of this revision, and that of the
//! revisions before it. Each request says whose it is, and neither knows of the other.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Stdout};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use crate::handshake;
use crate::http::{self, Peer, Running};
use crate::reference::Reference;
use crate::server::Server;

/// So many bytes wait between the two.
const PIPE: usize = 64 << 10;

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

/// Serves both eras on the process's standard streams until its input ends, with these rules of the earlier one broken. What does
/// not say whose it is belongs to the earlier one once that has been asked for.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_dual_stdio(reference: Reference, broken: Vec<String>) -> io::Result<()> {
    let legacy = handshake::Server::new(&broken);
    legacy.enter();
    let (mut modern, theirs) = tokio::io::duplex(PIPE);
    let (answers, answered) = tokio::io::duplex(PIPE);
    let serving = tokio::spawn(crate::stdio::serve_stdio_on(reference, theirs, answers));
    let output = Arc::new(Mutex::new(tokio::io::stdout()));
    let (say, mut said) = mpsc::unbounded_channel::<Value>();
    let out = Arc::clone(&output);
    tokio::spawn(async move {
        while let Some(message) = said.recv().await {
            if put(&out, format!("{message}\n").as_bytes()).await.is_err() {
                break;
            }
        }
    });
    let relayed = tokio::spawn(async move {
        let mut lines = BufReader::new(answered);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).await? > 0 {
            put(&output, &line).await?;
            line.clear();
        }
        Ok::<_, io::Error>(())
    });
    let mut input = BufReader::new(tokio::io::stdin());
    let (mut line, mut shaken) = (Vec::new(), false);
    while input.read_until(b'\n', &mut line).await? > 0 {
        let message = serde_json::from_slice::<Value>(&line).unwrap_or_default();
        shaken |= message["method"] == "initialize";
        let own = message.pointer(VERSION).is_some() || message["method"] == "server/discover";
        if shaken && !own {
            legacy.line(&line, &say);
        } else {
            modern.write_all(&line).await?;
        }
        line.clear();
    }
    drop(modern);
    serving.await.map_err(io::Error::other)??;
    relayed.await.map_err(io::Error::other)?
}

/// Writes a whole line.
async fn put(output: &Mutex<Stdout>, line: &[u8]) -> io::Result<()> {
    let mut output = output.lock().await;
    output.write_all(line).await?;
    output.flush().await
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
