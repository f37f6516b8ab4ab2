//! Dynamic client registration (RFC 7591, OpenID Connect Registration 1.0).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use url::Url;

use super::client::is_loopback_http;
use super::profile::MethodsListed;
use super::refusal::Refusal;
use super::{Client, Tenant};

/// POST with JSON.
pub(super) async fn post(State(tenant): State<Arc<Tenant>>, body: Bytes) -> Response {
    match registered(&tenant, &body) {
        Ok(answer) => {
            let no_store = [(header::CACHE_CONTROL, "no-store")];
            (StatusCode::CREATED, no_store, Json(answer)).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn registered(tenant: &Tenant, body: &[u8]) -> Result<Value, Refusal> {
    let invalid = |why: &str| Refusal::new("invalid_client_metadata", why);
    let Ok(asked) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Err(invalid("the body is no JSON object"));
    };
    let redirect_uris = strings(&asked, "redirect_uris")?.unwrap_or_default();
    let grant_types =
        strings(&asked, "grant_types")?.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    let known = ["authorization_code", "refresh_token", "client_credentials"];
    if grant_types.iter().any(|g| !known.contains(&g.as_str())) {
        return Err(invalid("a grant type is not supported"));
    }
    let application_type = asked.get("application_type").map_or(Some("web"), Value::as_str);
    let Some(application_type @ ("web" | "native")) = application_type else {
        return Err(invalid("`application_type` is neither `web` nor `native`"));
    };
    if redirect_uris.is_empty() && grant_types.iter().any(|g| g == "authorization_code") {
        return Err(Refusal::new("invalid_redirect_uri", "no `redirect_uris`"));
    }
    for uri in &redirect_uris {
        check_redirect(tenant, uri, application_type)?;
    }
    let method =
        asked.get("token_endpoint_auth_method").map_or(Some("client_secret_basic"), Value::as_str);
    let confidential = match method {
        Some("none") => false,
        Some("client_secret_basic" | "client_secret_post") => true,
        _ => return Err(invalid("`token_endpoint_auth_method` is not supported")),
    };
    // What is asked for may be replaced by what there is (RFC 7591 section 3.2.1).
    let form_only = confidential && tenant.profile().methods_listed == MethodsListed::FormOnly;
    let method = if form_only { Some("client_secret_post") } else { method };
    let id = tenant.mint.draw.name("client");
    let client = Client {
        secret: confidential.then(|| tenant.mint.draw.secret("client secret")),
        name: asked.get("client_name").and_then(Value::as_str).unwrap_or(&id).to_owned(),
        id: id.clone(),
        redirect_uris,
        grant_types,
    };
    client.note(&tenant.mint.secrets);
    let answer = description(tenant, &asked, &client, application_type, method);
    tenant.store().registered.insert(id, client);
    Ok(answer)
}

/// All metadata as registered (RFC 7591 section 3.2.1).
fn description(
    tenant: &Tenant,
    asked: &Map<String, Value>,
    client: &Client,
    application_type: &str,
    method: Option<&str>,
) -> Value {
    let mut answer = asked.clone();
    answer.insert("client_id".into(), json!(client.id));
    answer.insert("client_id_issued_at".into(), json!(tenant.mint.clock.now()));
    answer.insert("client_name".into(), json!(client.name));
    answer.insert("redirect_uris".into(), json!(client.redirect_uris));
    answer.insert("grant_types".into(), json!(client.grant_types));
    answer.entry("response_types").or_insert_with(|| json!(["code"]));
    answer.insert("application_type".into(), json!(application_type));
    answer.insert("token_endpoint_auth_method".into(), json!(method));
    if let Some(secret) = &client.secret {
        answer.insert("client_secret".into(), json!(secret));
        answer.insert("client_secret_expires_at".into(), json!(0));
    }
    Value::Object(answer)
}

/// HTTPS, or plain HTTP on loopback for native applications.
fn check_redirect(tenant: &Tenant, uri: &str, application_type: &str) -> Result<(), Refusal> {
    let profile = tenant.profile();
    let invalid = |why: &str| Err(Refusal::new("invalid_redirect_uri", format!("`{uri}` {why}")));
    let Ok(url) = Url::parse(uri) else { return invalid("is no absolute URI") };
    if uri.contains('#') {
        return invalid("has a fragment");
    }
    let loopback = is_loopback_http(uri);
    if profile.redirect_uris_secure && url.scheme() != "https" && !loopback {
        return invalid("is neither HTTPS nor on loopback");
    }
    if profile.application_type_enforced && application_type == "web" && loopback {
        return invalid("is on loopback, and `application_type` is `web`");
    }
    Ok(())
}

/// An array of strings, if it is there.
fn strings(asked: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = asked.get(name) else { return Ok(None) };
    serde_json::from_value(value.clone()).map(Some).map_err(|_| {
        let error = if name == "redirect_uris" {
            "invalid_redirect_uri"
        } else {
            "invalid_client_metadata"
        };
        Refusal::new(error, format!("`{name}` is no array of strings"))
    })
}
