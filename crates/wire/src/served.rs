//! What a peer of ours was asked, and what became of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plumb_model::{Answer, Exchange, Header, Initiator, Payload, Sent};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::jsonrpc::Message;
use crate::live::Recorder;
use crate::{Account, Limits, Reservation};

/// What an exchange takes beside its text, in bytes.
const ENTRY: usize = 512;

/// A message that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The connection, such as `served-3`; unique within this process.
    pub channel: String,
    /// Which message of its connection it is, from 1.
    pub nth: usize,
    /// When its first byte came, in microseconds since the run began.
    pub begun_at: u64,
    /// When it was whole.
    pub at: u64,
    /// The request line, over HTTP.
    pub line: Option<RequestLine>,
    /// All of it; of what could not be read, the bytes as the body. [`Sent::Nothing`] for a greeting.
    pub sent: Sent,
    /// Why it could not be read to its end; it is then refused without being shown to the handler.
    pub fault: Option<String>,
}

/// The first line of an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// The method.
    pub method: String,
    /// The request target as it came.
    pub target: String,
    /// The minor version of HTTP/1.
    pub minor: u8,
}

impl Asked {
    /// The header fields in order, over HTTP.
    pub fn headers(&self) -> &[Header] {
        match &self.sent {
            Sent::Http { headers, .. } => headers,
            Sent::Stdio { .. } | Sent::Nothing => &[],
        }
    }

    /// The first value of a header field, names compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// The path and the query of the request target, without its fragment.
    pub fn target(&self) -> &str {
        self.line.as_ref().map_or("", |line| &line.target)
    }

    /// The HTTP method.
    pub fn method(&self) -> &str {
        self.line.as_ref().map_or("", |line| &line.method)
    }

    /// The body, or the line.
    pub fn body(&self) -> Payload {
        match &self.sent {
            Sent::Http { body, .. } => body.clone(),
            Sent::Stdio { line } => line.clone(),
            Sent::Nothing => Payload::default(),
        }
    }

    /// What the body or the line says as a message.
    pub fn message(&self) -> Message {
        Message::parse(&self.body())
    }
}

/// A message and what was done with it.
#[derive(Clone, Debug)]
pub struct Served {
    /// The message.
    pub asked: Asked,
    /// What whoever sent it could read of what was done; not its end yet, unless `over`.
    pub answer: Answer,
    /// Whether nothing more is done.
    pub over: bool,
}

impl Served {
    /// The exchange as evidence.
    pub fn exchange(self, seq: u64, by: impl Into<String>) -> Exchange {
        let Asked { channel, sent, .. } = self.asked;
        let (by, initiator, answer) = (by.into(), Initiator::Target, self.answer);
        Exchange { seq, by, channel, initiator, sent, answer }
    }
}

/// All exchanges of a peer, as far as there is room. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Log(Arc<Mutex<Entries>>, watch::Sender<()>);

#[derive(Debug)]
struct Entries {
    kept: Vec<(Asked, Recorder)>,
    /// What was asked takes part in the account, as answers do by themselves.
    held: Option<Reservation>,
    account: Account,
    max: usize,
    lost: u64,
}

impl Log {
    /// An empty log that keeps at most so many exchanges, `frames`, and no more than fits the account.
    pub(crate) fn new(limits: &Limits) -> Self {
        let (account, max) = (limits.account.clone(), limits.frames);
        let entries = Entries { kept: Vec::new(), held: account.reserve(0), account, max, lost: 0 };
        Self(Arc::new(Mutex::new(entries)), watch::Sender::new(()))
    }

    pub(crate) fn add(&self, asked: &Asked, recorder: &Recorder) {
        let headers = asked.headers().iter().map(|h| h.name.len() + h.value.len()).sum::<usize>();
        let size = ENTRY + asked.body().len() + headers;
        let mut entries = self.lock();
        if entries.kept.len() < entries.max && entries.hold(size) {
            entries.kept.push((asked.clone(), recorder.clone()));
        } else {
            entries.lost += 1;
        }
        drop(entries);
        self.changed();
    }

    /// An exchange is over.
    pub(crate) fn over(&self) {
        self.changed();
    }

    fn changed(&self) {
        self.1.send_replace(());
    }

    /// Tells of every exchange that begins or ends from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.1.subscribe()
    }

    /// Everything that was asked up to now, in order, and what became of it.
    pub fn all(&self) -> Vec<Served> {
        let entries = self.lock();
        let served = |(asked, recorder): &(Asked, Recorder)| {
            let over = recorder.lock().ended;
            Served { asked: asked.clone(), answer: recorder.snapshot(), over }
        };
        entries.kept.iter().map(served).collect()
    }

    /// How many messages came up to now, kept or not.
    pub fn came(&self) -> u64 {
        let entries = self.lock();
        entries.kept.len() as u64 + entries.lost
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lock().lost
    }

    pub(crate) async fn wait(
        &self,
        patience: Duration,
        mut enough: impl FnMut(&[Served]) -> bool,
    ) -> Option<Vec<Served>> {
        let until = Instant::now() + patience;
        let mut changes = self.1.subscribe();
        loop {
            let all = self.all();
            if enough(&all) {
                return Some(all);
            }
            timeout_at(until, changes.changed()).await.ok()?.ok()?;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // A panic elsewhere leaves the log as it is, and it is still worth reading.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Whether there is room for so many bytes more; they are held if there is.
    fn hold(&mut self, bytes: usize) -> bool {
        if self.held.is_none() {
            self.held = self.account.reserve(0);
        }
        self.held.as_mut().is_some_and(|held| held.grow(bytes))
    }
}
