//! Clients: registered before, registered by themselves, or described by a document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::profile::RedirectMatch;
use crate::{Collected, draw::Draw};

/// A client of one tenant (RFC 7591 section 2). `Debug` does not show its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; a public client has none.
    pub secret: Option<String>,
    /// `client_name`.
    pub name: String,
    /// `redirect_uris`.
    pub redirect_uris: Vec<String>,
    /// `grant_types`.
    pub grant_types: Vec<String>,
}

impl Client {
    /// A public client: code and refresh grants.
    pub fn public<S: Into<String>>(
        id: impl Into<String>,
        redirect_uris: impl IntoIterator<Item = S>,
    ) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            secret: None,
            redirect_uris: redirect_uris.into_iter().map(Into::into).collect(),
            grant_types: ["authorization_code", "refresh_token"].map(str::to_owned).to_vec(),
        }
    }

    /// A confidential client: code, refresh and client credentials grants.
    pub fn confidential<S: Into<String>>(
        id: impl Into<String>,
        secret: impl Into<String>,
        redirect_uris: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut client = Self::public(id, redirect_uris);
        client.secret = Some(secret.into());
        client.grant_types.push("client_credentials".to_owned());
        client
    }

    pub(super) fn may(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|g| g == grant_type)
    }

    /// Notes the secret, alone and as HTTP Basic carries it.
    pub(super) fn note(&self, secrets: &Collected) {
        if let Some(secret) = &self.secret {
            secrets.add(secret.as_str());
            secrets.add(STANDARD.encode(format!("{}:{secret}", self.id)));
        }
    }

    /// Whether a request may redirect here.
    pub(super) fn redirects_to(&self, uri: &str, by: RedirectMatch) -> bool {
        self.redirect_uris.iter().any(|registered| match by {
            RedirectMatch::Exact => {
                registered == uri
                    || (is_loopback_http(registered) && same_but_port(registered, uri))
            }
            RedirectMatch::Prefix => uri.starts_with(registered),
            RedirectMatch::AnyQuery => {
                let bare = |s: &str| s.split('?').next().unwrap_or_default().to_owned();
                bare(registered) == bare(uri)
            }
            RedirectMatch::AnyCase => registered.eq_ignore_ascii_case(uri),
            RedirectMatch::AnyPort => same_but_port(registered, uri),
            RedirectMatch::Anything => true,
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("confidential", &self.secret.is_some())
            .field("redirect_uris", &self.redirect_uris)
            .field("grant_types", &self.grant_types)
            .finish_non_exhaustive()
    }
}

/// The clients that every tenant knows from the start: `plumb-public`, `plumb-confidential` and
/// `plumb-resource-server`, the last for introspection.
pub(super) fn preregistered(draw: &Draw) -> Vec<Client> {
    let loopback =
        ["http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback"];
    let mut resource_server = Client::confidential(
        "plumb-resource-server",
        draw.secret("client secret"),
        std::iter::empty::<String>(),
    );
    resource_server.grant_types.clear();
    vec![
        Client::public("plumb-public", loopback),
        Client::confidential("plumb-confidential", draw.secret("client secret"), loopback),
        resource_server,
    ]
}

/// Whether a redirect URI is plain HTTP to this machine (RFC 8252 sections 7.3 and 8.3).
pub(super) fn is_loopback_http(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| {
        url.scheme() == "http"
            && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
    })
}

/// Equal, character by character, once the ports are taken out.
fn same_but_port(one: &str, two: &str) -> bool {
    without_port(one).is_some_and(|bare| without_port(two).is_some_and(|other| bare == other))
}

fn without_port(uri: &str) -> Option<String> {
    let parsed = Url::parse(uri).ok()?;
    let start = uri.find("://")? + 3;
    let end = uri[start..].find(['/', '?', '#']).map_or(uri.len(), |at| start + at);
    let authority = &uri[start..end];
    if !parsed.username().is_empty() || authority.contains('@') {
        return None;
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    Some(format!("{}{host}{}", &uri[..start], &uri[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_match_exactly_but_for_the_port_of_loopback() {
        let client =
            Client::public("c", ["http://127.0.0.1/callback", "https://app.example/callback?x=1"]);
        let exact = |uri| client.redirects_to(uri, RedirectMatch::Exact);
        assert!(exact("http://127.0.0.1:49152/callback"));
        assert!(exact("https://app.example/callback?x=1"));
        for foreign in [
            "http://127.0.0.1:49152/callback/",
            "http://127.0.0.1:1@evil.example/callback",
            "http://localhost/callback",
            "https://app.example:8443/callback?x=1",
            "https://app.example/callback?x=1&y=2",
            "https://APP.example/callback?x=1",
            "https://app.example.evil/callback?x=1",
        ] {
            assert!(!exact(foreign), "{foreign}");
        }
        assert!(client.redirects_to("https://app.example:1/callback?x=1", RedirectMatch::AnyPort));
        assert!(client.redirects_to("https://app.example/callback", RedirectMatch::AnyQuery));
        assert!(client.redirects_to("http://127.0.0.1/callback.evil", RedirectMatch::Prefix));
    }
}
