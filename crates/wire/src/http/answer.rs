//! Reading an answer to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use plumb_model::{Carrier, End, Head, Header, Payload};
use tokio::time::{Instant, timeout_at};

use super::body::{Body, is_announced_twice};
use super::client::Inner;
use super::connection::Connection;
use super::head::{self, Fault, Start};
use super::pool::Lane;
use crate::jsonrpc::Message;
use crate::live::Recorder;
use crate::{Limits, sse};

/// All that reading an answer takes; dropping it drops the connection.
pub(super) struct Reading {
    pub(super) client: Arc<Inner>,
    pub(super) connection: Connection,
    pub(super) lane: Lane,
    /// The whole request, for the case that an idle connection turns out to be gone.
    pub(super) request: Bytes,
    pub(super) bodiless: bool,
    pub(super) recorder: Recorder,
    pub(super) deadline: Instant,
    pub(super) within: Duration,
}

/// Whether a connection can carry another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    Reusable,
    Spent,
}

impl Reading {
    /// Records the answer, gives the connection back, and only then tells the end, so that whoever waits for it
    /// finds the connection in its place.
    pub(super) async fn run(mut self) {
        let deadline = self.deadline;
        let end = match timeout_at(deadline, self.read()).await {
            Err(_) => End::TimedOut,
            Ok(Err(fault)) => fault.into(),
            Ok(Ok(Afterwards::Spent)) => End::Complete,
            Ok(Ok(Afterwards::Reusable)) => {
                self.client.pool.put(self.lane, self.connection);
                return self.recorder.end(End::Complete);
            }
        };
        drop(self.connection);
        drop(self.lane);
        self.recorder.end(end);
    }

    async fn read(&mut self) -> Result<Afterwards, Fault> {
        let start = self.start().await?;
        let (limits, status) = (&self.client.limits, start.head.status);
        let record = Record { recorder: &self.recorder, limits, bodiless: self.bodiless };
        let afterwards = record.rest(start, &mut self.connection).await?;
        // Who refuses a request for its head alone may have left its body unread, and would read it as the next request.
        let read_whole = status < 400 || names_its_request(&self.recorder);
        Ok(if read_whole { afterwards } else { Afterwards::Spent })
    }

    /// The final head; asked for once more on a new connection if an idle one turns out to be gone.
    async fn start(&mut self) -> Result<Start, Fault> {
        let limit = self.client.limits.head_bytes;
        match head::read(&mut self.connection, limit).await {
            Err(Fault::Nothing(why)) if self.connection.reused => {
                let again = self.client.write_anew(&self.request, self.deadline, self.within).await;
                self.connection = again.map_err(|e| Fault::Broken(format!("{why}; then {e}")))?;
                self.recorder.sent_again(self.connection.channel.clone());
                head::read(&mut self.connection, limit).await
            }
            start => start,
        }
    }
}

/// What an answer is recorded with, whoever reads it.
pub(super) struct Record<'a> {
    pub(super) recorder: &'a Recorder,
    pub(super) limits: &'a Limits,
    /// Whether it never has a body.
    pub(super) bodiless: bool,
}

impl Record<'_> {
    /// Records an answer from its beginning.
    pub(super) async fn all(&self, connection: &mut Connection) -> Result<Afterwards, Fault> {
        let start = head::read(connection, self.limits.head_bytes).await?;
        self.rest(start, connection).await
    }

    /// Records an answer of which the head has been read.
    async fn rest(&self, start: Start, connection: &mut Connection) -> Result<Afterwards, Fault> {
        let mut body = Body::of(&start, self.bodiless);
        let keeps_alive = keeps_alive(&start);
        let mut sink = Sink::of(&start.head, self.limits.frame_bytes);
        let twice = is_announced_twice(&start.head.headers);
        self.recorder.record_head(start.head);

        let read = match &mut body {
            Ok(body) => {
                let take = |data: &[u8]| sink.take(self.recorder, data);
                body.read(connection, self.limits, take).await
            }
            Err(_) => Ok(()),
        };
        match &read {
            Ok(()) if body.is_ok() => sink.finish(self.recorder, Ending::Whole),
            Err(Fault::TooLarge(_)) => {}
            _ => sink.finish(self.recorder, Ending::Broken),
        }
        read.map_err(|fault| if twice { beside_chunks(fault) } else { fault })?;
        let clean = connection.buffer.is_empty() && !connection.torn;
        let reusable = keeps_alive && body? != Body::UntilClose && clean;
        Ok(if reusable { Afterwards::Reusable } else { Afterwards::Spent })
    }
}

