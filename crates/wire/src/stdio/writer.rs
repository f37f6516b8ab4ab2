//! Writing lines whole: whoever asks may go away in the middle, the line still ends.

use std::io;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::process::ChildStdin;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::cause;

/// How many lines wait for a process that does not read.
const QUEUE: usize = 64;

/// The way to a task that owns the standard input.
#[derive(Debug)]
pub(super) struct Writer {
    lines: mpsc::Sender<Order>,
    closing: watch::Sender<bool>,
}

#[derive(Debug)]
struct Order {
    line: Bytes,
    done: oneshot::Sender<io::Result<()>>,
}

impl Writer {
    pub(super) fn new(stdin: ChildStdin) -> Self {
        let (lines, orders) = mpsc::channel(QUEUE);
        let (closing, close) = watch::channel(false);
        tokio::spawn(run(stdin, orders, close));
        Self { lines, closing }
    }

    /// Writes a line and its newline; the error says why it could not.
    pub(super) async fn write(&self, line: Bytes) -> Result<(), String> {
        let closed = || "its standard input was closed".to_owned();
        let (done, written) = oneshot::channel();
        self.lines.send(Order { line, done }).await.map_err(|_| closed())?;
        written.await.map_err(|_| closed())?.map_err(|e| cause(&e))
    }

    /// Closes the standard input; lines that still wait are not written.
    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        // The task that owns it ends, and with it the queue.
        self.lines.closed().await;
    }
}

async fn run(
    mut stdin: ChildStdin,
    mut orders: mpsc::Receiver<Order>,
    mut close: watch::Receiver<bool>,
) {
    let writing = async {
        while let Some(Order { line, done }) = orders.recv().await {
            let mut bytes = Vec::with_capacity(line.len() + 1);
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            let written = stdin.write_all(&bytes).await;
            let failed = written.is_err();
            // Whoever asked may be gone.
            let _ = done.send(written);
            if failed {
                break;
            }
        }
    };
    tokio::select! {
        biased;
        // An error means that the session is gone, which closes as well.
        _ = close.wait_for(|closing| *closing) => {}
        () = writing => {}
    }
}
