//! The way to the stream of a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::sync::mpsc;

/// Where the notifications of one request go.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) sender: mpsc::Sender<Value>,
    /// Set once the request is cancelled: nothing more is sent for it.
    pub(crate) muted: Arc<AtomicBool>,
}

impl Outbox {
    pub(crate) fn new(sender: mpsc::Sender<Value>) -> Self {
        Self { sender, muted: Arc::default() }
    }

    /// Sends, unless the request is cancelled or its stream gone.
    pub(crate) async fn send(&self, message: Value) {
        if !self.muted.load(Ordering::Acquire) {
            // A closed stream is a cancelled request, which ends by being dropped.
            let _ = self.sender.send(message).await;
        }
    }
}