/// A fault of chunks beside which the head announces a length.
fn beside_chunks(fault: Fault) -> Fault {
    match fault {
        Fault::Broken(why) => Fault::Broken(format!(
            "{why}; a `Content-Length` beside `Transfer-Encoding` does not count"
        )),
        fault => fault,
    }
}

/// How the peer ended a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Whole,
    Broken,
}

/// What becomes of a body.
enum Sink {
    /// It is one frame, once it is whole.
    Json,
    /// Each of its events is a frame.
    Events(Option<sse::Parser>),
    /// It is kept as it is, unless it is a message by its content.
    Other,
}

impl Sink {
    fn of(head: &Head, frame_bytes: usize) -> Self {
        let media_type =
            head.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        match media_type.trim().to_ascii_lowercase().as_str() {
            "application/json" => Self::Json,
            "text/event-stream" => Self::Events(Some(sse::Parser::new(frame_bytes))),
            _ => Self::Other,
        }
    }

    fn take(&mut self, recorder: &Recorder, data: &[u8]) -> Result<(), Fault> {
        let Self::Events(parser) = self else {
            recorder.body(data);
            return Ok(());
        };
        let Some(parser) = parser else { return Ok(()) };
        let mut events = Vec::new();
        let pushed = parser.push(data, &mut events);
        recorder.facts(parser.facts().clone());
        for sse::Event { name, id, data } in events {
            if !recorder.frame(Carrier::Event { name, id }, data.into()) {
                // The recorder has told the end already, and the first one counts.
                return Err(Fault::TooLarge(0));
            }
        }
        pushed.map_err(|e| Fault::TooLarge(e.0))
    }

    /// The peer has ended the body.
    fn finish(&mut self, recorder: &Recorder, ending: Ending) {
        match self {
            Self::Json if ending == Ending::Whole => recorder.body_is_frame(),
            Self::Events(parser) => {
                if let Some(parser) = parser.take() {
                    recorder.facts(parser.finish());
                }
            }
            Self::Other if ending == Ending::Whole => recorder.body_is_frame_if(is_response),
            Self::Json | Self::Other => {}
        }
    }
}

/// Whether a body answers a request, whatever type it says that it is of.
fn is_response(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
        && Message::parse(&Payload::from(body.to_vec())).is_response()
}

/// Whether an answer says by an id which request it is for: the request's body has been read, then.
fn names_its_request(recorder: &Recorder) -> bool {
    let frames = &recorder.lock().answer.frames;
    frames.iter().any(|f| Message::parse(&f.payload).id().is_some_and(|id| !id.is_null()))
}

/// Whether the peer keeps the connection open: RFC 9112 section 9.3.
fn keeps_alive(start: &Start) -> bool {
    start.head.status != 101 && asks_to_keep_alive(&start.head.headers, start.minor)
}

/// Whether a message asks to keep the connection open.
pub(super) fn asks_to_keep_alive(headers: &[Header], minor: u8) -> bool {
    let has = |option: &str| {
        let fields = headers.iter().filter(|h| h.name.eq_ignore_ascii_case("connection"));
        fields.flat_map(|h| h.value.split(',')).any(|o| o.trim().eq_ignore_ascii_case(option))
    };
    !has("close") && (minor >= 1 || has("keep-alive"))
}
