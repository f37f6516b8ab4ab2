//! Which path is which endpoint.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::shared::Shared;
use super::{Tenant, authorize, back_channel, consent, limit, log, metadata, register, token};

/// The endpoints of all tenants, behind the request log.
pub(super) fn router(
    shared: &Arc<Shared>,
    tenants: &[Arc<Tenant>],
    stranger: &Tenant,
    certificate: String,
) -> Router {
    let mut router = Router::new();
    for tenant in tenants {
        router = well_known(router, tenant);
        let endpoints = endpoints(tenant);
        router = if tenant.path.is_empty() {
            router.merge(endpoints)
        } else {
            router.nest(&tenant.path, endpoints)
        };
    }
    if !shared.profile.callers_unlimited {
        router = router.layer(from_fn_with_state(limit::Count::default(), limit::callers));
    }
    let pem = [(header::CONTENT_TYPE, "application/x-pem-file")];
    let shown = get(move || std::future::ready((pem, certificate)));
    router
        .route(&format!("{}/x5u.pem", stranger.path), shown)
        .layer(from_fn_with_state(Arc::clone(&shared.log), log::record))
}

fn endpoints(tenant: &Arc<Tenant>) -> Router {
    let profile = tenant.profile();
    let mut router = Router::new()
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/consent", post(consent::answered))
        .route("/token", post(token::post))
        .route("/jwks", get(metadata::jwks));
    if profile.registration {
        router = router.route("/register", post(register::post));
    }
    if profile.introspection {
        router = router.route("/introspect", post(back_channel::introspect));
    }
    if profile.revocation {
        router = router.route("/revoke", post(back_channel::revoke));
    }
    router.with_state(Arc::clone(tenant))
}

/// RFC 8414 section 3.1 inserts the path of the issuer; OpenID Connect Discovery section 4 appends to it, and
/// RFC 8414 section 5 lets it insert as well.
fn well_known(router: Router, tenant: &Arc<Tenant>) -> Router {
    let path = &tenant.path;
    let mut documents = Router::new()
        .route(&format!("/.well-known/oauth-authorization-server{path}"), get(metadata::oauth))
        .route(&format!("/.well-known/openid-configuration{path}"), get(metadata::openid));
    if !path.is_empty() {
        let appended = format!("{path}/.well-known/openid-configuration");
        documents = documents.route(&appended, get(metadata::openid));
    }
    router.merge(documents.with_state(Arc::clone(tenant)))
}
