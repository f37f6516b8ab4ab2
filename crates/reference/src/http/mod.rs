//! The Streamable HTTP binding.

mod accept;
mod exchange;
pub(crate) mod headers;
mod origin;
mod reply;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::auth::guard::Guard;
use crate::auth::principal::Principal;
use crate::auth::{access, admission, metadata};
use crate::connection::Connection;
use crate::dispatch::{self, Binding};
use crate::lock::next;
use crate::message::{self, Incoming, Request, RpcError};
use crate::outbox::Outbox;
use crate::reference::Reference;
use crate::server::{Phase, Server};
use crate::state;

use self::accept::{Doorway, Peer};

/// The largest body read, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How long requests may go on after the server was asked to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Serves on the listener until the process ends. The endpoint is `/mcp`.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_http(reference: Reference, listener: TcpListener) -> io::Result<()> {
    serve_http_until(reference, listener, std::future::pending()).await
}

/// Serves on the listener until `shutdown` resolves; then ends every subscription as the specification asks, lets
/// other requests finish within one second, and returns.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_http_until(
    reference: Reference,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve(Server::new(reference), listener, shutdown).await
}

/// A server running in this process. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its endpoint: `http://127.0.0.1:<port>/mcp`.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Stops the server and waits until it has.
    ///
    /// # Errors
    ///
    /// Those that ended the server before.
    pub async fn stop(mut self) -> io::Result<()> {
        self.stop.take();
        match self.task.take() {
            Some(task) => task.await.unwrap_or_else(|gone| Err(io::Error::other(gone))),
            None => Ok(()),
        }
    }
}

/// Runs the server on a free port of the loopback interface.
///
/// # Errors
///
/// When no port can be had.
pub async fn spawn_http(reference: Reference) -> io::Result<Running> {
    spawn(Server::new(reference)).await
}

/// Runs several replicas of one server. They share what a deployment would keep in a common store, and nothing else.
///
/// # Errors
///
/// When no port can be had.
pub async fn spawn_http_replicas(
    reference: Reference,
    replicas: usize,
) -> io::Result<Vec<Running>> {
    let shared = Arc::new(state::State::new(&reference.options));
    let mut running = Vec::with_capacity(replicas);
    for _ in 0..replicas {
        running.push(spawn(Server::with_state(reference.clone(), Arc::clone(&shared))).await?);
    }
    Ok(running)
}

async fn spawn(server: Arc<Server>) -> io::Result<Running> {
    let host = if server.rules.binds_to_loopback { [127, 0, 0, 1] } else { [0, 0, 0, 0] };
    let listener = TcpListener::bind(SocketAddr::from((host, 0))).await?;
    let port = listener.local_addr()?.port();
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(server, listener, async move {
        // A dropped sender asks to stop, as a message would.
        let _ = stopped.await;
    }));
    Ok(Running { addr, url: format!("http://{addr}/mcp"), stop: Some(stop), task: Some(task) })
}

async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if let Some(protection) = &server.options.protection {
        let address = format!("http://{}/mcp", listener.local_addr()?);
        let guard = Guard::of(protection, &address).await?;
        // It is set once: this server is served once.
        let _ = server.guard.set(guard);
    }
    let app = Router::new()
        .fallback(endpoint)
        .with_state(Arc::clone(&server))
        .into_make_service_with_connect_info::<Peer>();
    let closing = Arc::clone(&server);
    let serving = axum::serve(Doorway::new(listener, &server.rules), app).with_graceful_shutdown(
        async move {
            shutdown.await;
            closing.enter(Phase::Closing);
        },
    );
    tokio::select! {
        ended = serving => ended,
        () = async {
            server.reached(Phase::Closing).await;
            tokio::time::sleep(GRACE).await;
            server.enter(Phase::Closed);
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    }
}

/// Whatever is sent to the server arrives here.
async fn endpoint(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: axum::extract::Request,
) -> Response {
    let (head, body) = request.into_parts();
    let rules = &server.rules;
    tokio::time::sleep(server.options.answer_delay).await;
    if let Some((every, status)) = server.options.turned_away
        && (next(&server.state.scratch.requests) + 1).is_multiple_of(every.max(1))
    {
        return reply::later(&server, status);
    }
    let late = !rules.origin_checked_on_listen
        && headers::is(&head.headers, "mcp-method", "subscriptions/listen")
        && head.method == Method::POST
        || !rules.foreign_origin_403_on_get && head.method == Method::GET;
    if !late && let Err(refused) = origin::check(&server, &head.headers) {
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
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
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
            let made_up = (!rules.refused_notification_without_id && is_notification(&body))
                .then(|| json!(0));
            let mut answer =
                dispatch::refusal(server, refused.id.or(made_up).as_ref(), *refused.error);
            if !rules.malformed_notification_refused && is_notification(&body) {
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
                    reply::answer(server, &crate::envelope::answer(&call, Ok(lacking)))
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

/// A request without a good token gets nothing but the refusal. Mutants work on it all the same.
async fn turned_away(
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
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else { return refused };
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
        return reply::answer(server, &dispatch::Answer { message, status: 200 });
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

/// Whether the body was meant to be a notification: it has a method and no id.
fn is_notification(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|message| message.get("method").is_some() && message.get("id").is_none())
}
