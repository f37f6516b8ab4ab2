//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document-00).

mod address;
mod fetch;

use serde_json::{Map, Value};
use url::Url;

pub(super) use fetch::Fetcher;

use self::fetch::{Fetched, Reach};
use super::profile::Published;
use super::refusal::Refusal;
use super::{Client, Profile, Tenant};

/// The longest that a document is cached, in seconds.
const CACHED_AT_MOST: i64 = 24 * 60 * 60;
/// How many redirects a careless server follows.
const REDIRECTS: usize = 3;

/// A document that may be used again.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    client: Client,
    until: i64,
}

impl Tenant {
    /// The client of this name: registered, or described by the document at the URL that its name is.
    pub(super) async fn client(&self, id: &str) -> Result<Client, Refusal> {
        {
            let store = self.store();
            let before = store.preregistered.iter().find(|c| c.id == id);
            if let Some(client) = before.or_else(|| store.registered.get(id)) {
                return Ok(client.clone());
            }
        }
        match Url::parse(id) {
            Ok(url) if self.profile().cimd && id.starts_with("http") => {
                self.document(id, url).await
            }
            _ => Err(Refusal::client("the client is unknown")),
        }
    }

    async fn document(&self, id: &str, url: Url) -> Result<Client, Refusal> {
        let profile = self.profile();
        check_url(id, &url, profile).map_err(Refusal::client)?;
        let now = self.mint.clock.now();
        if let Some(cached) = self.store().documents.get(id).filter(|c| now < c.until) {
            return Ok(cached.client.clone());
        }
        let fetched = self.fetch(url).await.map_err(Refusal::client)?;
        let client = described(id, &fetched.body, profile).map_err(Refusal::client)?;
        let age = fetched.max_age.clamp(profile.cimd_kept_at_least.into(), CACHED_AT_MOST);
        if profile.cimd_cached && age > 0 {
            let cached = Cached { client: client.clone(), until: now + age };
            self.store().documents.insert(id.to_owned(), cached);
        }
        Ok(client)
    }

    async fn fetch(&self, mut url: Url) -> Result<Fetched, String> {
        let profile = self.profile();
        let reach = if profile.cimd_private_refused { Reach::Public } else { Reach::Everything };
        for _ in 0..=REDIRECTS {
            let fetched = self.shared.fetcher.get(&url, reach).await?;
            match fetched.location {
                Some(to) if !profile.cimd_redirects_refused => {
                    url = url.join(&to).map_err(|e| format!("a bad redirect: {e}"))?;
                }
                _ if fetched.status == 200 => return Ok(fetched),
                _ => return Err(format!("the document's server answered {}", fetched.status)),
            }
        }
        Err("too many redirects".to_owned())
    }
}

/// Section 3: HTTPS, a path, no dot segments, no fragment, no user.
fn check_url(id: &str, url: &Url, profile: &Profile) -> Result<(), &'static str> {
    let dotted = id.split(['/', '?']).any(|s| matches!(s, "." | ".."));
    let path = id.find("://").and_then(|at| id[at + 3..].find('/').map(|p| at + 3 + p));
    if url.scheme() != "https" && (profile.cimd_https_required || url.scheme() != "http") {
        return Err("`client_id` is no HTTPS URL");
    }
    if path.is_none_or(|at| id[at..].len() < 2) {
        return Err("`client_id` has no path");
    }
    if dotted || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some()
    {
        return Err("`client_id` has a dot segment, a fragment or a user");
    }
    Ok(())
}

/// Section 4.1, and the members that MCP demands.
fn described(id: &str, body: &[u8], profile: &Profile) -> Result<Client, String> {
    let document: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(document) => document,
        Err(_) if !profile.cimd_structure_checked => Map::new(),
        Err(e) => return Err(format!("the document is no JSON object: {e}")),
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let list = |name: &str| {
        let value = document.get(name)?.clone();
        serde_json::from_value::<Vec<String>>(value).ok()
    };
    if profile.cimd_id_checked && text("client_id") != Some(id) {
        return Err("`client_id` in the document is not its URL".to_owned());
    }
    if profile.cimd_structure_checked {
        if text("client_name").is_none() {
            return Err("the document has no `client_name`".to_owned());
        }
        if list("redirect_uris").is_none_or(|uris| uris.is_empty()) {
            return Err("the document has no `redirect_uris`".to_owned());
        }
    }
    let method = text("token_endpoint_auth_method").unwrap_or("none");
    let shared = method.starts_with("client_secret");
    if profile.cimd_secrets == Published::Refused
        && (shared || document.contains_key("client_secret"))
    {
        return Err("the document speaks of a shared secret".to_owned());
    }
    if profile.cimd_methods_checked && !shared && method != "none" && !profile.assertions_taken {
        return Err("`token_endpoint_auth_method` of the document is not supported".to_owned());
    }
    let taken = text("client_secret").filter(|_| profile.cimd_secrets == Published::Taken);
    Ok(Client {
        id: id.to_owned(),
        secret: taken.map(str::to_owned),
        name: text("client_name").unwrap_or(id).to_owned(),
        redirect_uris: list("redirect_uris").unwrap_or_default(),
        grant_types: list("grant_types").unwrap_or_else(|| vec!["authorization_code".to_owned()]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_url_is_https_with_a_path() {
        let check = |id: &str| check_url(id, &Url::parse(id).expect("a URL"), &Profile::SPEC);
        assert_eq!(check("https://app.example/client.json"), Ok(()));
        for id in [
            "http://app.example/client.json",
            "https://app.example",
            "https://app.example/",
            "https://app.example/a/../client.json",
            "https://user@app.example/client.json",
            "https://app.example/client.json#x",
        ] {
            assert!(check(id).is_err(), "{id}");
        }
    }
}
