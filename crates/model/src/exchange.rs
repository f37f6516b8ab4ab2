//! The evidence: one message and all that came back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Payload;

/// One message and everything that came back, with timing: usually sent to the target, or else by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Order of sending within the run, from 1.
    pub seq: u64,
    /// Who caused it: a check's id, a case's address, or `survey`.
    pub by: String,
    /// The connection or process that carried it, such as `http-3` or `stdio-1`.
    pub channel: String,
    /// Who sent the message; the other one answered.
    #[serde(default, skip_serializing_if = "Initiator::is_us")]
    pub initiator: Initiator,
    /// What was sent.
    pub sent: Sent,
    /// What came back.
    pub answer: Answer,
}

/// Who sent the message of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// We asked, and the target answered.
    #[default]
    Us,
    /// The target asked, and we answered: it is a client.
    Target,
}

impl Initiator {
    fn is_us(&self) -> bool {
        *self == Self::Us
    }
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "over")]
pub enum Sent {
    /// An HTTP request.
    Http {
        /// The request method.
        method: String,
        /// The absolute URL.
        url: String,
        /// The header fields in order, as written.
        headers: Vec<Header>,
        /// The body before transfer coding.
        body: Payload,
    },
    /// One line to the standard input of a process, without its newline.
    Stdio {
        /// The line.
        line: Payload,
    },
    /// Nothing: the answer holds what arrived unasked, such as a start-up banner on standard output.
    Nothing,
}

/// A header field; names and values are shown byte by byte as Latin-1, so nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The field name as it crossed the wire.
    pub name: String,
    /// The field value without surrounding white space.
    pub value: String,
}

/// What came back; all times are microseconds since the run began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When the message was completely sent.
    pub sent_at: u64,
    /// When the last byte arrived, or waiting ended.
    pub ended_at: u64,
    /// Status and header fields (HTTP only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// Each unit that claims to be a message, in order of arrival: the JSON body, an event's data, a line.
    pub frames: Vec<Frame>,
    /// The body of an HTTP answer that is neither JSON nor an event stream.
    #[serde(default, skip_serializing_if = "Payload::is_empty")]
    pub body: Payload,
    /// What the event stream showed beyond its messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamFacts>,
    /// How it ended.
    pub end: End,
}

impl Answer {
    /// How long it took, from the end of the sending to its own.
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.ended_at.saturating_sub(self.sent_at))
    }
}

/// The head of an HTTP answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The header fields in order, as read.
    pub headers: Vec<Header>,
}

/// One unit that claims to be a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// When its last byte arrived, in microseconds since the run began.
    pub at: u64,
    /// What carried it.
    pub carrier: Carrier,
    /// Its bytes: the JSON body, the joined `data` of an event, the line without its newline.
    pub payload: Payload,
}

/// What carried a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// The whole body of an HTTP answer.
    Body,
    /// An event of an event stream.
    Event {
        /// The `event` field, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The `id` field, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// A line on standard output.
    Line,
}

/// What an event stream showed beyond its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFacts {
    /// How many comment lines came.
    pub comments: u32,
    /// How many `retry` fields came.
    pub retries: u32,
    /// What the last `retry` field said, in milliseconds, if it was a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// Events without any `data` field (never dispatched by a reader).
    pub without_data: u32,
    /// Field names that the event stream format does not know, at most eight.
    pub unknown_fields: Vec<String>,
    /// Whether the stream ended inside an event, with no blank line after it.
    pub cut_off: bool,
    /// Whether some line was no UTF-8.
    pub invalid_utf8: bool,
}

/// How an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The answer is whole: the body's length, the last chunk, the stream's end, or the response line (stdio).
    #[default]
    Complete,
    /// We closed it, having seen enough.
    ClosedByUs,
    /// Nothing more came in time.
    TimedOut,
    /// It grew past the bound, in bytes.
    TooLarge(u64),
    /// The target broke it off: connection reset, body cut short, process gone, malformed HTTP.
    Broken(String),
}

impl Sent {
    /// Bytes of the line, or of the URL, the header fields and the body.
    pub fn len(&self) -> usize {
        match self {
            Self::Http { method: _, url, headers, body } => {
                let fields = headers.iter().map(|field| field.name.len() + field.value.len());
                url.len() + fields.sum::<usize>() + body.len()
            }
            Self::Stdio { line } => line.len(),
            Self::Nothing => 0,
        }
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Answer {
    /// The HTTP status, if there is a head.
    pub fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|h| h.status)
    }

    /// The first value of a header field, names compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.as_ref().and_then(|h| h.header(name))
    }

    /// The media type of `Content-Type` in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let essence = value.split(';').next().unwrap_or_default();
        Some(essence.trim().to_ascii_lowercase())
    }
}

impl Head {
    /// The first value of a header field, names compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }
}

impl Header {
    /// A field from text.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// A field from bytes, each byte becoming the character of the same number.
    pub fn from_bytes(name: &[u8], value: &[u8]) -> Self {
        let latin1 = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect();
        Self { name: latin1(name), value: latin1(value) }
    }
}
