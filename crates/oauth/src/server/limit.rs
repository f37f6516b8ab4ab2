//! A server that limits its callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// One request of so many is turned away.
const TURNED_AWAY: u32 = 3;

/// How many requests came.
pub(super) type Count = Arc<AtomicU32>;

/// Turns one request of three away, which may come again at once (RFC 6585 section 4).
pub(super) async fn callers(State(count): State<Count>, request: Request, next: Next) -> Response {
    if count.fetch_add(1, Ordering::Relaxed) % TURNED_AWAY == TURNED_AWAY - 1 {
        return (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "0")],
            "too many requests\n",
        )
            .into_response();
    }
    next.run(request).await
}
