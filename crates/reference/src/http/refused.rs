//! What becomes of a request that was not admitted.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::json;
use tokio::sync::mpsc;

use crate::answer::Answer;
use crate::connection::Connection;
use crate::dispatch::{self, Binding};
use crate::message::{self, Incoming};
use crate::outbox::Outbox;
use crate::server::Server;

use super::{body, reply};

/// A request without a good token gets nothing but the refusal. Mutants work on it all the same.
pub(super) async fn turned_away(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    headers: &HeaderMap,
    body: Body,
    refused: Response,
) -> Response {
    let rules = &server.rules;
    let refused = telling(server, headers, refused);
    if rules.validated_before_work && rules.no_login_by_elicitation {
        return refused;
    }
    let Some(body) = body::read(body).await else { return refused };
    let Ok(Incoming::Request(request)) = message::parse(&body, rules) else { return refused };
    if !rules.no_login_by_elicitation
        && request.method == "tools/call"
        && !headers.contains_key("authorization")
    {
        let login = json!({
            "method": "elicitation/create",
            "params": {
                "mode": "url", "message": "Log in first.", "elicitationId": "login", "url": "https://plumb.invalid/login",
            },
        });
        let message = json!({
            "jsonrpc": "2.0", "id": request.id,
            "result": { "resultType": "input_required", "inputRequests": { "login": login } },
        });
        return reply::answer(server, &Answer { message, status: 200 });
    }
    if !rules.validated_before_work {
        let (sender, _) = mpsc::channel(64);
        if let Ok(call) = dispatch::prepare(
            server,
            connection,
            Binding::Http(headers),
            request,
            Outbox::new(sender),
        ) {
            tokio::spawn(dispatch::answer(call));
        }
    }
    refused
}

/// Mutants tell in the body of a refusal what is nobody's business.
fn telling(server: &Server, headers: &HeaderMap, refused: Response) -> Response {
    let rules = &server.rules;
    let told = if !rules.token_not_repeated {
        let token = headers.get("authorization").and_then(|field| field.to_str().ok());
        json!({ "error": "invalid_token", "presented": token })
    } else if !rules.refusal_names_no_tools {
        json!({ "error": "invalid_token", "tools": ["test_simple_text", "test_custom_headers"] })
    } else {
        return refused;
    };
    let (mut head, _) = refused.into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Response::from_parts(head, Body::from(told.to_string()))
}
