//! A gateway before a server, right unless one of its rules is broken: a reverse proxy that changes nothing of what crosses
//! it, but for the fields that belong to one connection.
//!
//! Each request has a connection of its own to the server, which is closed when the client leaves.

mod cache;
mod flaws;
mod upstream;

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use cache::{Cache, Cached};
pub use flaws::{GATEWAY_MUTANTS, GatewayMutant};
use upstream::Answer;

/// The largest request that it takes, bytes.
const MOST: usize = 64 << 20;

/// The largest that it takes if it takes no large ones: a widespread default.
const FEW: usize = 1 << 20;

/// So long it waits for an answer if it does not wait for slow ones.
const HASTY: Duration = Duration::from_secs(2);

/// Fields that belong to one connection (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a gateway is, and which of its rules are broken.
#[derive(Debug, Clone, Default)]
pub struct Gateway {
    /// The server behind it: `http://host:port`, with or without a path, which the requests bring.
    pub to: String,
    /// The rules that it breaks.
    pub broken: Vec<String>,
    /// Whether it answers what is fresh and may be shared from a cache, as it may.
    pub caches: bool,
    /// The only access token that it lets through, if it looks at that.
    pub demands: Option<String>,
}

/// A gateway in this process. Dropping it stops it.
#[derive(Debug)]
pub struct RunningGateway {
    /// Its endpoint.
    pub url: String,
    task: JoinHandle<io::Result<()>>,
}

impl Drop for RunningGateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves on the listener until the process ends.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_gateway(gateway: Gateway, listener: TcpListener) -> io::Result<()> {
    let shared = Arc::new(Shared { gateway, cache: Cache::default(), token: OnceLock::new() });
    axum::serve(listener, Router::new().fallback(crossed).with_state(shared)).await
}

/// Runs the gateway on a free port of the loopback interface.
///
/// # Errors
///
/// When no port can be had.
pub async fn spawn_gateway(gateway: Gateway) -> io::Result<RunningGateway> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    Ok(RunningGateway { url, task: tokio::spawn(serve_gateway(gateway, listener)) })
}

struct Shared {
    gateway: Gateway,
    cache: Cache,
    /// The first token that came: a mutant's credentials of its own.
    token: OnceLock<HeaderValue>,
}

impl Shared {
    fn keeps(&self, rule: &str) -> bool {
        self.gateway.broken.iter().all(|broken| broken != rule)
    }
}

/// A request, read.
#[derive(Clone)]
struct Asked {
    method: axum::http::Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

async fn crossed(State(shared): State<Arc<Shared>>, request: axum::extract::Request) -> Response {
    let most = if shared.keeps("large_bodies_taken") { MOST } else { FEW };
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, most).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let mut asked = Asked { method: head.method, target, headers: head.headers, body };
    if !lets_in(&shared.gateway, &asked.headers) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    if let Some(cached) = shared.cache.fresh(&shared, &asked) {
        return cached.into_response();
    }
    strip(&mut asked.headers);
    flaws::of_request(&shared, &mut asked);
    let answer = match answered(&shared, &asked).await {
        Ok(answer) => answer,
        Err(status) => return status.into_response(),
    };
    handed_back(&shared, &asked, answer).await
}

fn lets_in(gateway: &Gateway, headers: &HeaderMap) -> bool {
    let Some(token) = &gateway.demands else { return true };
    let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    said == Some(&format!("Bearer {token}"))
}

/// Asks the server; once, unless that is the rule that is broken.
async fn answered(shared: &Shared, asked: &Asked) -> Result<Answer, StatusCode> {
    let ask = || upstream::ask(shared.gateway.to.clone(), asked.clone());
    if !shared.keeps("calls_sent_once") && flaws::is_call(&asked.body) {
        // As a gateway does that gives up on the first try.
        if let Ok(first) = ask().await {
            let _ = first.whole().await;
        }
    }
    if !shared.keeps("closes_passed_on") {
        // A task of its own goes on when the client has left.
        let asking = tokio::spawn(upstream::ask(shared.gateway.to.clone(), asked.clone()));
        let answer = asking.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        return answer.map_err(|_| StatusCode::BAD_GATEWAY);
    }
    if shared.keeps("slow_answers_awaited") {
        return ask().await.map_err(|_| StatusCode::BAD_GATEWAY);
    }
    let late = StatusCode::GATEWAY_TIMEOUT;
    let answer =
        tokio::time::timeout(HASTY, async { Ok::<_, io::Error>(ask().await?.hasty(HASTY)) });
    answer.await.map_err(|_| late)?.map_err(|_| StatusCode::BAD_GATEWAY)
}

async fn handed_back(shared: &Arc<Shared>, asked: &Asked, mut answer: Answer) -> Response {
    strip(&mut answer.headers);
    answer.headers.append(header::VIA, HeaderValue::from_static("1.1 plumb"));
    let streams = is(&answer.headers, "text/event-stream");
    let holds = streams
        && (!shared.keeps("events_passed_on_at_once") || !shared.keeps("events_all_passed_on"));
    if streams && !holds {
        return streamed(shared, answer);
    }
    let Answer { status, headers, .. } = &answer;
    let (mut status, mut headers) = (*status, headers.clone());
    let Ok(mut body) = answer.whole().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if streams {
        body = flaws::of_events(shared, body);
    } else {
        shared.cache.keep(shared, asked, &Cached::of(status, &headers, &body));
        flaws::of_answer(shared, &mut status, &mut headers, &mut body);
    }
    headers.remove(header::CONTENT_LENGTH);
    (status, headers, Body::from(body)).into_response()
}

/// Hands an answer on as it comes. Dropping the body closes the connection to the server.
fn streamed(shared: &Arc<Shared>, answer: Answer) -> Response {
    let (status, headers) = (answer.status, answer.headers.clone());
    let held = Arc::clone(shared);
    let pieces = answer.pieces().map(move |piece| piece.map(|piece| flaws::of_piece(&held, piece)));
    let body = if !shared.keeps("closes_passed_on") {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut pieces = std::pin::pin!(pieces);
            while let Some(piece) = pieces.next().await {
                // Nobody may listen any more; it reads on all the same.
                let _ = sender.send(piece);
            }
        });
        let taken = futures_util::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (piece, receiver))
        });
        Body::from_stream(taken)
    } else if !shared.keeps("quiet_streams_kept_open") {
        Body::from_stream(pieces.take_until(tokio::time::sleep(Duration::from_millis(600))))
    } else {
        Body::from_stream(pieces)
    };
    (status, headers, body).into_response()
}

fn is(headers: &HeaderMap, media: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.to_ascii_lowercase().starts_with(media))
}

/// Takes out what belongs to one connection.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    for name in named.iter().map(String::as_str).chain(HOP_BY_HOP) {
        headers.remove(name);
    }
}
