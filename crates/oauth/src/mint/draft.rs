//! A token before it is signed.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::jws::{self, Signer};
use super::{Access, Mint, MintError, SigningKey};

/// Header, claims and key of a token.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    pub(super) key: Arc<SigningKey>,
}

impl Draft {
    /// A draft in which nothing is wrong (RFC 9068 section 2).
    pub(super) fn valid(mint: &Mint, access: &Access) -> Result<Self, MintError> {
        let key = mint.keys.current()?;
        let now = mint.clock.now();
        let mut claims = object(json!({
            "iss": mint.realm.issuer,
            "sub": access.subject,
            "aud": audience(access),
            "client_id": access.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + access.lifetime,
            "jti": jti(mint, access),
        }));
        if !access.scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(access.scopes.join(" ")));
        }
        let header = object(json!({
            "alg": key.algorithm().name(),
            "typ": "at+jwt",
            "kid": key.kid(),
        }));
        Ok(Self { header, claims, key })
    }

    pub(super) fn claim(&mut self, name: &str, value: impl Into<Value>) {
        self.claims.insert(name.to_owned(), value.into());
    }

    pub(super) fn without(&mut self, name: &str) {
        self.claims.shift_remove(name);
    }

    pub(super) fn parameter(&mut self, name: &str, value: impl Into<Value>) {
        self.header.insert(name.to_owned(), value.into());
    }

    /// The token, signed by the draft's key.
    pub(super) fn sign(&self) -> Result<String, MintError> {
        self.sign_by(Signer::Key(&self.key))
    }

    /// The token, signed by somebody else; the header stays as it is.
    pub(super) fn sign_by(&self, signer: Signer<'_>) -> Result<String, MintError> {
        self.sign_payload(&self.payload(), signer)
    }

    /// A token of this header over any payload.
    pub(super) fn sign_payload(
        &self,
        payload: &[u8],
        signer: Signer<'_>,
    ) -> Result<String, MintError> {
        let header = Value::Object(self.header.clone()).to_string();
        jws::compact(header.as_bytes(), payload, signer)
    }

    pub(super) fn payload(&self) -> Vec<u8> {
        Value::Object(self.claims.clone()).to_string().into_bytes()
    }
}

/// A string for one resource, an array for more (RFC 7519 section 4.1.3).
fn audience(access: &Access) -> Value {
    if access.others.is_empty() {
        return json!(access.resource);
    }
    json!(std::iter::once(&access.resource).chain(&access.others).collect::<Vec<_>>())
}

/// A unique identifier that begins with the token's family, if it has one.
fn jti(mint: &Mint, access: &Access) -> String {
    let own = mint.draw.name("jti");
    access.family.as_ref().map_or_else(|| own.clone(), |family| format!("{family}.{own}"))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
