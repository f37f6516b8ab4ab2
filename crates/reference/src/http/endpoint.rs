//! The one endpoint: from an HTTP request to a JSON-RPC request.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::json;
use tokio::sync::mpsc;

use crate::auth::principal::Principal;
use crate::auth::{access, admission, metadata};
use crate::connection::Connection;
use crate::dispatch::{self, Binding};
use crate::lock::next;
use crate::message::{self, Incoming, Request, RpcError};
use crate::outbox::Outbox;
use crate::server::Server;
use crate::{envelope, headers};

use super::accept::Peer;
use super::mishap::Mishap;
use super::refused::turned_away;
use super::{body, card, exchange, mishap, origin, reply};

/// Whatever is sent to the server arrives here.
pub(crate) async fn endpoint(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: axum::extract::Request,
) -> Response {
    match mishap::due(&server) {
        Some(Mishap::Failed) => mishap::failed(&server),
        Some(Mishap::Cut) => mishap::cut(served(server, peer, request).await).await,
        None => served(server, peer, request).await,
    }
}

async fn served(server: Arc<Server>, peer: Peer, request: axum::extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let rules = &server.rules;
    tokio::time::sleep(server.options.answer_delay).await;
    if let Some((every, status)) = server.options.turned_away
        && (next(&server.state.scratch.requests) + 1).is_multiple_of(every.max(1))
    {
        return reply::later(&server, status);
    }
    if server.options.bucket.is_some_and(|(size, back)| !server.state.draw(size, back)) {
        return reply::later(&server, 429);
    }
    // Everybody may read a card, whatever page asks for it.
    if let Some(card) = card::published(&server, &head.method, &head.uri, &head.headers) {
        return card;
    }
    let late = !rules.origin_checked_on_listen
        && headers::is(&head.headers, "mcp-method", "subscriptions/listen")
        && head.method == Method::POST
        || !rules.foreign_origin_403_on_get && head.method == Method::GET;
    if !late && let Err(refused) = origin::check(&server, &head.headers) {
        if !rules.foreign_origin_not_executed && head.method == Method::POST {
            drop(post(&server, &peer.0, &head.headers, body, None).await);
            return reply::text(&server, refused, "this server does not answer that origin\n");
        }
        if !rules.origin_error_without_id {
            let error = RpcError::new(RpcError::INVALID_REQUEST, "foreign origin").status(refused);
            return reply::answer(&server, &dispatch::refusal(&server, Some(&json!(0)), error));
        }
        return reply::text(&server, refused, "this server does not answer that origin\n");
    }
    if let Some(metadata) = metadata::metadata(&server, &head.method, &head.uri) {
        return metadata;
    }
    if head.uri.path() != "/mcp" {
        return reply::text(&server, 404, "the endpoint is /mcp\n");
    }
    if !rules.single_endpoint && headers::is(&head.headers, "mcp-method", "prompts/list") {
        return reply::text(&server, 404, "prompts have an endpoint of their own\n");
    }
    let principal = match admission::admit(&server, &peer.0, &head.headers, &head.uri) {
        Ok(principal) => principal,
        Err(refused) => return turned_away(&server, &peer.0, &head.headers, body, *refused).await,
    };
    let response = match head.method {
        Method::POST => post(&server, &peer.0, &head.headers, body, principal).await,
        Method::GET if !rules.sse_transport_not_adopted => reply::endpoint_event(),
        Method::GET if !rules.get_405 => reply::text(&server, 404, "nothing to get\n"),
        Method::DELETE if !rules.delete_405 => reply::text(&server, 200, "gone\n"),
        _ => reply::method_not_allowed(&server),
    };
    reply::with_session(&server, response)
}

async fn post(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    headers: &HeaderMap,
    body: Body,
    principal: Option<Principal>,
) -> Response {
    let rules = &server.rules;
    if !rules.session_ignored && headers.contains_key("mcp-session-id") {
        return reply::text(server, 404, "no such session\n");
    }
    if !rules.last_event_id_ignored && headers.contains_key("last-event-id") {
        return reply::text(server, 400, "no such event\n");
    }
    if !rules.accept_in_any_order
        && headers::is(headers, "accept", "text/event-stream, application/json")
    {
        return reply::text(server, 406, "accept JSON before event streams\n");
    }
    if !rules.media_type_with_parameters
        && !headers::is(headers, "content-type", "application/json")
    {
        return reply::text(server, 415, "send JSON\n");
    }
    let Some(body) = body::read(body).await else {
        return reply::text(server, 413, "the body is larger than 4 MiB\n");
    };
    match message::parse(&body, rules) {
        Ok(Incoming::Request(request)) => {
            serve_request(server, connection, headers, request, principal).await
        }
        Ok(Incoming::Notification { .. }) => reply::accepted(server),
        Ok(Incoming::Response) => {
            let error =
                RpcError::new(RpcError::INVALID_REQUEST, "clients send no responses").status(400);
            reply::answer(server, &dispatch::refusal(server, None, error))
        }
        Err(refused) => {
            let made_up = (!rules.refused_notification_without_id && body::is_notification(&body))
                .then(|| json!(0));
            let mut answer =
                dispatch::refusal(server, refused.id.or(made_up).as_ref(), *refused.error);
            if !rules.malformed_notification_refused && body::is_notification(&body) {
                answer.status = 200;
            }
            reply::answer(server, &answer)
        }
    }
}

async fn serve_request(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    headers: &HeaderMap,
    request: Request,
    principal: Option<Principal>,
) -> Response {
    let (sender, inbox) = mpsc::channel(64);
    let outbox = Outbox::new(sender);
    let id = request.id.clone();
    let unchecked = (!server.rules.refused_not_executed).then(|| Request {
        id: request.id.clone(),
        method: request.method.clone(),
        params: request.params.clone(),
    });
    match dispatch::prepare(server, connection, Binding::Http(headers), request, outbox.clone()) {
        Ok(mut call) => {
            call.principal = principal;
            let named =
                headers.get("mcp-name").and_then(|name| name.to_str().ok()).unwrap_or_default();
            match access::denied(&call, named) {
                Some(_) if !server.rules.insufficient_by_http => {
                    let lacking = json!({ "content": [{ "type": "text", "text": "a scope is lacking" }], "isError": true });
                    reply::answer(server, &envelope::answer(&call, Ok(lacking)))
                }
                Some(needed) => admission::insufficient(server, needed)
                    .unwrap_or_else(|| reply::method_not_allowed(server)),
                None => exchange::run(call, inbox, headers).await,
            }
        }
        Err(error) => {
            if let Some(request) = unchecked.filter(|_| error.code == RpcError::HEADER_MISMATCH)
                && let Ok(call) =
                    dispatch::prepare(server, connection, Binding::Stdio, request, outbox)
            {
                tokio::spawn(dispatch::answer(call));
            }
            reply::answer(server, &dispatch::refusal(server, Some(&id), error))
        }
    }
}
