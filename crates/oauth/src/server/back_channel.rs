//! Introspection (RFC 7662) and revocation (RFC 7009).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::params::Params;
use super::refusal::Refusal;
use super::{Client, Tenant, authenticate, token};

/// What a token means to a resource server.
pub(super) async fn introspect(
    State(tenant): State<Arc<Tenant>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match introspected(&tenant, &headers, &body).await {
        Ok(answer) => ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn introspected(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let params = token::form(headers, body)?;
    if tenant.profile().introspection_authenticated {
        let client = authenticate::client(tenant, headers, &params).await?;
        if client.secret.is_none() {
            return Err(Refusal::client("a public client may not introspect"));
        }
    }
    let text = demanded(&params)?;
    if let Some(mut claims) = tenant.active(text) {
        claims.insert("active".into(), json!(true));
        claims.insert("token_type".into(), json!("Bearer"));
        return Ok(Value::Object(claims));
    }
    let store = tenant.store();
    Ok(match store.refresh.get(text) {
        Some(refresh) if !refresh.used && !store.revoked.contains(&refresh.grant.family) => json!({
            "active": true,
            "iss": tenant.issuer(),
            "sub": refresh.grant.subject,
            "client_id": refresh.grant.client_id,
            "scope": refresh.grant.scopes.join(" "),
        }),
        _ => json!({"active": false}),
    })
}

/// Makes a token inactive. An unknown token is as good as a revoked one (RFC 7009 section 2.2).
pub(super) async fn revoke(
    State(tenant): State<Arc<Tenant>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match revoked(&tenant, &headers, &body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn revoked(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let params = token::form(headers, body)?;
    let client = authenticate::client(tenant, headers, &params).await?;
    let text = demanded(&params)?;
    if let Some(claims) = tenant.active(text) {
        let owner = claims.get("client_id").and_then(Value::as_str).unwrap_or_default();
        let jti = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        check_owner(&client, owner)?;
        revoke_name(tenant, jti);
        return Ok(());
    }
    let grant = tenant.store().refresh.get(text).map(|refresh| refresh.grant.clone());
    if let Some(grant) = grant {
        check_owner(&client, &grant.client_id)?;
        revoke_name(tenant, &grant.family);
    }
    Ok(())
}

fn revoke_name(tenant: &Tenant, name: &str) {
    if tenant.profile().revocation_works {
        tenant.store().revoked.insert(name.to_owned(), ());
    }
}

fn check_owner(client: &Client, owner: &str) -> Result<(), Refusal> {
    if client.id == owner {
        return Ok(());
    }
    Err(Refusal::new("invalid_grant", "the token is another client's"))
}

fn demanded(params: &Params) -> Result<&str, Refusal> {
    params.one("token").ok_or_else(|| Refusal::new("invalid_request", "no `token`"))
}
