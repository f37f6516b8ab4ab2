//! The token endpoint (RFC 6749 section 3.2, OAuth 2.1 draft 13 section 3.2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;

use super::grant::{Challenge, Code, Grant, Method, Refreshing};
use super::params::Params;
use super::refusal::Refusal;
use super::{Client, Profile, Tenant, authenticate};

/// POST with a form.
pub(super) async fn post(
    State(tenant): State<Arc<Tenant>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&tenant, &headers, &body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let params = form(headers, body)?;
    for secret in params.all("code_verifier") {
        tenant.mint.secrets.add(secret);
    }
    let client = authenticate::client(tenant, headers, &params).await?;
    match params.one("grant_type") {
        Some("authorization_code") => code(tenant, &client, &params),
        Some("refresh_token") => refresh(tenant, &client, &params),
        Some("client_credentials") => client_credentials(tenant, &client, &params),
        Some("password") if !tenant.profile().password_grant_refused => {
            let grant = Grant {
                subject: params.owned("username").unwrap_or_default(),
                ..fresh(tenant, &client, &params)?
            };
            tenant.issue(&grant, &grant, Refreshing::None)
        }
        Some(_) => Err(Refusal::new("unsupported_grant_type", "this grant does not exist here")),
        None => Err(Refusal::new("invalid_request", "no `grant_type`")),
    }
}

/// The parameters of a form (RFC 6749 section 3.2).
pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Params, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::new("invalid_request", "the body is no form"));
    }
    let params = Params::parse(body);
    match params.repeated() {
        Some(name) => Err(Refusal::new("invalid_request", format!("`{name}` stands twice"))),
        None => Ok(params),
    }
}

fn code(tenant: &Tenant, client: &Client, params: &Params) -> Result<Response, Refusal> {
    let profile = tenant.profile();
    let invalid = |why: &str| Refusal::new("invalid_grant", why);
    let text = params.one("code").ok_or_else(|| Refusal::new("invalid_request", "no `code`"))?;
    let Code { grant, redirect_uri, challenge, expires, used } = {
        let mut store = tenant.store();
        let code = store.codes.get_mut(text).ok_or_else(|| invalid("the code is unknown"))?;
        if profile.code_bound_to_client && code.grant.client_id != client.id {
            return Err(invalid("the code is another client's"));
        }
        let before = code.clone();
        code.used = true;
        before
    };
    if used && profile.code_once {
        if profile.code_replay_revokes {
            tenant.revoke_family(&grant.family);
        }
        return Err(invalid("the code was used before"));
    }
    if tenant.mint.clock.now() >= expires {
        return Err(invalid("the code has expired"));
    }
    if profile.code_bound_to_redirect
        && params.one("redirect_uri").is_some_and(|u| u != redirect_uri)
    {
        return Err(invalid("`redirect_uri` is another one"));
    }
    check_verifier(profile, challenge.as_ref(), params.one("code_verifier")).map_err(invalid)?;
    let access = narrowed(tenant, &grant, params)?;
    tenant.issue(&grant, &access, refreshing(tenant, client))
}

/// RFC 7636 section 4.6; without a challenge, RFC 9700 section 4.8.2.
fn check_verifier(
    profile: &Profile,
    challenge: Option<&Challenge>,
    verifier: Option<&str>,
) -> Result<(), &'static str> {
    match (challenge, verifier) {
        (Some(_), None) if profile.verifier_required => Err("no `code_verifier`"),
        (Some(challenge), Some(verifier))
            if profile.verifier_checked && !challenge.answered_by(verifier) =>
        {
            Err("`code_verifier` does not fit")
        }
        (None, Some(_)) if profile.unasked_verifier_refused => {
            Err("a `code_verifier` without a challenge")
        }
        _ => Ok(()),
    }
}

