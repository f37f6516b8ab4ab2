//! The stdio binding: one message a line, one channel for all requests.

mod lines;
mod process;

use std::fs::File;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::envelope::encode;
use crate::interrupt::interrupted;
use crate::message::RpcError;
use crate::reference::Reference;
use crate::server::Server;

use self::lines::{Line, Lines};
use self::process::Process;

/// Serves on the standard streams until the input ends, or the process is asked to stop by a signal.
///
/// Leave the process soon after it returns: a runtime that is dropped waits for the thread that reads standard input.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_stdio(reference: Reference) -> io::Result<()> {
    serve_stdio_until(reference, tokio::io::stdin(), tokio::io::stdout(), interrupted()?).await
}

/// Serves on any two byte streams until the input ends.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_stdio_on(
    reference: Reference,
    input: impl AsyncRead + Send + Unpin,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> io::Result<()> {
    serve_stdio_until(reference, input, output, std::future::pending()).await
}

/// The right to serve, for one process at a time.
fn locked(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    file.try_lock().map_err(|_| io::Error::other("another process of this server runs"))?;
    Ok(file)
}

/// Serves on any two byte streams until the input ends or `shutdown` resolves; then ends every subscription as the
/// specification asks, and returns.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_stdio_until(
    reference: Reference,
    input: impl AsyncRead + Send + Unpin,
    output: impl AsyncWrite + Send + Unpin + 'static,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    tokio::time::sleep(reference.options.start_delay).await;
    let _lock = reference.options.lock.as_deref().map(locked).transpose()?;
    let server = Server::new(reference);
    let (sender, inbox) = mpsc::channel(256);
    let writer = tokio::spawn(write(Arc::clone(&server), inbox, output));
    let mut process = Process::new(Arc::clone(&server), sender);
    let mut lines = Lines::new(input);
    let mut shutdown = std::pin::pin!(shutdown);
    let mut orderly = false;
    loop {
        tokio::select! {
            line = lines.next() => match line? {
                Line::End => break,
                Line::TooLong => process.refuse(None, RpcError::new(RpcError::INVALID_REQUEST, "the line is larger than 4 MiB")).await,
                Line::Message(bytes) => {
                    if !server.rules.lines_end_in_line_feeds && let Some(at) = line_separator(&bytes) {
                        let _ = process.receive(&bytes[..at]).await;
                    } else if process.receive(&bytes).await.is_break() {
                        tokio::time::sleep(Duration::from_secs(30)).await;
                        break;
                    }
                }
            },
            () = &mut shutdown => {
                orderly = true;
                break;
            }
        }
    }
    process.close().await;
    if !server.rules.exits_on_eof && !orderly {
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    if !server.rules.closes_after_listen_result {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    drop(process);
    writer.await.map_err(io::Error::other)?
}

/// Where U+2028 stands in UTF-8.
fn line_separator(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == "\u{2028}".as_bytes())
}

/// Writes messages, one a line, until nobody can send any more.
async fn write(
    server: Arc<Server>,
    mut inbox: mpsc::Receiver<Value>,
    mut output: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    if !server.rules.stdout_only_messages {
        output.write_all(b"plumb-reference is listening\n").await?;
    }
    while let Some(message) = inbox.recv().await {
        let mut line = encode(&server, &message);
        line.push(b'\n');
        output.write_all(&line).await?;
        output.flush().await?;
    }
    output.shutdown().await
}
