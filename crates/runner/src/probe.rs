//! A message on its way out: correct unless told otherwise.

mod edition;
mod fields;
mod repeated;

use std::time::Duration;

use bytes::Bytes;
use plumb_model::Header;
use plumb_model::pack::HeaderEdit;
use plumb_wire::http::{Framing, HttpRequest, Which};
use plumb_wire::{header, meta};
use serde_json::{Map, Value, json};

use fields::apply;

/// A message on its way out. Made correct by [`Probe::request`]; each builder breaks or adds one thing.
/// The standard headers are derived from the body when it is sent, so that a change of the body alone
/// breaks no header rule.
#[derive(Clone, Debug)]
pub struct Probe {
    body: Body,
    headers: Vec<HeaderEdit>,
    param_headers: Vec<(String, String)>,
    http_method: String,
    /// The path, if it is not the endpoint's.
    path: Option<String>,
    /// What is added to the query.
    query: Vec<(String, String)>,
    which: Which,
    framing: Framing,
    /// Whether the id is a placeholder still, to be given when the message is sent.
    unnumbered: bool,
    /// Whether the version is a placeholder still, to be given by the edition that is spoken.
    unversioned: bool,
    /// Whether it is of a revision that opens with a handshake.
    earlier: bool,
    /// Whether it is sent outside of any session.
    outside: bool,
    /// Whether it answers a request of the target.
    answers: bool,
    /// Whether what the target asks before it answers is left to whoever sent it.
    in_rounds: bool,
    /// Whether it is sent once, whatever the target says of its rate.
    once: bool,
    pub(crate) patience: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Body {
    Message(Value),
    Bytes(Bytes),
    Empty,
}

impl Probe {
    /// A correct request; its id and the version of the protocol are given when it is sent.
    pub fn request(method: &str, params: Value) -> Self {
        let mut params = match params {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let own = params.remove("_meta");
        let mut meta = json!({
            meta::PROTOCOL_VERSION: null,
            meta::CLIENT_INFO: {"name": "plumb", "version": env!("CARGO_PKG_VERSION")},
            meta::CLIENT_CAPABILITIES: {},
        });
        let mut unversioned = true;
        if let (Some(meta), Some(Value::Object(own))) = (meta.as_object_mut(), own) {
            unversioned = !own.contains_key(meta::PROTOCOL_VERSION);
            meta.extend(own);
        }
        params.insert("_meta".into(), meta);
        let message = json!({"jsonrpc": "2.0", "id": null, "method": method, "params": params});
        Self { unnumbered: true, unversioned, ..Self::message(message) }
    }

    /// A notification.
    pub fn notification(method: &str, params: Value) -> Self {
        Self::message(json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    /// Any message, as it is.
    pub fn message(message: Value) -> Self {
        Self::of(Body::Message(message))
    }

    /// Any bytes in place of a message; over HTTP the headers are those of `like`.
    pub fn bytes(like: &Self, bytes: impl Into<Bytes>) -> Self {
        let mut probe = like.clone();
        let edits = probe.derived().into_iter().map(|h| HeaderEdit::Set(h.name, h.value));
        probe.headers = edits.chain(std::mem::take(&mut probe.headers)).collect();
        probe.body = Body::Bytes(bytes.into());
        probe
    }

    /// An HTTP request without a body, such as GET.
    pub fn bodiless(http_method: &str) -> Self {
        let mut probe = Self::of(Body::Empty);
        http_method.clone_into(&mut probe.http_method);
        probe.framing = Framing::None;
        probe
    }

    fn of(body: Body) -> Self {
        Self {
            body,
            headers: Vec::new(),
            param_headers: Vec::new(),
            http_method: "POST".into(),
            path: None,
            query: Vec::new(),
            which: Which::Pooled,
            framing: Framing::Length,
            unnumbered: false,
            unversioned: false,
            earlier: false,
            outside: false,
            in_rounds: false,
            once: false,
            answers: false,
            patience: None,
        }
    }

    /// At another path of the same origin.
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// With this access token in place of the run's own.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Without the run's access token.
    pub fn without_token(self) -> Self {
        self.without_header("Authorization")
    }

    /// With the characters of a token where a presentation puts them, and nowhere else.
    pub(crate) fn presented(self, presented: plumb_oauth::mint::Presented) -> Self {
        let mut probe = self.without_token();
        for value in presented.authorization {
            probe = probe.edit(HeaderEdit::Add("Authorization".into(), value));
        }
        probe.query = presented.query;
        if let Some(message) = probe.message_mut().and_then(Value::as_object_mut) {
            message.extend(
                presented.members.into_iter().map(|(name, value)| (name, Value::String(value))),
            );
        }
        if !presented.form.is_empty() {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(presented.form)
                .finish();
            probe = Self::bytes(&probe, form)
                .header("Content-Type", "application/x-www-form-urlencoded");
        }
        probe
    }

    /// The request target, if it differs from the endpoint's own.
    pub(crate) fn target(&self, own: &str) -> Option<String> {
        if self.path.is_none() && self.query.is_empty() {
            return None;
        }
        let mut target = self.path.clone().unwrap_or_else(|| own.to_owned());
        if !self.query.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.query)
                .finish();
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&query);
        }
        Some(target)
    }

