//! How requests are turned away (basic/authorization#error-handling, RFC 6750 section 3).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::guard::{Guard, WELL_KNOWN};
use super::scopes::{READ, WRITE};
use crate::lock::next;
use crate::server::Server;

/// Why a request is turned away.
pub(super) struct Refusal {
    status: u16,
    error: Option<&'static str>,
    description: &'static str,
    scopes: Vec<&'static str>,
}

impl Refusal {
    /// There is no token.
    pub(super) fn missing() -> Self {
        Self { status: 401, error: None, description: "a token is needed", scopes: vec![READ] }
    }

    /// The token is good for nothing.
    pub(super) fn invalid(description: &'static str) -> Self {
        Self { error: Some("invalid_token"), description, ..Self::missing() }
    }

    /// The request itself is wrong.
    pub(super) fn malformed(status: u16) -> Self {
        let description = "there is more than one token";
        Self { status, error: Some("invalid_request"), description, ..Self::missing() }
    }

    /// The token is good, but not for this.
    pub(super) fn insufficient(scopes: &[&'static str]) -> Self {
        let (error, description) = (Some("insufficient_scope"), "the token lacks a scope");
        Self { status: 403, error, description, scopes: scopes.to_vec() }
    }

    /// With another status, as only a broken server has it.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// As the server writes it.
    pub(super) fn response(self, server: &Server, guard: &Guard) -> Response {
        let rules = &server.rules;
        let lacking = self.error == Some("insufficient_scope");
        let turn = next(&server.state.scratch.challenges);
        let mut parameters = vec![("realm", "plumb".to_owned())];
        if let Some(error) = self.error.filter(|_| !lacking || rules.scope_challenge_error) {
            let wrong = error == "invalid_token" && !rules.invalid_challenge_error;
            parameters.push(("error", if wrong { "insufficient_scope" } else { error }.to_owned()));
            parameters.push(("error_description", self.description.to_owned()));
        }
        let mut scopes = self.scopes.clone();
        let steady =
            if lacking { rules.scope_strategy_steady } else { rules.challenge_scopes_steady };
        if !steady && turn % 2 == 1 {
            scopes.push("mcp:extra");
        }
        if !rules.challenge_without_offline_access {
            scopes.push("offline_access");
        }
        if lacking && !rules.scopes_in_one_challenge && scopes.contains(&WRITE) {
            scopes.retain(|scope| *scope == WRITE);
        }
        if if lacking { rules.scope_challenge_scope } else { rules.challenge_names_scope } {
            parameters.push(("scope", scopes.join(" ")));
        }
        let metadata = if rules.challenge_metadata_fetchable {
            guard.metadata_url()
        } else {
            guard.metadata_url().replace(WELL_KNOWN, "/.well-known/nowhere")
        };
        if rules.metadata_locatable && (!lacking || rules.scope_challenge_metadata) {
            parameters.push(("resource_metadata", metadata));
        }
        let parameters: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let scheme = if lacking && !rules.scope_challenge_scheme { "Plumb" } else { "Bearer" };
        let challenge = format!("{scheme} {}", parameters.join(", "));
        let status = if lacking && !rules.insufficient_is_403 { 401 } else { self.status };
        let mut response =
            answer(status, "text/plain", Body::from(format!("{}\n", self.description)));
        let bare = self.error == Some("invalid_token") && !rules.every_401_challenged;
        if let Ok(challenge) = HeaderValue::from_str(&challenge)
            && !bare
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A document.
pub(super) fn document(value: &Value) -> Response {
    answer(200, "application/json", Body::from(value.to_string()))
}

fn answer(status: u16, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
