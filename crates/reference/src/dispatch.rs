//! From a JSON-RPC request to its answer, the same on both transports.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::connection::Connection;
use crate::lock::lock;
use crate::message::{Request, RpcError, notification};
use crate::outbox::Outbox;
use crate::server::Server;
use crate::transport::Transport;
use crate::{envelope, eras, features, headers, validate};

/// How the request came in.
#[derive(Clone, Copy)]
pub(crate) enum Binding<'a> {
    Http(&'a HeaderMap),
    Stdio,
}

/// Validates the request; what comes back may be worked on.
#[expect(
    clippy::too_many_lines,
    reason = "one validation after the other, in the order of the text"
)]
pub(crate) fn prepare(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    binding: Binding<'_>,
    request: Request,
    outbox: Outbox,
) -> Result<Call, RpcError> {
    let rules = &server.rules;
    let (id, method) = (request.id, request.method);
    let transport = match binding {
        Binding::Http(_) => Transport::Http,
        Binding::Stdio => Transport::Stdio,
    };
    let call = |method, params, meta| Call {
        server: Arc::clone(server),
        connection: Arc::clone(connection),
        transport,
        id,
        method,
        params,
        meta,
        outbox,
        principal: None,
        progressed: AtomicU32::new(0),
        logged: AtomicBool::new(false),
    };
    if let Some(meta) = eras::initialize(server, connection, &method) {
        return Ok(call(method, Map::new(), meta));
    }
    eras::pinged(server, connection, &method, request.params.as_ref());
    eras::session(server, connection)?;
    let bare = matches!(binding, Binding::Http(headers) if !headers.contains_key("mcp-protocol-version"))
        && request.params.as_ref().is_none_or(|params| params.get("_meta").is_none())
        && !rules.bare_requests_refused;
    if let Binding::Http(headers) = binding
        && !bare
    {
        headers::present(rules, headers, &method)
            .map_err(|error| naming_versions(server, &method, error))?;
    }
    let mut params = match request.params {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(RpcError::invalid_params("params is not an object").status(400)),
    };
    if bare {
        params.insert("_meta".into(), Value::Object(validate::placeholder(server)));
    }
    let meta = validate::meta(server, connection, transport, &params)
        .map_err(|error| naming_versions(server, &method, error))?;
    if let Binding::Http(headers) = binding {
        headers::version(rules, headers, &meta.version)?;
        headers::method(rules, headers, &method)?;
    }
    validate::version(server, transport, &method, &meta.version)?;
    let discovered =
        method == "server/discover" || server.state.scratch.discovers.load(Ordering::Relaxed) > 0;
    if !rules.serves_without_discovery && !discovered {
        return Err(
            RpcError::new(RpcError::INVALID_REQUEST, "call server/discover first").status(400)
        );
    }
    let opens = connection.memory().requests == 0;
    if !rules.any_request_first && opens && method == "prompts/list" {
        return Err(RpcError::new(RpcError::INVALID_REQUEST, "ask for something else first"));
    }
    known(server, &method).map_err(|error| naming_versions(server, &method, error))?;
    if let Binding::Http(headers) = binding {
        headers::name(rules, headers, &method, &params)?;
        if method == "tools/call" {
            headers::params(server, headers, &params)?;
        }
    }
    connection.remember(&method, &meta);
    Ok(call(method, params, meta))
}

/// Works on the request until there is an answer.
pub(crate) async fn answer(call: Call) -> Answer {
    waits(&call).await;
    let server = Arc::clone(&call.server);
    let in_turn = server.options.works_in_turn && call.method != "subscriptions/listen";
    let _turn = if in_turn { Some(server.state.turn.lock().await) } else { None };
    if let Some(token) = &call.meta.progress_token {
        let mut reporters = lock(&call.server.state.scratch.reporters);
        reporters.retain(|_, sender| sender.strong_count() > 0);
        reporters.insert(token.to_string(), call.outbox.sender.downgrade());
    }
    let result = if let Some(error) = turned_away(&call).await {
        Err(error)
    } else if let Some(error) = confused(&call) {
        Err(error)
    } else {
        announce_unasked(&call).await;
        let result = features::serve(&call).await;
        lock(&call.server.state.scratch.in_flight).remove(&in_flight(&call));
        result
    };
    let answer = envelope::answer(&call, result);
    if !call.rules().answered_once && call.method == "tools/call" {
        call.outbox.send(answer.message.clone()).await;
    }
    keep_talking(call);
    answer
}

/// The answer to a request that was refused.
pub(crate) fn refusal(server: &Server, id: Option<&Value>, error: RpcError) -> Answer {
    let status = error.status;
    Answer { message: envelope::response(server, id, Err(error)), status }
}

