//! A server of the revision before, whose ways can be had one by one: what an audit of such servers finds is named by the same
//! words. Without any it serves both eras, and has nothing that the newest revision takes away. Two ways are no findings: with
//! `delete-ignored` it answers DELETE and ends nothing, and with `ids-on-get` only what comes on the stream of GET has ids.

mod answers;
mod http;
mod lists;
mod push;
mod stdio;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

pub use http::serve_earlier_http;
pub use stdio::serve_earlier_stdio;

/// What one client is remembered by.
#[derive(Debug, Default)]
struct Session {
    capabilities: Value,
    /// How many calls it has made.
    calls: u64,
    logs: bool,
    /// The stream that it has open, if it has one.
    stream: Option<mpsc::UnboundedSender<Value>>,
}

/// One process of the server.
#[derive(Debug)]
pub(crate) struct Earlier {
    ways: BTreeSet<String>,
    /// Told apart from every other process.
    process: u32,
    sessions: Mutex<BTreeMap<String, Session>>,
    /// The sessions that their clients have ended.
    ended: Mutex<BTreeSet<String>>,
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<Value>>>,
    in_flight: Mutex<BTreeSet<String>>,
    ids: AtomicU64,
    lists: AtomicU64,
    /// Events that were sent, for who comes back.
    events: Mutex<Vec<Value>>,
}

/// Who asks, and on what the server may say something before it answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asker {
    session: Option<String>,
    modern: bool,
    way: Option<mpsc::UnboundedSender<Value>>,
}

impl Earlier {
    fn new(ways: impl IntoIterator<Item = String>) -> Arc<Self> {
        Arc::new(Self {
            ways: ways.into_iter().collect(),
            process: std::process::id(),
            sessions: Mutex::default(),
            ended: Mutex::default(),
            waiting: Mutex::default(),
            in_flight: Mutex::default(),
            ids: AtomicU64::new(1),
            lists: AtomicU64::new(0),
            events: Mutex::default(),
        })
    }

    /// Whether it has this way, named as the audit names it, without `migrate.`.
    fn has(&self, way: &str) -> bool {
        self.ways.contains(way)
    }

    /// Whether it has one of these ways.
    fn has_any(&self, ways: &[&str]) -> bool {
        ways.iter().any(|way| self.has(way))
    }

    /// Whether it gives out sessions.
    fn mints(&self) -> bool {
        const BOUND: [&str; 12] = [
            "session.minted",
            "session.required",
            "session.ended-by-client",
            "session.capability-bound",
            "session.list-bound",
            "session.result-bound",
            "session.cursor-bound",
            "session.subscription-bound",
            "session.log-level-bound",
            "core.handshake-required",
            "replica.session",
            "restart.session",
        ];
        self.has_any(&BOUND)
    }

    fn next(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        lock(&self.sessions)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
