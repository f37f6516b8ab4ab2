//! An exchange with its messages parsed once, as every check reads it.

mod framing;
mod parts;
mod read;

use std::sync::Arc;

use plumb_model::{Edition, End, Exchange, Frame, Sent};
use plumb_wire::jsonrpc::{Kind, Message, footprint};
use plumb_wire::{Account, Reservation, card, meta, method, notification};
use serde_json::Value;

use crate::Trouble;
use parts::Parts;

/// What the messages of one answer may take when they are parsed, bytes: as much as the largest one that is read. A thousand small
/// ones take many times their text.
const PARSED: usize = 48 << 20;

/// An exchange with its messages parsed once.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The evidence.
    pub exchange: Arc<Exchange>,
    /// The message that was sent, if it was JSON.
    pub request: Option<Value>,
    /// The frames of the answer, parsed, in order of arrival.
    pub messages: Arc<[Message]>,
    /// The exchange whose stream this one goes on with, and the numbers of those in which it went on.
    parts: Parts,
    /// What it takes of the memory of the run.
    held: Option<Arc<Reservation>>,
}

impl Observed {
    /// Parses an exchange.
    pub fn new(exchange: Exchange) -> Self {
        let request = match &exchange.sent {
            Sent::Http { body, .. } => serde_json::from_slice(body.bytes()).ok(),
            Sent::Stdio { line } => serde_json::from_slice(line.bytes()).ok(),
            Sent::Nothing => None,
        };
        let mut taken = 0;
        let messages = read::messages(&exchange).take_while(|message| {
            taken += message.json.as_ref().map_or(0, footprint);
            taken <= PARSED
        });
        let messages: Arc<[Message]> = messages.collect();
        let too_large = taken > PARSED || messages.iter().any(Message::is_too_large);
        let parts = Parts::default();
        let observed = Self { exchange: Arc::new(exchange), request, messages, parts, held: None };
        if too_large { observed.cut() } else { observed }
    }

    /// The same, counted in the memory of a run; without what came, if there is no room for it.
    pub(crate) fn counted(self, account: &Account) -> Self {
        let answer = &self.exchange.answer;
        let raw = answer.frames.iter().map(|f| f.payload.len()).sum::<usize>() + answer.body.len();
        let places = answer.frames.len() * (size_of::<Frame>() + size_of::<Message>());
        let values = |m: &Message| m.json.as_ref().map_or_else(String::len, footprint);
        let parsed = self.messages.iter().map(values).sum::<usize>();
        // What is sent repeats what a target has listed, at any length.
        let sent = self.exchange.sent.len() + self.request.as_ref().map_or(0, footprint);
        match account.reserve(raw + places + parsed + sent) {
            Some(held) => Self { held: Some(Arc::new(held)), ..self },
            None => self.cut(),
        }
    }

