//! What outlives a request: lists that can change, the journal, explicit handles. All of it is bounded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, broadcast, mpsc};

use crate::features::tasks::store::Store;
use crate::lock::lock;
use crate::options::Options;
use crate::outbox::Outbox;
use crate::seal::Seal;
use crate::shelf::Shelf;

/// The state of a server; replicas may share one.
pub(crate) struct State {
    pub(crate) seal: Seal,
    pub(crate) events: broadcast::Sender<Event>,
    /// What a tool wrote down while it ran, by the key that its caller chose.
    pub(crate) journal: Mutex<Shelf<Vec<String>>>,
    /// Baskets by their handle.
    pub(crate) baskets: Mutex<Shelf<Vec<String>>>,
    /// Single-use states that have been used.
    pub(crate) redeemed: Mutex<Shelf<()>>,
    dynamic: Mutex<Dynamic>,
    rate: Mutex<(Option<Instant>, u32)>,
    /// How many tool calls are worked on.
    at_work: AtomicUsize,
    /// What was left in the bucket of requests, and when.
    bucket: Mutex<Option<(Instant, f64)>>,
    streams: Mutex<Vec<Stream>>,
    /// The tasks and what happened to each.
    pub(crate) tasks: Store,
    /// Whose turn it is, where requests are worked on one after the other.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// What only a broken server keeps.
    pub(crate) scratch: Scratch,
}

/// A tool call that is worked on.
pub(crate) struct AtWork<'a>(&'a AtomicUsize);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What changes when a trigger tool is called, the same for every connection.
#[derive(Clone, Copy, Default)]
pub(crate) struct Dynamic {
    pub(crate) tool: bool,
    pub(crate) prompt: bool,
    pub(crate) resource: bool,
    /// How often the watched resource was updated.
    pub(crate) watched: u64,
}

/// A change that a subscription may be waiting for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    ToolsChanged,
    PromptsChanged,
    ResourcesChanged,
    Updated(String),
}

/// Memory that a conforming server has no use for.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) requests: AtomicU64,
    pub(crate) discovers: AtomicU64,
    pub(crate) initialized: AtomicU64,
    pub(crate) tool_lists: AtomicU64,
    pub(crate) challenges: AtomicU64,
    pub(crate) loggers: AtomicU64,
    pub(crate) tool_calls: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) unanswered: AtomicU64,
    /// Ids of requests that are worked on.
    pub(crate) in_flight: Mutex<BTreeSet<String>>,
    /// Who gave a progress token last.
    pub(crate) reporters: Mutex<BTreeMap<String, mpsc::WeakSender<Value>>>,
    pub(crate) cursors: Mutex<Vec<String>>,
    pub(crate) answered: Mutex<Shelf<()>>,
    pub(crate) leaked: Mutex<Vec<Vec<u8>>>,
    pub(crate) last_event: Mutex<Option<Bytes>>,
    pub(crate) last_basket: Mutex<Option<String>>,
    pub(crate) last_prompt: Mutex<Map<String, Value>>,
    pub(crate) last_deadline: Mutex<Option<Value>>,
    /// By the name that a client gives itself: what it declared.
    pub(crate) declared: Mutex<HashMap<String, Map<String, Value>>>,
    pub(crate) last_client: Mutex<Option<Value>>,
    /// Tools whose question nobody has answered yet.
    pub(crate) waiting: Mutex<BTreeSet<String>>,
    pub(crate) spoilt_by_state: AtomicBool,
    pub(crate) spoilt_by_decline: AtomicBool,
    /// The subscription that was last dropped, and what it missed.
    pub(crate) orphan: Mutex<Option<broadcast::Receiver<Event>>>,
    pub(crate) subscribed_on: Mutex<Option<u64>>,
    pub(crate) cancel_everything: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    Response,
    Listen,
}

struct Stream {
    kind: StreamKind,
    id: Value,
    sender: mpsc::WeakSender<Value>,
}