fn refresh(tenant: &Tenant, client: &Client, params: &Params) -> Result<Response, Refusal> {
    let profile = tenant.profile();
    let invalid = |why: &str| Refusal::new("invalid_grant", why);
    let text = params
        .one("refresh_token")
        .ok_or_else(|| Refusal::new("invalid_request", "no `refresh_token`"))?;
    let (grant, used) = {
        let store = tenant.store();
        let token = store.refresh.get(text).ok_or_else(|| invalid("the token is unknown"))?;
        if profile.refresh_bound_to_client && token.grant.client_id != client.id {
            return Err(invalid("the token is another client's"));
        }
        if store.revoked.contains(&token.grant.family) {
            return Err(invalid("the token is revoked"));
        }
        (token.grant.clone(), token.used)
    };
    if used && profile.refresh_rotation {
        if profile.refresh_replay_revokes {
            tenant.revoke_family(&grant.family);
        }
        return Err(invalid("the token was used before"));
    }
    let mut access = narrowed(tenant, &grant, params)?;
    if let Some(scopes) = params.scopes() {
        if profile.refresh_scope_bounded && scopes.iter().any(|s| !grant.scopes.contains(s)) {
            return Err(Refusal::new("invalid_scope", "the scope exceeds the grant"));
        }
        access.scopes = scopes;
    }
    // Nothing is left to refuse: only now is the token used up, and only once.
    let lost = {
        let mut store = tenant.store();
        let token = store.refresh.get_mut(text);
        token.is_none_or(|token| std::mem::replace(&mut token.used, true) && !used)
    };
    if lost && profile.refresh_rotation {
        return Err(invalid("the token was used at the same time"));
    }
    let refreshing =
        if profile.refresh_rotation { refreshing(tenant, client) } else { Refreshing::None };
    tenant.issue(&grant, &access, refreshing)
}

fn client_credentials(
    tenant: &Tenant,
    client: &Client,
    params: &Params,
) -> Result<Response, Refusal> {
    if client.secret.is_none() || !client.may("client_credentials") {
        return Err(Refusal::new("unauthorized_client", "this client may not use this grant"));
    }
    let grant = fresh(tenant, client, params)?;
    tenant.issue(&grant, &grant, Refreshing::None)
}

/// A grant to the client itself, who is also its subject (RFC 9068 section 2.2).
fn fresh(tenant: &Tenant, client: &Client, params: &Params) -> Result<Grant, Refusal> {
    let mut scopes = tenant.scopes_asked(params)?;
    scopes.retain(|s| s != "openid" && s != "offline_access");
    Ok(Grant {
        client_id: client.id.clone(),
        subject: client.id.clone(),
        scopes,
        resources: tenant.resources_asked(params)?,
        nonce: None,
        family: tenant.mint.draw.name("family"),
    })
}

fn refreshing(tenant: &Tenant, client: &Client) -> Refreshing {
    if tenant.profile().refresh_tokens && client.may("refresh_token") {
        Refreshing::New
    } else {
        Refreshing::None
    }
}

/// The grant for the resources that the token request names, or for all (RFC 8707 section 2.2).
fn narrowed(tenant: &Tenant, grant: &Grant, params: &Params) -> Result<Grant, Refusal> {
    let resources = tenant.resources_asked(params)?;
    if resources.is_empty() {
        return Ok(grant.clone());
    }
    let outside = resources.iter().any(|r| !grant.resources.contains(r));
    if outside && !grant.resources.is_empty() && tenant.profile().resource_bounded {
        return Err(Refusal::new("invalid_target", "`resource` is outside the grant"));
    }
    Ok(Grant { resources, ..grant.clone() })
}

impl Challenge {
    /// RFC 7636 section 4.6.
    fn answered_by(&self, verifier: &str) -> bool {
        match self.method {
            Method::Plain => verifier == self.value,
            Method::S256 => {
                let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
                URL_SAFE_NO_PAD.encode(hash) == self.value
            }
        }
    }
}
