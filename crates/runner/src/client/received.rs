//! What a client sent, as checks read it.

use std::sync::{Arc, OnceLock};

use plumb_model::{Exchange, Header, Sent};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{codes, method};
use serde_json::Value;

use super::protected::Step;
use crate::tally::Marks;

/// A body that reads everything that a client sent, one HTTP request or line at a time.
pub type Receiving = fn(&Received, &mut Marks);

/// An HTTP request of a client, or a line, with its message parsed once.
#[derive(Clone, Debug)]
pub struct Received {
    /// The evidence.
    pub exchange: Arc<Exchange>,
    /// Its body, if it is a message of the revision that the client is judged by.
    message: Option<Message>,
    read: Arc<Read>,
}

/// What was read of it: every check asks, and it is parsed for the first of them alone.
#[derive(Debug, Default)]
struct Read {
    body: OnceLock<Option<Value>>,
    response: OnceLock<Option<Value>>,
    responded_at: OnceLock<Option<u64>>,
    step: OnceLock<Step>,
}

impl Received {
    pub(super) fn new(exchange: Exchange, message: Option<Message>) -> Self {
        Self { exchange: Arc::new(exchange), message, read: Arc::default() }
    }

    /// What was sent as JSON, of whichever revision it is.
    pub fn body(&self) -> Option<&Value> {
        let parsed = || match &self.exchange.sent {
            Sent::Http { body, .. } => serde_json::from_slice(body.bytes()).ok(),
            Sent::Stdio { line } => serde_json::from_slice(line.bytes()).ok(),
            Sent::Nothing => None,
        };
        self.read.body.get_or_init(parsed).as_ref()
    }

    /// The message that it was answered with: the body, or the last event of a stream.
    pub fn response(&self) -> Option<&Value> {
        let parsed = || {
            let frame = self.exchange.answer.frames.last()?;
            serde_json::from_slice(frame.payload.bytes()).ok()
        };
        self.read.response.get_or_init(parsed).as_ref()
    }

    /// The result that it was answered with.
    pub fn result(&self) -> Option<&Value> {
        self.response()?.get("result")
    }

    /// When the first frame came that is a response, in microseconds.
    pub fn responded_at(&self) -> Option<u64> {
        let first = || {
            let mut frames = self.exchange.answer.frames.iter();
            frames.find(|frame| responds(frame.payload.bytes())).map(|frame| frame.at)
        };
        *self.read.responded_at.get_or_init(first)
    }

    /// What it is for in a scene, found out once: a request belongs to one scene.
    pub(super) fn step_by(&self, found: impl FnOnce() -> Step) -> Step {
        *self.read.step.get_or_init(found)
    }

    /// The HTTP method.
    pub fn http_method(&self) -> &str {
        match &self.exchange.sent {
            Sent::Http { method, .. } => method,
            Sent::Stdio { .. } | Sent::Nothing => "",
        }
    }

    /// The path of the request target, without its query.
    pub fn path(&self) -> &str {
        path(&self.exchange.sent)
    }

    /// The values of a header field in order, names compared without case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields: &[Header] = match &self.exchange.sent {
            Sent::Http { headers, .. } => headers,
            Sent::Stdio { .. } | Sent::Nothing => &[],
        };
        let named = move |h: &&Header| h.name.eq_ignore_ascii_case(name);
        fields.iter().filter(named).map(|h| h.value.as_str())
    }

    /// The first value of a header field, names compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// What the body says as a message of the revision that the client is judged by, right or wrong. `None` without a body,
    /// and for what belongs to another revision: a client may speak those, and is not judged by this one then.
    pub fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// The request that the body is: an object with a `method` and an `id`, or with the method of a request. How it is sent
    /// over HTTP, and for which path, plays no part.
    pub fn request(&self) -> Option<&Value> {
        let message = self.message.as_ref()?;
        let body = message.json.as_ref().ok()?;
        let named = message.method().is_some_and(is_requested);
        (message.kind == Kind::Request || named).then_some(body)
    }

    /// The method of that request.
    pub fn method(&self) -> Option<&str> {
        self.request()?.get("method")?.as_str()
    }

    /// A member of the parameters of that request.
    pub fn param(&self, name: &str) -> Option<&Value> {
        self.request()?.get("params")?.get(name)
    }

    /// A member of the `_meta` of that request.
    pub fn meta(&self, key: &str) -> Option<&Value> {
        self.param("_meta")?.get(key)
    }

    /// The line that it came as, over standard streams.
    pub fn line(&self) -> Option<&[u8]> {
        match &self.exchange.sent {
            Sent::Stdio { line } => Some(line.bytes()),
            Sent::Http { .. } | Sent::Nothing => None,
        }
    }

    /// The status that it was answered with; over standard streams, the one that the same response has over HTTP.
    pub fn answered(&self) -> Option<u16> {
        if self.line().is_none() {
            return self.exchange.answer.status();
        }
        let response = self.response().filter(|r| r.get("id").is_some())?;
        Some(match response["error"]["code"].as_i64() {
            Some(codes::METHOD_NOT_FOUND) => 404,
            Some(
                codes::UNSUPPORTED_VERSION
                | codes::HEADER_MISMATCH
                | codes::MISSING_CLIENT_CAPABILITY
                | codes::INVALID_REQUEST
                | codes::PARSE_ERROR,
            ) => 400,
            _ => 200,
        })
    }
}

/// Whether these bytes are a response.
fn responds(bytes: &[u8]) -> bool {
    let message: Value = serde_json::from_slice(bytes).unwrap_or_default();
    message.get("result").is_some() || message.get("error").is_some()
}

/// The path of a request target, without its query.
pub(super) fn path(sent: &Sent) -> &str {
    let Sent::Http { url, .. } = sent else { return "" };
    let after = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let path = after.find('/').map_or("", |at| &after[at..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Whether the method is one that a client requests, in the core or the tasks extension.
fn is_requested(name: &str) -> bool {
    [
        method::DISCOVER,
        method::TOOLS_LIST,
        method::TOOLS_CALL,
        method::RESOURCES_LIST,
        method::TEMPLATES_LIST,
        method::RESOURCES_READ,
        method::PROMPTS_LIST,
        method::PROMPTS_GET,
        method::COMPLETE,
        method::LISTEN,
        method::TASKS_GET,
        method::TASKS_UPDATE,
        method::TASKS_CANCEL,
    ]
    .contains(&name)
}
