//! Finding the authorization server of a server (basic/authorization/authorization-server-discovery).

use oauth2::url::Url;
use serde_json::{Value, json};

use super::challenge::Challenge;
use crate::client::Client;
use crate::client::post::Address;

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// An authorization server, and what a token of it is for.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its name.
    pub(super) issuer: String,
    /// Its validated metadata.
    pub(super) metadata: Value,
    /// What the token is for.
    pub(super) resource: String,
    /// The scopes of the resource.
    pub(super) scopes: Option<Vec<String>>,
}

impl Found {
    /// A text of the metadata.
    pub(super) fn says(&self, name: &str) -> Option<&str> {
        self.metadata[name].as_str()
    }
}

impl Client {
    pub(super) async fn discover(&self, challenge: &Challenge) -> Result<Found, String> {
        if !self.rules.reads_resource_metadata {
            let issuer = origin(&self.session.server)?;
            let metadata = self.metadata(&issuer).await?;
            let resource = self.session.server.clone();
            return Ok(Found { issuer, metadata, resource, scopes: None });
        }
        let document = self.resource(challenge).await?;
        let issuer = document["authorization_servers"][0].as_str();
        let issuer = issuer.ok_or("the resource names no authorization server")?.to_owned();
        let listed = document["scopes_supported"].as_array();
        let text = |scope: &Value| scope.as_str().map(str::to_owned);
        let scopes = listed.map(|all| all.iter().filter_map(text).collect());
        let metadata = self.metadata(&issuer).await?;
        let resource = document["resource"].as_str().unwrap_or_default();
        Ok(Found { issuer, metadata, resource: self.named(resource), scopes })
    }

    /// What tokens are asked for.
    fn named(&self, resource: &str) -> String {
        let rules = &self.rules;
        let mut named = resource.to_owned();
        if !rules.names_its_own_server {
            "https://other.example/mcp".clone_into(&mut named);
        }
        if !rules.names_the_whole_path {
            named = origin(resource).unwrap_or_default();
        }
        if !rules.names_no_fragment {
            named.push_str("#here");
        }
        if !rules.names_no_slash {
            named.push('/');
        }
        named
    }

    /// The metadata of the resource, if it speaks of this server.
    async fn resource(&self, challenge: &Challenge) -> Result<Value, String> {
        let server = &self.session.server;
        let origin = origin(server)?;
        let path = server.strip_prefix(&origin).unwrap_or_default();
        // Each place, and the resource that what stands there is about (RFC 9728 section 3.3).
        let at_root = if self.choices.exact_resource { server.clone() } else { origin.clone() };
        let mut places = vec![
            (format!("{origin}{RESOURCE}{path}"), server.clone()),
            (format!("{origin}{RESOURCE}"), at_root),
        ];
        if !self.rules.tries_the_path_first {
            places.reverse();
        }
        if let Some(named) = &challenge.resource_metadata {
            let named = (named.clone(), server.clone());
            if self.rules.prefers_the_named_place {
                places = vec![named];
            } else {
                places.push(named);
            }
        } else if !self.rules.looks_at_well_known_places {
            places.clear();
        }
        let mut found = None;
        for (place, resource) in places {
            let reply = Address::parse(&place)?.fetch("GET", &[], &[]).await?;
            if reply.status == 200 && reply.json.is_object() {
                self.check_resource(&reply.json, &resource)?;
                found = Some(reply.json);
                if self.rules.takes_the_first_metadata {
                    break;
                }
            }
        }
        found.ok_or("the server says nothing of its authorization server".into())
    }

    fn check_resource(&self, document: &Value, expected: &str) -> Result<(), String> {
        let named = document["resource"].as_str().unwrap_or_default();
        let same_host = origin(named)? == origin(expected)?;
        let lax = !self.rules.compares_resources_whole && same_host;
        if named == expected || lax || !self.rules.checks_the_resource {
            return Ok(());
        }
        Err(format!("the metadata is about {named}, not about {expected}"))
    }

    /// The metadata of an issuer, if it is its own and announces PKCE.
    async fn metadata(&self, issuer: &str) -> Result<Value, String> {
        let rules = &self.rules;
        let origin = origin(issuer)?;
        let path = issuer.strip_prefix(&origin).unwrap_or_default().trim_end_matches('/');
        let oauth = format!("{origin}{OAUTH}{path}");
        let inserted = format!("{origin}{OPENID}{path}");
        let appended = format!("{origin}{path}{OPENID}");
        let mut places = vec![oauth];
        if rules.knows_openid {
            places.push(inserted);
            if !path.is_empty() && rules.appends_paths {
                places.push(appended);
            }
            if !path.is_empty() && !rules.inserts_paths {
                places.remove(1);
            }
        }
        if (!rules.keeps_the_order_of_paths && !path.is_empty())
            || (!rules.keeps_the_order_of_roots && path.is_empty())
        {
            places.reverse();
        }
        for place in places {
            let reply = Address::parse(&place)?.fetch("GET", &[], &[]).await?;
            if reply.status != 200 || !reply.json.is_object() {
                continue;
            }
            self.check_issuer(&reply.json, issuer)?;
            let announced = reply.json["code_challenge_methods_supported"].as_array();
            let announced = announced.is_some_and(|all| {
                let found = |m: &Value| m == "S256" || !rules.looks_for_its_method;
                all.iter().any(found)
            });
            let openid = place.contains(OPENID);
            let needed =
                if openid { rules.refuses_openid_without_pkce } else { rules.refuses_without_pkce };
            if needed && !announced {
                return Err(format!("{issuer} announces no PKCE"));
            }
            if rules.uses_secure_endpoints {
                are_secure(&reply.json)?;
            }
            return Ok(reply.json);
        }
        if !rules.guesses_no_endpoints {
            let at = |path: &str| format!("{origin}/{path}");
            return Ok(json!({ "issuer": issuer, "authorization_endpoint": at("authorize"),
                "token_endpoint": at("token"), "registration_endpoint": at("register") }));
        }
        Err(format!("{issuer} says nothing of itself"))
    }

    fn check_issuer(&self, document: &Value, expected: &str) -> Result<(), String> {
        let named = document["issuer"].as_str().unwrap_or_default();
        let lax = named.trim_end_matches('/') == expected.trim_end_matches('/');
        if named == expected || !self.rules.checks_issuers {
            return Ok(());
        }
        if lax && !self.rules.compares_issuers_exactly {
            return Ok(());
        }
        Err(format!("the metadata of {expected} is that of {named}"))
    }
}

/// That the endpoints of a document are HTTPS, or on the loopback.
fn are_secure(document: &Value) -> Result<(), String> {
    for (name, endpoint) in document.as_object().into_iter().flatten() {
        let url = endpoint.as_str().and_then(|url| Url::parse(url).ok());
        let Some(url) = url.filter(|_| name.ends_with("_endpoint")) else { continue };
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !local {
            return Err(format!("{name} is {url}"));
        }
    }
    Ok(())
}

/// Scheme, host and port.
pub(super) fn origin(url: &str) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
    Ok(parsed.origin().ascii_serialization())
}
