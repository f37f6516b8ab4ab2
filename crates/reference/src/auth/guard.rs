//! What a protected server knows once it runs.

use std::io;

use super::fetch::get;
use super::keys::{self, Key};
use super::protection::Protection;

/// Whom the server trusts, and by which keys.
pub(crate) struct Guard {
    pub(super) protection: Protection,
    pub(super) keys: Vec<Key>,
}

impl Guard {
    /// Fetches the keys of the issuer.
    pub(crate) async fn of(protection: &Protection, address: &str) -> io::Result<Self> {
        let mut protection = protection.clone();
        if protection.resource.is_empty() {
            address.clone_into(&mut protection.resource);
        }
        let body = get(&protection.jwks, None).await?;
        let keys = keys::keys(&body).ok_or_else(|| io::Error::other("the JWKS holds no key"))?;
        Ok(Self { protection, keys })
    }

    /// The service that `call_upstream` asks.
    pub(crate) fn upstream(&self) -> Option<&str> {
        self.protection.upstream.as_deref()
    }

    /// Where the metadata of this server is.
    pub(super) fn metadata_url(&self) -> String {
        let resource = &self.protection.resource;
        let from = resource.find("://").map_or(0, |at| at + 3);
        let end = resource[from..].find('/').map_or(resource.len(), |at| from + at);
        format!("{}{WELL_KNOWN}{}", &resource[..end], &resource[end..])
    }
}

/// Where the metadata is (RFC 9728 section 3.1); the path of the endpoint may follow.
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
