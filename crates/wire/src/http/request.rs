//! A request, exactly as it is to be written.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use plumb_model::{Header, Payload, Sent};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::endpoint::Endpoint;
use crate::header;

/// A request to be written as told; nothing of it is checked or repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The request target, if it differs from the endpoint's path and query.
    pub target: Option<String>,
    /// The header fields: any bytes, any case, in order, duplicates too.
    ///
    /// Before them goes `Host`, if they have none; after them the user's own headers that they do not have, and
    /// what framing says.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names of headers that are not to be added, neither by the client nor from the user's own.
    pub without: Vec<String>,
    /// The body before transfer coding.
    pub body: Bytes,
    /// How the end of the body is told.
    pub framing: Framing,
    /// The entire request instead of all above, byte for byte; it runs on a connection of its own.
    pub raw: Option<Bytes>,
    /// The connection to use.
    pub connection: Which,
    /// Time for the whole exchange, if it differs from [`Limits::answer`](crate::Limits::answer).
    pub answer_within: Option<Duration>,
}

/// How the end of a body is told. To a request, a header that is there already is never added again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// `Content-Length`; left out for an empty body with a method that expects none, and with a status that has none.
    Length,
    /// `Transfer-Encoding: chunked`, in chunks of so many bytes.
    Chunked(usize),
    /// `Content-Length` with this number, true or not; such a request runs on a connection of its own.
    DeclaredLength(u64),
    /// Not at all.
    None,
}

/// The connection of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Any idle one, else a new one.
    #[default]
    Pooled,
    /// A new one, closed after the answer.
    Fresh,
    /// The one of this name, one request after the other; a new one takes its name when it was closed.
    Named(String),
}

/// A request as bytes, and as evidence.
pub(super) struct Written {
    pub(super) bytes: Bytes,
    pub(super) sent: Sent,
    /// Whether an answer to it never has a body.
    pub(super) bodiless: bool,
    /// Whether its connection is of no use for another request.
    pub(super) spoils: bool,
}

impl HttpRequest {
    /// A request with no headers.
    pub fn new(method: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            method: method.into(),
            target: None,
            headers: Vec::new(),
            without: Vec::new(),
            body: body.into(),
            framing: Framing::Length,
            raw: None,
            connection: Which::Pooled,
            answer_within: None,
        }
    }

    /// The correct request for a message: `POST` with its media types and standard headers.
    ///
    /// Source: basic/transports/streamable-http#sending-messages.
    pub fn message(body: &Value) -> Self {
        let mut request = Self::new("POST", body.to_string())
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream");
        for Header { name, value } in header::standard_headers(body) {
            request = request.header(name, value);
        }
        request
    }

    /// A request that is these bytes and nothing else.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self { raw: Some(bytes.into()), connection: Which::Fresh, ..Self::new("", Bytes::new()) }
    }

    /// Adds a header field.
    pub fn header(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Removes all fields of a name, and keeps them from being added.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name.as_bytes()));
        self.without.push(name.to_owned());
        self
    }

    /// Chooses the connection.
    pub fn on(mut self, connection: Which) -> Self {
        self.connection = connection;
        self
    }

    pub(super) fn write(&self, endpoint: &Endpoint, own: &[Header], via: Via<'_>) -> Written {
        let bodiless = self.method == "HEAD";
        if let Some(raw) = &self.raw {
            return Written {
                bytes: raw.clone(),
                sent: raw_as_evidence(raw, endpoint),
                bodiless,
                spoils: true,
            };
        }
        let fields = self.fields(endpoint, own, via);
        let target = self.target.as_deref().unwrap_or_else(|| endpoint.target());
        let url = if target.starts_with('/') {
            format!("{}{target}", endpoint.origin())
        } else {
            target.to_owned()
        };

        let mut bytes = BytesMut::with_capacity(512 + self.body.len());
        let line_target = if matches!(via, Via::Proxy(_)) { &url } else { target };
        bytes.put_slice(format!("{} {line_target} HTTP/1.1\r\n", self.method).as_bytes());
        for (name, value) in &fields {
            for part in [&name[..], b": ", value, b"\r\n"] {
                bytes.put_slice(part);
            }
        }
        bytes.put_slice(b"\r\n");
        self.put_body(&mut bytes);

        let headers = fields.iter().map(|(name, value)| Header::from_bytes(name, value)).collect();
        let sent = Sent::Http {
            method: self.method.clone(),
            url,
            headers,
            body: self.body.clone().into(),
        };
        let spoils = matches!(self.framing, Framing::DeclaredLength(_));
        Written { bytes: bytes.freeze(), sent, bodiless, spoils }
    }

    fn fields(&self, endpoint: &Endpoint, own: &[Header], via: Via<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut fields = Vec::with_capacity(self.headers.len() + own.len() + 2);
        if self.lacks("host") {
            fields.push((b"Host".to_vec(), endpoint.authority().into_bytes()));
        }
        fields.extend(self.headers.iter().cloned());
        for field in own.iter().filter(|field| self.lacks(&field.name)) {
            fields.push((latin1(&field.name), latin1(&field.value)));
        }
        if let Via::Proxy(Some(credentials)) = via
            && self.lacks("proxy-authorization")
        {
            fields.push((b"Proxy-Authorization".to_vec(), credentials.as_bytes().to_vec()));
        }
        let length = match self.framing {
            Framing::Length if self.body.is_empty() && !expects_body(&self.method) => None,
            Framing::Length => Some(self.body.len() as u64),
            Framing::DeclaredLength(length) => Some(length),
            Framing::Chunked(_) | Framing::None => None,
        };
        if let Some(length) = length.filter(|_| self.lacks("content-length")) {
            fields.push((b"Content-Length".to_vec(), length.to_string().into_bytes()));
        }
        if matches!(self.framing, Framing::Chunked(_)) && self.lacks("transfer-encoding") {
            fields.push((b"Transfer-Encoding".to_vec(), b"chunked".to_vec()));
        }
        fields
    }

    /// Whether a header of this name may be added.
    fn lacks(&self, name: &str) -> bool {
        !self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            && !self.without.iter().any(|n| n.eq_ignore_ascii_case(name))
    }

    fn put_body(&self, bytes: &mut BytesMut) {
        let Framing::Chunked(size) = self.framing else {
            bytes.put_slice(&self.body);
            return;
        };
        for chunk in self.body.chunks(size.max(1)) {
            bytes.put_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.put_slice(chunk);
            bytes.put_slice(b"\r\n");
        }
        bytes.put_slice(b"0\r\n\r\n");
    }
}

