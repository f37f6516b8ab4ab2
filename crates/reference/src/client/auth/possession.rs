//! Proving possession of a key, where an authorization server binds tokens to one (RFC 9449).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::CsrfToken;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use serde_json::{Value, json};

use super::discovery::{Found, origin};
use crate::client::rules::ClientRules;

/// What the client proves by, and what servers want in its proofs.
#[derive(Debug, Default)]
pub(super) struct Possession {
    key: Mutex<Option<Key>>,
    /// The newest nonce of each server, by origin.
    nonces: Mutex<BTreeMap<String, String>>,
}

/// A key on a curve.
#[derive(Debug)]
struct Key {
    pair: EcdsaKeyPair,
    document: Vec<u8>,
    curve: &'static str,
}

/// What a proof is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    /// The URL of the request, which is a POST.
    pub(super) url: &'a str,
    /// The access token that comes with it.
    pub(super) token: Option<&'a str>,
}

/// Whether an authorization server understands the proofs of this client (RFC 9449 section 5.1).
pub(super) fn is_understood(found: &Found) -> bool {
    let announced = found.metadata["dpop_signing_alg_values_supported"].as_array();
    announced.is_some_and(|all| all.iter().any(|name| name == "ES256"))
}

impl Possession {
    /// A proof for a request (RFC 9449 section 4.2).
    pub(super) fn proof(
        &self,
        purpose: Purpose<'_>,
        rules: &ClientRules,
    ) -> Result<Vec<u8>, String> {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if purpose.token.is_some() && !rules.keeps_its_key {
            *key = None;
        }
        let key = match &mut *key {
            Some(key) => key,
            none => none.insert(Key::new(rules)?),
        };
        let claims = self.claims(purpose, rules);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&key.header(rules)), part(&claims));
        if !rules.signs_by_a_private_key {
            return Ok(format!("{signed}.").into_bytes());
        }
        let signature = key.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let mut signature = signature.map_err(|error| error.to_string())?.as_ref().to_vec();
        if !rules.signs_its_proofs {
            signature.fill(1);
        }
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    }

    fn claims(&self, purpose: Purpose<'_>, rules: &ClientRules) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let random = CsrfToken::new_random();
        let name = if rules.renews_its_proofs { random.secret() } else { "plumb-proof" };
        let query = if rules.keeps_queries_out_of_proofs { "" } else { "?plumb" };
        let target = if rules.names_its_target { purpose.url } else { "https://other.example/mcp" };
        let mut claims = json!({
            "jti": name,
            "htm": if rules.names_its_method { "POST" } else { "GET" },
            "htu": format!("{target}{query}"),
            "iat": if rules.dates_its_proofs { now } else { now - 3600 },
        });
        if let Some(token) = purpose.token {
            let hashed = if rules.hashes_its_token { token } else { "another" };
            let hash = digest(&SHA256, hashed.as_bytes());
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(hash.as_ref()));
        }
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(nonce) = nonces.get(&place(purpose.url, rules)) {
            claims["nonce"] = json!(nonce);
        }
        claims
    }

    /// Keeps the nonce of an answer of a server; whether the answer is a refusal that wants the request again with it.
    pub(super) fn learns(
        &self,
        url: &str,
        (status, nonce): (u16, Option<&str>),
        rules: &ClientRules,
        is_server: bool,
    ) -> bool {
        let Some(nonce) = nonce else { return false };
        let taken = match status {
            200 => rules.takes_the_newest_nonce,
            _ if is_server => rules.takes_the_nonce_of_the_server,
            _ => rules.takes_the_nonce_of_the_authorization_server,
        };
        if taken {
            let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
            nonces.insert(place(url, rules), nonce.to_owned());
        }
        status != 200
    }
}

/// Where a nonce is good.
fn place(url: &str, rules: &ClientRules) -> String {
    if rules.keeps_nonces_apart { origin(url).unwrap_or_default() } else { String::new() }
}

impl Key {
    fn new(rules: &ClientRules) -> Result<Self, String> {
        let (algorithm, curve) = if rules.signs_as_announced {
            (&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")
        } else {
            (&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")
        };
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random);
        let document = document.map_err(|error| error.to_string())?.as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &document, &random);
        Ok(Self { pair: pair.map_err(|error| error.to_string())?, document, curve })
    }

    fn header(&self, rules: &ClientRules) -> Value {
        let point = &self.pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = json!({ "kty": "EC", "crv": self.curve, "x": part(x), "y": part(y) });
        if !rules.keeps_its_private_key {
            // The document of ring ends with the private number and, after a few bytes, the public point.
            key["d"] = json!(part(self.document.get(36..68).unwrap_or_default()));
        }
        let algorithm = match self.curve {
            _ if !rules.signs_by_a_private_key => "none",
            "P-256" => "ES256",
            _ => "ES384",
        };
        json!({
            "typ": if rules.types_its_proofs { "dpop+jwt" } else { "JWT" },
            "alg": algorithm,
            "jwk": key,
        })
    }
}
