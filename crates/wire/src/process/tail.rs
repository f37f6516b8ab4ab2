//! The end of a stream that nobody reads: drained, so that its writer never blocks, and bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinHandle;

/// The last bytes of a stream.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    limit: usize,
    kept: Arc<Mutex<VecDeque<u8>>>,
}

impl Tail {
    /// Keeps at most so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Arc::default() }
    }

    /// What is kept now.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Reads a stream to its end in the background.
    pub(super) fn drain(
        &self,
        mut stream: impl AsyncRead + Send + Unpin + 'static,
    ) -> JoinHandle<()> {
        let tail = self.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 8 << 10];
            // A stream that fails has ended.
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                tail.keep(&buffer[..read]);
            }
        })
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let excess = kept.len().saturating_sub(self.limit);
        kept.drain(..excess);
    }
}
