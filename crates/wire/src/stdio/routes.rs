//! Sorting lines to the exchanges that they belong to; the rules stand at [`Session`](super::Session).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use plumb_model::{Carrier, End, Frame};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::questions::{Question, Questions};
use super::{Expect, Reply};
use crate::live::Recorder;
use crate::{Clock, Limits, jsonrpc, meta, notification};

/// The exchanges that are known to a session.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    table: Arc<Mutex<Table>>,
    clock: Clock,
    max_strays: usize,
    max_stray_bytes: usize,
}

#[derive(Debug)]
struct Table {
    entries: Vec<Entry>,
    next_key: u64,
    strays: Vec<Frame>,
    stray_bytes: usize,
    oversized: u64,
    questions: Questions,
    /// Ids that were sent in this session, as JSON text, each with how many answers it has still to get: a late answer to one of
    /// them is nobody else's.
    asked: BTreeMap<String, usize>,
    /// Ids in lines that are no requests: whatever comes under one of them may answer that line.
    mentioned: BTreeSet<String>,
    /// When the first line came.
    spoken: watch::Sender<Option<Instant>>,
    /// When the last line came, by the clock of the run.
    heard: Option<u64>,
    /// Why nothing can come any more.
    closed: watch::Sender<Option<String>>,
}

#[derive(Debug)]
struct Entry {
    key: u64,
    expect: Expect,
    /// The id in a line that is no request, if it has one: what comes under it is for this line.
    mentions: Option<Value>,
    recorder: Recorder,
}

/// The place of one exchange; its drop gives it up.
#[derive(Debug)]
pub(crate) struct Route {
    table: Arc<Mutex<Table>>,
    key: u64,
}

impl Drop for Route {
    fn drop(&mut self) {
        lock(&self.table).entries.retain(|entry| entry.key != self.key);
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    // A panic elsewhere leaves the table as it is, and it is still right.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Routes {
    pub(super) fn new(clock: Clock, limits: &Limits) -> Self {
        let table = Table {
            entries: Vec::new(),
            next_key: 0,
            strays: Vec::new(),
            stray_bytes: 0,
            oversized: 0,
            questions: Questions::default(),
            asked: BTreeMap::new(),
            mentioned: BTreeSet::new(),
            spoken: watch::Sender::new(None),
            heard: None,
            closed: watch::Sender::new(None),
        };
        Self {
            table: Arc::new(Mutex::new(table)),
            clock,
            max_strays: limits.frames,
            max_stray_bytes: limits.stray_bytes,
        }
    }

    /// Makes an exchange known; the error says why nothing can come back.
    pub(super) fn add(
        &self,
        line: &[u8],
        expect: Expect,
        recorder: Recorder,
    ) -> Result<Route, String> {
        let mut table = lock(&self.table);
        if let Some(why) = table.closed.borrow().clone() {
            return Err(why);
        }
        let key = table.next_key;
        table.next_key += 1;
        let mentions = match &expect.reply {
            Reply::Any => jsonrpc::parse(line).value.ok().and_then(|line| line.get("id").cloned()),
            _ => None,
        };
        let mentions = mentions.filter(|id| !id.is_null());
        match &expect.reply {
            Reply::To(id) if table.asked.len() < self.max_strays => {
                *table.asked.entry(id.to_string()).or_default() += 1;
            }
            Reply::Any if table.mentioned.len() < self.max_strays => {
                table.mentioned.extend(mentions.as_ref().map(Value::to_string));
            }
            _ => {}
        }
        table.entries.push(Entry { key, expect, mentions, recorder });
        Ok(Route { table: Arc::clone(&self.table), key })
    }

    /// Gives a line to the exchange that it belongs to. What names a request whose exchange has been given up belongs to
    /// that, and so to nobody else: its first answer is dropped, everything else is a stray, and so is an answer under an
    /// id that was never sent.
    pub(super) fn sort(&self, line: Bytes) {
        let value = jsonrpc::parse(&line).value.unwrap_or(Value::Null);
        let mut table = lock(&self.table);
        table.heard = Some(self.clock.now());
        table.spoken.send_if_modified(|at| at.is_none() && at.replace(Instant::now()).is_none());
        let before = value
            .get("id")
            .filter(|_| is_response(&value))
            .and_then(|id| table.asked.get_mut(&id.to_string()))
            .map(|left| std::mem::replace(left, left.saturating_sub(1)));
        let claimed = table.entries.iter().rev().find(|entry| entry.claims(&value));
        let of_another = before.is_some()
            || named(&value).is_some_and(|id| table.asked.contains_key(&id.to_string()));
        let heir = || if of_another { None } else { table.heir(&value) };
        let entry = claimed.or_else(heir);
        let has_reader = entry.is_some_and(|entry| entry.expect.answers_questions);
        table.questions.tell(&value, &line, has_reader);
        let Some(entry) = entry else {
            let mentioned = value.get("id").is_some_and(|id| {
                before.is_none() && is_response(&value) && table.mentioned.contains(&id.to_string())
            });
            if before.is_none_or(|left| left == 0) && !mentioned {
                table.stray(self, line);
            }
            return;
        };
        let completes =
            is_response(&value) && (entry.claims(&value) || entry.expect.reply == Reply::Any);
        entry.recorder.frame(Carrier::Line, line.into());
        if completes {
            entry.recorder.end(End::Complete);
        }
    }

    /// Tells the only exchange that awaits an answer of a line that was not kept.
    pub(super) fn sort_too_long(&self, limit: usize) {
        let mut table = lock(&self.table);
        table.oversized += 1;
        if let Some(entry) = only(table.entries.iter().filter(|entry| entry.awaits())) {
            entry.recorder.end(End::TooLarge(limit as u64));
        }
    }

    pub(super) fn take_strays(&self) -> Vec<Frame> {
        let mut table = lock(&self.table);
        table.stray_bytes = 0;
        std::mem::take(&mut table.strays)
    }

    pub(super) fn questions(&self) -> mpsc::Receiver<Question> {
        lock(&self.table).questions.subscribe()
    }

    pub(super) fn oversized(&self) -> u64 {
        lock(&self.table).oversized
    }

    /// Ends all exchanges: nothing can come any more.
    pub(super) fn close(&self, why: &str) {
        let table = lock(&self.table);
        table.closed.send_replace(Some(why.to_owned()));
        for entry in &table.entries {
            entry.recorder.shut(End::Broken(why.to_owned()));
        }
    }

    /// When the first line came.
    pub(super) fn spoken(&self) -> Option<Instant> {
        *lock(&self.table).spoken.borrow()
    }

    /// When the last line came.
    pub(super) fn heard(&self) -> Option<u64> {
        lock(&self.table).heard
    }

    /// Waits at most this long for the first line, or for the end of all lines.
    pub(super) async fn wait_spoken(&self, patience: Duration) {
        let (mut spoken, mut closed) = {
            let table = lock(&self.table);
            (table.spoken.subscribe(), table.closed.subscribe())
        };
        let first = async {
            tokio::select! {
                _ = spoken.wait_for(Option::is_some) => {}
                _ = closed.wait_for(Option::is_some) => {}
            }
        };
        // Whoever waits looks afterwards.
        let _ = timeout(patience, first).await;
    }

    pub(super) async fn wait_closed(&self, patience: Duration) -> bool {
        let mut closed = lock(&self.table).closed.subscribe();
        let waited = timeout(patience, closed.wait_for(Option::is_some)).await;
        matches!(waited, Ok(Ok(_)))
    }
}

impl Table {
    /// The exchange that gets a line which nobody claims.
    fn heir(&self, line: &Value) -> Option<&Entry> {
        let awaiting = || self.entries.iter().filter(|entry| entry.awaits());
        if is_response(line) && line.get("id").is_none_or(Value::is_null) {
            let any = || awaiting().filter(|entry| entry.expect.reply == Reply::Any);
            // What has an id of its own is more likely to be answered under that.
            let without_id = any().filter(|entry| entry.mentions.is_none());
            return only(without_id).or_else(|| only(any())).or_else(|| only(awaiting()));
        }
        only(awaiting())
    }