    /// Bytes that it takes in memory, about.
    pub fn weight(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.bytes())
    }

    /// Whether the answer was larger than is read, so that nothing can be said of it.
    pub fn is_cut(&self) -> bool {
        matches!(self.exchange.answer.end, End::TooLarge(_))
    }

    /// Whether the target broke it off before a response came: over standard streams its process is gone.
    pub(crate) fn is_broken_off(&self) -> bool {
        matches!(self.exchange.answer.end, End::Broken(_)) && self.response().is_none()
    }

    /// The same without what came: it is too large to be looked at.
    fn cut(self) -> Self {
        let mut exchange = self.exchange.as_ref().clone();
        let answer = &mut exchange.answer;
        let came = answer.frames.iter().map(|f| f.payload.len()).sum::<usize>() + answer.body.len();
        answer.frames.clear();
        answer.body = plumb_model::Payload::default();
        answer.end = End::TooLarge(came as u64);
        Self { exchange: Arc::new(exchange), messages: Arc::new([]), ..self }
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

    /// Whether what was sent says that it is of JSON-RPC 2.0: a request in all else may be taken for no message.
    pub fn says_version(&self) -> bool {
        self.request.as_ref().and_then(|sent| sent.get("jsonrpc")).is_some_and(|v| v == "2.0")
    }

    /// Whether a request got no answer at all: the target may have been asked too much at once. What is no request of JSON-RPC
    /// tells nothing of that: it may be left unanswered by whoever reads it.
    pub(crate) fn is_starved(&self) -> bool {
        let answer = &self.exchange.answer;
        let silent = answer.end == End::TimedOut && answer.head.is_none();
        silent && self.is_request() && self.says_version()
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

    /// Whether the request spoke the revision of this edition, unmistakably: by `_meta` and, over HTTP, by header. A
    /// server that also serves earlier revisions may take anything else for one of those.
    pub fn is_modern(&self, edition: &Edition) -> bool {
        let revision = |v: &str| v == edition.revision;
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
        in_meta && in_header && self.method() != Some(method::OLD_INITIALIZE)
    }

    /// The HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.exchange.answer.status()
    }

    /// The response: the message that is a result or an error. Over standard streams the late answer to another request
    /// can stand beside it, so one under the id that was sent comes first.
    pub fn response(&self) -> Option<&Message> {
        let id = self.request.as_ref().and_then(|request| request.get("id"));
        let own = id.and_then(|id| self.responses().find(|m| m.answers(id)));
        own.or_else(|| self.responses().next())
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

    /// What the target asked the client, in a revision whose servers do so by requests of their own.
    pub fn asked(&self) -> impl Iterator<Item = &Value> {
        let newest = self.sent_meta(meta::PROTOCOL_VERSION).is_some();
        let asked = self.messages.iter().filter(move |m| !newest && asks_the_client(m));
        asked.filter_map(|m| m.json.as_ref().ok())
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
            && self.notifications(notification::ACKNOWLEDGED).next().is_some();
        (self.result().is_some() || subscribed) && self.status().is_none_or(|s| s < 400)
    }

    /// Whether the request was refused: by a JSON-RPC error, whatever the status, or without one by a status that
    /// blames the request. Silence is no refusal, nor are a status of 500 without an error, which tells of a failure,
    /// and statuses that ask for something else first (401, 407) or tell of the target's state (408 and
    /// [`Observed::is_trouble`]).
    pub fn is_refused(&self) -> bool {
        let blames = |s| (400..500).contains(&s) && !matches!(s, 401 | 407 | 408);
        !self.is_trouble() && (self.error().is_some() || self.is_bare_status(blames))
    }

    /// Whether the answer tells of a failure inside the target, or on the way from it, which need not come again: an internal
    /// error, a status of 500, a tool that failed, or an answer that began and broke off.
    pub(crate) fn tells_of_a_failure(&self) -> bool {
        self.code() == Some(plumb_wire::codes::INTERNAL_ERROR)
            || self.status() == Some(500)
            || (self.status().is_some() && self.is_broken_off())
            || self.result().is_some_and(|r| r["isError"] == true)
    }

    /// Whether it is no answer to what was asked: over HTTP a bare status of 500, or one that broke off. Once, that is bad luck.
    pub(crate) fn is_mishap(&self) -> bool {
        let over_http = matches!(self.exchange.sent, Sent::Http { .. });
        let broke_off = over_http && self.exchange.answer.stream.is_none() && self.is_broken_off();
        broke_off || self.is_bare_status(|status| status == 500)
    }

    /// Whether the answer is a status that `picks` and no JSON-RPC response.
    pub(crate) fn is_bare_status(&self, picks: impl Fn(u16) -> bool) -> bool {
        self.response().is_none() && self.status().is_some_and(picks)
    }

    /// Whether the answer tells of the state of the target, or of a gateway before it, and nothing of the request: it
    /// limits its callers (429), or is not to be reached for now (502, 503, 504).
    pub fn is_trouble(&self) -> bool {
        matches!(self.status(), Some(429 | 502 | 503 | 504))
    }

    /// The answer, unless it is trouble, which is judged as neither refusal nor acceptance.
    pub fn settled(&self) -> Result<&Self, Trouble> {
        if self.is_trouble() {
            let why = "the target limits its callers or cannot be reached for now";
            return Err(Trouble::Setup(format!("{why}: {}", self.describe())));
        }
        Ok(self)
    }

    /// All that came as a body, as text, wherever the wire has put it: messages are frames, anything else is kept as it
    /// came.
    pub fn body_text(&self) -> String {
        let answer = &self.exchange.answer;
        let frames = answer.frames.iter().map(|frame| &frame.payload);
        let parts = frames.chain([&answer.body]).filter(|part| !part.is_empty());
        parts.map(|part| part.lossy().into_owned()).collect::<Vec<_>>().join("\n")
    }

    /// Whether the request was turned away by the authorization layer: HTTP 401, or any refusal with a challenge.
    pub fn is_challenge(&self) -> bool {
        let status = self.status();
        status == Some(401)
            || (status.is_some_and(|s| s >= 400)
                && self.header("www-authenticate").next().is_some())
    }

    /// Whether a document was fetched, or a browser's leave to do so was asked for, and no message sent.
    pub(crate) fn is_fetch(&self) -> bool {
        let documents = ["application/json", card::MEDIA_TYPE, card::CATALOGUE_MEDIA_TYPE];
        let asks = |h: &plumb_model::Header| {
            let accepts = h.name.eq_ignore_ascii_case("accept");
            accepts && documents.contains(&h.value.as_str())
                || h.name.eq_ignore_ascii_case("access-control-request-method")
        };
        matches!(&self.exchange.sent, Sent::Http { method, headers, .. }
            if ["GET", "OPTIONS"].contains(&method.as_str()) && headers.iter().any(asks))
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

    /// What `Content-Length` has to do with it that the answer is no whole message: RFC 9112 section 6.3.
    pub(crate) fn wrong_length(&self) -> Option<String> {
        framing::wrong_length(&self.exchange.answer, self.messages.first())
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
                parts.push(format!("error {code} {:?}", clip(message, 240)));
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
        parts.extend(self.wrong_length());
        if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
    }
}

/// What a request of the target asks, whatever its id: asked again, it is the same.
pub fn asked_key(request: &Value) -> String {
    let mut params = request["params"].clone();
    if let Some(params) = params.as_object_mut() {
        params.retain(|name, _| name != "_meta" && name != "elicitationId");
    }
    format!("{} {params}", request["method"].as_str().unwrap_or_default())
}

/// Whether a message asks for what only a client can give.
pub(crate) fn asks_the_client(message: &Message) -> bool {
    let asks = [method::ELICITATION_CREATE, method::SAMPLING_CREATE_MESSAGE, method::ROOTS_LIST];
    message.kind == Kind::Request && message.method().is_some_and(|m| asks.contains(&m))
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

#[cfg(test)]
mod tests;
