//! The requests that came, bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// How many requests are kept.
const KEPT: usize = 1024;
/// The longest body that is read, in bytes.
const BODY: usize = 64 * 1024;
/// How much of a body, a query, a path or a field is kept, in bytes.
const TEXT_KEPT: usize = 8 * 1024;
/// How many fields of a request are kept.
const FIELDS_KEPT: usize = 64;
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request as it came. It may hold secrets: `Debug` shows neither query, headers nor body.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// Counts the requests of the server from 0; none is left out, though old ones are forgotten.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The path; like all texts here, its first 8 KiB.
    pub path: String,
    /// The query as it came.
    pub query: Option<String>,
    /// The first 64 header fields in order; values that are no UTF-8 are shown lossily.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The status of the answer.
    pub status: u16,
}

impl LoggedRequest {
    /// The parameters of query and body by name, as a form reads them.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let find = |text: &str| {
            let mut pairs = url::form_urlencoded::parse(text.as_bytes());
            pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        self.query.as_deref().and_then(find).or_else(|| find(&self.body))
    }
}

impl std::fmt::Debug for LoggedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.status)
    }
}

#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    requests: VecDeque<LoggedRequest>,
}

impl Log {
    pub(super) fn all(&self) -> Vec<LoggedRequest> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.requests.iter().cloned().collect()
    }

    fn push(&self, mut request: LoggedRequest) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        request.number = kept.count;
        kept.count += 1;
        kept.requests.push_back(request);
        if kept.requests.len() > KEPT {
            kept.requests.pop_front();
        }
    }
}

/// Reads the body, bounded in bytes and time, lets the request be answered, and notes both.
pub(super) async fn record(State(log): State<Arc<Log>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let mut logged = LoggedRequest {
        number: 0,
        method: head.method.to_string(),
        path: kept(head.uri.path().as_bytes()),
        query: head.uri.query().map(|query| kept(query.as_bytes())),
        headers: (head.headers.iter().take(FIELDS_KEPT))
            .map(|(name, value)| (name.to_string(), kept(value.as_bytes())))
            .collect(),
        body: String::new(),
        status: 0,
    };
    let response = match tokio::time::timeout(PATIENCE, to_bytes(body, BODY)).await {
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Ok(Ok(bytes)) => {
            logged.body = kept(&bytes);
            next.run(Request::from_parts(head, Body::from(bytes))).await
        }
    };
    logged.status = response.status().as_u16();
    log.push(logged);
    response
}

fn kept(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(TEXT_KEPT)]).into_owned()
}
