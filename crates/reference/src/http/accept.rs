//! Connections as they are accepted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::connection::Connection;
use crate::rules::Rules;

/// Accepts connections, and gives each of them a context of its own.
pub(super) struct Doorway {
    listener: TcpListener,
    rules: Rules,
    accepted: u64,
}

/// The connection that a request came over.
#[derive(Clone)]
pub(crate) struct Peer(pub(super) Arc<Connection>);

/// The bytes of a connection.
pub(super) struct Wire {
    stream: TcpStream,
    rules: Rules,
    serial: u64,
}

impl Doorway {
    pub(super) fn new(listener: TcpListener, rules: &Rules) -> Self {
        Self { listener, rules: *rules, accepted: 0 }
    }
}

impl Listener for Doorway {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        // Without it an event may wait for the acknowledgment of the one before.
        let _ = stream.set_nodelay(true);
        let serial = self.accepted;
        self.accepted += 1;
        (Wire { stream, rules: self.rules, serial }, addr)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Doorway>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Doorway>) -> Self {
        Self(Arc::new(Connection::new(stream.io().serial)))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if !self.rules.header_names_any_case || !self.rules.header_whitespace_ignored {
            misread(&mut buffer.filled_mut()[before..], &self.rules);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Mutants that know the headers of the protocol in one spelling only. The parser below folds case and trims
/// whitespace, so what such a server would not recognise is renamed before it gets there.
fn misread(bytes: &mut [u8], rules: &Rules) {
    let mut start = 0;
    while let Some(length) = bytes[start..].windows(2).position(|pair| pair == b"\r\n") {
        let line = &mut bytes[start..start + length];
        if line.is_empty() {
            return;
        }
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let (name, value) = (&line[..colon], &line[colon + 1..]);
            let ours = name.len() > 4 && name[..4].eq_ignore_ascii_case(b"mcp-");
            let usual = SPELLINGS.contains(&name)
                || !name.iter().any(u8::is_ascii_uppercase)
                || name.len() > 20;
            let padded = value.strip_prefix(b" ").unwrap_or(value).trim_ascii()
                != value.strip_prefix(b" ").unwrap_or(value);
            if ours
                && ((!usual && !rules.header_names_any_case)
                    || (padded && !rules.header_whitespace_ignored))
            {
                line[0] = b'X';
            }
        }
        start += length + 2;
    }
}

const SPELLINGS: [&[u8]; 5] = [
    b"Mcp-Method",
    b"Mcp-Name",
    b"MCP-Protocol-Version",
    b"Mcp-Protocol-Version",
    b"Mcp-Session-Id",
];
