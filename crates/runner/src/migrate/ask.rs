//! A message as a client of an earlier revision sends it, or departs from that.

use std::time::Duration;

use plumb_wire::http::HttpRequest;
use plumb_wire::{header, meta, method};
use serde_json::{Value, json};

use crate::survey::every_capability;

/// Something to be sent.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Whom the exchange is for.
    pub(super) by: String,
    /// The method of HTTP.
    pub(super) verb: &'static str,
    /// Path and query, if not those of the endpoint.
    pub(super) target: Option<String>,
    pub(super) body: Option<Value>,
    /// Header fields; what the session would add under the same name is left out.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Fields that are not sent.
    pub(super) without: Vec<&'static str>,
    pub(super) patience: Option<Duration>,
    /// Whether a session belongs to it.
    pub(super) alone: bool,
}

impl Ask {
    /// A request; its id is given where it is sent.
    pub(super) fn request(by: &str, method: &str, params: Value) -> Self {
        let mut body = json!({"jsonrpc": "2.0", "method": method});
        if !params.is_null() {
            body["params"] = params;
        }
        Self::message(by, body)
    }

    /// A notification.
    pub(super) fn notification(by: &str, method: &str) -> Self {
        Self::message(by, json!({"jsonrpc": "2.0", "method": method}))
    }

    /// Any JSON.
    pub(super) fn message(by: &str, body: Value) -> Self {
        Self { body: Some(body), ..Self::verb(by, "POST") }
    }

    /// A request of HTTP without a body.
    pub(super) fn verb(by: &str, verb: &'static str) -> Self {
        Self {
            by: by.to_owned(),
            verb,
            target: None,
            body: None,
            headers: Vec::new(),
            without: Vec::new(),
            patience: None,
            alone: false,
        }
    }

    /// With an id.
    pub(super) fn id(mut self, id: impl Into<Value>) -> Self {
        if let Some(body) = &mut self.body {
            body["id"] = id.into();
        }
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn without(mut self, name: &'static str) -> Self {
        self.without.push(name);
        self
    }

    pub(super) fn at(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    pub(super) fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Without anything of the session that it is sent in.
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// With what the newest revision demands of each request; its capabilities stay, if it names any.
    pub(super) fn in_revision(mut self, revision: &str) -> Self {
        let Some(body) = &mut self.body else { return self };
        let info = json!({"name": "plumb", "version": env!("CARGO_PKG_VERSION")});
        let all = json!({
            meta::PROTOCOL_VERSION: revision,
            meta::CLIENT_CAPABILITIES: every_capability(),
            meta::CLIENT_INFO: info
        });
        if !body["params"].is_object() {
            body["params"] = json!({});
        }
        let own = &mut body["params"]["_meta"];
        if !own.is_object() {
            *own = json!({});
        }
        for (name, value) in all.as_object().into_iter().flatten() {
            if own.get(name).is_none() {
                own[name] = value.clone();
            }
        }
        let fields = header::standard_headers(body);
        for field in fields {
            let name = [header::PROTOCOL_VERSION, header::METHOD, header::NAME];
            let name = name.into_iter().find(|name| field.name.eq_ignore_ascii_case(name));
            let given = |name: &str| self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
            if let Some(name) = name.filter(|name| !given(name)) {
                self.headers.push((name, field.value));
            }
        }
        self
    }

    /// Whether an answer is awaited that has the id of the request.
    pub(super) fn id_sent(&self) -> Option<&Value> {
        self.body.as_ref()?.get("id").filter(|id| !id.is_null())
    }

    /// As HTTP, with what a session adds.
    pub(super) fn http(&self, session: &[(&'static str, String)], within: Duration) -> HttpRequest {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut request = HttpRequest::new(self.verb, body);
        let mut fields: Vec<(&str, &str)> = match (self.verb, &self.body) {
            (_, Some(_)) => vec![
                ("Content-Type", "application/json"),
                ("Accept", "application/json, text/event-stream"),
            ],
            ("GET", None) => vec![("Accept", "text/event-stream")],
            _ => Vec::new(),
        };
        let own = session.iter().filter(|_| !self.alone);
        fields.extend(own.map(|(name, value)| (*name, value.as_str())));
        let same = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        fields.retain(|(name, _)| {
            !self.headers.iter().any(|(own, _)| same(own, name))
                && !self.without.iter().any(|gone| same(gone, name))
        });
        fields.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        for (name, value) in fields {
            request = request.header(name, value);
        }
        for name in &self.without {
            request = request.without(name);
        }
        HttpRequest { target: self.target.clone(), answer_within: Some(within), ..request }
    }
}

/// The opening of a client of an earlier revision.
pub(super) fn opening(by: &str, revision: &str, capabilities: &Value) -> Ask {
    Ask::message(by, initialize(revision, capabilities, ""))
}

/// The message that opens a session.
pub(crate) fn initialize(revision: &str, capabilities: &Value, id: &str) -> Value {
    let params = json!({
        "protocolVersion": revision,
        "capabilities": capabilities,
        "clientInfo": {"name": "plumb", "version": env!("CARGO_PKG_VERSION")}
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method::OLD_INITIALIZE, "params": params})
}

/// The fields that a session adds to each request.
pub(crate) fn fields(id: Option<&str>, revision: &str) -> Vec<(&'static str, String)> {
    let session = id.map(|id| (header::OLD_SESSION_ID, id.to_owned()));
    // The first revision with this transport did not know the field yet.
    let version =
        (revision >= "2025-06-18").then(|| (header::PROTOCOL_VERSION, revision.to_owned()));
    session.into_iter().chain(version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(request: &HttpRequest) -> Vec<String> {
        request.headers.iter().map(|(n, _)| String::from_utf8_lossy(n).into_owned()).collect()
    }

    #[test]
    fn a_session_adds_its_fields_unless_the_request_has_or_forbids_them() {
        let session = fields(Some("s1"), "2025-11-25");
        let ask = Ask::request("t", "ping", Value::Null);
        let within = Duration::from_secs(1);
        assert_eq!(
            names(&ask.http(&session, within)),
            ["Content-Type", "Accept", "Mcp-Session-Id", "MCP-Protocol-Version"]
        );
        let other =
            ask.clone().header(header::OLD_SESSION_ID, "s2").without("mcp-protocol-version");
        assert_eq!(
            names(&other.http(&session, within)),
            ["Content-Type", "Accept", "Mcp-Session-Id"]
        );
        assert_eq!(names(&ask.alone().http(&session, within)), ["Content-Type", "Accept"]);
        assert_eq!(fields(None, "2025-03-26"), []);
    }
}
