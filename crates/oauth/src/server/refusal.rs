//! Error answers.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::MintError;

/// An error of the token endpoint and its kin (RFC 6749 section 5.2).
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: String,
    pub(super) description: String,
}

impl Refusal {
    /// A 400 with an error code of RFC 6749, 7591 or 8707.
    pub(super) fn new(error: &str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.to_owned(),
            description: description.into(),
        }
    }

    /// A 401: the client's credentials are missing or wrong.
    pub(super) fn client(description: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }

    /// The same refusal as a page for the user's eyes.
    pub(super) fn page(&self) -> Response {
        let text = format!("{}: {}\n", self.error, self.description);
        (StatusCode::BAD_REQUEST, [(header::CACHE_CONTROL, "no-store")], text).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        let mut response =
            (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Basic realm=\"plumb\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<MintError> for Refusal {
    fn from(error: MintError) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Self::new("server_error", error.to_string())
        }
    }
}
