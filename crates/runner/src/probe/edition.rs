//! A message as the revision of an edition has it.

use plumb_model::Edition;
use plumb_model::pack::HeaderEdit;
use plumb_wire::http::HttpRequest;
use plumb_wire::{header, meta, method};
use serde_json::Value;

use super::Probe;

impl Probe {
    /// Outside of any session, where the revision has them.
    #[must_use]
    pub fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    /// As a request that is answered in several rounds: in a revision with a handshake, what the target asks while it works
    /// is not answered by the run, but ends a round as an `InputRequiredResult` does in the newest one.
    #[must_use]
    pub fn in_rounds(mut self) -> Self {
        self.in_rounds = true;
        self
    }

    /// Sent once: an answer that turns it away for a while is the answer.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    pub(crate) fn is_once(&self) -> bool {
        self.once
    }

    /// Whether it is answered in several rounds.
    pub(crate) fn is_in_rounds(&self) -> bool {
        self.in_rounds
    }

    /// The answer to a request of the target, which has none itself.
    pub fn answer(message: Value) -> Self {
        Self { answers: true, ..Self::message(message) }
    }

    /// Whether it answers a request of the target.
    pub(crate) fn is_answer(&self) -> bool {
        self.answers
    }

    /// The capabilities that it declares.
    pub(crate) fn declared(&self) -> Value {
        let meta = self.message_value().and_then(|m| m.pointer("/params/_meta"));
        meta.and_then(|meta| meta.get(meta::CLIENT_CAPABILITIES)).cloned().unwrap_or_default()
    }

    /// As a message of the edition's revision, unless it says itself which it is of.
    pub fn in_edition(mut self, edition: &Edition) -> Self {
        if edition.has_handshake() {
            return self.in_earlier();
        }
        if std::mem::take(&mut self.unversioned)
            && let Some(version) = self.message_mut().and_then(version_of)
        {
            *version = edition.revision.as_str().into();
        }
        self
    }

    /// As a message of a revision with a handshake: what the newest one demands of every request, a session has said.
    fn in_earlier(mut self) -> Self {
        self.earlier = true;
        let unversioned = std::mem::take(&mut self.unversioned);
        if unversioned && self.method() == Some(method::DISCOVER) {
            // What every server answers.
            self.set("/method", method::OLD_PING.into());
        }
        let params = self.message_mut().filter(|_| unversioned).and_then(|m| m.get_mut("params"));
        if let Some(params) = params.and_then(Value::as_object_mut)
            && let Some(meta) = params.get_mut("_meta").and_then(Value::as_object_mut)
        {
            meta.retain(|key, _| !meta::OF_REQUESTS.contains(&key.as_str()));
            if meta.is_empty() {
                params.remove("_meta");
            }
        }
        self
    }

    /// Whether it belongs to no session: it was told so, or it is what opens one.
    pub(crate) fn is_outside(&self) -> bool {
        self.outside || self.method() == Some(method::OLD_INITIALIZE)
    }

    /// Whether it says itself what a header field is, or that there is none.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.headers.iter().any(|edit| match edit {
            HeaderEdit::Set(name, _) | HeaderEdit::Add(name, _) | HeaderEdit::Remove(name) => {
                name.eq_ignore_ascii_case(field)
            }
            _ => false,
        })
    }

    /// With the header fields by which another probe says of which session it is.
    pub(crate) fn in_session_of(mut self, other: &Self) -> Self {
        let fields = [header::OLD_SESSION_ID, header::PROTOCOL_VERSION];
        let named = |edit: &&HeaderEdit| matches!(edit, HeaderEdit::Set(name, _) if fields.iter().any(|f| name.eq_ignore_ascii_case(f)));
        self.headers.extend(other.headers.iter().filter(named).cloned());
        self
    }

    /// With the access token that another probe has in place of the run's own, or without any, as that one.
    pub(crate) fn authorized_like(mut self, other: &Self) -> Self {
        let edits = other.headers.iter().filter(|edit| match edit {
            HeaderEdit::Set(name, _) | HeaderEdit::Add(name, _) | HeaderEdit::Remove(name) => {
                name.eq_ignore_ascii_case("authorization")
            }
            _ => false,
        });
        self.headers.extend(edits.cloned());
        self
    }

    /// The HTTP request that it becomes in a session with these fields.
    pub(crate) fn in_session(&self, fields: &[(&'static str, String)]) -> HttpRequest {
        let mut request = self.http();
        let added = fields.iter().filter(|(name, _)| !self.names(name));
        request.headers.extend(
            added.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())),
        );
        request
    }
}

/// The version that a message names.
fn version_of(message: &mut Value) -> Option<&mut Value> {
    message.get_mut("params")?.get_mut("_meta")?.get_mut(meta::PROTOCOL_VERSION)
}