/// Methods exist as far as their capability is offered.
fn known(server: &Server, method: &str) -> Result<(), RpcError> {
    let offered = server.options.features;
    let rules = &server.rules;
    let known = match method {
        "server/discover" => rules.implements_discover,
        "subscriptions/listen" => rules.implements_listen && server.options.announces,
        "tools/list" | "resources/list" | "resources/templates/list" | "prompts/list"
            if server.options.empty_lists_answered =>
        {
            true
        }
        "tools/list" | "tools/call" => offered.tools,
        "resources/list" | "resources/templates/list" | "resources/read" => {
            offered.resources && rules.embedding_needs_resources
        }
        "prompts/list" | "prompts/get" => offered.prompts,
        "completion/complete" => offered.completions,
        "tasks/get" | "tasks/update" | "tasks/cancel" => offered.tools && offered.tasks,
        "tasks/result" => !rules.tasks_result_unknown,
        "tasks/list" => !rules.tasks_list_unknown,
        "ping" | "logging/setLevel" => !rules.removed_methods_unknown,
        _ => false,
    };
    if known {
        return Ok(());
    }
    let code = if rules.unknown_method_code {
        RpcError::METHOD_NOT_FOUND
    } else {
        RpcError::INVALID_REQUEST
    };
    let status = if rules.unknown_method_status_404 { 404 } else { 200 };
    let message = if rules.error_messages_concise {
        format!("the method {method:?} is not implemented")
    } else {
        format!(
            "Not implemented.\nThe method was {method:?}.\nThat is not a method of this server.\n"
        )
        .repeat(20)
    };
    Err(RpcError::new(code, message).status(status))
}

/// A client of the past learns from the error which versions there are.
fn naming_versions(server: &Server, method: &str, mut error: RpcError) -> RpcError {
    if method != "initialize" {
        return error;
    }
    if server.rules.initialize_names_versions {
        error.message =
            format!("{}; this server speaks {}", error.message, server.options.versions.join(", "));
        error.data = error.data.or_else(|| Some(json!({ "supported": server.options.versions })));
    }
    if !server.rules.bare_initialize_status_400 && error.code == RpcError::HEADER_MISMATCH {
        error.status = 200;
    }
    error
}

/// A mutant that serves one conversation at a time.
async fn turned_away(call: &Call) -> Option<RpcError> {
    if call.rules().serves_many_conversations || call.method == "subscriptions/listen" {
        return None;
    }
    let busy = &call.server.state.scratch.busy;
    let others = busy.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(50)).await;
    busy.fetch_sub(1, Ordering::SeqCst);
    (others > 0).then(|| RpcError::internal("another conversation is going on"))
}

/// A mutant that serves nothing else while a subscription is open.
async fn waits(call: &Call) {
    let subscribed = || call.server.state.events.receiver_count() > 0;
    let waits = !call.rules().serves_beside_subscriptions && call.method != "subscriptions/listen";
    while waits && subscribed() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Mutants that keep all requests in one table.
fn confused(call: &Call) -> Option<RpcError> {
    let rules = call.rules();
    if rules.ids_belong_to_senders && rules.ids_told_by_type {
        return None;
    }
    let new = lock(&call.server.state.scratch.in_flight).insert(in_flight(call));
    (!new).then(|| RpcError::new(RpcError::INVALID_REQUEST, "there is such a request already"))
}

/// Under which key a mutant keeps a request.
fn in_flight(call: &Call) -> String {
    match call.id.as_str() {
        Some(text) if !call.rules().ids_told_by_type => text.to_owned(),
        _ => call.id.to_string(),
    }
}

/// A mutant whose subscriptions outlive their stream.
async fn announce_unasked(call: &Call) {
    let scratch = &call.server.state.scratch;
    if !call.rules().listen_scope {
        let mut missed = Vec::new();
        if let Some(orphan) = lock(&scratch.orphan).as_mut() {
            while let Ok(event) = orphan.try_recv() {
                missed.push(event);
            }
        }
        for event in missed {
            call.outbox.send(features::subscriptions::change::unasked(&event)).await;
        }
    }
    let before = lock(&scratch.subscribed_on).filter(|serial| *serial != call.connection.serial);
    if !call.rules().forgets_subscriptions
        && before.is_some()
        && call.method != "subscriptions/listen"
    {
        lock(&scratch.subscribed_on).take();
        call.outbox.send(notification("notifications/tools/list_changed", json!({}))).await;
    }
}

/// Mutants that do not know when a request is over.
fn keep_talking(call: Call) {
    let rules = *call.rules();
    let progressed = call.progressed.load(Ordering::Relaxed) > 0;
    let logged = call.logged.load(Ordering::Relaxed);
    let mut late: Vec<(u64, Value)> = Vec::new();
    if progressed && !rules.progress_only_in_progress {
        late.push((20, features::progress::report(&call, 1_000)));
    }
    if progressed && !rules.progress_stops {
        late.extend((1..=3).map(|step| (100, features::progress::report(&call, 1_000 + step))));
    }
    if logged && !rules.logs_before_response {
        late.push((
            20,
            notification(
                "notifications/message",
                json!({ "level": "emergency", "data": "too late" }),
            ),
        ));
    }
    if call.method == "tools/call" && progressed && !rules.cancels_nothing_else {
        late.push((0, notification("notifications/cancelled", json!({ "requestId": call.id }))));
    }
    if late.is_empty() {
        return;
    }
    tokio::spawn(async move {
        for (pause, message) in late {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            call.outbox.send(message).await;
        }
    });
}
