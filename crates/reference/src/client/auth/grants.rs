//! Grants without a user: the client's own credentials, and a grant of its organisation (the extensions of
//! authorization).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::discovery::Found;
use super::registration::Known;
use super::token::{Tokens, encoded, form_headers};
use crate::client::Client;
use crate::client::post::Address;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl Client {
    /// A token for the client itself.
    pub(super) async fn by_credentials(
        &mut self,
        found: &Found,
        scopes: &[String],
    ) -> Result<Tokens, String> {
        let id = self.session.given("client_id").unwrap_or_default().to_owned();
        let scope = scopes.join(" ");
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("scope", scope.as_str()),
            ("resource", &found.resource),
        ];
        if !self.rules.names_the_server_for_itself {
            form.pop();
        }
        let pem = self.session.given("private_key_pem").map(str::to_owned);
        let Some(pem) = pem else {
            let secret = self.session.given("client_secret").map(str::to_owned);
            let secret = secret.filter(|_| self.rules.authenticates_itself);
            return self.token(found, &Known { id, secret }, &form).await;
        };
        let assertion = self.assertion(&id, &found.issuer, &pem)?;
        form.push(("client_assertion_type", ASSERTION));
        form.push(("client_assertion", &assertion));
        self.token(found, &Known { id, secret: None }, &form).await
    }

    /// A signed statement of who the client is (RFC 7523 section 2.2).
    fn assertion(&self, id: &str, audience: &str, pem: &str) -> Result<String, String> {
        let rules = &self.rules;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut claims = json!({
            "iss": id, "sub": id, "iat": now, "jti": format!("plumb-{now}"),
            "aud": if rules.asserts_its_audience { audience } else { "https://other.example" },
        });
        if rules.asserts_an_end {
            let end = if rules.asserts_an_end_to_come { now + 60 } else { now - 60 };
            claims["exp"] = json!(end);
        }
        if !rules.asserts_its_name {
            claims["iss"] = json!("somebody");
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed =
            format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT" })), part(&claims));
        let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let key = STANDARD.decode(lines).map_err(|error| error.to_string())?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random);
        let pair = pair.map_err(|error| error.to_string())?;
        let signature = pair.sign(&random, signed.as_bytes()).map_err(|error| error.to_string())?;
        let mut signature = signature.as_ref().to_vec();
        if !rules.signs_assertions {
            signature.fill(1);
        }
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// A token by a grant that the identity provider of an organisation gives.
    pub(super) async fn by_organisation(
        &mut self,
        found: &Found,
        scopes: &[String],
    ) -> Result<Tokens, String> {
        let rules = self.rules;
        let given = |name: &str| self.session.given(name).unwrap_or_default().to_owned();
        let scope = if rules.restricts_delegation { scopes.join(" ") } else { String::new() };
        let (identity, own) = (given("idp_id_token"), given("idp_client_id"));
        let other = "https://other.example".to_owned();
        let audience = if rules.exchanges_for_the_issuer { &found.issuer } else { &other };
        let resource = if rules.exchanges_for_the_server { &found.resource } else { &other };
        let mut form = vec![
            ("grant_type", EXCHANGE),
            ("requested_token_type", ID_JAG),
            ("subject_token", &identity),
            ("subject_token_type", ID_TOKEN),
            ("audience", audience),
            ("resource", resource),
            ("client_id", &own),
        ];
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        let endpoint = Address::parse(&given("idp_token_endpoint"))?;
        let endpoint = if rules.keeps_grants_out_of_urls {
            endpoint
        } else {
            endpoint.extended(&format!("?subject_token={identity}"))
        };
        let body = encoded(&form);
        let reply = endpoint.fetch("POST", &form_headers(), body.as_bytes()).await?;
        let grant = reply.json["access_token"].as_str().ok_or("no grant")?.to_owned();
        let bearer = if rules.brings_the_grant { JWT_BEARER } else { EXCHANGE };
        let form = [
            ("grant_type", bearer),
            ("assertion", grant.as_str()),
            ("scope", &scope),
            ("resource", &found.resource),
        ];
        let known = Known { id: given("client_id"), secret: Some(given("client_secret")) };
        self.token(found, &known, &form).await
    }
}