impl State {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            seal: Seal::new(&options.secret),
            events: broadcast::Sender::new(1024),
            journal: Mutex::default(),
            baskets: Mutex::default(),
            redeemed: Mutex::default(),
            dynamic: Mutex::default(),
            rate: Mutex::default(),
            at_work: AtomicUsize::new(0),
            bucket: Mutex::default(),
            streams: Mutex::default(),
            tasks: Store::new(options.state_dir.as_deref()),
            turn: tokio::sync::Mutex::default(),
            scratch: Scratch::default(),
        }
    }

    pub(crate) fn dynamic(&self) -> Dynamic {
        *lock(&self.dynamic)
    }

    /// Changes what is listed and tells the subscriptions.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Dynamic), event: Event) {
        change(&mut lock(&self.dynamic));
        self.announce(event);
    }

    pub(crate) fn announce(&self, event: Event) {
        // Nobody listens: nobody is told.
        let _ = self.events.send(event);
    }

    pub(crate) fn note(&self, key: &str, entry: &str) {
        let mut journal = lock(&self.journal);
        let entries = journal.entry(key);
        if entries.len() < 10_000 {
            entries.push(entry.to_owned());
        }
    }

    /// Counts a tool call; false once there were too many in one second.
    pub(crate) fn admit(&self, per_second: u32) -> bool {
        let mut rate = lock(&self.rate);
        let now = Instant::now();
        match &mut *rate {
            (Some(since), count) if now.duration_since(*since).as_secs() == 0 => *count += 1,
            window => *window = (Some(now), 1),
        }
        rate.1 <= per_second
    }

    /// Begins a tool call; nothing if there are as many as there may be.
    pub(crate) fn begin(&self, most: Option<usize>) -> Option<AtWork<'_>> {
        let before = self.at_work.fetch_add(1, Ordering::SeqCst);
        let at_work = AtWork(&self.at_work);
        most.is_none_or(|most| before < most).then_some(at_work)
    }

    /// Draws one request from the bucket, which begins full; false if it is empty.
    pub(crate) fn draw(&self, size: u32, a_second: u32) -> bool {
        let mut bucket = lock(&self.bucket);
        let now = Instant::now();
        let (since, left) = bucket.unwrap_or((now, f64::from(size)));
        let back = now.duration_since(since).as_secs_f64() * f64::from(a_second);
        let left = (left + back).min(f64::from(size));
        let drawn = left >= 1.0;
        *bucket = Some((now, if drawn { left - 1.0 } else { left }));
        drawn
    }

    /// Makes the stream known to mutants that mix up streams.
    pub(crate) fn open_stream(&self, kind: StreamKind, id: &Value, outbox: &Outbox) {
        let mut streams = lock(&self.streams);
        streams.retain(|stream| stream.sender.strong_count() > 0);
        streams.push(Stream { kind, id: id.clone(), sender: outbox.sender.downgrade() });
    }

    /// Forgets a stream that ended on a channel which others go on using.
    pub(crate) fn close_stream(&self, id: &Value, outbox: &Outbox) {
        lock(&self.streams).retain(|stream| {
            stream.id != *id
                || stream
                    .sender
                    .upgrade()
                    .is_some_and(|sender| !sender.same_channel(&outbox.sender))
        });
    }

    /// Sends the message on every stream of the kind but the one it belongs to.
    pub(crate) fn leak(&self, kind: StreamKind, from: &Outbox, message: &Value) {
        for stream in lock(&self.streams).iter().filter(|stream| stream.kind == kind) {
            let Some(sender) = stream.sender.upgrade() else { continue };
            let mut message = message.clone();
            if kind == StreamKind::Listen {
                message["params"]["_meta"] =
                    json!({ "io.modelcontextprotocol/subscriptionId": stream.id });
            } else if sender.same_channel(&from.sender) {
                continue;
            }
            let _ = sender.try_send(message);
        }
    }

    /// Sends the message, as it is, on every listen stream.
    pub(crate) fn leak_as_is(&self, message: &Value) {
        for stream in lock(&self.streams).iter().filter(|stream| stream.kind == StreamKind::Listen)
        {
            if let Some(sender) = stream.sender.upgrade() {
                let _ = sender.try_send(message.clone());
            }
        }
    }
}
