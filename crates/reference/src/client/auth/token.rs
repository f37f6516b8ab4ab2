//! The token request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth2::url::form_urlencoded::{Serializer, byte_serialize};
use serde_json::{Value, json};

use super::discovery::Found;
use super::registration::Known;
use crate::client::Client;
use crate::client::post::Address;
use crate::client::request::Headers;

/// What an authorization server issued.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) issuer: String,
}

impl Client {
    /// Asks for a token as the client that the authorization server knows.
    pub(super) async fn token(
        &self,
        found: &Found,
        known: &Known,
        form: &[(&str, &str)],
    ) -> Result<Tokens, String> {
        let rules = &self.rules;
        let guessed = format!("{}/token", found.issuer.trim_end_matches('/'));
        let named = found.says("token_endpoint").filter(|_| rules.uses_the_named_endpoints);
        let endpoint = named.unwrap_or(&guessed);
        let mut form = form.to_vec();
        let mut headers = form_headers();
        match known.secret.as_ref().filter(|_| rules.uses_its_secret) {
            Some(secret) => {
                let encodes = rules.encodes_its_credentials;
                headers.push(("Authorization".to_owned(), basic(&known.id, secret, encodes)));
            }
            None if rules.identifies_itself => form.push(("client_id", &known.id)),
            None => {}
        }
        if !rules.names_its_grant {
            form.retain(|(name, _)| *name != "grant_type");
            form.push(("grant_type", "authorization-code"));
        }
        if let Some(secret) = known.secret.as_ref().filter(|_| !rules.authenticates_in_one_way) {
            form.push(("client_secret", secret));
        }
        let mut endpoint = Address::parse(endpoint)?;
        if !rules.keeps_codes_out_of_queries {
            endpoint = endpoint.extended(&format!("?{}", encoded(&form)));
        }
        let mut body = encoded(&form);
        if !rules.posts_forms {
            let members = form.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            body = Value::Object(members.collect()).to_string();
            headers[0].1 = b"application/json".to_vec();
        }
        let reply = endpoint.fetch("POST", &headers, body.as_bytes()).await?;
        let text = |name: &str| reply.json[name].as_str().map(str::to_owned);
        let access = text("access_token").ok_or_else(|| format!("no token: {}", reply.json))?;
        let kind = text("token_type").unwrap_or_default();
        if rules.knows_token_types && !kind.eq_ignore_ascii_case("bearer") {
            return Err(format!("a token of type {kind:?}"));
        }
        let refresh = text("refresh_token");
        if refresh.is_none() && !self.rules.does_without_refresh_tokens {
            return Err("no refresh token came".into());
        }
        Ok(Tokens { access, refresh, issuer: found.issuer.clone() })
    }
}

/// The headers of a form.
pub(super) fn form_headers() -> Headers {
    let kind = b"application/x-www-form-urlencoded".to_vec();
    vec![("Content-Type".to_owned(), kind), ("Accept".to_owned(), b"application/json".to_vec())]
}

/// The value of HTTP Basic (RFC 6749 section 2.3.1).
pub(super) fn basic(id: &str, secret: &str, encodes: bool) -> Vec<u8> {
    let part = |text: &str| {
        if encodes { byte_serialize(text.as_bytes()).collect() } else { text.to_owned() }
    };
    let joined = STANDARD.encode(format!("{}:{}", part(id), part(secret)));
    format!("Basic {joined}").into_bytes()
}

pub(super) fn encoded(form: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(form).finish()
}
