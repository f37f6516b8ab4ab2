//! The token request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth2::url::form_urlencoded::{Serializer, byte_serialize};
use serde_json::{Value, json};

use super::discovery::Found;
use super::possession::{Purpose, is_understood};
use super::registration::Known;
use crate::client::Client;
use crate::client::post::{Address, Reply};
use crate::client::request::Headers;

/// A token request.
struct Request<'a> {
    endpoint: Address,
    url: &'a str,
    headers: Headers,
    body: String,
}

/// What an authorization server issued.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) issuer: String,
    /// Whether it is presented with a proof of possession.
    pub(super) bound: bool,
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
        let url = endpoint.to_owned();
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
        let proves = !self.choices.knows_no_proofs && is_understood(found);
        let request = Request { endpoint, url: &url, headers, body };
        let reply = self.proven(request, proves && rules.proves_at_the_token_endpoint).await?;
        let text = |name: &str| reply.json[name].as_str().map(str::to_owned);
        let access = text("access_token").ok_or_else(|| format!("no token: {}", reply.json))?;
        let kind = text("token_type").unwrap_or_default();
        let bound = proves && kind.eq_ignore_ascii_case("dpop");
        if rules.knows_token_types && !kind.eq_ignore_ascii_case("bearer") && !bound {
            return Err(format!("a token of type {kind:?}"));
        }
        let bound = bound || proves && !rules.proves_at_the_token_endpoint;
        let refresh = text("refresh_token");
        if refresh.is_none() && !self.rules.does_without_refresh_tokens {
            return Err("no refresh token came".into());
        }
        Ok(Tokens { access, refresh, issuer: found.issuer.clone(), bound })
    }

    /// Sends a token request, with a proof if one is wanted, and once more where the proof wants a nonce.
    async fn proven(&self, mut request: Request<'_>, proves: bool) -> Result<Reply, String> {
        let Request { endpoint, url, headers, body } = &mut request;
        if !proves {
            return endpoint.fetch("POST", headers, body.as_bytes()).await;
        }
        let possession = &self.session.possession;
        let plain = headers.len();
        let mut again = true;
        loop {
            let proof = possession.proof(Purpose { url, token: None }, &self.rules)?;
            headers.truncate(plain);
            headers.push(("DPoP".to_owned(), proof));
            let reply = endpoint.fetch("POST", headers, body.as_bytes()).await?;
            let answer = (reply.status, reply.nonce.as_deref());
            let wanted = possession.learns(url, answer, &self.rules, false);
            if !wanted || !again || !self.rules.retries_with_a_nonce {
                return Ok(reply);
            }
            again = false;
        }
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
