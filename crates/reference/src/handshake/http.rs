//! The server over Streamable HTTP, with sessions, the stream of GET, and what is sent again.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::methods::told;
use super::working::Leaving;
use super::{SPOKEN, Sent, Server, Session, failed};
use crate::revision::{ASSUMED, SERVED};

/// So many requests a session bears where none is kept.
const REQUESTS: usize = 25;

/// Serves on the listener until the process ends. The endpoint is `/mcp`.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_handshake_http(broken: Vec<String>, listener: TcpListener) -> io::Result<()> {
    let app = Router::new().fallback(serve).with_state(Server::new(&broken));
    axum::serve(listener, app).await
}

/// Serves on a free port of the loopback until the runtime ends, with these rules broken; gives the address.
///
/// # Errors
///
/// There is no free port.
pub async fn spawn_handshake_http(broken: &[&str]) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    let broken = broken.iter().map(|rule| (*rule).to_owned()).collect();
    tokio::spawn(serve_handshake_http(broken, listener));
    Ok(url)
}

/// Answers any request.
pub(crate) async fn serve(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path() != "/mcp" {
        return StatusCode::NOT_FOUND.into_response();
    }
    if server.obeys("origin") && !is_own(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match method.as_str() {
        "POST" => {
            if !server.obeys("asks_in_answers") {
                server.ask_elsewhere(&headers, &body).await;
            }
            post(&server, &headers, &body)
        }
        "GET" if server.obeys("get_answer") => {
            server.member(&headers).map_or_else(|refusal| *refusal, |id| server.get(&id, &headers))
        }
        "GET" => StatusCode::NOT_FOUND.into_response(),
        "DELETE" => {
            server.member(&headers).map_or_else(|refusal| *refusal, |id| server.delete(&id))
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn post(server: &Arc<Server>, headers: &HeaderMap, body: &Bytes) -> Response {
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        let code = if server.obeys("parse_error") { -32700 } else { -32603 };
        return bad(code, "no JSON");
    };
    let version = field(headers, "mcp-protocol-version");
    if version == Some(SERVED) && !server.obeys("never_heard") {
        return super::newest::told(&message);
    }
    if message["method"] == "initialize" && field(headers, "mcp-session-id").is_none() {
        return server.open(&message);
    }
    let id = match server.member(headers) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    if Server::is_work(&message) && super::flaw(&message).is_none() {
        return server.working(&id, &message);
    }
    server.posted(&id, &message)
}

impl Server {
    /// Before a tool is called, its client is asked for its roots on the stream of GET, and waited for even where it has none.
    async fn ask_elsewhere(&self, headers: &HeaderMap, body: &[u8]) {
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = field(headers, "mcp-session-id").filter(|_| message["method"] == "tools/call");
        let (nowhere, _unread) = mpsc::unbounded_channel();
        let stream = id.and_then(|id| {
            let sessions = self.sessions();
            let session = sessions.get(id).filter(|s| s.declared["roots"].is_object())?;
            Some(session.stream.clone().unwrap_or(nowhere))
        });
        if let (Some(id), Some(stream)) = (id, stream) {
            self.ask(id, json!({"method": "roots/list"}), &stream).await;
        }
    }

    /// Answers a request that takes a while, on a stream that is open meanwhile.
    fn working(self: &Arc<Self>, id: &str, message: &Value) -> Response {
        let mut said = self.begin(id, message);
        let stream = self.next();
        let (write, written) = mpsc::unbounded_channel::<String>();
        if self.obeys("sse_prime") {
            // The other half is here.
            let _ = write.send(self.event(id, stream, &Value::Null));
        }
        let ends = !self.obeys("disconnect_ends_nothing");
        let leaving = ends.then(|| Leaving::of(self, id, message));
        let polled = !self.obeys("answers_at_once");
        if polled {
            let _ = write.send(self.comes_back());
        }
        let write = Some(write).filter(|_| !polled);
        let (server, id) = (Arc::clone(self), id.to_owned());
        tokio::spawn(async move {
            while let Some(message) = said.recv().await {
                let event = server.event(&id, stream, &message);
                // Nobody may listen any more; the work goes on.
                if let Some(write) = &write {
                    let _ = write.send(event);
                }
            }
        });
        open_stream(written, leaving)
    }

    fn posted(self: &Arc<Self>, id: &str, message: &Value) -> Response {
        if let Some(batch) = message.as_array() {
            let old = self.sessions().get(id).is_some_and(|session| session.version == ASSUMED);
            if !old || !self.obeys("batch") {
                return bad(-32600, "an array");
            }
            let answers = batch.iter().filter_map(|one| self.take(id, one).answer);
            return axum::Json(Value::Array(answers.collect())).into_response();
        }
        if self.is_taken(id, &message["id"]) {
            let error = json!({"code": -32600, "message": "the id is in use"});
            return axum::Json(failed(message.get("id"), &error)).into_response();
        }
        let said = self.take(id, message);
        match said.answer {
            Some(answer) if said.malformed => {
                (StatusCode::BAD_REQUEST, axum::Json(answer)).into_response()
            }
            Some(answer) => self.streamed(id, message, said.before, answer),
            None if message.get("method").is_none() && !self.obeys("response_202")
                || message.get("method").is_some() && !self.obeys("notification_202") =>
            {
                axum::Json(json!({})).into_response()
            }
            None => StatusCode::ACCEPTED.into_response(),
        }
    }

    fn open(self: &Arc<Self>, message: &Value) -> Response {
        let said = self.take("", message);
        let Some(answer) = said.answer.filter(|_| !said.malformed) else {
            return bad(-32600, "no request");
        };
        if answer.get("error").is_some() {
            return axum::Json(answer).into_response();
        }
        let id = match self.next() {
            n if !self.obeys("session_random") => format!("session-{n}"),
            n if !self.obeys("session_ascii") => format!("{} {n}", random()),
            _ => random(),
        };
        let version = self.negotiated(&message["params"]);
        let declared = message["params"]["capabilities"].clone();
        self.sessions().insert(id.clone(), Session { version, declared, ..Session::default() });
        ([("mcp-session-id", id)], axum::Json(answer)).into_response()
    }

    /// The session that a request belongs to, or why it is refused.
    fn member(&self, headers: &HeaderMap) -> Result<String, Box<Response>> {
        let refusal = |status: StatusCode| Box::new(status.into_response());
        let Some(id) = field(headers, "mcp-session-id") else {
            let asked = self.obeys("session_missing");
            return Err(refusal(if asked {
                StatusCode::BAD_REQUEST
            } else {
                StatusCode::NOT_FOUND
            }));
        };
        if self.is_worn_out(id) {
            self.delete(id);
        }
        if !self.sessions().contains_key(id) {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).contains(id);
            let rule = if ended { "session_ended" } else { "session_unknown" };
            let right = self.obeys(rule);
            return Err(refusal(if right {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::BAD_REQUEST
            }));
        }
        match field(headers, "mcp-protocol-version") {
            Some(version) if !SPOKEN.contains(&version) && self.obeys("version_header") => {
                Err(refusal(StatusCode::BAD_REQUEST))
            }
            None if !self.obeys("version_header_absent") => Err(refusal(StatusCode::BAD_REQUEST)),
            _ => Ok(id.to_owned()),
        }
    }

    /// Counts a request, and tells whether the session has had enough of them.
    fn is_worn_out(&self, id: &str) -> bool {
        self.sessions().get_mut(id).is_some_and(|session| {
            session.requests += 1;
            session.requests > REQUESTS && !self.obeys("keeps_sessions")
        })
    }

    fn delete(&self, id: &str) -> Response {
        self.sessions().remove(id);
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        StatusCode::OK.into_response()
    }

    /// Answers a request on a stream of its own.
    fn streamed(&self, id: &str, message: &Value, before: Vec<Value>, answer: Value) -> Response {
        let stream = self.next();
        let mut events = String::new();
        if self.obeys("sse_prime") {
            events += &self.event(id, stream, &Value::Null);
        }
        for said in before {
            events += &self.event(id, stream, &said);
        }
        let logs = message.pointer("/params/name") == Some(&json!("log"));
        if logs && !self.obeys("sse_retry") || !self.obeys("answers_at_once") {
            self.event(id, stream, &answer);
            return closed(events + &self.comes_back());
        }
        if logs && !self.obeys("sse_response") {
            return closed(": nothing\n\n".to_owned());
        }
        if !self.obeys("get_responses")
            && let Some(stream) = self.sessions().get(id).and_then(|s| s.stream.clone())
        {
            // The client may be gone.
            let _ = stream.send(answer.clone());
        }
        events += &self.event(id, stream, &answer);
        closed(events)
    }

    /// When a client comes back for the rest of a stream.
    fn comes_back(&self) -> String {
        if self.obeys("sse_retry") { "retry: 20\n\n".to_owned() } else { String::new() }
    }

    /// The event of a message, which is kept; the first of a stream has none.
    fn event(&self, session: &str, stream: u64, message: &Value) -> String {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let place = if self.obeys("event_ids") {
            events.len()
        } else {
            events.iter().filter(|sent| sent.stream == stream).count()
        };
        let id =
            if self.obeys("event_ids") { format!("{stream}-{place}") } else { place.to_string() };
        let data = if message.is_null() { String::new() } else { message.to_string() };
        let text = format!("id: {id}\ndata: {data}\n\n");
        let (session, message) = (session.to_owned(), message.clone());
        events.push(Sent { session, stream, id, message });
        text
    }

    /// The stream of a client, or what comes after an event.
    fn get(&self, id: &str, headers: &HeaderMap) -> Response {
        if let Some(last) = field(headers, "last-event-id") {
            let events = self.after(id, last);
            let ends = self.obeys("answers_at_once") || events.contains("\"result\"");
            if ends && !self.obeys("answers_at_once") {
                // What was fetched stays open: the client has its answer, and may hang up.
                let (write, written) = mpsc::unbounded_channel::<String>();
                let _ = write.send(events);
                if let Some(session) = self.sessions().get_mut(id) {
                    session.kept.push(write);
                }
                return open_stream(written, None);
            }
            return closed(if ends { events } else { events + &self.comes_back() });
        }
        if !self.obeys("get_conflict") || !self.obeys("several_streams") && self.has_listener() {
            return StatusCode::CONFLICT.into_response();
        }
        let (way, mut said) = mpsc::unbounded_channel::<Value>();
        let (write, written) = mpsc::unbounded_channel::<String>();
        // The other half is here.
        let _ = write.send(self.event(id, 0, &Value::Null));
        if let Some(session) = self.sessions().get_mut(id) {
            if !session.initialized && !self.obeys("initialized_first") {
                let _ = way.send(json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"}));
            }
            if session.initialized && !self.obeys("opens_silently") {
                let _ = way.send(told("notifications/tools/list_changed", json!({})));
            }
            session.stream = Some(way);
        }
        tokio::spawn(async move {
            let passed_on = async {
                while let Some(message) = said.recv().await {
                    // Whoever has gone is noticed below.
                    let _ = write.send(format!("data: {message}\n\n"));
                }
            };
            tokio::select! {
                () = passed_on => {}
                () = write.closed() => {}
            }
        });
        open_stream(written, None)
    }

    /// Whether a stream of GET is open in any session.
    fn has_listener(&self) -> bool {
        let sessions = self.sessions();
        sessions.values().filter_map(|session| session.stream.as_ref()).any(|way| !way.is_closed())
    }

    /// What was sent behind an event of a session, on its stream.
    fn after(&self, session: &str, last: &str) -> String {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |sent: &&Sent| sent.session == session;
        let Some(at) = events.iter().position(|sent| sent.session == session && sent.id == last)
        else {
            return ": nothing\n\n".to_owned();
        };
        let stream = events[at].stream;
        let behind = events[at + 1..].iter().filter(own);
        let behind = behind.filter(|sent| sent.stream == stream || !self.obeys("replay_own"));
        let told = behind.filter(|sent| !sent.message.is_null());
        let events = told.map(|sent| format!("id: {}\ndata: {}\n\n", sent.id, sent.message));
        events.collect::<Vec<_>>().concat()
    }
}

/// A stream of what is written; `leaving` goes with it.
fn open_stream(written: mpsc::UnboundedReceiver<String>, leaving: Option<Leaving>) -> Response {
    let stream =
        futures_util::stream::unfold((written, leaving), |(mut written, leaving)| async move {
            let text = written.recv().await?;
            Some((Ok::<_, Infallible>(text), (written, leaving)))
        });
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}

/// Whether a request comes from no page, or from one of the server itself.
fn is_own(headers: &HeaderMap) -> bool {
    let Some(origin) = field(headers, "origin") else { return true };
    let host = field(headers, "host").unwrap_or_default();
    origin == format!("http://{host}")
}

fn closed(events: String) -> Response {
    ([("content-type", "text/event-stream")], events).into_response()
}

fn bad(code: i64, message: &str) -> Response {
    let error = failed(Some(&Value::Null), &json!({"code": code, "message": message}));
    (StatusCode::BAD_REQUEST, axum::Json(error)).into_response()
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// 128 random bits.
pub(super) fn random() -> String {
    let mut bits = [0; 16];
    // A machine without randomness has more to worry about.
    let _ = SystemRandom::new().fill(&mut bits);
    URL_SAFE_NO_PAD.encode(bits)
}
