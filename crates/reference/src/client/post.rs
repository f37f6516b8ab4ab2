//! HTTP/1.1 as far as the client needs it: one request on each connection, answered with JSON or an event stream.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::choices::ClientChoices;
use super::kept;
use super::rules::ClientRules;

/// Where a server is.
#[derive(Debug)]
pub(super) struct Address {
    /// Host and port.
    authority: String,
    target: String,
    /// Whether connections serve more than one request, and bodies come in chunks.
    wire: Wire,
}

/// How requests are put on a connection.
#[derive(Debug, Clone, Copy, Default)]
struct Wire {
    kept: bool,
    chunked: bool,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The messages in the body, in order.
    pub(super) messages: Vec<Value>,
    /// Where else it is said to be.
    pub(super) location: Option<String>,
    /// The challenges of a server that wants a token, a header field each.
    pub(super) challenges: Vec<String>,
    /// What it wants in the next proof of possession.
    pub(super) nonce: Option<String>,
}

/// What was answered where no message is.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Where to go instead.
    pub(super) location: Option<String>,
    /// The body as JSON; null if it is none.
    pub(super) json: Value,
    /// What it wants in the next proof of possession.
    pub(super) nonce: Option<String>,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("`{url}` is no http URL"))?;
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        let target = if target.is_empty() { "/" } else { target };
        Ok(Self {
            authority: authority.to_owned(),
            target: target.to_owned(),
            wire: Wire::default(),
        })
    }

    /// The same address, reached as these choices have it.
    pub(super) fn wired(self, choices: ClientChoices) -> Self {
        let wire = Wire { kept: choices.keeps_connections, chunked: choices.chunked };
        Self { wire, ..self }
    }

    /// Sends a request and reads the messages of the answer.
    pub(super) async fn send(
        &self,
        method: &str,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
        rules: &ClientRules,
    ) -> Result<Answer, String> {
        let answer = self.exchange(method, headers, body).await?;
        Answer::read(&answer, rules).ok_or_else(|| format!("{}: no HTTP answer", self.authority))
    }

    /// Sends a request that is no message.
    pub(super) async fn fetch(
        &self,
        method: &str,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> Result<Reply, String> {
        let answer = self.exchange(method, headers, body).await?;
        Reply::read(&answer).ok_or_else(|| format!("{}: no HTTP answer", self.authority))
    }

    /// The same server, but with this at the end of the target.
    pub(super) fn extended(&self, by: &str) -> Self {
        Self {
            authority: self.authority.clone(),
            target: format!("{}{by}", self.target),
            wire: self.wire,
        }
    }

    /// Sends a request and reads the whole answer.
    async fn exchange(
        &self,
        method: &str,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.authority);
        if self.wire.kept {
            let request = self.request(method, headers, body);
            return kept::exchange(&self.host(), &request).await.map_err(failed);
        }
        let mut stream = self.open(method, headers, body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.map_err(failed)?;
        Ok(answer)
    }

    /// Sends a request and gives what the answer comes from.
    pub(super) async fn open(
        &self,
        method: &str,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> Result<TcpStream, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.authority);
        let mut stream = TcpStream::connect(&self.host()).await.map_err(failed)?;
        stream.write_all(&self.request(method, headers, body)).await.map_err(failed)?;
        Ok(stream)
    }

    fn host(&self) -> String {
        let authority = &self.authority;
        if authority.contains(':') { authority.clone() } else { format!("{authority}:80") }
    }

    /// The bytes of a request.
    fn request(&self, method: &str, headers: &[(String, Vec<u8>)], body: &[u8]) -> Vec<u8> {
        let Self { authority, target, wire } = self;
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\n");
        if !wire.kept {
            request.push_str("Connection: close\r\n");
        }
        let chunked = wire.chunked && !body.is_empty();
        let framing = if chunked {
            "Transfer-Encoding: chunked\r\n".to_owned()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        request.push_str(&framing);
        let mut request = request.into_bytes();
        for (name, value) in headers {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        if !chunked {
            request.extend(body);
            return request;
        }
        for piece in body.chunks(200) {
            request.extend(format!("{:X};plumb=1\r\n", piece.len()).bytes());
            request.extend([piece, b"\r\n"].concat());
        }
        request.extend(b"0\r\n\r\n");
        request
    }
}

impl Reply {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (head, body) = parted(bytes)?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let location = fields(&head, "location").next();
        let nonce = fields(&head, "dpop-nonce").next();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Some(Self { status, location, json, nonce })
    }
}

/// The head, and the body without its framing.
fn parted(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let chunked = fields(&head, "transfer-encoding").any(|value| value.contains("chunked"));
    Some((head, if chunked { unchunked(body)? } else { body.to_vec() }))
}

