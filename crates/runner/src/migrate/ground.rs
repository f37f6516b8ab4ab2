//! What all steps of an audit share: its clock, its bounds, and what was exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumb_model::{Answer, Edition, Exchange, Initiator, Secrets, Sent};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{Clock, Limits};
use tokio::time::Instant;

use super::findings::Findings;
use crate::Observed;
use crate::observe::clip;
use crate::polling::event_ids;
use crate::published::Published;

/// Exchanges that are kept, at most: a target decides how often it asks.
const KEPT: usize = 4_000;

/// So many codes of errors are remembered.
const CODES: usize = 256;

/// An answer that nobody has time for is not waited for.
const LEAST: Duration = Duration::from_millis(50);

/// What all steps of an audit share.
pub(super) struct Ground {
    pub(super) edition: Arc<Edition>,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    pub(super) secrets: Secrets,
    /// When the audit ends.
    pub(super) deadline: Instant,
    pub(super) findings: Findings,
    published: Published,
    kept: Mutex<Vec<Exchange>>,
    seq: AtomicU64,
    marks: Mutex<Marks>,
}

/// What any exchange may show.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The codes of errors, each with the first exchange that had it.
    pub(super) codes: BTreeMap<i64, u64>,
    /// What errors say, each once.
    pub(super) messages: BTreeSet<String>,
    /// The exchange with the most events that carry ids, and how many.
    pub(super) with_ids: Option<(u64, usize)>,
    /// The first exchange in which the server told when to come back.
    pub(super) retry: Option<u64>,
    /// The first exchange with a stream of events as its answer.
    pub(super) stream: Option<u64>,
}

impl Marks {
    fn see(&mut self, seen: &Observed) {
        let seq = seen.seq();
        for code in seen.messages.iter().filter_map(Message::code) {
            if self.codes.len() < CODES {
                self.codes.entry(code).or_insert(seq);
            }
        }
        for message in seen.messages.iter().filter_map(Message::error_message) {
            if self.messages.len() < CODES {
                self.messages.insert(clip(message, 120));
            }
        }
        let Some(facts) = &seen.exchange.answer.stream else { return };
        self.stream.get_or_insert(seq);
        if facts.retries > 0 {
            self.retry.get_or_insert(seq);
        }
        self.carry_ids(seq, event_ids(&seen.exchange.answer).len());
    }

    fn carry_ids(&mut self, seq: u64, ids: usize) {
        if ids > self.with_ids.map_or(0, |(_, most)| most) {
            self.with_ids = Some((seq, ids));
        }
    }
}

impl Ground {
    pub(super) fn new(
        edition: Arc<Edition>,
        limits: Limits,
        secrets: Secrets,
        deadline: Instant,
        room: usize,
    ) -> Self {
        Self {
            edition,
            clock: Clock::start(),
            limits,
            secrets,
            deadline,
            findings: Findings::default(),
            published: Published::within(room),
            kept: Mutex::default(),
            seq: AtomicU64::new(0),
            marks: Mutex::default(),
        }
    }

    /// The number of the next exchange.
    pub(super) fn reserve(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Keeps one finished exchange, as it may be published, and gives all of it.
    pub(super) fn record(
        &self,
        seq: u64,
        by: &str,
        channel: &str,
        sent: Sent,
        answer: Answer,
    ) -> Observed {
        let (by, channel) = (by.to_owned(), channel.to_owned());
        let exchange = Exchange { seq, by, channel, initiator: Initiator::Us, sent, answer };
        let seen = Observed::new(exchange).counted(&self.limits.account);
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).see(&seen);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(self.published.cut(seen.exchange.as_ref().clone()));
        }
        seen
    }

    /// So many events of a stream that is still open carry an id.
    pub(super) fn carry_ids(&self, seq: u64, ids: usize) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.stream.get_or_insert(seq);
        marks.carry_ids(seq, ids);
    }

    /// What the exchanges up to now showed.
    pub(super) fn marks(&self) -> Marks {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was kept, in order of sending.
    pub(super) fn take(&self) -> Vec<Exchange> {
        let mut kept =
            std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        kept.sort_by_key(|exchange| exchange.seq);
        kept
    }

    /// How long an answer may take: as long as asked for, and no longer than the audit lasts. `None` if that is over.
    pub(super) fn patience(&self, wanted: Option<Duration>) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let wanted = wanted.unwrap_or(self.limits.answer).min(self.limits.answer);
        (left > LEAST).then(|| wanted.min(left))
    }

    /// Waits for what a target may do by itself, if the audit still has so much time.
    pub(super) async fn pause(&self, wait: Duration) {
        if let Some(wait) = self.patience(Some(wait)) {
            tokio::time::sleep(wait).await;
        }
    }
}
