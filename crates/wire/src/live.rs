//! A message in flight: what comes back, as it comes.

pub(crate) mod record;

use std::time::Duration;

use plumb_model::{Answer, End, Frame, Head, Sent};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

pub(crate) use record::Recorder;

/// A message that was sent, and its answer as far as it has come; the same for HTTP and stdio.
///
/// Arrival is recorded in the background, so times are true however late somebody looks. Dropping it closes the
/// exchange like [`Live::close`].
#[derive(Debug)]
pub struct Live {
    sent: Sent,
    record: Recorder,
    /// How many frames `next` has given.
    seen: usize,
    deadline: Instant,
    _hold: Hold,
}

/// What keeps the recording going; its drop ends it.
#[derive(Debug)]
pub(crate) enum Hold {
    /// The task that reads an HTTP answer and owns its connection.
    Task(AbortHandle),
    /// The entry of a stdio exchange among the routes of its session.
    Route(#[expect(dead_code, reason = "held for its drop")] crate::stdio::Route),
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Self::Task(task) = self {
            task.abort();
        }
    }
}

/// How long to wait for a frame.
enum Patience {
    /// Until the answer has ended.
    Answer,
    /// Until this moment, even after a stdio response, which messages can follow.
    Until(Instant),
}

impl Live {
    pub(crate) fn new(sent: Sent, record: Recorder, deadline: Instant, hold: Hold) -> Self {
        Self { sent, record, seen: 0, deadline, _hold: hold }
    }

    /// What was sent.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// The connection or process that carries it, such as `http-3` or `stdio-1`; unique within this process.
    pub fn channel(&self) -> &str {
        self.record.channel()
    }

    /// When it was completely sent, in microseconds since the run began.
    pub fn sent_at(&self) -> u64 {
        self.record.lock().answer.sent_at
    }

    /// The head of an HTTP answer, waited for; `None` if the answer ended without one, and for stdio.
    pub async fn head(&self) -> Option<&Head> {
        let mut changes = self.record.changes();
        loop {
            if let Some(head) = self.record.head() {
                return Some(head);
            }
            if self.record.lock().ended {
                return None;
            }
            if timeout_at(self.deadline, changes.changed()).await.is_err() {
                self.record.end(End::TimedOut);
            }
        }
    }

    /// The head of an HTTP answer, if it has come.
    pub fn head_so_far(&self) -> Option<&Head> {
        self.record.head()
    }

    /// The next frame, waited for; `None` when the answer has ended, or its time.
    ///
    /// For stdio the answer ends with the response to the request; what follows it is seen by [`Live::next_within`].
    pub async fn next(&mut self) -> Option<Frame> {
        self.frame(Patience::Answer).await
    }

    /// The next frame if it comes within this time; `None` on silence, after which the exchange goes on.
    ///
    /// `None` comes at once if nothing more can come: see [`Live::is_ended`]. A stdio exchange stays open for late
    /// messages after its response, so there this waits.
    pub async fn next_within(&mut self, patience: Duration) -> Option<Frame> {
        self.frame(Patience::Until(Instant::now() + patience)).await
    }

    /// Whether the answer has ended: it is complete, broken off, too large or out of time.
    pub fn is_ended(&self) -> bool {
        self.record.lock().ended
    }

    /// Everything up to now, while the exchange goes on.
    pub fn so_far(&self) -> Answer {
        self.record.snapshot()
    }

    /// Waits for the end of the answer, at most until its time is over, and gives all of it.
    pub async fn finish(self) -> (Sent, Answer) {
        let mut changes = self.record.changes();
        while !self.record.lock().ended {
            if timeout_at(self.deadline, changes.changed()).await.is_err() {
                self.record.end(End::TimedOut);
            }
        }
        self.close()
    }

    /// Gives what has come, and closes the exchange at once: an HTTP connection in use is dropped, which the server
    /// sees as the end of the request; a stdio exchange only stops listening.
    ///
    /// An answer that had not ended is [`End::ClosedByUs`].
    pub fn close(self) -> (Sent, Answer) {
        self.record.end(End::ClosedByUs);
        (self.sent, self.record.snapshot())
    }

    async fn frame(&mut self, patience: Patience) -> Option<Frame> {
        let mut changes = self.record.changes();
        loop {
            let ended = {
                let state = self.record.lock();
                if let Some(frame) = state.answer.frames.get(self.seen) {
                    self.seen += 1;
                    return Some(frame.clone());
                }
                match patience {
                    Patience::Answer if state.ended => return None,
                    Patience::Until(_) if state.closed => return None,
                    _ => state.ended,
                }
            };
            let until = match patience {
                Patience::Answer => self.deadline,
                Patience::Until(moment) if ended => moment,
                Patience::Until(moment) => moment.min(self.deadline),
            };
            if timeout_at(until, changes.changed()).await.is_ok() {
                continue;
            }
            if !ended && Instant::now() >= self.deadline {
                self.record.end(End::TimedOut);
            }
            if matches!(patience, Patience::Until(_)) {
                return self.already();
            }
        }
    }

    /// A frame that came in the very moment that patience ended.
    fn already(&mut self) -> Option<Frame> {
        let frame = self.record.lock().answer.frames.get(self.seen).cloned();
        self.seen += usize::from(frame.is_some());
        frame
    }
}
