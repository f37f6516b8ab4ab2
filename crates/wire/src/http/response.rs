//! An answer, written as told: right ones, and many kinds of wrong ones.

use plumb_model::{Header, Payload};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::{Framing, latin1};
use crate::script::Script;

/// An answer to be written as told; nothing of it is checked or repaired.
///
/// What it cannot say, such as two heads, half a head or no HTTP at all, is written by a [`Script`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Response {
    /// The version in the status line.
    pub version: String,
    /// The status.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields: any characters up to U+00FF, which stand for the bytes of the same number; in order, duplicates
    /// too. After them goes what framing says.
    pub headers: Vec<Header>,
    /// The body before transfer coding.
    pub body: Payload,
    /// How the end of the body is told; by [`Framing::None`] the connection's end tells it, and it is closed.
    pub framing: Framing,
}

impl Default for Response {
    fn default() -> Self {
        Self::new(200)
    }
}

impl Response {
    /// An answer with no headers and no body.
    pub fn new(status: u16) -> Self {
        Self {
            version: "HTTP/1.1".to_owned(),
            status,
            reason: String::new(),
            headers: Vec::new(),
            body: Payload::default(),
            framing: Framing::Length,
        }
    }

    /// A message as one JSON body.
    pub fn json(message: &Value) -> Self {
        Self::new(200).header("Content-Type", "application/json").body(message.to_string())
    }

    /// An event stream of these bytes, in one chunk each; see [`sse::event`](crate::sse::event).
    pub fn events<E: AsRef<[u8]>>(events: impl IntoIterator<Item = E>) -> Script {
        let chunk = |script: Script, event: E| script.write(chunk(event.as_ref()));
        events.into_iter().fold(Self::event_stream(), chunk).write(LAST_CHUNK)
    }

    /// The head of an event stream in chunks: each is written by [`chunk`], and the last one is [`LAST_CHUNK`].
    pub fn event_stream() -> Script {
        let head = Self { framing: Framing::Chunked(usize::MAX), ..Self::new(200) };
        let head =
            head.header("Content-Type", "text/event-stream").header("Cache-Control", "no-cache");
        Script::new().write(head.head())
    }

    /// Adds a header field.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Payload>) -> Self {
        self.body = body.into();
        self
    }

    /// Chooses how the end of the body is told.
    pub fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// The status line and the header fields, with the empty line after them.
    pub fn head(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} ", self.version, self.status).into_bytes();
        bytes.extend(latin1(&self.reason));
        let framing = match self.framing {
            Framing::Length if matches!(self.status, 100..200 | 204 | 304) => None,
            Framing::Length => Some(Header::new("Content-Length", self.body.len().to_string())),
            Framing::DeclaredLength(length) => {
                Some(Header::new("Content-Length", length.to_string()))
            }
            Framing::Chunked(_) => Some(Header::new("Transfer-Encoding", "chunked")),
            Framing::None => None,
        };
        for Header { name, value } in self.headers.iter().chain(&framing) {
            bytes.extend([b"\r\n", &latin1(name)[..], b": ", &latin1(value)[..]].concat());
        }
        bytes.extend(b"\r\n\r\n");
        bytes
    }

    /// All of it as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        let Framing::Chunked(size) = self.framing else {
            bytes.extend(self.body.bytes());
            return bytes;
        };
        for piece in self.body.bytes().chunks(size.max(1)) {
            bytes.extend(chunk(piece));
        }
        bytes.extend(LAST_CHUNK);
        bytes
    }
}

impl From<Response> for Script {
    fn from(response: Response) -> Self {
        Self::new().write(response.bytes())
    }
}

/// The end of a body in chunks.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Bytes as a chunk; there is none of no bytes.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(response: &Response) -> String {
        response.bytes().iter().map(|b| char::from(*b)).collect()
    }

    #[test]
    fn an_answer_is_written_as_told() {
        let odd =
            Response { version: "HTTP/7".into(), reason: "N\u{e9}".into(), ..Response::new(799) };
        let odd = odd.header("x Y", "\u{ff}").header("x Y", "").body("ab");
        let head = "HTTP/7 799 N\u{e9}\r\nx Y: \u{ff}\r\nx Y: \r\n";
        for (framing, rest) in [
            (Framing::Length, "Content-Length: 2\r\n\r\nab"),
            (Framing::DeclaredLength(7), "Content-Length: 7\r\n\r\nab"),
            (
                Framing::Chunked(1),
                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
            ),
            (Framing::None, "\r\nab"),
        ] {
            assert_eq!(text(&odd.clone().framed(framing)), format!("{head}{rest}"));
        }
        assert_eq!(text(&Response::new(204)), "HTTP/1.1 204 \r\n\r\n");
    }

    #[test]
    fn an_answer_is_data() {
        let response = Response::json(&json!({"a": 1})).framed(Framing::Chunked(3));
        let json = serde_json::to_value(&response).expect("serialises");
        assert_eq!(json["framing"], json!({"chunked": 3}));
        assert_eq!(serde_json::from_value::<Response>(json).expect("parses"), response);
        let short = serde_json::from_value::<Response>(json!({"status": 500})).expect("parses");
        assert_eq!(short, Response::new(500));
    }
}
