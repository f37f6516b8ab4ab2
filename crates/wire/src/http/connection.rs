//! One open connection, whatever it runs over.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf,
};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;

/// How much is read at once, in bytes.
const READ: usize = 16 << 10;
/// How much of an early answer is taken in while the request is still being written, in bytes.
const EARLY: usize = 64 << 10;

/// How long a peer that has begun to answer may take nothing of the request, and how long one that was answered may go on
/// with its request.
const STALL: Duration = Duration::from_millis(500);

/// Bytes both ways: TCP, TLS over TCP, TLS in a tunnel, memory.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {
    /// Lets its drop reset the connection where there is one.
    fn abort(&self) {}

    /// Has what comes next acknowledged at once: a peer that writes an answer in two pieces, and holds the second back
    /// until the first is acknowledged (RFC 1122, 4.2.3.4), waits 40 ms for each answer otherwise (4.2.3.2).
    fn acknowledge(&self) {}
}

impl Io for TcpStream {
    fn abort(&self) {
        // A socket that cannot do that is closed.
        let _ = self.set_zero_linger();
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn acknowledge(&self) {
        // A socket that cannot do that is slower with such peers.
        let _ = self.set_quickack(true);
    }
}

impl<T: Io> Io for TlsStream<T> {
    fn acknowledge(&self) {
        self.get_ref().0.acknowledge();
    }
}

impl Io for Box<dyn Io> {
    fn abort(&self) {
        self.as_ref().abort();
    }

    fn acknowledge(&self) {
        self.as_ref().acknowledge();
    }
}

impl Io for DuplexStream {}

pub(super) struct Connection {
    io: Box<dyn Io>,
    /// What was read and not yet used.
    pub(super) buffer: BytesMut,
    /// Its name in the evidence.
    pub(super) channel: String,
    /// Whether it has carried a request before.
    pub(super) reused: bool,
    /// Whether a request was written only in part, so that no other can follow.
    pub(super) torn: bool,
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shut {
    Close,
    Reset,
}

/// How much of a request was written.
enum Written {
    All,
    Part,
}

impl Connection {
    /// Takes a new connection over and names it.
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed) + 1;
        Self::named(io, format!("http-{number}"))
    }

    /// Takes a connection over under a name.
    pub(super) fn named(io: Box<dyn Io>, channel: String) -> Self {
        Self { io, buffer: BytesMut::new(), channel, reused: false, torn: false }
    }

    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.io
    }

    /// Reads more into the buffer; 0 is the end.
    ///
    /// A TLS peer that closes without saying so has ended too: the framing of the answer tells whether it was whole.
    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ);
        // The system forgets it with each answer.
        self.io.acknowledge();
        match self.io.read_buf(&mut self.buffer).await {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }

    /// Writes a request, and takes in what the peer answers meanwhile: a peer that has refused a large request may
    /// never read the rest of it.
    ///
    /// A peer that has begun to answer and then fails, or takes nothing more for a while, is no error.
    pub(super) async fn write(&mut self, request: &[u8]) -> io::Result<()> {
        let written = self.write_and_listen(request).await;
        self.torn = !matches!(written, Ok(Written::All));
        match written {
            Err(_) if !self.buffer.is_empty() || matches!(self.fill().await, Ok(1..)) => Ok(()),
            written => written.map(drop),
        }
    }

    async fn write_and_listen(&mut self, request: &[u8]) -> io::Result<Written> {
        let buffer = &mut self.buffer;
        let (mut reader, mut writer) = tokio::io::split(&mut self.io);
        let mut rest = request;
        let mut listening = true;
        while !rest.is_empty() {
            tokio::select! {
                biased;
                written = writer.write(rest) => match written? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    written => rest = &rest[written..],
                },
                read = reader.read_buf(buffer), if listening && buffer.len() < EARLY => {
                    listening = matches!(read, Ok(1..));
                }
                () = sleep(STALL), if !buffer.is_empty() => return Ok(Written::Part),
            }
        }
        writer.flush().await?;
        Ok(Written::All)
    }

    /// Writes bytes and sees them off, whatever comes in meanwhile.
    pub(super) async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.io.write_all(bytes).await?;
        self.io.flush().await
    }

    /// Takes in what comes until the peer has closed, and says how; of what comes, a little is kept.
    pub(super) async fn gone(&mut self) -> String {
        loop {
            if self.buffer.len() >= EARLY {
                // A peer that says so much meanwhile is heard when its turn comes.
                std::future::pending::<()>().await;
            }
            match self.fill().await {
                Ok(1..) => {}
                Ok(_) => return "the client closed the connection".to_owned(),
                Err(e) => return format!("the connection failed: {}", crate::error::cause(&e)),
            }
        }
    }

    /// Closes the connection for both directions, or resets it.
    pub(super) async fn shut(mut self, how: Shut) {
        match how {
            Shut::Reset => self.io.abort(),
            Shut::Close => {
                // A peer that is gone already has seen it closed.
                let _ = self.io.shutdown().await;
                // What it still sends is taken in for a while: a close over unread bytes is a reset, which can take the
                // answer with it.
                let rest = async {
                    while matches!(self.fill().await, Ok(1..)) {
                        self.buffer.clear();
                    }
                };
                let _ = timeout(STALL, rest).await;
            }
        }
    }

    /// Whether an idle connection can carry another request: it was not closed, and nothing came unasked.
    pub(super) async fn is_fresh(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return false;
        }
        // A close is only seen once the event loop has turned.
        tokio::task::yield_now().await;
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        poll_fn(|context| {
            let read = Pin::new(&mut self.io).poll_read(context, &mut byte);
            Poll::Ready(read.is_pending())
        })
        .await
    }
}
