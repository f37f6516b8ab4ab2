//! The stdio lane: one line to a process's standard input, and the lines of its standard output sorted to the
//! exchanges that they belong to. A [`Peer`] is its other side. Source: basic/transports/stdio.

mod launches;
mod lines;
mod meeting;
mod peer;
mod questions;
mod relay;
mod rewritten;
mod routes;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use plumb_model::{Frame, Payload, Sent};
use serde_json::Value;
use tokio::process::ChildStdout;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use crate::live::record::{AfterEnd, Recorder};
use crate::live::{Hold, Live};
use crate::process::{Exit, Launch, Process, Signal, Stopped};
use crate::{Clock, Limits, WireError, meta};
pub use launches::{Launches, Life, Manner};
use lines::{Line, Lines};
pub use peer::Peer;
pub use questions::Question;
pub use relay::relay;
pub use rewritten::as_lines;
pub(crate) use routes::Route;
use routes::Routes;
use writer::Writer;

/// A process that is spoken to over its standard streams; clones share it. The last one's drop kills its group.
///
/// # Which line belongs to which exchange
///
/// 1. A response belongs to the exchange whose line has its `id`, in value and type, be that line a request or a broken
///    one.
/// 2. A notification belongs to the exchange whose progress token, request id (`notifications/cancelled`) or
///    subscription id it names.
///    The first response to a request whose exchange has been given up came late; it belongs to nobody else.
/// 3. Any other line belongs to the only exchange that still awaits an answer; a response that names no id rather to
///    the only one that accepts [`Reply::Any`], and of several to the only one whose line has no id either.
/// 4. If there are several or none, it is a stray: see [`Session::take_strays`].
///
/// An exchange is known from before its sending until its [`Live`] is finished, closed or dropped.
#[derive(Clone, Debug)]
pub struct Session(Arc<Inner>);

/// A [`Session`] that does not keep its process running.
#[derive(Clone, Debug)]
pub struct WeakSession(Weak<Inner>);

impl WeakSession {
    /// The session, if anybody keeps it.
    pub fn upgrade(&self) -> Option<Session> {
        self.0.upgrade().map(Session)
    }
}

#[derive(Debug)]
struct Inner {
    process: Process,
    channel: String,
    writer: Writer,
    routes: Routes,
    reader: AbortHandle,
    limits: Limits,
    clock: Clock,
    /// When the process was started.
    born: std::time::Instant,
    /// When it was first sent a line.
    asked: OnceLock<std::time::Instant>,
}

/// What is awaited after a line, for sorting what comes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The response.
    pub reply: Reply,
    /// The progress token that the line gave away.
    pub progress_token: Option<Value>,
    /// Time for the whole exchange, if it differs from [`Limits::answer`].
    pub answer_within: Option<Duration>,
    /// Whether who reads the exchange answers what is asked in it: see [`Question`].
    pub answers_questions: bool,
}

/// Which response ends an exchange.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The one with this id.
    To(Value),
    /// The first one that no other exchange claims: for lines whose id cannot be read.
    Any,
    /// None: the exchange is complete once the line is written.
    Nothing,
}

impl Expect {
    /// What is awaited after a message: the response to a request, nothing after a notification, and after anything
    /// else whatever comes.
    pub fn after(message: &Value) -> Self {
        let reply = match (message.get("method"), message.get("id")) {
            (_, Some(id)) if !id.is_null() => Reply::To(id.clone()),
            (Some(_), None) => Reply::Nothing,
            _ => Reply::Any,
        };
        let progress_token = message["params"]["_meta"].get(meta::PROGRESS_TOKEN).cloned();
        Self { progress_token, ..Self::from(reply) }
    }
}

impl From<Reply> for Expect {
    fn from(reply: Reply) -> Self {
        Self { reply, progress_token: None, answer_within: None, answers_questions: false }
    }
}

