//! What is looked at of HTTP: headers that mirror the body, statuses, and what browsers may send.

use plumb_wire::header;
use serde_json::{Value, json};

use super::super::ask::Ask;
use super::{Visit, outcome, refused, served};

/// What is of HTTP alone.
const OF_HTTP: [&str; 6] = [
    "migrate.http.headers-unchecked",
    "migrate.http.version-unchecked",
    "migrate.http.unknown-method-status",
    "migrate.http.cors",
    "migrate.session.unknown-status",
    "migrate.session.ended-by-client",
];

/// The fields that requests have in the newest revision.
const FIELDS: [&str; 3] = [header::METHOD, header::NAME, header::PROTOCOL_VERSION];

impl Visit<'_> {
    /// Each of them.
    pub(super) async fn http(&self) {
        if self.way.client().is_none() {
            return self.ground.findings.unseen_all(&OF_HTTP, "it is of HTTP alone");
        }
        self.contradiction().await;
        self.unknown_version().await;
        self.unknown_method().await;
        self.unknown_session().await;
        self.preflight().await;
    }

    /// A header that contradicts the body.
    async fn contradiction(&self) {
        let id = "migrate.http.headers-unchecked";
        let speaker = self.newest.as_ref().unwrap_or(&self.main);
        let ask = self.list(id).header(header::METHOD, "plumb/other");
        self.served_or_not(id, speaker.ask(ask).await, "a list with `Mcp-Method: plumb/other`");
    }

    async fn unknown_version(&self) {
        let id = "migrate.http.version-unchecked";
        let ask = self.list(id).header(header::PROTOCOL_VERSION, "1900-01-01");
        let what = "a list with `MCP-Protocol-Version: 1900-01-01`";
        self.served_or_not(id, self.main.ask(ask).await, what);
    }

    fn served_or_not(&self, id: &'static str, seen: Option<crate::Observed>, what: &str) {
        match seen {
            Some(seen) => {
                let told = format!("{what}: {}", outcome(&seen));
                self.ground.findings.told(id, served(&seen), told, &[seen.seq()]);
            }
            None => self.ground.findings.unseen(id, "it was not answered"),
        }
    }

    async fn unknown_method(&self) {
        let id = "migrate.http.unknown-method-status";
        let speaker = self.newest.as_ref().unwrap_or(&self.main);
        match speaker.ask(Ask::request(id, "plumb/no-such-method", json!({}))).await {
            Some(seen) => {
                let told = format!("`plumb/no-such-method`: {}", outcome(&seen));
                let other = seen.status() != Some(404);
                self.ground.findings.told(id, other, told, &[seen.seq()]);
            }
            None => self.ground.findings.unseen(id, "it was not answered"),
        }
    }

    async fn unknown_session(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.session.unknown-status";
        let ask = Ask::request(id, self.declared_list(), Value::Null);
        let ask = ask.header(header::OLD_SESSION_ID, "plumb-no-such-session");
        match self.main.ask(ask).await {
            Some(seen) => {
                let told = format!("`Mcp-Session-Id: plumb-no-such-session`: {}", outcome(&seen));
                findings.told(id, refused(&seen), told, &[seen.seq()]);
            }
            None => findings.unseen(id, "it was not answered"),
        }
    }

    /// What a browser would ask first.
    async fn preflight(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.http.cors";
        let Some(endpoint) = self.way.client().map(plumb_wire::http::Client::endpoint) else {
            return;
        };
        let wanted = format!("content-type, {}", FIELDS.join(", ").to_lowercase());
        let ask = Ask::verb(id, "OPTIONS")
            .header("Origin", endpoint.origin())
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", wanted)
            .alone();
        let Some(seen) = self.main.send(&ask).await else {
            return findings.unseen(id, "it was not answered");
        };
        if seen.header("access-control-allow-origin").next().is_none() {
            return findings.unseen(id, "no browser is served: no preflight request is granted");
        }
        let granted: Vec<String> = seen
            .header("access-control-allow-headers")
            .flat_map(|value| value.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        let missing: Vec<&str> = FIELDS
            .into_iter()
            .filter(|name| !granted.iter().any(|g| g == "*" || g.eq_ignore_ascii_case(name)))
            .collect();
        let told = match missing.as_slice() {
            [] => "the preflight request grants them".to_owned(),
            missing => format!("the preflight request does not grant {}", missing.join(", ")),
        };
        findings.told(id, !missing.is_empty(), told, &[seen.seq()]);
    }
}
