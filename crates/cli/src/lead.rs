//! The page that leads a client: what to do at which address, and what was seen of it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::{self, Stream};
use plumb_model::shell::quoted;
use plumb_runner::client::{Listening, Place, Standing, Visit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const STYLE: &str = include_str!("../templates/lead.css");
const SCRIPT: &str = include_str!("../templates/lead.js");

/// Nothing acts in the page but what comes from its own origin.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Where a browser asks: a page of somebody else's that has its name lead here asks by that name.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// The servers that it leads to, once they wait.
type Led = Arc<OnceLock<Arc<Listening>>>;

/// The page, served until it is dropped.
pub(crate) struct Page {
    address: SocketAddr,
    led: Led,
    task: JoinHandle<()>,
}

impl Page {
    /// Takes an address of this machine, and begins to serve there.
    ///
    /// Errors: somebody else has it.
    pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let taken = |error| anyhow::anyhow!("nothing can wait at {address}: {error}");
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let (address, led) = (listener.local_addr()?, Led::default());
        let router = Router::new()
            .route("/", get(page))
            .route("/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], STYLE) }))
            .route(
                "/script.js",
                get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT) }),
            )
            .route("/servers.json", get(servers))
            .route("/events", get(events))
            .route("/leave", post(leave))
            .layer(middleware::from_fn(guarded))
            .with_state(Arc::clone(&led));
        let task = tokio::spawn(async move {
            // It ends with the run, which ends this task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, led, task })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is, for a browser.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Leads to these servers; said once.
    pub(crate) fn leads_to(&self, listening: &Arc<Listening>) {
        let _ = self.led.set(Arc::clone(listening));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers nobody but this machine's own pages, and says what may act in ours.
async fn guarded(request: Request, next: Next) -> Response {
    if !is_own(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let set = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in set {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a person of this machine asks, or a page of ours.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let origin = text(header::ORIGIN);
    NAMES.contains(&name) && origin.is_none_or(|origin| origin == format!("http://{host}"))
}

async fn page(State(led): State<Led>) -> Response {
    let Some(listening) = led.get() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    // Rendering into a string fails for no template of ours.
    Html(Lead::of(listening).render().unwrap_or_default()).into_response()
}

async fn servers(State(led): State<Led>) -> Json<Value> {
    Json(led.get().map_or(Value::Null, |listening| configuration(listening)))
}

/// What was seen, whenever that changes.
async fn events(State(led): State<Led>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = led.get().map(|listening| {
        let mut standing = listening.standing();
        standing.mark_changed();
        standing
    });
    Sse::new(stream::unfold(first, |standing| async {
        let mut standing = standing?;
        standing.changed().await.ok()?;
        let all: Vec<Told> = standing.borrow_and_update().iter().map(Told::of).collect();
        let event = Event::default().json_data(all).unwrap_or_default();
        Some((Ok(event), Some(standing)))
    }))
}

/// What is told of a server as it is seen.
#[derive(Serialize)]
struct Told {
    messages: usize,
    seen: Vec<bool>,
    done: bool,
}

impl Told {
    fn of(standing: &Standing) -> Self {
        let Standing { messages, seen, .. } = standing.clone();
        Self { messages, seen, done: standing.is_done() }
    }
}

/// A server at which the client does no more.
#[derive(Deserialize)]
struct Left {
    at: usize,
}

async fn leave(State(led): State<Led>, Form(left): Form<Left>) -> Redirect {
    if let Some(listening) = led.get() {
        listening.leave(left.at);
    }
    Redirect::to(&format!("/#v{}", left.at))
}

/// All servers as many clients have them in a configuration.
fn configuration(listening: &Listening) -> Value {
    let entry = |visit: &Visit| match visit.place() {
        Place::Url(url) => json!({ "type": "http", "url": url }),
        Place::Command(command) => {
            let (program, args) = command.split_first().map_or(("", &[][..]), |(p, a)| (p, a));
            json!({ "command": program, "args": args })
        }
    };
    let named = |visit: &Visit| (format!("plumb {}", visit.label()), entry(visit));
    let all: Map<String, Value> = listening.visits().iter().map(named).collect();
    json!({ "mcpServers": all })
}

#[derive(Template)]
#[template(path = "lead.html")]
struct Lead {
    done: usize,
    count: usize,
    servers: String,
    groups: Vec<Group>,
}

/// Servers at which the same is done.
struct Group {
    to_do: Vec<Sentence>,
    visits: Vec<Row>,
}

/// Words in order, and which of them are code.
type Sentence = Vec<(bool, String)>;

struct Row {
    /// Its place among all.
    at: usize,
    label: &'static str,
    place: String,
    given: Vec<(String, String)>,
    seen: Vec<bool>,
    messages: usize,
    done: bool,
}

impl Lead {
    fn of(listening: &Listening) -> Self {
        let standing = listening.standing().borrow().clone();
        let mut groups: Vec<Group> = Vec::new();
        for (at, (visit, standing)) in listening.visits().iter().zip(&standing).enumerate() {
            let to_do: Vec<Sentence> = visit.to_do().map(sentence).collect();
            let row = Row::of(at, visit, standing);
            match groups.iter_mut().find(|group| group.to_do == to_do) {
                Some(group) => group.visits.push(row),
                None => groups.push(Group { to_do, visits: vec![row] }),
            }
        }
        let servers = serde_json::to_string_pretty(&configuration(listening)).unwrap_or_default();
        let done = standing.iter().filter(|standing| standing.is_done()).count();
        Self { done, count: standing.len(), servers, groups }
    }
}

impl Row {
    fn of(at: usize, visit: &Visit, standing: &Standing) -> Self {
        let place = match visit.place() {
            Place::Url(url) => url.clone(),
            Place::Command(words) => {
                words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            }
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = visit.given().iter().map(|(name, value)| (name.clone(), text(value)));
        let Standing { messages, seen, .. } = standing.clone();
        let (label, done) = (visit.label(), standing.is_done());
        Self { at, label, place, given: given.collect(), seen, messages, done }
    }
}

/// A sentence, what stands between backticks as code.
fn sentence(text: &str) -> Sentence {
    let parts = text.split('`').enumerate().map(|(n, part)| (n % 2 == 1, part.to_owned()));
    parts.filter(|(_, part)| !part.is_empty()).collect()
}