/// The values of a header field.
fn fields(head: &str, name: &str) -> impl Iterator<Item = String> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
}

impl Answer {
    fn read(bytes: &[u8], rules: &ClientRules) -> Option<Self> {
        let (head, body) = parted(bytes)?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let challenges = fields(&head, "www-authenticate").collect();
        let nonce = fields(&head, "dpop-nonce").next();
        let says = |name: &str, what: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            let same = |n: &str| {
                let usual =
                    n.starts_with(char::is_uppercase) || n.chars().all(|c| !c.is_uppercase());
                n.eq_ignore_ascii_case(name) && (usual || rules.compares_headers_without_case)
            };
            fields.any(|(n, v)| same(n) && v.to_ascii_lowercase().contains(what))
        };
        let location = fields(&head, "location").next();
        let text = match in_pieces(bytes, rules) {
            Some(text) => text,
            None => String::from_utf8(body).ok()?,
        };
        let streamed = says("content-type", "text/event-stream");
        if says("content-type", ";") && !rules.reads_media_types {
            return None;
        }
        if !streamed && !text.is_empty() && !says("content-type", "application/json") {
            // A page may say why something is refused, and is nothing else.
            return (status >= 400).then(|| Self {
                status,
                messages: Vec::new(),
                location,
                challenges,
                nonce,
            });
        }
        let listed = !streamed && text.contains("\"tools\"");
        if listed && !rules.reads_json
            || streamed && !rules.reads_streams
            || text.starts_with(':') && !rules.skips_comments
        {
            return None;
        }
        let messages = if streamed { events(&text, rules) } else { vec![text] };
        let messages = messages.iter().filter_map(|m| serde_json::from_str(m).ok()).collect();
        Some(Self { status, messages, location, challenges, nonce })
    }
}

/// A body in chunks as somebody reads it who takes each for whole.
fn in_pieces(bytes: &[u8], rules: &ClientRules) -> Option<String> {
    if rules.joins_line_ends && rules.joins_characters {
        return None;
    }
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    if !fields(&head, "transfer-encoding").any(|value| value.contains("chunked")) {
        return None;
    }
    let pieces = pieces(&bytes[end + 4..])?;
    if rules.joins_characters {
        let lines = |piece: &[u8]| {
            let text: String = piece.iter().map(|byte| char::from(*byte)).collect();
            text.replace("\r\n", "\n").replace('\r', "\n")
        };
        return Some(pieces.into_iter().map(lines).collect());
    }
    Some(pieces.into_iter().map(String::from_utf8_lossy).collect())
}

/// The data of chunks: RFC 9112 section 7.1.
fn unchunked(rest: &[u8]) -> Option<Vec<u8>> {
    pieces(rest).map(|pieces| pieces.concat())
}

/// The data of each chunk.
fn pieces(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push(rest.get(line + 2..line + 2 + size)?);
        if rest.len() <= line + 4 + size {
            // The stream was cut off: what came of it is all there is.
            return Some(body);
        }
        rest = rest.get(line + 4 + size..)?;
    }
}

/// What is made of an event of several lines by who reads the last one alone, and then does without.
const UNREAD: &str = r#"{"unread":true}"#;

/// The data of each event that is whole.
fn events(text: &str, rules: &ClientRules) -> Vec<String> {
    let mut events = Vec::new();
    let mut data: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.is_empty() && !data.is_empty() {
            let first = if rules.joins_data_lines { data.len() } else { 1 };
            let unread = !rules.reads_every_data_line && first > 1;
            events.push(if unread { UNREAD.to_owned() } else { data[..first].join("\n") });
            data.clear();
        }
        if let Some(value) = line.strip_prefix("data:") {
            data.push(value.strip_prefix(' ').unwrap_or(value));
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_streams_in_chunks_are_read_alike() {
        let json = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":1}";
        let stream = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
            3\r\n: p\r\nf\r\n\ndata: {\"id\":1}\r\n2\r\n\n\n\r\n0\r\n\r\n";
        for bytes in [&json[..], &stream[..]] {
            let answer = Answer::read(bytes, &ClientRules::SPEC).expect("an answer");
            assert_eq!((answer.status, answer.messages[0]["id"].as_u64()), (200, Some(1)));
        }
        assert!(Answer::read(b"HTTP/1.1 200 OK\r\n", &ClientRules::SPEC).is_none());
    }

    #[test]
    fn an_address_has_host_and_target() {
        let address = Address::parse("http://127.0.0.1:9/mcp?x").expect("an address");
        assert_eq!(
            (address.authority.as_str(), address.target.as_str()),
            ("127.0.0.1:9", "/mcp?x")
        );
        assert!(Address::parse("https://a/").is_err());
    }
}
