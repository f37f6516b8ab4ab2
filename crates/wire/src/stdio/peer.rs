//! The other side of the stdio lane: a peer that gets lines, answers whatever it is told, and records everything.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use plumb_model::{Carrier, End, Sent};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::lines::{Line, Lines};
use crate::error::cause;
use crate::live::record::{AfterEnd, Recorder};
use crate::script::{Handler, Play, Step};
use crate::served::{Asked, Log, Served};
use crate::{Clock, Limits};

/// How many lines are answered at once; others wait to be read.
const AT_ONCE: usize = 256;

/// Answers lines by [scripts](crate::script::Script), several beside each other, over any two streams: those of this
/// process, or of whatever stands between it and a client. Its drop ends it.
///
/// What several scripts write is mixed step by step: a line is whole if one step writes it. Lines longer than
/// [`Limits::frame_bytes`] are recorded with their [`fault`](Asked::fault), and not answered.
#[derive(Debug)]
pub struct Peer {
    pub(super) log: Log,
    /// The connection that its exchanges name.
    pub(super) channel: String,
    task: JoinHandle<()>,
}

struct Shared<H, W> {
    handler: H,
    /// `None` once it was closed.
    output: Mutex<Option<W>>,
    channel: String,
    limits: Limits,
    clock: Clock,
    log: Log,
    /// Whether the input has ended.
    ended: watch::Sender<bool>,
}

impl Peer {
    /// Begins to read and to answer. Must be called within a Tokio runtime.
    pub fn over(
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
        handler: impl Handler,
        limits: Limits,
        clock: Clock,
    ) -> Self {
        let log = Log::new(&limits);
        Self::sharing(log, input, output, handler, limits, clock)
    }

