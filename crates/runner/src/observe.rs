//! An exchange with its messages parsed once, as every check reads it.

use std::sync::Arc;

use plumb_model::{End, Exchange, Sent};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::meta;
use serde_json::Value;

/// An exchange with its messages parsed once.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The evidence.
    pub exchange: Arc<Exchange>,
    /// The message that was sent, if it was JSON.
    pub request: Option<Value>,
    /// The frames of the answer, parsed, in order of arrival.
    pub messages: Vec<Message>,
}

impl Observed {
    /// Parses an exchange.
    pub fn new(exchange: Exchange) -> Self {
        let request = match &exchange.sent {
            Sent::Http { body, .. } => serde_json::from_slice(body.bytes()).ok(),
            Sent::Stdio { line } => serde_json::from_slice(line.bytes()).ok(),
            Sent::Nothing => None,
        };
        let messages = exchange.answer.frames.iter().map(|f| Message::parse(&f.payload)).collect();
        Self { exchange: Arc::new(exchange), request, messages }
    }

    /// Its number in the run.
    pub fn seq(&self) -> u64 {
        self.exchange.seq
    }

    /// The method of the request that was sent.
    pub fn method(&self) -> Option<&str> {
        self.request.as_ref()?.get("method")?.as_str()
    }

    /// The parameters of the request that was sent.
    pub fn params(&self) -> Option<&Value> {
        self.request.as_ref()?.get("params")
    }

    /// A member of the `_meta` that was sent.
    pub fn sent_meta(&self, key: &str) -> Option<&Value> {
        self.params()?.get("_meta")?.get(key)
    }

    /// The id that was sent, if it is a string or an integer, which alone must be echoed.
    pub fn sent_id(&self) -> Option<&Value> {
        let id = self.request.as_ref()?.get("id")?;
        (id.is_string() || id.is_i64() || id.is_u64()).then_some(id)
    }

    /// Whether the message that was sent is a request that asks for an answer.
    pub fn is_request(&self) -> bool {
        self.sent_id().is_some() && self.method().is_some()
    }

    /// Whether what was sent may be met with silence: over standard streams anything but a request whose id can be
    /// read, since it may have been meant as a notification.
    pub fn may_go_unanswered(&self) -> bool {
        let readable = self.request.as_ref().is_some_and(|m| {
            m.get("method").is_some()
                && m.get("id").is_some_and(|id| id.is_string() || id.is_number())
        });
        matches!(self.exchange.sent, Sent::Stdio { .. }) && !readable
    }

    /// Whether the request spoke this revision, unmistakably: by `_meta` and, over HTTP, by header. A
    /// server that also serves earlier revisions may take anything else for one of those.
    pub fn is_modern(&self) -> bool {
        let revision = |v: &str| v == plumb_model::REVISION;
        let in_meta =
            self.sent_meta(meta::PROTOCOL_VERSION).and_then(Value::as_str).is_some_and(revision);
        let in_header = match &self.exchange.sent {
            Sent::Http { method, headers, .. } => {
                method == "POST"
                    && headers.iter().any(|h| {
                        h.name.eq_ignore_ascii_case("mcp-protocol-version")
                            && revision(h.value.trim())
                    })
            }
            _ => true,
        };
        in_meta && in_header && self.method() != Some("initialize")
    }

