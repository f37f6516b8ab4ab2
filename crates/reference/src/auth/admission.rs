//! Who may ask at all: every request is judged by the token that it carries itself.

use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::challenge::Refusal;
use super::guard::Guard;
use super::jwt;
use super::principal::Principal;
use super::scopes::{READ, WRITE, is_scoped};
use crate::connection::Connection;
use crate::server::Server;

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
    let used = matches!(asked, "tools/call" | "resources/read" | "prompts/get")
        || asked.starts_with("tasks/");
    if server.options.only_use_protected && !used && !headers.contains_key("authorization") {
        return Ok(None);
    }
    if server.options.open_discovery && asked == "server/discover" {
        return Ok(None);
    }
    let mut verdict = authenticated(guard, server, headers, uri, asked);
    if verdict.is_err() {
        let guarded = if headers.contains_key("authorization") {
            rules.notification_tokens_validated
        } else {
            rules.notifications_protected
        };
        let open = (!rules.every_method_protected && asked == "prompts/list")
            || (!guarded && asked.starts_with("notifications/"));
        if open {
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
        if rules.scopes_in_one_challenge && is_scoped(tool) {
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
