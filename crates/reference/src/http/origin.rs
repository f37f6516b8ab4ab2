//! DNS rebinding: which pages and which names this server answers to (streamable-http#security-&-endpoint).

use axum::http::HeaderMap;

use crate::server::Server;

/// The status to refuse with, if the request comes from a foreign page or was sent to a foreign name.
pub(super) fn check(server: &Server, headers: &HeaderMap) -> Result<(), u16> {
    let rules = &server.rules;
    let mut origins = headers.get_all("origin").iter();
    let local = origins.all(|origin| {
        let Ok(origin) = origin.to_str() else { return false };
        if !rules.origin_host_whole && origin.starts_with("http://localhost") {
            return true;
        }
        origin.split_once("://").is_some_and(|(scheme, host)| {
            (scheme == "http" || scheme == "https") && is_loopback(host)
        })
    });
    if !local {
        return Err(if rules.foreign_origin_403 { 403 } else { 400 });
    }
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    if server.options.check_host && host.is_some_and(|host| !is_loopback(host)) {
        return Err(403);
    }
    Ok(())
}

/// Whether `host[:port]` names this machine.
fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "0"),
    };
    let host = host.to_ascii_lowercase();
    port.parse::<u16>().is_ok() && matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
}
