//! The stream that a client opens by GET, for what a server asks outside of all answers. A client may do without it; some
//! servers ask nowhere else, and hang where nobody listens. Source, 2025-11-25:
//! basic/transports#listening-for-messages-from-the-server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use plumb_model::End;
use plumb_wire::jsonrpc::Kind;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::handshake::Opened;
use super::{Channel, Open};
use crate::{Observed, Probe};

/// A stream stays open for so long, and is opened again so often, unless it ended at once.
const OPEN: Duration = Duration::from_secs(600);
const AGAIN: usize = 64;
const AT_ONCE: Duration = Duration::from_millis(500);

/// Whoever listens in a session; its drop ends that.
#[derive(Debug)]
pub(crate) struct Listener {
    task: AbortHandle,
    heard: Arc<AtomicBool>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Channel {
    /// Listens in the session with these header fields, and answers what is asked there, if the run's target asks there; once
    /// the stream is open, as far as that is soon: what is called then may ask at once.
    ///
    /// Boxed, as opening a session and opening this stream are one in the other.
    pub(crate) fn listener(
        &self,
        fields: Vec<(&'static str, String)>,
    ) -> BoxFuture<'_, Option<Listener>> {
        Box::pin(async move {
            if self.keeper().is_some() || !self.recorder.listens.load(Ordering::Relaxed) {
                return None;
            }
            let get = Probe::bodiless("GET").patience(OPEN);
            let fields = fields.into_iter();
            let get = fields.fold(get, |get, (name, value)| get.header(name, &value));
            let channel = self.bare();
            let mut first = channel.open("listening", &get).await.ok()?;
            // Some send the head with the first event.
            let _ = timeout(self.stretch(AT_ONCE), first.status()).await;
            let heard = Arc::new(AtomicBool::new(false));
            let task = tokio::spawn(listen(channel, get, first, Arc::clone(&heard)));
            Some(Listener { task: task.abort_handle(), heard })
        })
    }

    /// Whether the target asks on the stream of GET: a call that it leaves unanswered is made in a session in which we listen,
    /// and if anything is asked there, all sessions from now on are such ones.
    pub(crate) async fn asks_where_nobody_listens(&self, unanswered: &Probe) -> bool {
        let Some(handshakes) = &self.handshakes else { return false };
        self.recorder.listens.store(true, Ordering::Relaxed);
        handshakes.forget().await;
        let _ = self.send("survey", unanswered).await;
        let asks = handshakes.opened().await.is_some_and(|session| session.heard());
        if !asks {
            self.recorder.listens.store(false, Ordering::Relaxed);
            handshakes.forget().await;
        }
        asks
    }

    /// Whether an unanswered request may be one that waits for us to listen.
    pub(crate) fn may_be_asked_elsewhere(&self, seen: &Observed) -> bool {
        let silent = seen.exchange.answer.end == End::TimedOut && seen.messages.is_empty();
        silent && self.edition().has_handshake() && self.keeper().is_none()
    }
}

impl Opened {
    /// Whether the target asked something where we listen in this session.
    fn heard(&self) -> bool {
        self.listener.as_ref().is_some_and(|listener| listener.heard.load(Ordering::Relaxed))
    }
}

async fn listen(channel: Channel, get: Probe, first: Open, heard: Arc<AtomicBool>) {
    let mut open = first;
    for _ in 0..AGAIN {
        let since = Instant::now();
        // Whoever reads answers.
        while let Some(message) = open.next().await {
            if message.kind == Kind::Request {
                heard.store(true, Ordering::Relaxed);
            }
        }
        if since.elapsed() < AT_ONCE {
            return;
        }
        match channel.open("listening", &get).await {
            Ok(next) => open = next,
            Err(_) => return,
        }
    }
}