    /// The HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.exchange.answer.status()
    }

    /// The response: the message that is a result or an error.
    pub fn response(&self) -> Option<&Message> {
        self.messages.iter().find(|m| matches!(m.kind, Kind::Result | Kind::Error))
    }

    /// The responses, for those who count them.
    pub fn responses(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(|m| matches!(m.kind, Kind::Result | Kind::Error))
    }

    /// The result of the response.
    pub fn result(&self) -> Option<&Value> {
        self.response()?.result()
    }

    /// The result, if its type is `complete`; an absent type counts, since another check judges that.
    pub fn complete(&self) -> Option<&Value> {
        self.result().filter(|r| r.get("resultType").is_none_or(|t| t == "complete"))
    }

    /// The result, if its type is `input_required`.
    pub fn input_required(&self) -> Option<&Value> {
        self.result().filter(|r| r.get("resultType").is_some_and(|t| t == "input_required"))
    }

    /// The error object of the response.
    pub fn error(&self) -> Option<&Value> {
        self.response()?.error()
    }

    /// The code of the error.
    pub fn code(&self) -> Option<i64> {
        self.error()?.get("code")?.as_i64()
    }

    /// The notifications that came, of a method.
    pub fn notifications<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages
            .iter()
            .filter(move |m| matches!(m.kind, Kind::Notification) && m.method() == Some(method))
    }

    /// Whether the request was served: a result came, or a subscription was acknowledged.
    pub fn is_accepted(&self) -> bool {
        let subscribed = self.error().is_none()
            && self.notifications("notifications/subscriptions/acknowledged").next().is_some();
        (self.result().is_some() || subscribed) && self.status().is_none_or(|s| s < 400)
    }

    /// Whether the request was refused: a JSON-RPC error, or an HTTP error status. Silence is neither.
    pub fn is_refused(&self) -> bool {
        self.error().is_some()
            || (self.result().is_none() && self.status().is_some_and(|s| s >= 400))
    }

    /// Whether the request was turned away by the authorization layer: HTTP 401, or any refusal with a challenge.
    pub fn is_challenge(&self) -> bool {
        let status = self.status();
        status == Some(401)
            || (status.is_some_and(|s| s >= 400)
                && self.header("www-authenticate").next().is_some())
    }

    /// Whether a document was fetched, not a message sent.
    pub(crate) fn is_fetch(&self) -> bool {
        let accepts = |h: &plumb_model::Header| {
            h.name.eq_ignore_ascii_case("accept") && h.value == "application/json"
        };
        matches!(&self.exchange.sent, Sent::Http { method, headers, .. } if method == "GET" && headers.iter().any(accepts))
    }

    /// The values of a header field of the answer.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let head = self.exchange.answer.head.as_ref();
        let fields = head.map(|head| head.headers.as_slice()).unwrap_or_default();
        fields.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// Whether the answer came to an end of its own.
    pub fn is_whole(&self) -> bool {
        self.exchange.answer.end == End::Complete
    }

    /// What came back, in one line.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        if let Some(status) = self.status() {
            parts.push(format!("HTTP {status}"));
        }
        match (self.result(), self.error()) {
            (Some(result), _) => parts.push(format!("result {}", brief(result))),
            (_, Some(error)) => {
                let code =
                    error.get("code").map_or_else(|| "without code".into(), ToString::to_string);
                let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
                parts.push(format!("error {code} {message:?}"));
            }
            _ => match self.messages.first() {
                Some(message) => parts.push(format!("message {}", clip(&message.raw.lossy(), 200))),
                None if !self.exchange.answer.body.is_empty() => {
                    let media =
                        self.exchange.answer.media_type().unwrap_or_else(|| "no media type".into());
                    parts.push(format!(
                        "{media} body {:?}",
                        clip(&self.exchange.answer.body.lossy(), 120)
                    ));
                }
                None if self.status().is_some() && self.is_whole() => parts.push("no body".into()),
                None => {}
            },
        }
        match &self.exchange.answer.end {
            End::Complete | End::ClosedByUs => {}
            End::TimedOut => parts.push("no further answer in time".into()),
            End::TooLarge(bytes) => parts.push(format!("cut off after {bytes} bytes")),
            End::Broken(why) => parts.push(format!("broken off: {why}")),
        }
        if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
    }
}

/// JSON in one line of bounded length.
pub fn brief(value: &Value) -> String {
    clip(&value.to_string(), 240)
}

/// Text of bounded length, in characters.
pub fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
