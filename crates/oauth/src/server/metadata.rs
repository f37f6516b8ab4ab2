//! Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0) and the JWKS.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::profile::{MethodsListed, Named, PkceListed};
use super::{Profile, Tenant};

/// The RFC 8414 document.
pub(super) async fn oauth(State(tenant): State<Arc<Tenant>>) -> Response {
    if !tenant.profile().oauth_metadata {
        return StatusCode::NOT_FOUND.into_response();
    }
    Json(document(&tenant, tenant.profile().oauth_pkce)).into_response()
}

/// The OpenID Connect discovery document: the same facts and those of OpenID Connect.
pub(super) async fn openid(State(tenant): State<Arc<Tenant>>) -> Response {
    if !tenant.profile().oidc_metadata {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut document = document(&tenant, tenant.profile().oidc_pkce);
    let algorithms: Vec<&str> = tenant.profile().algorithms.iter().map(|a| a.name()).collect();
    document.insert("subject_types_supported".into(), json!(["public"]));
    document.insert("id_token_signing_alg_values_supported".into(), json!(algorithms));
    document.insert("claims_supported".into(), json!(["iss", "sub", "aud", "exp", "iat", "nonce"]));
    Json(document).into_response()
}

/// The JWKS (RFC 7517 section 5).
pub(super) async fn jwks(State(tenant): State<Arc<Tenant>>) -> Response {
    if !tenant.profile().jwks {
        return StatusCode::NOT_FOUND.into_response();
    }
    let kind = [(header::CONTENT_TYPE, "application/jwk-set+json")];
    (kind, tenant.mint.keys.jwks().to_string()).into_response()
}

fn document(tenant: &Tenant, pkce: PkceListed) -> Map<String, Value> {
    let profile = tenant.profile();
    let mut grants = vec!["authorization_code"];
    if profile.refresh_tokens {
        grants.push("refresh_token");
    }
    grants.push("client_credentials");
    let mut document = Map::new();
    let mut say = |name: &str, value: Value| {
        document.insert(name.to_owned(), value);
    };
    if let Some(issuer) = tenant.named(profile.metadata_issuer) {
        say("issuer", json!(issuer));
    }
    say("authorization_endpoint", json!(tenant.endpoint("authorize")));
    let token_endpoint = tenant.endpoint("token");
    if profile.schemes_told {
        say("token_endpoint", json!(token_endpoint));
    } else {
        say("token_endpoint", json!(token_endpoint.replacen("https://", "http://", 1)));
    }
    say("jwks_uri", json!(tenant.jwks_uri()));
    say("scopes_supported", json!(tenant.shared.listed_scopes()));
    say("response_types_supported", json!(["code"]));
    say("response_modes_supported", json!(["query"]));
    say("grant_types_supported", json!(grants));
    if let Some(listed) = methods_listed(profile) {
        say("token_endpoint_auth_methods_supported", listed);
    }
    if profile.assertions_taken && profile.algorithms_listed {
        say("token_endpoint_auth_signing_alg_values_supported", json!(["ES256"]));
    }
    if profile.registration {
        say("registration_endpoint", json!(tenant.endpoint("register")));
    }
    if profile.introspection {
        say("introspection_endpoint", json!(tenant.endpoint("introspect")));
        say(
            "introspection_endpoint_auth_methods_supported",
            json!(["client_secret_basic", "client_secret_post"]),
        );
    }
    if profile.revocation {
        say("revocation_endpoint", json!(tenant.endpoint("revoke")));
        say("revocation_endpoint_auth_methods_supported", client_methods(profile));
    }
    match pkce {
        PkceListed::S256 => say("code_challenge_methods_supported", json!(["S256"])),
        PkceListed::PlainToo => say("code_challenge_methods_supported", json!(["plain", "S256"])),
        PkceListed::PlainOnly => say("code_challenge_methods_supported", json!(["plain"])),
        PkceListed::Absent => {}
    }
    if profile.iss_listed {
        say("authorization_response_iss_parameter_supported", json!(true));
    }
    if profile.cimd_listed {
        say("client_id_metadata_document_supported", json!(true));
    }
    document
}

/// How clients may authenticate, the best way first.
fn client_methods(profile: &Profile) -> Value {
    if profile.assertions_taken {
        json!(["private_key_jwt", "none", "client_secret_basic", "client_secret_post"])
    } else {
        json!(["none", "client_secret_basic", "client_secret_post"])
    }
}

impl Tenant {
    /// The issuer that stands where this one's belongs.
    pub(super) fn named(&self, named: Named) -> Option<String> {
        let realm = &self.mint.realm;
        let own = &realm.issuer;
        match named {
            Named::Own => Some(own.clone()),
            Named::Nobody => None,
            Named::Stranger => Some(realm.stranger.clone()),
            Named::OwnWithSlash => Some(format!("{own}/")),
            Named::OwnUpperCase => {
                let at = own.find("://").unwrap_or(0);
                Some(format!("{}{}", own[..at].to_ascii_uppercase(), &own[at..]))
            }
            Named::OwnEscaped => {
                let mut characters = own.chars();
                let last = characters.next_back().map_or(0, u32::from);
                Some(format!("{}%{last:02X}", characters.as_str()))
            }
            Named::OtherTenant => Some(realm.other_tenant.clone().unwrap_or_else(|| own.clone())),
        }
    }
}

/// Those of them that metadata lists, if it lists any.
fn methods_listed(profile: &Profile) -> Option<Value> {
    match profile.methods_listed {
        MethodsListed::All => Some(client_methods(profile)),
        MethodsListed::FormOnly => Some(json!(["client_secret_post"])),
        MethodsListed::Absent => None,
    }
}
