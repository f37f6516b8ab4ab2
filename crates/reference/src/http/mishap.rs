//! What befalls an answer now and then behind a gateway or a crash of a worker, and is no fault of the protocol's.

use std::io;

use axum::body::{Body, to_bytes};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use futures_util::stream;

use crate::lock::next;
use crate::server::Server;

use super::reply;

/// No answer of the server's own is larger than this.
const LARGEST: usize = 64 * 1024 * 1024;

/// What befalls an answer.
pub(super) enum Mishap {
    /// A bare status of 500 is sent in its place.
    Failed,
    /// Half of it is sent.
    Cut,
}

/// What befalls the answer to the request that came now, if anything does: the one and the other by turns.
pub(super) fn due(server: &Server) -> Option<Mishap> {
    let every = server.options.mishaps?.max(1);
    let nth = next(&server.state.scratch.requests) + 1;
    let due = nth.is_multiple_of(every);
    let failed = (nth / every).is_multiple_of(2);
    due.then_some(if failed { Mishap::Failed } else { Mishap::Cut })
}

/// The page of a gateway whose server failed.
pub(super) fn failed(server: &Server) -> Response {
    reply::text(server, 500, "<h1>Internal Server Error</h1>\n")
}

/// The first half of an answer that is one JSON object, before the connection is closed.
pub(super) async fn cut(response: Response) -> Response {
    let media_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !media_type.is_some_and(|media_type| media_type.starts_with(b"application/json")) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(mut whole) = to_bytes(body, LARGEST).await else {
        return Response::from_parts(head, Body::empty());
    };
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.split_to(whole.len() / 2);
    let broken = io::Error::from(io::ErrorKind::BrokenPipe);
    Response::from_parts(head, Body::from_stream(stream::iter([Ok(half), Err(broken)])))
}
