//! A protected server: a resource server in the terms of OAuth 2.1 (basic/authorization).
//!
//! Every request is judged by the token that it carries itself, before anything else of it is looked at.

mod access;
mod challenge;
mod fetch;
mod jwt;

use std::io;

use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::server::Server;

pub(crate) use self::access::{denied, listed, owner, owns};
pub(crate) use self::fetch::get;

use self::challenge::Refusal;

/// Whom a protected server trusts, and with what.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Protection {
    /// The issuer of the tokens.
    pub issuer: String,
    /// Where its keys are.
    pub jwks: String,
    /// What this server is called as an audience; empty for its own address.
    pub resource: String,
    /// A service that the tool `call_upstream` asks.
    pub upstream: Option<String>,
}

/// The scope that everything needs.
const READ: &str = "mcp:read";

/// The scope that some tools need on top.
const WRITE: &str = "mcp:write";

/// Where the metadata is (RFC 9728 section 3.1); the path of the endpoint may follow.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What a protected server knows once it runs.
pub(crate) struct Guard {
    protection: Protection,
    keys: Vec<jwt::Key>,
}

/// Who asks, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) subject: String,
    pub(crate) scopes: Vec<String>,
    /// The token, for those who pass it on though they must not.
    pub(crate) token: String,
}

impl Guard {
    /// Fetches the keys of the issuer.
    pub(crate) async fn of(protection: &Protection, address: &str) -> io::Result<Self> {
        let mut protection = protection.clone();
        if protection.resource.is_empty() {
            address.clone_into(&mut protection.resource);
        }
        let body = get(&protection.jwks, None).await?;
        let keys = jwt::keys(&body).ok_or_else(|| io::Error::other("the JWKS holds no key"))?;
        Ok(Self { protection, keys })
    }

    /// The service that `call_upstream` asks.
    pub(crate) fn upstream(&self) -> Option<&str> {
        self.protection.upstream.as_deref()
    }

    /// Where the metadata of this server is.
    fn metadata_url(&self) -> String {
        let resource = &self.protection.resource;
        let from = resource.find("://").map_or(0, |at| at + 3);
        let end = resource[from..].find('/').map_or(resource.len(), |at| from + at);
        format!("{}{WELL_KNOWN}{}", &resource[..end], &resource[end..])
    }
}

/// The protected resource metadata, if that is what is asked for.
pub(crate) fn metadata(server: &Server, method: &Method, uri: &Uri) -> Option<Response> {
    let guard = server.guard.get()?;
    let rules = &server.rules;
    let rest = uri.path().strip_prefix(WELL_KNOWN)?;
    if method != Method::GET || !["", "/mcp"].contains(&rest) || !rules.metadata_locatable {
        return None;
    }
    let resource = &guard.protection.resource;
    let named =
        if rules.metadata_names_resource { resource.clone() } else { format!("{resource}/other") };
    let servers =
        if rules.metadata_names_servers { json!([guard.protection.issuer]) } else { json!([]) };
    let mut scopes = vec![READ, WRITE];
    if !rules.metadata_without_offline_access {
        scopes.push("offline_access");
    }
    Some(challenge::document(&json!({
        "resource": named,
        "authorization_servers": servers,
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
    })))
}

/// Who asks; `None` where nobody needs to say so. Whoever may not ask at all is turned away.
pub(crate) fn admit(
    server: &Server,
    connection: &Connection,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Option<Principal>, Box<Response>> {
    let Some(guard) = server.guard.get() else { return Ok(None) };
    let rules = &server.rules;
    let asked = headers.get("mcp-method").and_then(|m| m.to_str().ok()).unwrap_or_default();
    let known = connection.memory().principal.clone();
    if !rules.every_request_validated && known.is_some() {
        return Ok(known);
    }
    let mut verdict = authenticated(guard, server, headers, uri, asked);
    if verdict.is_err() {
        if !rules.every_method_protected && asked == "prompts/list" {
            return Ok(None);
        }
        if !rules.no_token_is_401
            && asked == "completion/complete"
            && !headers.contains_key("authorization")
        {
            verdict = Err(Refusal::missing().status(400));
        }
    }
    if let Ok(principal) = &verdict
        && !principal.scopes.iter().any(|scope| scope == READ)
    {
        verdict = Err(Refusal::insufficient(&[READ]));
        // What a tool needs on top is said at the same time: its name stands in a header.
        let tool = headers.get("mcp-name").and_then(|n| n.to_str().ok()).unwrap_or_default();
        if rules.scopes_in_one_challenge && access::is_scoped(tool) {
            verdict = Err(Refusal::insufficient(&[READ, WRITE]));
        }
    }
    match verdict {
        Ok(principal) => {
            connection.memory().principal = Some(principal.clone());
            Ok(Some(principal))
        }
        Err(refusal) => Err(Box::new(refusal.response(server, guard))),
    }
}

/// Refuses a request for want of a scope.
pub(crate) fn insufficient(server: &Server, tool_needs: &[&'static str]) -> Option<Response> {
    let guard = server.guard.get()?;
    Some(Refusal::insufficient(tool_needs).response(server, guard))
}

fn authenticated(
    guard: &Guard,
    server: &Server,
    headers: &HeaderMap,
    uri: &Uri,
    asked: &str,
) -> Result<Principal, Refusal> {
    let rules = &server.rules;
    let in_query = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="));
    let mut fields = headers.get_all("authorization").iter();
    let field = fields.next().and_then(|value| value.to_str().ok());
    let twice = fields.next().is_some() || (field.is_some() && in_query.is_some());
    if twice {
        return Err(Refusal::malformed(if rules.malformed_is_400 { 400 } else { 403 }));
    }
    let Some(field) = field else {
        return match in_query.filter(|_| !rules.query_token_refused) {
            Some(token) => jwt::verify(guard, rules, token, asked),
            None => Err(Refusal::missing()),
        };
    };
    let (scheme, token) = field.split_once(' ').unwrap_or((field, ""));
    let bearer = if rules.scheme_in_any_case {
        scheme.eq_ignore_ascii_case("bearer")
    } else {
        scheme == "Bearer"
    };
    if !bearer {
        let status = if rules.missing_is_401 { 401 } else { 403 };
        return Err(Refusal::missing().status(status));
    }
    jwt::verify(guard, rules, token.trim(), asked)
}

/// A short word on why a token is refused.
fn invalid(why: &'static str) -> Refusal {
    Refusal::invalid(why)
}

/// What the tool `whoami` says.
pub(crate) fn identity(principal: Option<&Principal>) -> Value {
    json!({ "subject": principal.map(|p| p.subject.as_str()), "scopes": principal.map(|p| p.scopes.join(" ")) })
}
