//! What a user or a client was granted, and the tokens that carry it.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Tenant;
use super::profile::TokenForm;
use super::refusal::Refusal;
use crate::MintError;
use crate::mint::{Access, Signer};

/// One grant; all tokens that come of it are a family.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) subject: String,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) family: String,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<Challenge>,
    pub(super) expires: i64,
    pub(super) used: bool,
}

/// A code challenge (RFC 7636 section 4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) value: String,
    pub(super) method: Method,
}

/// How a verifier becomes a challenge (RFC 7636 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    S256,
    Plain,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    pub(super) grant: Grant,
    pub(super) used: bool,
}

/// Whether a refresh token goes with the access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refreshing {
    /// A new one.
    New,
    /// None, or the client keeps the one it has.
    None,
}

impl Tenant {
    /// The successful token response (RFC 6749 section 5.1). `access` is what the access token carries; the
    /// refresh token carries the whole grant.
    pub(super) fn issue(
        &self,
        grant: &Grant,
        access: &Grant,
        refreshing: Refreshing,
    ) -> Result<Response, Refusal> {
        let profile = self.profile();
        let mut body = Map::new();
        body.insert("access_token".into(), json!(self.access_token(access)?));
        body.insert("token_type".into(), json!("Bearer"));
        if profile.expires_in_told {
            body.insert("expires_in".into(), json!(profile.access_token_lifetime));
        }
        body.insert("scope".into(), json!(access.scopes.join(" ")));
        if refreshing == Refreshing::New {
            let token = self.secret("refresh token");
            let refresh = Refresh { grant: grant.clone(), used: false };
            self.store().refresh.insert(token.clone(), refresh);
            body.insert("refresh_token".into(), json!(token));
        }
        if access.scopes.iter().any(|s| s == "openid") && !access.subject.is_empty() {
            body.insert("id_token".into(), json!(self.id_token(access)?));
        }
        let mut response = Json(Value::Object(body)).into_response();
        if profile.no_store {
            let no_store = header::HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, no_store);
        }
        Ok(response)
    }

    pub(super) fn access_token(&self, grant: &Grant) -> Result<String, MintError> {
        let access = self.access_of(grant);
        let token = match self.profile().broken_tokens {
            None => self.token(&access)?,
            Some(deviation) => match self.broken(&access, deviation) {
                Err(MintError::Inapplicable { .. }) => self.token(&access)?,
                made => made?,
            },
        };
        Ok(token.into_string())
    }

    fn access_of(&self, grant: &Grant) -> Access {
        let honoured = self.profile().resource_honoured;
        let mut resources = grant.resources.iter().filter(|_| honoured).cloned();
        let first = resources.next().unwrap_or_else(|| self.issuer().to_owned());
        Access::to(first)
            .and(resources)
            .scopes(grant.scopes.iter().cloned())
            .subject(grant.subject.as_str())
            .client_id(grant.client_id.as_str())
            .lifetime(self.profile().access_token_lifetime)
            .family(&grant.family)
    }

    /// An ID token (OpenID Connect Core section 2); always a JWT.
    fn id_token(&self, grant: &Grant) -> Result<String, MintError> {
        let key = self.mint.keys.current()?;
        let now = self.mint.clock.now();
        let header = json!({"alg": key.algorithm().name(), "typ": "JWT", "kid": key.kid()});
        let mut claims = json!({
            "iss": self.issuer(), "sub": grant.subject, "aud": grant.client_id,
            "iat": now, "exp": now + i64::from(self.profile().access_token_lifetime),
        });
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        Ok(self.mint.arbitrary(&header, &claims, Signer::Key(&key))?.into_string())
    }

    /// The claims of an access token that is active now (RFC 7662 section 2.2).
    pub(super) fn active(&self, token: &str) -> Option<Map<String, Value>> {
        let claims = match self.profile().token_form {
            TokenForm::Opaque => self.store().references.get(token).cloned()?,
            TokenForm::Jwt => self.mint.keys.open(token)?,
        };
        let now = self.mint.clock.now();
        let time = |name: &str| claims.get(name).map(|v| v.as_i64().ok_or(()));
        let in_time = match (time("exp"), time("nbf")) {
            (Some(Err(())), _) | (_, Some(Err(()))) => false,
            (exp, nbf) => {
                exp.is_none_or(|e| e.is_ok_and(|e| now < e))
                    && nbf.is_none_or(|n| n.is_ok_and(|n| n <= now))
            }
        };
        let own = claims.get("iss").and_then(Value::as_str) == Some(self.issuer());
        let jti = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        (in_time && own && !self.is_revoked(jti)).then_some(claims)
    }

    /// A revoked name is a `jti` or the family that it begins with.
    fn is_revoked(&self, jti: &str) -> bool {
        let family = jti.split('.').next().unwrap_or_default();
        let store = self.store();
        store.revoked.contains(jti) || store.revoked.contains(family)
    }

    /// Makes every token of a grant inactive.
    pub(super) fn revoke_family(&self, family: &str) {
        self.store().revoked.insert(family.to_owned(), ());
    }
}