impl Session {
    /// Starts a process. Must be called within a Tokio runtime.
    pub fn spawn(launch: &Launch, limits: Limits, clock: Clock) -> Result<Self, WireError> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let born = std::time::Instant::now();
        let (process, stdin, stdout) = Process::spawn_piped(launch, &limits)?;
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(WireError::Process {
                program: launch.program.clone(),
                cause: "it has no pipes".to_owned(),
            });
        };
        let channel = format!("stdio-{}", STARTED.fetch_add(1, Ordering::Relaxed) + 1);
        let routes = Routes::new(clock, &limits);
        let reader = tokio::spawn(read(stdout, routes.clone(), limits.frame_bytes)).abort_handle();
        Ok(Self(Arc::new(Inner {
            process,
            channel,
            writer: Writer::new(stdin),
            routes,
            reader,
            limits,
            clock,
            born,
            asked: OnceLock::new(),
        })))
    }

    /// Writes a line, to which a newline is added, and has recorded what belongs to it.
    ///
    /// Errors: the line is larger than what is sent, the input is closed, the process is gone, or it does not read.
    pub async fn send(
        &self,
        line: impl Into<Bytes>,
        expect: impl Into<Expect>,
    ) -> Result<Live, WireError> {
        let (line, expect) = (line.into(), expect.into());
        let inner = &self.0;
        inner.limits.sends(line.len())?;
        inner.asked.get_or_init(std::time::Instant::now);
        let within = expect.answer_within.unwrap_or(inner.limits.answer);
        let deadline = Instant::now() + within;
        let recorder =
            Recorder::new(inner.channel.clone(), inner.clock, &inner.limits, AfterEnd::Late);
        let ends_at_once = expect.reply == Reply::Nothing;
        let route = inner
            .routes
            .add(&line, expect, recorder.clone())
            .map_err(|cause| self.closed(cause))?;

        match timeout_at(deadline, inner.writer.write(line.clone())).await {
            Ok(Ok(())) => recorder.sent(),
            Ok(Err(cause)) => return Err(self.closed(cause)),
            Err(_) => {
                let cause = format!("it does not read its input within {} ms", within.as_millis());
                return Err(WireError::Send { address: inner.channel.clone(), cause });
            }
        }
        if ends_at_once {
            recorder.end(plumb_model::End::Complete);
        }
        Ok(Live::new(Sent::Stdio { line: line.into() }, recorder, deadline, Hold::Route(route)))
    }

    /// The name of this process in the evidence, such as `stdio-1`.
    pub fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The lines that belonged to no exchange since the last call; of a flood, the first
    /// [`Limits::stray_bytes`] and [`Limits::frames`] are kept.
    pub fn take_strays(&self) -> Vec<Frame> {
        self.0.routes.take_strays()
    }

    /// The requests that the process sends from now on, wherever they are sorted to; of a flood, some are left out. Whoever
    /// asked before gets no more.
    pub fn questions(&self) -> mpsc::Receiver<Question> {
        self.0.routes.questions()
    }

    /// The same process, for whoever is not to keep it running.
    pub fn downgrade(&self) -> WeakSession {
        WeakSession(Arc::downgrade(&self.0))
    }

    /// How many lines were longer than [`Limits::frame_bytes`]. Such a line is not kept; if exactly one exchange
    /// awaits an answer, it ends as [`End::TooLarge`](plumb_model::End::TooLarge).
    pub fn oversized_lines(&self) -> u64 {
        self.0.routes.oversized()
    }

    /// How long after it was first sent a line the process wrote its own first one, if it has, or after its start where it
    /// spoke unasked: its start-up is part of that, and of no later answer.
    pub fn first_word(&self) -> Option<Duration> {
        let spoken = self.0.routes.spoken()?;
        let asked = self.0.asked.get().filter(|asked| **asked < spoken);
        Some(spoken.duration_since(asked.copied().unwrap_or(self.0.born)))
    }

    /// When the process wrote its last line, if any, in microseconds of the clock that was given.
    pub fn last_word(&self) -> Option<u64> {
        self.0.routes.heard()
    }

    /// Waits at most this long until the process has written its first line, or closed its output.
    pub async fn wait_first_word(&self, patience: Duration) {
        self.0.routes.wait_spoken(patience).await;
    }

    /// Closes the standard input, which asks the process to exit: basic/transports/stdio#shutdown.
    pub async fn close_stdin(&self) {
        self.0.process.dismiss();
        self.0.writer.close().await;
    }

    /// How the program ended, waited for at most this long.
    pub async fn wait_exit(&self, patience: Duration) -> Option<Exit> {
        self.0.process.wait_exit(patience).await
    }

    /// Waits at most this long until the process has closed its standard output, and says whether it has: every
    /// line has then been sorted.
    pub async fn wait_output_end(&self, patience: Duration) -> bool {
        self.0.routes.wait_closed(patience).await
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.0.process
    }

    /// Signals the whole group of the process.
    pub fn signal(&self, signal: Signal) -> Result<(), WireError> {
        self.0.process.signal(signal)
    }

    /// The last bytes of the process's standard error.
    pub fn stderr_tail(&self) -> Payload {
        self.0.process.stderr_tail()
    }

    /// Ends the process as the specification says: closes its input and waits, then `SIGTERM`, then `SIGKILL`, with
    /// this much time before each. Leaves nothing behind in its group.
    pub async fn stop(&self, grace: Duration) -> Stopped {
        self.close_stdin().await;
        self.wait_exit(grace).await;
        self.0.process.stop(grace).await
    }

    fn closed(&self, cause: String) -> WireError {
        WireError::Closed { channel: self.0.channel.clone(), cause }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A process outside the group can hold the pipe open for ever, so its end is not awaited.
        self.reader.abort();
        self.routes.close("its session was dropped");
    }
}

async fn read(stdout: ChildStdout, routes: Routes, limit: usize) {
    let mut lines = Lines::new(stdout, limit);
    let why = loop {
        match lines.next().await {
            Ok(Some(Line::Whole(line))) => routes.sort(line),
            Ok(Some(Line::TooLong)) => routes.sort_too_long(limit),
            Ok(None) => break "the process closed its standard output".to_owned(),
            Err(e) => break format!("its standard output failed: {}", crate::error::cause(&e)),
        }
    };
    routes.close(&why);
}
