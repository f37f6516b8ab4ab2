//! The rules of the gateway, and what is done where one of them is broken.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Asked, Shared, is};

/// A rule of the gateway, and the check that notices its breach.
#[derive(Debug, Clone, Copy)]
pub struct GatewayMutant {
    /// The rule.
    pub name: &'static str,
    /// The check.
    pub kills: &'static str,
}

const fn rule(name: &'static str, kills: &'static str) -> GatewayMutant {
    GatewayMutant { name, kills }
}

/// Every rule that can be broken.
pub const GATEWAY_MUTANTS: &[GatewayMutant] = &[
    rule("parameters_passed_on", "http.param.intermediary-forward"),
    rule("unknown_fields_ignored", "http.param.intermediary-forward"),
    rule("error_statuses_kept", "http.intermediary.error-status"),
    rule("mirrored_fields_passed_on", "gateway.request.headers"),
    rule("version_passed_on", "gateway.request.headers"),
    rule("fields_left_alone", "gateway.request.validation"),
    rule("origins_left_alone", "gateway.request.validation"),
    rule("states_left_alone", "gateway.request.body"),
    rule("answers_left_alone", "gateway.request.body"),
    rule("text_left_alone", "gateway.request.body"),
    rule("large_bodies_taken", "gateway.request.size"),
    rule("statuses_kept", "gateway.answer.status"),
    rule("error_bodies_kept", "gateway.answer.errors"),
    rule("unknown_members_kept", "gateway.answer.results"),
    rule("failures_kept", "gateway.answer.results"),
    rule("states_kept", "gateway.answer.results"),
    rule("structures_kept", "gateway.answer.results"),
    rule("cursors_passed_on", "gateway.answer.results"),
    rule("capabilities_left_alone", "gateway.answer.results"),
    rule("media_types_kept", "gateway.answer.headers"),
    rule("challenges_kept", "gateway.answer.headers"),
    rule("ids_kept_apart", "gateway.answer.own-id"),
    rule("events_passed_on_at_once", "gateway.stream.immediate"),
    rule("events_all_passed_on", "gateway.stream.whole"),
    rule("closes_passed_on", "gateway.cancel.passed-on"),
    rule("quiet_streams_kept_open", "gateway.subscription.delivered"),
    rule("events_passed_on_at_once", "gateway.subscription.delivered"),
    rule("subscription_ids_kept", "gateway.subscription.delivered"),
    rule("calls_sent_once", "gateway.call.once"),
    rule("slow_answers_awaited", "gateway.answer.slow"),
    rule("calls_not_cached", "gateway.cache.calls"),
    rule("private_kept_apart", "gateway.cache.private"),
    rule("tokens_left_alone", "gateway.request.tokens"),
];

/// A state as long as a column of a database.
const COLUMN: usize = 24;

pub(super) fn is_call(body: &Bytes) -> bool {
    let message = serde_json::from_slice::<Value>(body).unwrap_or_default();
    message["method"] == "tools/call"
}

/// What a flawed gateway does to a request.
pub(super) fn of_request(shared: &Shared, asked: &mut Asked) {
    let headers = &mut asked.headers;
    if !shared.keeps("parameters_passed_on") {
        let is_param = |name: &&HeaderName| name.as_str().starts_with("mcp-param-");
        let params: Vec<HeaderName> = headers.keys().filter(is_param).cloned().collect();
        for name in params {
            headers.remove(name);
        }
    }
    if !shared.keeps("unknown_fields_ignored") && headers.contains_key("mcp-param-plumb-unknown") {
        headers.remove("mcp-method");
    }
    if !shared.keeps("mirrored_fields_passed_on") {
        headers.remove("mcp-method");
        headers.remove("mcp-name");
    }
    if !shared.keeps("tokens_left_alone")
        && let Some(token) = headers.get_mut(header::AUTHORIZATION)
    {
        *token = shared.token.get_or_init(|| token.clone()).clone();
    }
    if !shared.keeps("origins_left_alone") {
        headers.remove(header::ORIGIN);
    }
    if !shared.keeps("version_passed_on") {
        headers.remove("mcp-protocol-version");
    }
    let Ok(mut message) = serde_json::from_slice::<Value>(&asked.body) else { return };
    if !shared.keeps("fields_left_alone") {
        mirror(&mut asked.headers, &message);
    }
    if rewritten(shared, &mut message["params"]) {
        asked.body = message.to_string().into();
    }
    if asked.headers.contains_key(header::CONTENT_LENGTH) {
        asked.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(asked.body.len()));
    }
}

