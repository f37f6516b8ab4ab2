//! The recording of an answer, shared by whoever reads the wire and whoever waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::BytesMut;
use plumb_model::{Answer, Carrier, End, Frame, Head, Payload, StreamFacts};
use tokio::sync::watch;

use crate::process::Mark;
use crate::{Account, Clock, Limits, Reservation};

/// A handle to the recording of one answer.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Arc<Recording>);

#[derive(Debug)]
struct Recording {
    channel: String,
    /// The fresh connection that took over from a stale one.
    successor: OnceLock<String>,
    head: OnceLock<Head>,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    clock: Clock,
    /// When what is being written began to be; 0 where nobody writes, since the record is of what is read.
    writing_since: AtomicU64,
    after: AfterEnd,
    max_frames: usize,
    max_bytes: usize,
    account: Account,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) answer: Answer,
    /// The answer has its `end`.
    pub(crate) ended: bool,
    /// Nothing more will be recorded.
    pub(crate) closed: bool,
    /// A body that is still coming, or that never became a frame.
    body: BytesMut,
    /// Bytes of all frames.
    bytes: usize,
    /// What is held of them in the account of the run.
    held: Option<Reservation>,
}

/// Whether frames can follow the end of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterEnd {
    /// None: the carrier belongs to this exchange.
    Silence,
    /// Late ones: the channel goes on.
    Late,
}

impl State {
    /// Whether the run has room for so many bytes more; they are held if it has.
    fn hold(&mut self, account: &Account, bytes: usize) -> bool {
        if let Some(held) = &mut self.held {
            return held.grow(bytes);
        }
        self.held = account.reserve(bytes);
        self.held.is_some()
    }
}

impl Recorder {
    pub(crate) fn new(channel: String, clock: Clock, limits: &Limits, after: AfterEnd) -> Self {
        let state = State {
            answer: Answer { sent_at: clock.now(), ..Answer::default() },
            ..State::default()
        };
        Self(Arc::new(Recording {
            channel,
            successor: OnceLock::new(),
            head: OnceLock::new(),
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            clock,
            writing_since: AtomicU64::new(0),
            after,
            max_frames: limits.frames,
            max_bytes: limits.body_bytes,
            account: limits.account.clone(),
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the evidence as it is, and it is still worth reading.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    pub(crate) fn channel(&self) -> &str {
        self.0.successor.get().unwrap_or(&self.0.channel)
    }

    pub(crate) fn head(&self) -> Option<&Head> {
        self.0.head.get()
    }

    /// The answer as far as it was recorded.
    pub(crate) fn snapshot(&self) -> Answer {
        let state = self.lock();
        let mut answer = state.answer.clone();
        if !state.body.is_empty() {
            answer.body = Payload::from(state.body.clone());
        }
        answer.head = self.head().cloned();
        answer
    }

    /// The message was sent again, on another connection.
    pub(crate) fn sent_again(&self, channel: String) {
        // Only the first retry exists, so a second name cannot come.
        let _ = self.0.successor.set(channel);
        self.sent();
    }

    /// The message was completely sent just now, or just before its answer was read.
    pub(crate) fn sent(&self) {
        let now = self.0.clock.now();
        let mut state = self.lock();
        state.answer.sent_at = state.answer.frames.first().map_or(now, |frame| frame.at.min(now));
    }

    pub(crate) fn record_head(&self, head: Head) {
        let _ = self.0.head.set(head);
        self.changed();
    }

    pub(crate) fn facts(&self, facts: StreamFacts) {
        let mut state = self.lock();
        if !state.closed {
            state.answer.stream = Some(facts);
        }
    }

    /// More of a body that is no event stream.
    pub(crate) fn body(&self, bytes: &[u8]) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        if state.hold(&self.0.account, bytes.len()) {
            state.body.extend_from_slice(bytes);
            return;
        }
        let kept = state.body.len() as u64;
        drop(state);
        self.shut(End::TooLarge(kept));
    }

    /// The body is whole and claims to be a message.
    pub(crate) fn body_is_frame(&self) {
        self.body_is_frame_if(|_| true);
    }

    /// The same, if the body is what `is` says.
    pub(crate) fn body_is_frame_if(&self, is: impl FnOnce(&[u8]) -> bool) {
        if !is(&self.lock().body) {
            return;
        }
        let body = self.lock().body.split().freeze();
        if !body.is_empty() {
            self.frame(Carrier::Body, body.into());
        }
    }

    /// Records a frame, unless there are too many, or too large ones; says whether it did.
    pub(crate) fn frame(&self, carrier: Carrier, payload: Payload) -> bool {
        let payload = Mark::alike(payload);
        let at = self.now();
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        let bytes = state.bytes + payload.len();
        // A body was counted as it came; an empty frame takes a place as well.
        let came = if carrier == Carrier::Body { 0 } else { payload.len() };
        let more = came + size_of::<Frame>();
        let too_large = if bytes > self.0.max_bytes {
            Some(self.0.max_bytes)
        } else if state.answer.frames.len() >= self.0.max_frames
            || !state.hold(&self.0.account, more)
        {
            Some(state.bytes)
        } else {
            None
        };
        if let Some(bound) = too_large {
            drop(state);
            self.shut(End::TooLarge(bound as u64));
            return false;
        }
        state.bytes = bytes;
        state.answer.frames.push(Frame { at, carrier, payload });
        state.answer.ended_at = at;
        drop(state);
        self.changed();
        true
    }

    /// The answer ends; the first end counts.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.lock();
        state.closed |= self.0.after == AfterEnd::Silence;
        if !state.ended {
            state.ended = true;
            state.answer.end = end;
            state.answer.ended_at = self.now();
        }
        drop(state);
        self.changed();
    }

    /// The answer ends, and nothing can follow.
    pub(crate) fn shut(&self, end: End) {
        self.lock().closed = true;
        self.end(end);
    }

    /// What is recorded from now on is about to be written, until [`Self::written`]: who reads it may act on it before it is
    /// recorded, so it is of this time.
    pub(crate) fn writing(&self) {
        self.0.writing_since.store(self.0.clock.now().max(1), Ordering::Relaxed);
    }

    /// What is recorded from now on is of the time when it is.
    pub(crate) fn written(&self) {
        self.0.writing_since.store(0, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        match self.0.writing_since.load(Ordering::Relaxed) {
            0 => self.0.clock.now(),
            since => since,
        }
    }

    fn changed(&self) {
        self.0.changed.send_replace(());
    }
}