    /// With this id in place of the next free one.
    pub fn id(mut self, id: impl Into<Value>) -> Self {
        self.set("/id", id.into());
        self
    }

    /// With a member of `_meta`.
    pub fn meta(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.unversioned &= key != meta::PROTOCOL_VERSION;
        if let Some(meta) = self
            .message_mut()
            .and_then(|m| m.pointer_mut("/params/_meta"))
            .and_then(Value::as_object_mut)
        {
            meta.insert(key.to_owned(), value.into());
        }
        self
    }

    /// Without a member of `_meta`.
    pub fn without_meta(mut self, key: &str) -> Self {
        if let Some(meta) = self
            .message_mut()
            .and_then(|m| m.pointer_mut("/params/_meta"))
            .and_then(Value::as_object_mut)
        {
            meta.remove(key);
        }
        self
    }

    /// With these client capabilities.
    pub fn capabilities(self, capabilities: Value) -> Self {
        self.meta(meta::CLIENT_CAPABILITIES, capabilities)
    }

    /// With a parameter.
    pub fn param(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Some(params) =
            self.message_mut().and_then(|m| m.get_mut("params")).and_then(Value::as_object_mut)
        {
            params.insert(key.to_owned(), value.into());
        }
        self
    }

    /// With the value at a JSON pointer replaced or added.
    pub fn set(&mut self, pointer: &str, value: Value) {
        let Some((parent, key)) = pointer.rsplit_once('/') else { return };
        self.unversioned &= !pointer.contains("/_meta");
        self.unnumbered &= pointer != "/id";
        let parent =
            self.message_mut().and_then(|m| m.pointer_mut(parent)).and_then(Value::as_object_mut);
        if let Some(parent) = parent {
            parent.insert(key.replace("~1", "/").replace("~0", "~"), value);
        }
    }

    /// With a header field set.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.edit(HeaderEdit::Set(name.into(), value.into()))
    }

    /// Without a header field.
    pub fn without_header(self, name: &str) -> Self {
        self.edit(HeaderEdit::Remove(name.into()))
    }

    /// With one more change of the header fields.
    pub fn edit(mut self, edit: HeaderEdit) -> Self {
        self.headers.push(edit);
        self
    }

    /// With the headers that mirror annotated arguments of this tool.
    pub fn mirrored(mut self, input_schema: &Value) -> Self {
        let arguments = self.message_value().and_then(|m| m.pointer("/params/arguments")).cloned();
        self.param_headers =
            header::param_headers(input_schema, &arguments.unwrap_or_else(|| json!({})));
        self
    }

