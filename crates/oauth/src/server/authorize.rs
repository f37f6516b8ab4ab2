//! The authorization endpoint (RFC 6749 section 3.1, OAuth 2.1 draft 13 section 4.1).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::asked::{Asked, Back};
use super::grant::{Challenge, Method};
use super::params::Params;
use super::profile::Shown;
use super::refusal::Refusal;
use super::{Client, Tenant, consent};

/// GET with a query.
pub(super) async fn get(State(tenant): State<Arc<Tenant>>, RawQuery(query): RawQuery) -> Response {
    answer(&tenant, &Params::parse(query.unwrap_or_default().as_bytes())).await
}

/// POST with a form (OpenID Connect Core section 3.1.2.1).
pub(super) async fn post(State(tenant): State<Arc<Tenant>>, body: Bytes) -> Response {
    answer(&tenant, &Params::parse(&body)).await
}

async fn answer(tenant: &Tenant, params: &Params) -> Response {
    let (client, back) = match trusted(tenant, params).await {
        Ok(found) => found,
        Err(refusal) => return refuse_untrusted(tenant, params, &refusal),
    };
    match asked(tenant, params, client, &back) {
        Ok(asked) => consent::decide(tenant, asked),
        Err(refusal) if tenant.profile().refusals_shown == Shown::OnPages => {
            (StatusCode::OK, refusal.page()).into_response()
        }
        Err(refusal) => tenant.send_error(&back, &refusal),
    }
}

/// Who asks, and where the answer may go. Until both are known, nothing is redirected
/// (RFC 6749 section 4.1.2.1).
async fn trusted(tenant: &Tenant, params: &Params) -> Result<(Client, Back), Refusal> {
    if let Some(name @ ("client_id" | "redirect_uri")) = params.repeated() {
        return Err(Refusal::new("invalid_request", format!("`{name}` stands twice")));
    }
    let Some(id) = params.one("client_id") else {
        return Err(Refusal::new("invalid_request", "no `client_id`"));
    };
    let client = tenant.client(id).await?;
    let document = client.id.starts_with("http");
    let redirect_uri = match (params.one("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(uri), _) if document && !tenant.profile().cimd_redirect_checked => uri,
        (Some(uri), _) if client.redirects_to(uri, tenant.profile().redirect_match) => uri,
        (None, [only]) => only,
        (Some(_), _) => {
            return Err(Refusal::new("invalid_request", "`redirect_uri` is not registered"));
        }
        (None, _) => return Err(Refusal::new("invalid_request", "no `redirect_uri`")),
    };
    let back = Back { redirect_uri: redirect_uri.to_owned(), state: params.owned("state") };
    Ok((client, back))
}

fn refuse_untrusted(tenant: &Tenant, params: &Params, refusal: &Refusal) -> Response {
    match params.one("redirect_uri") {
        Some(uri) if !tenant.profile().untrusted_redirects_refused => {
            let back = Back { redirect_uri: uri.to_owned(), state: params.owned("state") };
            tenant.send_error(&back, refusal)
        }
        _ => refusal.page(),
    }
}

fn asked(tenant: &Tenant, params: &Params, client: Client, back: &Back) -> Result<Asked, Refusal> {
    let profile = tenant.profile();
    if let Some(name) = params.repeated() {
        return Err(Refusal::new("invalid_request", format!("`{name}` stands twice")));
    }
    let implicit = match params.one("response_type") {
        Some("code") => false,
        Some("token") if !profile.implicit_refused => true,
        Some(_) => {
            return Err(Refusal::new("unsupported_response_type", "only `code` is supported"));
        }
        None => return Err(Refusal::new("invalid_request", "no `response_type`")),
    };
    if !client.may("authorization_code") {
        return Err(Refusal::new(
            "unauthorized_client",
            "the client has not registered this grant",
        ));
    }
    Ok(Asked {
        challenge: if implicit { None } else { challenge(tenant, params)? },
        scopes: tenant.scopes_asked(params)?,
        resources: tenant.resources_asked(params)?,
        nonce: params.owned("nonce"),
        hint: params.owned("login_hint"),
        back: back.clone(),
        client,
        implicit,
    })
}

fn challenge(tenant: &Tenant, params: &Params) -> Result<Option<Challenge>, Refusal> {
    let profile = tenant.profile();
    let Some(value) = params.one("code_challenge") else {
        if profile.pkce_required {
            return Err(Refusal::new("invalid_request", "no `code_challenge`"));
        }
        return Ok(None);
    };
    let method = match params.one("code_challenge_method") {
        Some("S256") => Method::S256,
        Some("plain") | None if !profile.plain_refused => Method::Plain,
        _ => {
            return Err(Refusal::new("invalid_request", "`code_challenge_method` is not `S256`"));
        }
    };
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if !(43..=128).contains(&value.len()) || !value.bytes().all(unreserved) {
        return Err(Refusal::new("invalid_request", "`code_challenge` is malformed"));
    }
    Ok(Some(Challenge { value: value.to_owned(), method }))
}

impl Tenant {
    /// The scopes of a request, or those of the server's resources if it names none.
    pub(super) fn scopes_asked(&self, params: &Params) -> Result<Vec<String>, Refusal> {
        let Some(scopes) = params.scopes() else { return Ok(self.shared.scopes.clone()) };
        let listed = self.shared.listed_scopes();
        match scopes.iter().find(|s| !listed.contains(s)) {
            Some(unknown) if self.profile().unknown_scopes_refused => {
                Err(Refusal::new("invalid_scope", format!("`{unknown}` is not supported")))
            }
            _ => Ok(scopes),
        }
    }

    /// The resources of a request (RFC 8707 section 2): absolute URIs without a fragment.
    pub(super) fn resources_asked(&self, params: &Params) -> Result<Vec<String>, Refusal> {
        let known = &self.shared.resources;
        let mut resources: Vec<String> = Vec::new();
        for resource in params.all("resource") {
            if Url::parse(resource).is_err() || resource.contains('#') {
                return Err(Refusal::new("invalid_target", "`resource` is no absolute URI"));
            }
            if !known.is_empty() && !known.iter().any(|k| k == resource) {
                return Err(Refusal::new("invalid_target", "`resource` is unknown"));
            }
            if !resources.iter().any(|r| r == resource) {
                resources.push(resource.to_owned());
            }
        }
        Ok(resources)
    }
}
