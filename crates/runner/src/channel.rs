//! The way to a target: HTTP or the standard streams of a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plumb_model::{Answer, Exchange, Frame, Sent};
use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::{Expect, Reply};
use plumb_wire::{Live, http};
use serde_json::Value;

use crate::record::Recorder;
use crate::target::Keeper;
use crate::{Observed, Probe, Trouble};

/// The way to a target. Cheap to clone; clones share connections or the process.
#[derive(Clone)]
pub(crate) struct Channel {
    way: Way,
    recorder: Arc<Recorder>,
    /// The next id of requests that nobody else has numbered.
    ids: Arc<AtomicU64>,
}

#[derive(Clone)]
pub(crate) enum Way {
    Http(http::Client),
    Stdio(Arc<Keeper>),
}

impl Channel {
    pub(crate) fn new(way: Way, recorder: Arc<Recorder>) -> Self {
        Self { way, recorder, ids: Arc::new(AtomicU64::new(1)) }
    }

    /// The keeper of the process, if the target speaks over standard streams.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        match &self.way {
            Way::Stdio(keeper) => Some(keeper),
            Way::Http(_) => None,
        }
    }

    /// Where requests go, over HTTP.
    pub(crate) fn endpoint(&self) -> Option<&http::Endpoint> {
        match &self.way {
            Way::Http(client) => Some(client.endpoint()),
            Way::Stdio(_) => None,
        }
    }

    /// Sends a probe and gives the answer while it comes in.
    pub(crate) async fn open(&self, by: &str, probe: &Probe) -> Result<Open, Trouble> {
        let mut probe = probe.clone();
        probe.number(|| self.ids.fetch_add(1, Ordering::Relaxed));
        let live = match &self.way {
            Way::Http(client) => {
                let target = probe.target(client.endpoint().target());
                client.send(plumb_wire::http::HttpRequest { target, ..probe.http() }).await?
            }
            Way::Stdio(keeper) => keeper.send(probe.payload(), expectation(&probe)).await?,
        };
        Ok(Open { live: Some(live), by: by.to_owned(), recorder: Arc::clone(&self.recorder) })
    }

    /// Sends a probe and waits for the whole answer. A notification is given no time over standard streams: who
    /// wants to see silence sends a request behind it and looks again.
    pub(crate) async fn send(&self, by: &str, probe: &Probe) -> Result<Observed, Trouble> {
        Ok(self.open(by, probe).await?.finish().await)
    }
}

/// A message whose id the target may be unable to read is answered without one.
fn expectation(probe: &Probe) -> Expect {
    let readable = probe.message_value().filter(|message| is_readable(message));
    let expect = readable.map_or_else(|| Expect::from(Reply::Any), Expect::after);
    Expect { answer_within: probe.patience, ..expect }
}

/// Whether a message has the form of a JSON-RPC request or notification.
fn is_readable(message: &Value) -> bool {
    message["jsonrpc"] == "2.0"
        && message["method"].is_string()
        && message.get("id").is_none_or(|id| id.is_string() || id.is_number())
        && message.get("params").is_none_or(Value::is_object)
}

/// An answer that is still coming in. Dropping it closes and records it.
pub struct Open {
    live: Option<Live>,
    by: String,
    recorder: Arc<Recorder>,
}

impl Open {
    /// The next message, or `None` at the end of the answer or of its time.
    pub async fn next(&mut self) -> Option<Message> {
        self.live.as_mut()?.next().await.map(|f| Message::parse(&f.payload))
    }

    /// The next message within `wait`, or `None`; the answer stays open.
    pub async fn next_within(&mut self, wait: Duration) -> Option<Message> {
        let frame: Option<Frame> = self.live.as_mut()?.next_within(wait).await;
        frame.map(|f| Message::parse(&f.payload))
    }

    /// The first message that `wanted` picks, within `wait`; others are passed over (and recorded).
    pub async fn until(
        &mut self,
        wait: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let message = self.next_within(left).await?;
            if wanted(&message) {
                return Some(message);
            }
        }
    }

    /// The HTTP status, once the head is there.
    pub async fn status(&mut self) -> Option<u16> {
        Some(self.live.as_mut()?.head().await?.status)
    }

    /// Whether the answer has come to its end.
    pub fn is_ended(&self) -> bool {
        self.live.as_ref().is_none_or(Live::is_ended)
    }

    /// The id that was sent.
    pub fn id(&self) -> Option<Value> {
        let sent = self.live.as_ref()?.sent();
        let bytes = match sent {
            Sent::Http { body, .. } => body.bytes(),
            Sent::Stdio { line } => line.bytes(),
            Sent::Nothing => return None,
        };
        serde_json::from_slice::<Value>(bytes).ok()?.get("id").cloned()
    }

    /// Reads to the end.
    pub async fn finish(mut self) -> Observed {
        let Some(live) = self.live.take() else { return self.nothing() };
        let channel = live.channel().to_owned();
        let (sent, answer) = live.finish().await;
        self.recorder.record(&self.by, &channel, sent, answer)
    }

    /// Closes at once: over HTTP the connection is dropped, which cancels the request.
    pub fn close(mut self) -> Observed {
        let Some(live) = self.live.take() else { return self.nothing() };
        let channel = live.channel().to_owned();
        let (sent, answer) = live.close();
        self.recorder.record(&self.by, &channel, sent, answer)
    }

    /// What came so far.
    pub fn so_far(&self) -> Answer {
        self.live.as_ref().map(Live::so_far).unwrap_or_default()
    }

    fn nothing(&self) -> Observed {
        let by = self.by.clone();
        let (channel, sent, answer) = ("none".to_owned(), Sent::Nothing, Answer::default());
        Observed::new(Exchange { seq: 0, by, channel, sent, answer })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(live) = self.live.take() {
            let channel = live.channel().to_owned();
            let (sent, answer) = live.close();
            self.recorder.record(&self.by, &channel, sent, answer);
        }
    }
}