    /// By another HTTP request method.
    pub fn by_http_method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.http_method);
        self
    }

    /// On a connection of its own.
    pub fn fresh(mut self) -> Self {
        self.which = Which::Fresh;
        self
    }

    /// On a named connection, kept alive over all probes of that name and of one check.
    pub fn on(mut self, name: &str) -> Self {
        self.which = Which::Named(name.to_owned());
        self
    }

    /// With the name of its connection, if it has one, told apart from those of other checks.
    pub(crate) fn scoped(mut self, check: &str) -> Self {
        if let Which::Named(name) = &mut self.which {
            *name = format!("{check} {name}");
        }
        self
    }

    /// Waiting at most this long for the answer.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// The method of the message.
    pub fn method(&self) -> Option<&str> {
        self.message_value()?.get("method")?.as_str()
    }

    /// Whether it is a request whose id can be read, which alone must be answered over standard streams: anything
    /// else may have been meant as a notification.
    pub fn asks(&self) -> bool {
        serde_json::from_slice::<Value>(&self.payload()).is_ok_and(|m| {
            m.get("method").is_some()
                && m.get("id").is_some_and(|id| id.is_string() || id.is_number())
        })
    }

    /// Whether it is a GET, which may open a stream that never ends.
    pub(crate) fn is_get(&self) -> bool {
        self.http_method == "GET"
    }

    /// The message, if it is one.
    pub fn message_value(&self) -> Option<&Value> {
        match &self.body {
            Body::Message(message) => Some(message),
            _ => None,
        }
    }

    /// The message to edit, if it is one.
    pub fn message_mut(&mut self) -> Option<&mut Value> {
        match &mut self.body {
            Body::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Gives the message its id, if it was made by [`Probe::request`] and has none yet.
    pub(crate) fn number(&mut self, next: impl FnOnce() -> u64) {
        if self.unnumbered {
            self.set("/id", next().into());
        }
    }

    /// The bytes that go out as the message.
    pub(crate) fn payload(&self) -> Bytes {
        match &self.body {
            Body::Message(message) => message.to_string().into(),
            Body::Bytes(bytes) => bytes.clone(),
            Body::Empty => Bytes::new(),
        }
    }

    /// The HTTP request that it becomes.
    pub(crate) fn http(&self) -> HttpRequest {
        let mut fields = match self.body {
            Body::Message(_) => self.derived(),
            _ => Vec::new(),
        };
        if matches!(self.body, Body::Empty) {
            fields.push(Header::new("Accept", "application/json, text/event-stream"));
        }
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> =
            fields.into_iter().map(|h| (h.name.into_bytes(), h.value.into_bytes())).collect();
        for edit in &self.headers {
            apply(&mut fields, edit);
        }
        if self.earlier {
            fields.retain(|(name, _)| !header::is_of_requests(name));
        }
        let without = |edit: &HeaderEdit| match edit {
            HeaderEdit::Remove(name) if name.eq_ignore_ascii_case("authorization") => {
                Some(name.clone())
            }
            _ => None,
        };
        HttpRequest {
            method: self.http_method.clone(),
            without: self.headers.iter().filter_map(without).collect(),
            headers: fields,
            body: self.payload(),
            framing: self.framing,
            connection: self.which.clone(),
            answer_within: self.patience,
            ..HttpRequest::new("", Bytes::new())
        }
    }

    fn derived(&self) -> Vec<Header> {
        let mut fields = vec![
            Header::new("Content-Type", "application/json"),
            Header::new("Accept", "application/json, text/event-stream"),
        ];
        if let Body::Message(message) = &self.body
            && !self.earlier
        {
            fields.extend(header::standard_headers(message));
        }
        fields.extend(self.param_headers.iter().map(|(n, v)| Header::new(n, v)));
        fields
    }
}

#[cfg(test)]
mod tests;
