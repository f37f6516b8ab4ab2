//! The protected resource metadata (RFC 9728).

use axum::http::{Method, Uri};
use axum::response::Response;
use serde_json::json;

use super::challenge::document;
use super::guard::WELL_KNOWN;
use super::scopes::{READ, WRITE};
use crate::server::Server;

/// The protected resource metadata, if that is what is asked for.
pub(crate) fn metadata(server: &Server, method: &Method, uri: &Uri) -> Option<Response> {
    let guard = server.guard.get()?;
    let rules = &server.rules;
    let rest = uri.path().strip_prefix(WELL_KNOWN)?;
    if method != Method::GET || !["", "/mcp"].contains(&rest) || !rules.metadata_locatable {
        return None;
    }
    let resource = &guard.protection.resource;
    let named = match () {
        () if !rules.metadata_names_resource => format!("{resource}/other"),
        () if !rules.metadata_without_slash => format!("{resource}/"),
        () => resource.clone(),
    };
    let servers =
        if rules.metadata_names_servers { json!([guard.protection.issuer]) } else { json!([]) };
    let mut scopes = vec![READ, WRITE];
    if !rules.metadata_without_offline_access {
        scopes.push("offline_access");
    }
    Some(document(&json!({
        "resource": named,
        "authorization_servers": servers,
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
    })))
}
