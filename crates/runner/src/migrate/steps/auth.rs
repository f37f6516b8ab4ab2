//! A protected server: its challenge, its metadata, its authorization server, and tokens that were not meant for it.

use plumb_model::Header;
use plumb_oauth::TokenDeviation;
use plumb_wire::http::{Client, ClientOptions, Endpoint, HttpRequest};
use serde_json::Value;

use super::super::ask::{Ask, opening};
use super::{Visit, outcome};
use crate::auth::Auth;
use crate::reach::is_loopback;
use crate::survey::every_capability;
use crate::{Observed, Target};

const OF_AUTH: [&str; 7] = [
    "migrate.auth.scopes",
    "migrate.auth.challenge",
    "migrate.auth.resource-metadata",
    "migrate.auth.registration",
    "migrate.auth.iss",
    "migrate.auth.audience",
    "migrate.auth.token-issuer",
];

const FIELD: &str = "Authorization";

impl Visit<'_> {
    /// Each of them, if the server is protected.
    pub(super) async fn auth(&self) {
        let findings = &self.ground.findings;
        let Some(client) = self.way.client() else {
            return findings
                .unseen_all(&OF_AUTH, "over standard streams nobody is asked who they are");
        };
        let ask = opening("migrate.auth.challenge", &self.main.revision, &every_capability());
        let ask = ask.without(FIELD).alone().id("without-a-token");
        let Some(seen) = self.main.send(&ask).await else {
            return findings.unseen_all(&OF_AUTH, "a request without a token was not answered");
        };
        if seen.status() != Some(401) {
            let why =
                format!("it is not protected: a request without a token gets {}", outcome(&seen));
            return findings.unseen_all(&OF_AUTH, &why);
        }
        let challenge: Vec<&str> = seen.header("www-authenticate").collect();
        let challenge = challenge.join(", ");
        let metadata = parameter(&challenge, "resource_metadata");
        let shown = format!("`WWW-Authenticate: {challenge}`");
        let lacks = |id, name: &str| {
            findings.told(id, parameter(&challenge, name).is_none(), &shown, &[seen.seq()]);
        };
        lacks("migrate.auth.challenge", "resource_metadata");
        lacks("migrate.auth.scopes", "scope");
        let resource = self.resource_metadata(client.endpoint(), metadata.as_deref()).await;
        self.authorization_server(resource.as_ref()).await;
        self.tokens(client.endpoint()).await;
    }

    /// The metadata of the protected resource, from where the challenge says or from its usual places at the same origin.
    async fn resource_metadata(&self, endpoint: &Endpoint, told: Option<&str>) -> Option<Value> {
        let findings = &self.ground.findings;
        let id = "migrate.auth.resource-metadata";
        let path = endpoint.target().split('?').next().unwrap_or_default();
        let known = "/.well-known/oauth-protected-resource";
        let here = told.and_then(|url| url.strip_prefix(&endpoint.origin())).map(str::to_owned);
        let places = here.into_iter().chain([format!("{known}{path}"), known.to_owned()]);
        let mut seqs = Vec::new();
        for place in places {
            let ask = Ask::verb(id, "GET").at(&place).header("Accept", "application/json");
            let Some(seen) = self.main.send(&ask.without(FIELD).alone()).await else { continue };
            seqs.push(seen.seq());
            let Some(document) = document(&seen) else { continue };
            let servers = document["authorization_servers"].as_array().map_or(0, Vec::len);
            let told = format!("{place} names {servers} authorization servers");
            findings.told(id, servers == 0, told, &[seen.seq()]);
            return Some(document);
        }
        findings.found(id, "it is at none of its usual places", &seqs);
        None
    }

    /// What the authorization server says of itself.
    async fn authorization_server(&self, resource: Option<&Value>) {
        let findings = &self.ground.findings;
        let ids = ["migrate.auth.registration", "migrate.auth.iss"];
        let issuer = resource.and_then(|r| r["authorization_servers"][0].as_str());
        let Some(issuer) = issuer else {
            return findings.unseen_all(&ids, "no authorization server is named");
        };
        let local = self.means.options.target.is_local();
        let Some(metadata) = self.issuer_metadata(issuer, local).await else {
            return findings.unseen_all(&ids, "its metadata could not be fetched");
        };
        let (document, seq) = metadata;
        let dynamic = document["registration_endpoint"].is_string();
        let by_document = document["client_id_metadata_document_supported"] == true;
        let told = match (dynamic, by_document) {
            (_, true) => "metadata documents are taken as client ids",
            (true, false) => {
                "there is a `registration_endpoint`, and no `client_id_metadata_document_supported`"
            }
            (false, false) => "clients are registered beforehand",
        };
        findings.told(ids[0], dynamic && !by_document, told, &[seq]);
        let named = document["authorization_response_iss_parameter_supported"] == true;
        let told = format!(
            "`authorization_response_iss_parameter_supported` is {}",
            document["authorization_response_iss_parameter_supported"]
        );
        findings.told(ids[1], !named, told, &[seq]);
    }

    /// The metadata of an issuer that the server names: fetched without any credential, over TLS or on this machine.
    async fn issuer_metadata(&self, issuer: &str, local: bool) -> Option<(Value, u64)> {
        let endpoint = Endpoint::parse(issuer).ok()?;
        let here = is_loopback(issuer);
        if !(endpoint.is_https() && !here || here && local) {
            return None;
        }
        let path = endpoint.target().trim_end_matches('/').to_owned();
        let trust = match &self.means.options.target {
            Target::Url(reach) => crate::reach::trust(reach).ok()?,
            _ => plumb_wire::http::Trust::default(),
        };
        let named_by = match &self.means.options.target {
            Target::Url(reach) => Endpoint::parse(&reach.url).ok(),
            _ => None,
        };
        let limits = self.ground.limits.clone();
        let options = ClientOptions { trust, limits, named_by, ..ClientOptions::default() };
        let client = Client::new(endpoint, options, self.ground.clock).ok()?;
        for place in [
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("/.well-known/openid-configuration{path}"),
            format!("{path}/.well-known/openid-configuration"),
        ] {
            let within = self.ground.patience(None)?;
            let request = HttpRequest {
                target: Some(place),
                answer_within: Some(within),
                ..HttpRequest::new("GET", "").header("Accept", "application/json")
            };
            let seq = self.ground.reserve();
            let Ok(live) = client.send(request).await else { continue };
            let channel = live.channel().to_owned();
            let (sent, answer) = live.finish().await;
            let seen = self.ground.record(seq, "migrate.auth.registration", &channel, sent, answer);
            if let Some(document) = document(&seen) {
                return Some((document, seq));
            }
        }
        None
    }

    /// Tokens of ours that another resource, or another issuer, was meant by.
    async fn tokens(&self, endpoint: &Endpoint) {
        let findings = &self.ground.findings;
        let wrong = [
            ("migrate.auth.audience", TokenDeviation::AudienceOther),
            ("migrate.auth.token-issuer", TokenDeviation::IssuerForeignOurKeys),
        ];
        let Some(authority) = self.means.auth else {
            let why = "it needs tokens of a server that it trusts: give it the run's with --auth (docs/auth.md)";
            return wrong.iter().for_each(|(id, _)| findings.unseen(id, why));
        };
        let url = endpoint.to_string();
        for (id, deviation) in wrong {
            let Ok(token) = Auth::new(authority, &url).broken(deviation) else { continue };
            let bearer = Header::new(FIELD, format!("Bearer {}", token.as_str()));
            match self.main.ask(self.list(id).header(FIELD, bearer.value)).await {
                Some(seen) => {
                    let accepted = seen.status().is_some_and(|status| status < 400);
                    findings.told(id, accepted, outcome(&seen), &[seen.seq()]);
                }
                None => findings.unseen(id, "it was not answered"),
            }
        }
    }
}

/// The JSON object that was fetched.
fn document(seen: &Observed) -> Option<Value> {
    let found = seen.status() == Some(200);
    let message = seen.messages.first().filter(|_| found)?;
    message.json.as_ref().ok().filter(|value| value.is_object()).cloned()
}

/// A parameter of a challenge, quoted or not.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let after = rest[at + name.len()..].trim_start();
        rest = &rest[at + name.len()..];
        let begins = before.is_none_or(|c| c == ' ' || c == ',' || c == '\t');
        let Some(value) = after.strip_prefix('=').filter(|_| begins).map(str::trim_start) else {
            continue;
        };
        return Some(match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
            None => value.split([',', ' ']).next().unwrap_or_default().to_owned(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        let challenge = r#"Bearer error="invalid_token", resource_metadata="https://h/.well-known/x", scope=read"#;
        assert_eq!(
            parameter(challenge, "resource_metadata").as_deref(),
            Some("https://h/.well-known/x")
        );
        assert_eq!(parameter(challenge, "scope").as_deref(), Some("read"));
        assert_eq!(parameter(r#"Bearer realm="scope=a", xscope="b""#, "scope"), None);
    }
}