/// Whether a flawed gateway has changed the parameters.
fn rewritten(shared: &Shared, params: &mut Value) -> bool {
    if !shared.keeps("answers_left_alone")
        && let Some(params) = params.as_object_mut()
    {
        params.retain(|name, _| !["requestState", "inputResponses"].contains(&name.as_str()));
    } else if !shared.keeps("states_left_alone")
        && let Some(Value::String(state)) = params.get_mut("requestState")
    {
        *state = state.chars().take(COLUMN).collect();
    } else if !shared.keeps("text_left_alone") && !params["arguments"].is_null() {
        let plain = |c: char| if c.is_ascii() { c } else { '?' };
        let text: String = params["arguments"].to_string().chars().map(plain).collect();
        params["arguments"] = serde_json::from_str(&text).unwrap_or_default();
    } else if !shared.keeps("cursors_passed_on")
        && let Some(params) = params.as_object_mut()
    {
        params.retain(|name, _| name != "cursor");
    } else if !shared.keeps("capabilities_left_alone") && params["_meta"].is_object() {
        let own = json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}});
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = own;
    } else {
        return false;
    }
    true
}

/// Makes the fields anew that mirror the body.
fn mirror(headers: &mut HeaderMap, message: &Value) {
    let params = &message["params"];
    let named = params["name"].as_str().or_else(|| params["uri"].as_str());
    let version = params["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str();
    let all = [
        ("mcp-method", message["method"].as_str()),
        ("mcp-name", named),
        ("mcp-protocol-version", version),
    ];
    for (name, value) in all {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
}

/// What a flawed gateway does to an answer that is no stream.
pub(super) fn of_answer(
    shared: &Shared,
    status: &mut StatusCode,
    headers: &mut HeaderMap,
    body: &mut Bytes,
) {
    let failed = status.is_client_error() || status.is_server_error();
    if !shared.keeps("error_bodies_kept") && failed {
        *body = Bytes::from_static(b"<html><body><h1>Bad Request</h1></body></html>");
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    if !shared.keeps("error_statuses_kept") && failed {
        *status = StatusCode::OK;
    }
    if !shared.keeps("statuses_kept") && *status == StatusCode::NOT_FOUND {
        *status = StatusCode::BAD_GATEWAY;
    }
    if !shared.keeps("media_types_kept") && is(headers, "application/json") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    }
    if !shared.keeps("challenges_kept") {
        headers.remove(header::WWW_AUTHENTICATE);
    }
    let dropped: &[&str] = match () {
        () if !shared.keeps("unknown_members_kept") => &["_meta", "ttlMs", "cacheScope"],
        () if !shared.keeps("failures_kept") => &["isError"],
        () if !shared.keeps("states_kept") => &["requestState"],
        () if !shared.keeps("structures_kept") => &["structuredContent"],
        () => &[],
    };
    if !dropped.is_empty()
        && let Ok(mut message) = serde_json::from_slice::<Value>(body)
        && let Some(result) = message.get_mut("result").and_then(Value::as_object_mut)
    {
        result.retain(|name, _| !dropped.contains(&name.as_str()));
        *body = message.to_string().into();
    }
}

/// What a flawed gateway does to a stream of events that it has collected.
pub(super) fn of_events(shared: &Shared, body: Bytes) -> Bytes {
    if shared.keeps("events_all_passed_on") {
        return body;
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let events: Vec<&str> = text.split_inclusive("\n\n").collect();
    let lost = if events.len() > 2 { 1 } else { usize::MAX };
    let kept: String =
        (0..).zip(&events).filter(|(n, _)| *n != lost).map(|(_, event)| *event).collect();
    kept.into()
}

/// What a flawed gateway does to a piece of a stream that it passes on.
pub(super) fn of_piece(shared: &Shared, piece: Bytes) -> Bytes {
    if shared.keeps("subscription_ids_kept") {
        return piece;
    }
    let name = "io.modelcontextprotocol/subscriptionId";
    String::from_utf8_lossy(&piece).replace(name, "com.example/subscriptionId").into()
}
