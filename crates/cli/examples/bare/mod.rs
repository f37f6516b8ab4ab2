//! A client that reads whole answers and keeps nothing: what Plumb is measured against.

mod framing;

use framing::is_whole;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to a server.
pub(crate) struct Bare {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Bare {
    /// Connects to `host:port`.
    pub(crate) async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Writes a request as it stands and reads the answer to its end; gives its status, if the connection can carry
    /// another.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Option<u16>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        while !is_whole(&self.buffer) {
            #[cfg(target_os = "linux")]
            self.stream.set_quickack(true)?;
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
        let status = self.buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        Ok(status.and_then(|status| status.parse().ok()))
    }
}
