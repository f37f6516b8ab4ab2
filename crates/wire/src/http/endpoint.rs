//! Where requests go.

use std::fmt;

use url::{Host, Url};

use crate::WireError;

/// An absolute `http` or `https` URL whose path and query are kept exactly as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    /// The host as an address is dialled: no brackets around IPv6.
    host: String,
    /// The host as URLs write it.
    url_host: String,
    port: u16,
    target: String,
}

/// Whether TLS is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Endpoint {
    /// Reads a URL. A fragment is dropped; user names and passwords are refused, since a report would show them.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let unusable = |cause: &str| WireError::Url { cause: cause.to_owned() };
        let url = Url::parse(text).map_err(|e| unusable(&e.to_string()))?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(unusable(&format!("scheme `{other}` is neither http nor https"))),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it holds credentials; give them as a header"));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(unusable("it has no host"));
        };
        let (host, url_host) = match host {
            Host::Ipv6(ip) => (ip.to_string(), format!("[{ip}]")),
            other => (other.to_string(), other.to_string()),
        };
        Ok(Self { scheme, host, url_host, port, target: target_as_given(text, &url) })
    }

    /// The same server, another path and query; `target` begins with `/`.
    pub fn with_target(&self, target: &str) -> Self {
        Self { target: target.to_owned(), ..self.clone() }
    }

    /// Path and query as a request line carries them.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Scheme, host and port, as the `Origin` header writes them: the default port is left out.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.authority())
    }

    /// Host and port as the `Host` header writes them: the default port is left out.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() { self.url_host.clone() } else { self.address() }
    }

    /// The host without brackets or port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Host and port, both always.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.url_host, self.port)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.target)
    }
}

impl std::str::FromStr for Endpoint {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        Self::parse(text)
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What stands between the authority and the fragment, if a request line can carry it; else as the URL standard
/// rewrites it.
fn target_as_given(text: &str, url: &Url) -> String {
    let after_scheme = text.split_once("://").map_or("", |(_, rest)| rest);
    let target = after_scheme.find(['/', '?', '#']).map_or("", |start| &after_scheme[start..]);
    let target = target.split('#').next().unwrap_or_default();
    if !target.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    }
    if target.starts_with('/') { target.to_owned() } else { format!("/{target}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_query_are_kept_as_given() {
        for (text, target) in [
            ("http://h/a/../b//c?x=%zz&y=[1]#top", "/a/../b//c?x=%zz&y=[1]"),
            ("http://h", "/"),
            ("http://h?x", "/?x"),
            ("http://h/mcp/", "/mcp/"),
            ("http://h/a b", "/a%20b"),
            ("http://h/ü", "/%C3%BC"),
        ] {
            assert_eq!(Endpoint::parse(text).expect(text).target(), target);
        }
    }

    #[test]
    fn the_authority_leaves_out_the_default_port() {
        for (text, authority, address, host) in [
            ("http://EXAMPLE.com:80/", "example.com", "example.com:80", "example.com"),
            ("https://example.com:8443/", "example.com:8443", "example.com:8443", "example.com"),
            ("http://[::1]:3000/", "[::1]:3000", "[::1]:3000", "::1"),
        ] {
            let endpoint = Endpoint::parse(text).expect(text);
            assert_eq!(endpoint.authority(), authority);
            assert_eq!(endpoint.address(), address);
            assert_eq!(endpoint.host(), host);
        }
    }

    #[test]
    fn unusable_urls_are_refused_without_repeating_them() {
        for text in ["mcp", "ftp://h/", "http://user:secret@h/", "http://"] {
            let error = Endpoint::parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
