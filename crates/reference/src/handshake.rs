//! A right server of the revisions that open with a handshake, each of whose rules can be broken by name: what
//! `plumb run --revision` is held to.

mod http;
mod methods;
mod newest;
mod rules;
mod stdio;
mod tasks;
mod working;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

pub(crate) use http::serve;
pub use http::{serve_handshake_http, spawn_handshake_http};
pub use rules::{EARLIER_LIBERTIES, EARLIER_MUTANTS, EarlierMutant};
pub use stdio::serve_handshake_stdio;

use crate::revision::{ASSUMED, IN_A_HEADER};

/// The revisions that are negotiated, the latest first.
const SPOKEN: [&str; 3] = [IN_A_HEADER[1], IN_A_HEADER[0], ASSUMED];

/// What one client is remembered by.
#[derive(Debug, Default)]
struct Session {
    version: String,
    /// The least severe level that is told, by its place; what is not set tells from `info` on.
    level: Option<usize>,
    initialized: bool,
    /// How many requests came in it.
    requests: usize,
    /// What its client is able to do.
    declared: Value,
    /// The resources that it wants to know about.
    subscribed: BTreeSet<String>,
    /// Streams with nothing to follow that are left open.
    kept: Vec<mpsc::UnboundedSender<String>>,
    /// The stream of GET, if it is open.
    stream: Option<mpsc::UnboundedSender<Value>>,
}

/// An event that was sent, for who comes back.
#[derive(Debug)]
struct Sent {
    session: String,
    stream: u64,
    id: String,
    message: Value,
}

/// A request of a session: what it is known by.
type Key = (String, String);

/// One process of the server.
pub(crate) struct Server {
    broken: BTreeSet<String>,
    /// The server of the newest revision, whose tools work here, too.
    lender: Arc<crate::server::Server>,
    /// Questions to clients that have no answer yet.
    waiting: Mutex<BTreeMap<Key, oneshot::Sender<Value>>>,
    /// Work under way.
    running: Mutex<BTreeMap<Key, (AbortHandle, working::Say)>>,
    /// Whether a mutant has stumbled over a cancellation.
    spoilt: AtomicBool,
    tasks: Mutex<BTreeMap<String, tasks::Task>>,
    /// How often the tool `job` has worked, as a task or not.
    jobs: AtomicU64,
    /// How often the lists have changed.
    changes: AtomicU64,
    sessions: Mutex<BTreeMap<String, Session>>,
    ended: Mutex<BTreeSet<String>>,
    events: Mutex<Vec<Sent>>,
    numbers: AtomicU64,
}

/// What a message is answered with, and what is said before that.
#[derive(Debug, Default)]
struct Said {
    before: Vec<Value>,
    answer: Option<Value>,
    /// Whether the message has the form of one.
    malformed: bool,
}

impl Server {
    pub(crate) fn new(broken: &[String]) -> Arc<Self> {
        Arc::new(Self {
            lender: working::lender(broken),
            broken: broken.iter().cloned().collect(),
            waiting: Mutex::default(),
            running: Mutex::default(),
            spoilt: AtomicBool::default(),
            tasks: Mutex::default(),
            jobs: AtomicU64::default(),
            changes: AtomicU64::default(),
            sessions: Mutex::default(),
            ended: Mutex::default(),
            events: Mutex::default(),
            numbers: AtomicU64::default(),
        })
    }

    /// Whether the server obeys a rule.
    fn obeys(&self, rule: &str) -> bool {
        !self.broken.contains(rule)
    }

    fn next(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Key, oneshot::Sender<Value>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<String, tasks::Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<Key, (AbortHandle, working::Say)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version that a client is answered with.
    fn negotiated(&self, params: &Value) -> String {
        let asked = params["protocolVersion"].as_str().unwrap_or_default();
        let known = SPOKEN.contains(&asked);
        let answered = match asked {
            _ if !self.obeys("version_other") => asked,
            _ if !self.obeys("version_same") && asked == SPOKEN[1] => SPOKEN[0],
            _ if known => asked,
            _ if !self.obeys("version_same") => SPOKEN[1],
            _ if !self.obeys("version_latest") => SPOKEN[2],
            _ => SPOKEN[0],
        };
        answered.to_owned()
    }

    /// The error that a version is refused by.
    fn unsupported(&self, params: &Value) -> Option<Value> {
        let supported = &SPOKEN[1..];
        let knows = supported.iter().any(|version| params["protocolVersion"] == *version);
        (!knows && !self.obeys("takes_the_last")).then(|| {
            let data = json!({"supported": supported, "requested": params["protocolVersion"]});
            json!({"code": -32602, "message": "Unsupported protocol version", "data": data})
        })
    }

    /// Takes any message of a session.
    fn take(self: &Arc<Self>, session: &str, message: &Value) -> Said {
        if let Some(flaw) = flaw(message) {
            let id = message.get("id").filter(|id| id.is_string() || id.is_i64() || id.is_u64());
            let error = json!({"code": -32600, "message": flaw});
            return Said { answer: Some(failed(id, &error)), malformed: true, ..Said::default() };
        }
        let Some(method) = message["method"].as_str() else {
            self.hear(session, message);
            return Said::default();
        };
        let Some(id) = message.get("id") else {
            if method == "notifications/initialized"
                && let Some(session) = self.sessions().get_mut(session)
            {
                session.initialized = true;
            }
            if method == "notifications/cancelled" {
                self.cancel(session, &message["params"]["requestId"]);
            }
            let tells = method == "notifications/initialized" && !self.obeys("opens_silently");
            let changed = || methods::told("notifications/tools/list_changed", json!({}));
            let before = tells.then(changed).into_iter().collect();
            return Said { before, ..Said::default() };
        };
        let mut before = Vec::new();
        let outcome = self.result(session, method, &message["params"], &mut before);
        if method == "tools/call" && !self.obeys("cancel_own") {
            before.push(methods::told("notifications/cancelled", json!({"requestId": id})));
        }
        let id = if self.obeys("error_id") || outcome.is_ok() { Some(id) } else { None };
        let answer = match outcome {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(error) => failed(id, &error),
        };
        Said { before, answer: Some(answer), malformed: false }
    }
}

/// Why a message is no message.
fn flaw(message: &Value) -> Option<&'static str> {
    let Some(members) = message.as_object() else { return Some("no object") };
    let is_response = members.contains_key("result") || members.contains_key("error");
    let id = members.get("id");
    if members.get("jsonrpc") != Some(&json!("2.0")) {
        return Some("no JSON-RPC 2.0");
    }
    if !id.is_none_or(|id| id.is_string() || id.is_i64() || id.is_u64()) {
        return Some("the id is neither a string nor an integer");
    }
    if is_response && id.is_some() {
        return None;
    }
    if !members.get("method").is_some_and(Value::is_string) {
        return Some("the method is no string");
    }
    members.get("params").is_some_and(|params| !params.is_object()).then_some("params is no object")
}

fn failed(id: Option<&Value>, error: &Value) -> Value {
    let mut answer = json!({"jsonrpc": "2.0", "error": error});
    if let Some(id) = id {
        answer["id"] = id.clone();
    }
    answer
}
