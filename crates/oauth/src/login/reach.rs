//! Where a protected server may send whoever signs in: its metadata are a stranger's.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use plumb_model::{Homes, Network};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use url::{Host, Origin, Url};

/// Bytes of an address that a browser is sent to: servers take 8 KiB, as a rule.
const LONGEST: usize = 32 << 10;

/// Why an address is not asked.
const TOO_NEAR: &str = "it is in a private network that the protected server is not in";

/// What is within reach of a protected server: itself, and by TLS what is public, or in the network that it lives in.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    own: Origin,
    homes: Homes,
}

impl Reach {
    pub(super) async fn of(server: &Url) -> Self {
        let host = server.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let homes = Homes::of(lookup_host((host, 0)).await);
        Self { own: server.origin(), homes }
    }

    /// Whether an address may be asked, as far as it tells; of a name, its addresses are looked at when it is resolved.
    ///
    /// # Errors
    ///
    /// It may not, and why.
    pub(super) fn takes(&self, url: &Url) -> Result<(), &'static str> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it is no address of the web (http or https)");
        }
        if url.origin() == self.own {
            return Ok(());
        }
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(v4)) => Some(v4.into()),
            Some(Host::Ipv6(v6)) => Some(v6.into()),
            Some(Host::Domain("localhost")) => Some(Ipv4Addr::LOCALHOST.into()),
            Some(Host::Domain(_)) | None => None,
        };
        let here = address.is_some_and(|a| Network::of(a) == Network::Loopback);
        if url.scheme() != "https" && !here {
            return Err("it is not reached by TLS (RFC 8414, section 2; RFC 9728, section 2)");
        }
        if address.is_some_and(|address| !self.homes.may_name(address)) {
            return Err(TOO_NEAR);
        }
        Ok(())
    }

    /// Whether a browser may be sent to an address: whatever program is made for the scheme would open it, and a person reads it.
    ///
    /// # Errors
    ///
    /// It may not, and why.
    pub(super) async fn leads_to(&self, url: &Url) -> Result<(), &'static str> {
        self.takes(url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a user name stands before the host, which misleads who reads it");
        }
        if url.as_str().len() > LONGEST {
            return Err(
                "it is longer than browsers and servers take: name fewer scopes by --auth-scope",
            );
        }
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        // A name that is not known here is the matter of the browser, which may know more.
        let Ok(mut found) = lookup_host((name, 0)).await else { return Ok(()) };
        if url.origin() != self.own && !found.any(|at| self.homes.may_name(at.ip())) {
            return Err(TOO_NEAR);
        }
        Ok(())
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.filter(|at| reach.homes.may_name(at.ip())).collect();
            if found.is_empty() {
                return Err(io::Error::other(TOO_NEAR).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[tokio::test]
    async fn a_stranger_sends_nobody_into_a_private_network() {
        let reach = Reach::of(&url("https://8.8.8.8/mcp")).await;
        for fits in ["https://8.8.8.8/x", "https://1.1.1.1/", "https://issuer.example/"] {
            assert_eq!(reach.takes(&url(fits)), Ok(()), "{fits}");
        }
        for other in [
            "http://1.1.1.1/",
            "http://issuer.example/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://localhost/",
            "http://localhost/",
        ] {
            assert!(reach.takes(&url(other)).is_err(), "{other}");
        }
        let local = Reach::of(&url("http://127.0.0.1:9/mcp")).await;
        for fits in ["http://127.0.0.1:1/", "http://localhost:1/", "https://10.0.0.1/"] {
            assert_eq!(local.takes(&url(fits)), Ok(()), "{fits}");
        }
        assert!(local.takes(&url("https://169.254.169.254/")).is_err());
        assert!(reach.leads_to(&url("https://localhost/")).await.is_err());
        let named = reach.resolve("localhost".parse().expect("a name")).await;
        assert!(named.is_err(), "a name that leads here");
    }

    #[tokio::test]
    async fn a_browser_is_sent_to_the_web_alone() {
        let reach = Reach::of(&url("http://127.0.0.1:9/mcp")).await;
        let long = format!("http://127.0.0.1:1/?x={}", "a".repeat(LONGEST));
        for other in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "file://127.0.0.1/etc/passwd",
            "vscode://localhost/x",
            "ftp://127.0.0.1/",
            "http://issuer.example@127.0.0.1:1/",
            &long,
        ] {
            assert!(reach.leads_to(&url(other)).await.is_err(), "{other}");
        }
        assert_eq!(reach.leads_to(&url("http://127.0.0.1:1/authorize?x=y")).await, Ok(()));
    }
}