    fn stray(&mut self, bounds: &Routes, line: Bytes) {
        let bytes = self.stray_bytes + line.len();
        if bytes <= bounds.max_stray_bytes && self.strays.len() < bounds.max_strays {
            self.stray_bytes = bytes;
            self.strays.push(Frame {
                at: bounds.clock.now(),
                carrier: Carrier::Line,
                payload: line.into(),
            });
        }
    }
}

impl Entry {
    /// Whether it still awaits its response.
    fn awaits(&self) -> bool {
        self.expect.reply != Reply::Nothing && !self.recorder.lock().ended
    }

    /// Whether a line names this exchange.
    fn claims(&self, line: &Value) -> bool {
        let own_id = |id: Option<&Value>| matches!((&self.expect.reply, id), (Reply::To(own), Some(id)) if own == id);
        if is_response(line) {
            let id = line.get("id");
            return own_id(id) || (id.is_some() && id == self.mentions.as_ref() && self.awaits());
        }
        let params = &line["params"];
        match line["method"].as_str() {
            None => false,
            Some(notification::PROGRESS) => params
                .get("progressToken")
                .is_some_and(|token| self.expect.progress_token.as_ref() == Some(token)),
            Some(notification::CANCELLED) if own_id(params.get("requestId")) => true,
            Some(_) => own_id(params["_meta"].get(meta::SUBSCRIPTION_ID)),
        }
    }
}

/// The request that a notification names.
fn named(line: &Value) -> Option<&Value> {
    line.get("method")?;
    let params = &line["params"];
    let of_stream = params["_meta"].get(meta::SUBSCRIPTION_ID);
    of_stream.or_else(|| params.get("requestId"))
}

/// Whether a line answers a request, by its members.
fn is_response(line: &Value) -> bool {
    line.get("method").is_none() && (line.get("result").is_some() || line.get("error").is_some())
}

/// The only item, if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}
