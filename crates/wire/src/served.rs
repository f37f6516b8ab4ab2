//! What a peer of ours was asked, and what became of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plumb_model::{Answer, Exchange, Header, Initiator, Payload, Sent};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::jsonrpc::Message;
use crate::live::Recorder;
use crate::{Account, Limits, Reservation};

/// What an exchange takes beside its text, in bytes, about: header fields are kept one by one, and what it is answered is ours.
const ENTRY: usize = 6 << 10;

/// What a value of JSON takes beside its text, about, when it is read.
const VALUE: usize = 80;

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
    held: Arc<Held>,
}

/// What an exchange takes of the account of a run, as long as this is there.
#[derive(Debug)]
pub struct Held {
    _asked: Reservation,
    _answer: Recorder,
}

impl Served {
    /// The exchange as evidence.
    pub fn exchange(self, seq: u64, by: impl Into<String>) -> Exchange {
        let Asked { channel, sent, .. } = self.asked;
        let (by, initiator, answer) = (by.into(), Initiator::Target, self.answer);
        Exchange { seq, by, channel, initiator, sent, answer }
    }

    /// Its part of the account: to be kept by whoever keeps the exchange.
    pub fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held)
    }
}

/// What a message takes in memory once it is read, about, bytes.
fn weight(asked: &Asked) -> usize {
    let begins = |byte: &&u8| matches!(byte, b'{' | b'[' | b',' | b':');
    let values = asked.body().bytes().iter().filter(begins).count();
    ENTRY + asked.sent.len() + asked.body().len() + VALUE * values
}

/// All exchanges of a peer, as far as there is room. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Log(Arc<Mutex<Entries>>, watch::Sender<()>);

#[derive(Debug)]
struct Entries {
    /// What was asked takes part in the account, as answers do by themselves.
    kept: Vec<(Asked, Recorder, Arc<Held>)>,
    account: Account,
    max: usize,
    lost: u64,
}

impl Log {
    /// An empty log that keeps at most so many exchanges, `frames`, and no more than fits the account.
    pub(crate) fn new(limits: &Limits) -> Self {
        let (account, max) = (limits.account.clone(), limits.frames);
        let entries = Entries { kept: Vec::new(), account, max, lost: 0 };
        Self(Arc::new(Mutex::new(entries)), watch::Sender::new(()))
    }

    pub(crate) fn add(&self, asked: &Asked, recorder: &Recorder) {
        let weight = weight(asked);
        let mut entries = self.lock();
        let room = entries.kept.len() < entries.max;
        match entries.account.reserve(weight).filter(|_| room) {
            Some(reservation) => {
                let held = Arc::new(Held { _asked: reservation, _answer: recorder.clone() });
                entries.kept.push((asked.clone(), recorder.clone(), held));
            }
            None => entries.lost += 1,
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
        let served = |(asked, recorder, held): &(Asked, Recorder, Arc<Held>)| {
            let over = recorder.lock().ended;
            let (asked, answer, held) = (asked.clone(), recorder.snapshot(), Arc::clone(held));
            Served { asked, answer, over, held }
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

#[cfg(test)]
mod tests {
    use crate::Clock;
    use crate::live::record::AfterEnd;

    use super::*;

    #[test]
    fn what_a_client_sends_is_kept_as_far_as_there_is_room_for_what_it_says() {
        let limits = Limits { account: Account::new(1 << 20), ..Limits::default() };
        let log = Log::new(&limits);
        let recorder = Recorder::new("x".into(), Clock::start(), &limits, AfterEnd::Silence);
        let (channel, nth, begun_at, at) = ("x".to_owned(), 1, 0, 0);
        let sent = Sent::Stdio { line: format!("[{}1]", "{},".repeat(2_000)).into() };
        let asked = Asked { channel, nth, begun_at, at, line: None, sent, fault: None };
        (0..5).for_each(|_| log.add(&asked, &recorder));
        assert_eq!((log.all().len(), log.lost()), (3, 2));
        let held: Vec<_> = log.all().iter().map(Served::held).collect();
        drop(log);
        assert!(limits.account.held() > 900_000, "{}", limits.account.held());
        drop(held);
        assert_eq!(limits.account.held(), 0);
    }
}
