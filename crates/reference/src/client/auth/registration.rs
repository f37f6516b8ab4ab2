//! Getting a client identifier (basic/authorization/client-registration).

use serde_json::{Value, json};

use super::STUBBORN;
use super::discovery::Found;
use crate::client::Client;
use crate::client::post::Address;

/// Where a browser is sent back to. Nobody listens there: the client reads where it would have gone.
pub(super) const REDIRECT: &str = "http://localhost:3000/callback";
/// The address of the client's metadata document.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

/// As whom an authorization server knows the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) secret: Option<String>,
}

impl Known {
    fn public(id: &str) -> Self {
        Self { id: id.to_owned(), secret: None }
    }
}

impl Client {
    /// The client at this authorization server, registered if need be.
    pub(super) async fn known(&mut self, found: &Found) -> Result<Known, String> {
        let rules = self.rules;
        let issuer = found.issuer.clone();
        let first = self.session.known.values().next().cloned();
        if let Some(known) = first.filter(|_| !rules.keeps_clients_by_issuer) {
            return Ok(known);
        }
        if let Some(known) = self.session.known.get(&issuer) {
            return Ok(known.clone());
        }
        // What was configured belongs to the authorization server that it was first used with.
        let elsewhere = rules.keeps_given_clients && !self.session.known.is_empty();
        let given = self.session.given("client_id");
        let given = given.filter(|_| rules.prefers_known_client && !elsewhere);
        let announced = found.metadata["client_id_metadata_document_supported"] == true;
        let known = if !rules.obtains_a_client_id {
            Known::public("plumb-client")
        } else if let Some(id) = given {
            let secret = self.session.given("client_secret").map(str::to_owned);
            Known { id: id.to_owned(), secret }
        } else if (announced || !rules.checks_document_support) && rules.knows_documents {
            if !rules.prefers_documents {
                self.register(found).await?;
            }
            let https = rules.documents_are_secure;
            Known::public(&if https { DOCUMENT.into() } else { DOCUMENT.replace("https", "http") })
        } else if (!rules.registers && self.session.known.is_empty())
            || (!rules.registers_anew && !self.session.known.is_empty())
        {
            Known::public("plumb-client")
        } else {
            self.register(found).await?
        };
        self.session.known.insert(issuer, known.clone());
        Ok(known)
    }

    async fn register(&self, found: &Found) -> Result<Known, String> {
        let endpoint = found.says("registration_endpoint").ok_or("there is no way to register")?;
        let body = self.registration().to_string();
        let headers = [("Content-Type".to_owned(), b"application/json".to_vec())];
        let attempts = if self.rules.accepts_a_refused_registration { 1 } else { STUBBORN };
        let mut refused = Value::Null;
        for _ in 0..attempts {
            let reply = Address::parse(endpoint)?.fetch("POST", &headers, body.as_bytes()).await?;
            if let Some(id) = reply.json["client_id"].as_str() {
                let secret = reply.json["client_secret"].as_str().map(str::to_owned);
                return Ok(Known { id: id.to_owned(), secret });
            }
            refused = reply.json;
        }
        if self.rules.says_why_it_is_not_registered {
            return Err(format!("no registration: {refused}"));
        }
        Err("something went wrong".into())
    }

    /// What it says of itself.
    fn registration(&self) -> Value {
        let rules = &self.rules;
        let redirect = if rules.registers_its_redirect {
            self.redirect()
        } else {
            "http://localhost:3000/other"
        };
        let mut grants = vec!["authorization_code"];
        if rules.registers_for_refreshing {
            grants.push("refresh_token");
        }
        let mut metadata = json!({
            "client_name": "plumb-reference",
            "redirect_uris": [redirect],
            "grant_types": grants,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        if !rules.registers_a_redirect {
            metadata["redirect_uris"] = json!([]);
        } else if !rules.registers_secure_redirects {
            metadata["redirect_uris"] = json!([redirect, "http://client.example/callback"]);
        }
        if self.choices.confidential {
            metadata["token_endpoint_auth_method"] = json!("client_secret_basic");
        }
        if rules.says_its_application_type {
            metadata["application_type"] =
                json!(if rules.registers_as_native { "native" } else { "web" });
        }
        metadata
    }

    /// Where a browser is sent back to.
    pub(super) fn redirect(&self) -> &'static str {
        if self.rules.redirects_to_this_machine {
            REDIRECT
        } else {
            "http://client.example/callback"
        }
    }
}