    /// The same, with a log that others write as well.
    pub(super) fn sharing(
        log: Log,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
        handler: impl Handler,
        limits: Limits,
        clock: Clock,
    ) -> Self {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed) + 1;
        let channel = format!("stdio-served-{number}");
        let shared = Shared {
            handler,
            output: Mutex::new(Some(output)),
            channel: channel.clone(),
            limits,
            clock,
            log: log.clone(),
            ended: watch::Sender::new(false),
        };
        Self { log, channel, task: tokio::spawn(run(input, Arc::new(shared))) }
    }

    /// Everything that it was asked up to now, in order, and what became of it.
    pub fn served(&self) -> Vec<Served> {
        self.log.all()
    }

    /// Waits at most this long until what it was asked is enough, and gives it; looked at whenever a line comes in or is
    /// done with.
    pub async fn wait(
        &self,
        patience: Duration,
        enough: impl FnMut(&[Served]) -> bool,
    ) -> Option<Vec<Served>> {
        self.log.wait(patience, enough).await
    }

    /// How many exchanges were not kept, for want of room.
    pub fn lost(&self) -> u64 {
        self.log.lost()
    }

    /// Waits at most this long until its input has ended and all scripts are over, and says whether they are.
    pub async fn ended(&mut self, patience: Duration) -> bool {
        timeout(patience, &mut self.task).await.is_ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run<H: Handler>(
    input: impl AsyncRead + Unpin,
    shared: Arc<Shared<H, impl AsyncWrite + Send + Unpin + 'static>>,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut scripts = JoinSet::new();
    if let Some(play) = shared.handler.greet() {
        let shared = Arc::clone(&shared);
        let greeting = shared.asked(0, Sent::Nothing, None);
        scripts.spawn(async move { shared.perform(greeting, Some(play)).await });
    }
    let mut lines = Lines::new(input, shared.limits.frame_bytes);
    for nth in 1.. {
        let place = Arc::clone(&places).acquire_owned().await;
        let asked = match lines.next().await {
            Ok(Some(Line::Whole(line))) => {
                shared.asked(nth, Sent::Stdio { line: line.into() }, None)
            }
            Ok(Some(Line::TooLong)) => {
                let fault = format!("a line of more than {} bytes", shared.limits.frame_bytes);
                shared.asked(nth, Sent::Stdio { line: Bytes::new().into() }, Some(fault))
            }
            // An input that fails has ended as well.
            Ok(None) | Err(_) => break,
        };
        let play = asked.fault.is_some().then(Play::default);
        let shared = Arc::clone(&shared);
        scripts.spawn(async move {
            shared.perform(asked, play).await;
            drop(place);
        });
        while scripts.try_join_next().is_some() {}
    }
    shared.ended.send_replace(true);
    while scripts.join_next().await.is_some() {}
}

impl<H: Handler, W: AsyncWrite + Send + Unpin> Shared<H, W> {
    fn asked(&self, nth: usize, sent: Sent, fault: Option<String>) -> Asked {
        let (channel, now) = (self.channel.clone(), self.clock.now());
        Asked { channel, nth, begun_at: now, at: now, line: None, sent, fault }
    }

    /// Does with a line what is told, by its handler unless something else.
    async fn perform(&self, asked: Asked, play: Option<Play>) {
        let recorder =
            Recorder::new(asked.channel.clone(), self.clock, &self.limits, AfterEnd::Silence);
        self.log.add(&asked, &recorder);
        let play = match play {
            Some(play) => play,
            None => self.handler.answer(asked).await,
        };
        let mut written = Written { line: BytesMut::new(), recorder: &recorder };
        let end = self.play(play, &mut written).await;
        recorder.body(&written.line);
        recorder.end(end);
        self.log.over();
    }

    async fn play(&self, mut play: Play, written: &mut Written<'_>) -> End {
        while let Some(step) = play.next().await {
            let done = match step {
                Step::Write(bytes) => self.write(bytes.bytes(), written).await,
                Step::Repeat(bytes) => loop {
                    if *self.ended.borrow() {
                        break Err("the client closed its side".to_owned());
                    }
                    if let Err(why) = self.write(bytes.bytes(), written).await {
                        break Err(why);
                    }
                    // Also where nothing is written, others have their turn.
                    tokio::task::yield_now().await;
                },
                Step::Wait(millis) => {
                    sleep(Duration::from_millis(millis)).await;
                    Ok(())
                }
                Step::Hold => {
                    // It cannot be closed while this runs.
                    let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
                    Err("the client closed its side".to_owned())
                }
                Step::Close | Step::Reset => {
                    drop(self.output.lock().await.take());
                    written.recorder.written();
                    return End::Complete;
                }
            };
            if let Err(why) = done {
                written.recorder.written();
                return End::Broken(why);
            }
        }
        End::Complete
    }

    async fn write(&self, bytes: &[u8], written: &mut Written<'_>) -> Result<(), String> {
        let mut output = self.output.lock().await;
        let Some(open) = output.as_mut() else { return Err("the output was closed".to_owned()) };
        written.recorder.writing();
        let writing = async {
            open.write_all(bytes).await?;
            open.flush().await
        };
        match timeout(self.limits.answer, writing).await {
            Ok(Ok(())) => {
                written.take(bytes, self.limits.frame_bytes);
                Ok(())
            }
            Ok(Err(e)) => Err(format!("the output failed: {}", cause(&e))),
            Err(_) => {
                let patience = self.limits.answer.as_millis();
                Err(format!("the client reads nothing for {patience} ms"))
            }
        }
    }
}

/// What a script has written, as lines.
struct Written<'a> {
    /// The last one, which has no end yet.
    line: BytesMut,
    recorder: &'a Recorder,
}

impl Written<'_> {
    fn take(&mut self, mut bytes: &[u8], limit: usize) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.hold(&bytes[..end], limit);
            bytes = &bytes[end + 1..];
            let mut line = self.line.split();
            if line.ends_with(b"\r") {
                line.truncate(line.len() - 1);
            }
            self.recorder.frame(Carrier::Line, line.freeze().into());
        }
        self.hold(bytes, limit);
    }

    /// Of a line without end, so much is kept.
    fn hold(&mut self, bytes: &[u8], limit: usize) {
        let room = limit.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
    }
}