/// The way to the endpoint's server, as far as the request shows it.
#[derive(Clone, Copy)]
pub(super) enum Via<'a> {
    /// Directly, or through a tunnel.
    Direct,
    /// Through a proxy that reads requests, with its credentials: RFC 9112 section 3.2.2.
    Proxy(Option<&'a str>),
}

fn expects_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

/// The bytes that [`Header::from_bytes`] shows as these characters; others become UTF-8.
pub(super) fn latin1(text: &str) -> Vec<u8> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.unwrap_or_else(|| text.as_bytes().to_vec())
}

/// Raw bytes need not have any parts, so all of them are shown as the body.
fn raw_as_evidence(raw: &Bytes, endpoint: &Endpoint) -> Sent {
    let method = raw.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    Sent::Http {
        method: String::from_utf8_lossy(method).chars().take(32).collect(),
        url: endpoint.to_string(),
        headers: Vec::new(),
        body: Payload::from(raw.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::meta;

    fn written(request: &HttpRequest, own: &[Header]) -> (String, Sent) {
        let endpoint = Endpoint::parse("http://h:1/mcp?k").expect("a url");
        let written = request.write(&endpoint, own, Via::Direct);
        (written.bytes.iter().map(|b| char::from(*b)).collect(), written.sent)
    }

    #[test]
    fn a_message_becomes_a_correct_request() {
        let body =
            json!({"method": "ping", "params": {"_meta": {meta::PROTOCOL_VERSION: "2026-07-28"}}});
        let (text, sent) = written(&HttpRequest::message(&body), &[]);
        let expected = format!(
            "POST /mcp?k HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
             Mcp-Method: ping\r\nContent-Length: {}\r\n\r\n{body}",
            body.to_string().len()
        );
        assert_eq!(text, expected);
        let Sent::Http { method, url, headers, body: sent_body } = sent else { panic!("no http") };
        assert_eq!((method.as_str(), url.as_str(), headers.len()), ("POST", "http://h:1/mcp?k", 6));
        assert_eq!(sent_body.text(), Some(body.to_string().as_str()));
    }

    #[test]
    fn the_users_headers_yield_to_the_request() {
        let own = [Header::new("Authorization", "Bearer own"), Header::new("X-Key", "k\u{e9}")];
        let request = HttpRequest::new("GET", "").header("AUTHORIZATION", "Bearer bad");
        assert_eq!(
            written(&request, &own).0,
            "GET /mcp?k HTTP/1.1\r\nHost: h:1\r\nAUTHORIZATION: Bearer bad\r\nX-Key: k\u{e9}\r\n\r\n"
        );
        let request =
            HttpRequest::new("GET", "").without("x-key").without("Authorization").without("host");
        assert_eq!(written(&request, &own).0, "GET /mcp?k HTTP/1.1\r\n\r\n");
    }

    #[test]
    fn framing_is_told_as_asked() {
        let mut request = HttpRequest::new("POST", "hello").without("host");
        for (framing, tail) in [
            (Framing::Length, "Content-Length: 5\r\n\r\nhello"),
            (Framing::DeclaredLength(9), "Content-Length: 9\r\n\r\nhello"),
            (Framing::None, "\r\nhello"),
            (
                Framing::Chunked(4),
                "Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n1\r\no\r\n0\r\n\r\n",
            ),
        ] {
            request.framing = framing;
            assert_eq!(written(&request, &[]).0, format!("POST /mcp?k HTTP/1.1\r\n{tail}"));
        }
    }

    #[test]
    fn a_proxy_sees_the_absolute_form() {
        let endpoint = Endpoint::parse("http://h/mcp").expect("a url");
        let written =
            HttpRequest::new("GET", "").write(&endpoint, &[], Via::Proxy(Some("Basic eDp5")));
        let expected =
            "GET http://h/mcp HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Basic eDp5\r\n\r\n";
        assert_eq!(written.bytes, expected);
    }
}
