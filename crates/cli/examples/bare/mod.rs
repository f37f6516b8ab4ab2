//! A client that reads whole answers and keeps nothing: what Plumb is measured against.

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

/// Whether an answer has come to its end, where its framing tells: RFC 9112, section 6.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let fields = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let value = |name: &str| fields.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if value("transfer-encoding:").is_some_and(|coding| coding.ends_with("chunked")) {
        return answer.ends_with(b"0\r\n\r\n");
    }
    let empty = fields.starts_with("http/1.1 204") || fields.starts_with("http/1.1 304");
    match value("content-length:").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => answer.len() >= head + 4 + length,
        None => empty,
    }
}
