//! Enterprise-managed authorization: an identity provider that exchanges tokens, and the grant that comes of it.

use plumb_model::Payload;
use plumb_oauth::{Access, Embedded};
use plumb_wire::http::Response;
use serde_json::{Value, json};
use url::form_urlencoded::parse;

use super::authority::refusal;

/// The path of the identity provider's token endpoint.
pub(super) const EXCHANGE: &str = "/idp/token";
/// The grant type that brings an assertion.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of the grant that an identity provider gives.
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

/// What else the client is told: who it is at its identity provider, and where that is.
pub(super) fn context(server: &Embedded, base: &str) -> Value {
    let identity = token(server, "plumb-idp-client", "").unwrap_or_default();
    json!({
        "name": "auth/enterprise-managed-authorization",
        "client_id": super::CLIENT_ID,
        "client_secret": super::CLIENT_SECRET,
        "idp_client_id": "plumb-idp-client",
        "idp_id_token": identity,
        "idp_issuer": format!("{base}/idp"),
        "idp_token_endpoint": format!("{base}{EXCHANGE}"),
    })
}

/// The answers of the two token endpoints to what belongs to this extension.
pub(super) fn answer(server: &Embedded, path: &str, body: &Payload) -> Option<Response> {
    let form = |name: &str| {
        let mut pairs = parse(body.bytes());
        pairs.find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    };
    let grant = form("grant_type").unwrap_or_default();
    let scope = form("scope").unwrap_or_default();
    if path == EXCHANGE {
        if grant != TOKEN_EXCHANGE {
            return Some(refusal("unsupported_grant_type", "tokens are exchanged here"));
        }
        // The grant is for the authorization server, whatever was asked for: what was is judged.
        let grant = token(server, server.tenant("")?.issuer(), &scope)?;
        return Some(Response::json(&json!({
            "issued_token_type": ID_JAG, "access_token": grant, "token_type": "N_A",
            "scope": scope, "expires_in": 300,
        })));
    }
    if path != "/token" || grant != JWT_BEARER {
        return None;
    }
    let assertion = form("assertion").unwrap_or_default();
    if server.active(&assertion).is_none() {
        return Some(refusal("invalid_grant", "the assertion is none of ours"));
    }
    let resource = form("resource").unwrap_or_default();
    let access = token(server, &resource, &scope)?;
    Some(Response::json(&json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 300, "scope": scope,
    })))
}

/// Says in metadata that such grants are taken.
pub(super) fn announce(response: &mut Response) {
    let Ok(mut document) = serde_json::from_slice::<Value>(response.body.bytes()) else { return };
    if let Some(grants) = document["grant_types_supported"].as_array_mut() {
        grants.push(json!(JWT_BEARER));
        document["authorization_grant_profiles_supported"] =
            json!(["urn:ietf:params:oauth:grant-profile:id-jag"]);
        response.body = document.to_string().into();
    }
}

fn token(server: &Embedded, audience: &str, scope: &str) -> Option<String> {
    let scopes = scope.split(' ').filter(|scope| !scope.is_empty());
    let access = Access::to(audience).scopes(scopes).subject("alice");
    Some(server.tenant("")?.token(&access).ok()?.as_str().to_owned())
}
