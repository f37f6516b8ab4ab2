//! Responses as they are written.

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::burden::Burden;
use crate::envelope::encode_for_http;
use crate::message::RpcError;
use crate::options::SseMode;
use crate::server::Server;

/// The answer to a request that nothing was sent for before.
pub(super) fn answer(server: &Server, answer: &Answer) -> Response {
    if !server.rules.refusals_are_errors && answer.message.get("error").is_some() {
        return respond(
            500,
            content_type(server, "text/html"),
            Body::from("<h1>Internal Server Error</h1>"),
        );
    }
    if server.options.sse == SseMode::Always {
        let status = status_of(server, answer);
        return stream(server, status, Body::from(event(server, &answer.message)));
    }
    json(server, answer)
}

/// One JSON object.
pub(super) fn json(server: &Server, answer: &Answer) -> Response {
    let rules = &server.rules;
    if answer.message.is_null() {
        return text(server, answer.status, "Internal Server Error\n");
    }
    let mut body = encode_for_http(server, &answer.message);
    let mut media_type = "application/json";
    // Recognised by the only member that it alone has.
    let sacrifice = answer.message["result"].get("resourceTemplates").is_some();
    if sacrifice && !rules.json_content_type {
        media_type = "text/plain";
    }
    if sacrifice && !rules.json_single_object {
        body = [b"[", body.as_slice(), b"]"].concat();
    }
    respond(status_of(server, answer), content_type(server, media_type), Body::from(body))
}

/// The status of an answer: the server's choice for errors where the specification names none.
pub(super) fn status_of(server: &Server, answer: &Answer) -> u16 {
    let free = match answer.message.pointer("/error/code").and_then(Value::as_i64) {
        Some(RpcError::PARSE_ERROR | RpcError::INVALID_REQUEST | RpcError::INTERNAL) => true,
        Some(RpcError::INVALID_PARAMS) => answer.status == 200,
        _ => false,
    };
    server.options.error_status.filter(|_| free).unwrap_or(answer.status)
}

/// An event stream.
pub(super) fn stream(server: &Server, status: u16, body: Body) -> Response {
    let mut response = respond(status, content_type(server, "text/event-stream"), body);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if server.rules.x_accel_buffering_no {
        headers
            .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
    response
}

/// One message as an event.
pub(super) fn event(server: &Server, message: &Value) -> Bytes {
    let options = &server.options;
    let end: &[u8] = if options.crlf { b"\r\n" } else { b"\n" };
    let mut event = options
        .burden
        .filter(|_| message.get("method").is_none())
        .map_or_else(Vec::new, Burden::prelude);
    if options.comments {
        event.extend_from_slice(b": a comment");
        event.extend_from_slice(end);
    }
    if options.empty_events {
        event.extend_from_slice(b"data:");
        event.extend_from_slice(end);
        event.extend_from_slice(end);
    }
    if options.event_lines {
        event.extend_from_slice(b"event: message");
        event.extend_from_slice(end);
    }
    for line in encode_for_http(server, message).split(|byte| *byte == b'\n') {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.extend_from_slice(end);
    }
    let related =
        message["params"]["_meta"].get("io.modelcontextprotocol/subscriptionId").is_some();
    if server.rules.events_separated || related || message.get("method").is_none() {
        event.extend_from_slice(end);
    }
    Bytes::from(event)
}

/// A line that keeps an idle stream open.
pub(super) fn comment(server: &Server) -> Bytes {
    Bytes::from_static(if server.options.crlf {
        b": still here\r\n\r\n"
    } else {
        b": still here\n\n"
    })
}

/// A notification was accepted.
pub(super) fn accepted(server: &Server) -> Response {
    let rules = &server.rules;
    if !rules.notifications_unanswered {
        let body = r#"{"jsonrpc":"2.0","id":0,"result":{"resultType":"complete"}}"#;
        return respond(202, content_type(server, "application/json"), Body::from(body));
    }
    status(if rules.accepted_202 { 202 } else { 200 }, Body::empty())
}

pub(super) fn method_not_allowed(server: &Server) -> Response {
    let mut response = text(server, 405, "the endpoint takes POST\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// A status with a word for whoever reads it.
pub(super) fn text(server: &Server, status: u16, body: &'static str) -> Response {
    if status >= 400 && server.options.framework_errors {
        let body = json!({"detail": body.trim_end()}).to_string();
        return respond(status, content_type(server, "application/json"), Body::from(body));
    }
    respond(status, content_type(server, "text/plain"), Body::from(body))
}

/// The server has too much to do for this request.
pub(super) fn later(server: &Server, status: u16) -> Response {
    let mut response = text(server, status, "too many requests: try again in a second\n");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// How a server of the deprecated HTTP+SSE transport answers GET.
pub(super) fn endpoint_event() -> Response {
    respond(
        200,
        HeaderValue::from_static("text/event-stream"),
        Body::from("event: endpoint\ndata: /mcp\n\n"),
    )
}

/// A mutant has sessions.
pub(super) fn with_session(server: &Server, mut response: Response) -> Response {
    if !server.rules.session_not_minted {
        let session = HeaderValue::from_static("5f0c7c1e-0d5c-4c55-9d5e-6f3c2d8e9b10");
        response.headers_mut().insert(HeaderName::from_static("mcp-session-id"), session);
    }
    response
}

fn respond(code: u16, media_type: HeaderValue, body: Body) -> Response {
    let mut response = status(code, body);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

fn status(code: u16, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

fn content_type(server: &Server, media_type: &'static str) -> HeaderValue {
    let mut text = media_type.to_owned();
    if server.options.uppercase_media_type {
        text.make_ascii_uppercase();
    }
    if server.options.charset_parameter {
        text.push_str("; charset=utf-8");
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
