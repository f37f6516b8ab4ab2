//! From a protected server to its authorization server (basic/authorization#authorization-server-discovery).

use serde_json::{Value, json};
use url::Url;

use super::LoginError;
use super::http::Agent;
use super::loopback::Back;

/// The ways in which clients show their secrets (RFC 8414 section 2).
const METHODS: &str = "token_endpoint_auth_methods_supported";
const BASIC: &str = "client_secret_basic";
pub(super) const FORM: &str = "client_secret_post";

/// What was found.
pub(super) struct Found {
    /// What a token is asked for.
    pub(super) resource: String,
    /// The scopes that the challenge names, else those of the resource's metadata.
    pub(super) scopes: Vec<String>,
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) registration_endpoint: Option<String>,
    /// Whether an answer without `iss` is from somebody else.
    says_iss: bool,
    /// Whether a secret goes into the form: the metadata list that, and not HTTP Basic.
    pub(super) secret_in_form: bool,
    /// Whether refresh tokens are asked for by a scope.
    pub(super) offers_offline_access: bool,
}

impl Found {
    /// Finds the authorization server of the server at an address.
    pub(super) async fn at(url: &str, agent: &Agent) -> Result<Self, LoginError> {
        let challenge = challenge(url, agent).await?;
        let resource = resource(url, challenge.as_deref(), agent).await?;
        let named = text(&resource, "resource").unwrap_or_else(|| url.to_owned());
        if !is_for(&named, url) {
            let why = format!("its metadata is that of {named}: no token for that is sent here");
            return Err(LoginError::at(url, why));
        }
        let issuer = resource["authorization_servers"][0].as_str().map(str::to_owned);
        let issuer =
            issuer.ok_or_else(|| LoginError::new("its metadata names no authorization server"))?;
        let metadata = metadata(&issuer, agent).await?;
        if !lists(&metadata, "code_challenge_methods_supported", "S256") {
            return Err(LoginError::at(&issuer, "its metadata does not offer PKCE with S256"));
        }
        let endpoint = |name: &str| {
            text(&metadata, name)
                .ok_or_else(|| LoginError::at(&issuer, format!("it has no {name}")))
        };
        let asked = challenge.as_deref().and_then(|c| parameter(c, "scope"));
        let scopes = match asked {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            None => strings(&resource["scopes_supported"]),
        };
        Ok(Self {
            resource: named,
            scopes,
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            registration_endpoint: text(&metadata, "registration_endpoint"),
            says_iss: metadata["authorization_response_iss_parameter_supported"] == true,
            secret_in_form: lists(&metadata, METHODS, FORM) && !lists(&metadata, METHODS, BASIC),
            offers_offline_access: lists(&metadata, "scopes_supported", super::OFFLINE),
            issuer,
        })
    }

    /// The code that came back, if it is from whom it was asked of (RFC 9207).
    pub(super) fn checked(&self, back: Back) -> Result<String, LoginError> {
        match &back.iss {
            Some(iss) if *iss != self.issuer => {
                return Err(LoginError::at(&self.issuer, format!("the answer is from {iss}")));
            }
            None if self.says_iss => {
                return Err(LoginError::at(
                    &self.issuer,
                    "the answer does not say from whom it is",
                ));
            }
            _ => {}
        }
        back.code.map_err(|why| LoginError::at("the authorization server refused", why))
    }
}

/// What the server says to who comes without a token.
async fn challenge(url: &str, agent: &Agent) -> Result<Option<String>, LoginError> {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "server/discover",
        "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "plumb", "version": env!("CARGO_PKG_VERSION")},
        }},
    });
    let came = agent.post(url, &message).await?;
    if came.status != 401 {
        let why = format!("it asks for no token: status {} where 401 was expected", came.status);
        return Err(LoginError::at(url, why));
    }
    let bearer =
        |c: &String| c.trim_start().get(..6).is_some_and(|s| s.eq_ignore_ascii_case("bearer"));
    Ok(came.challenges.into_iter().find(bearer))
}

/// The metadata of the protected server: where its challenge says, else at the well-known addresses (RFC 9728 §3).
async fn resource(url: &str, challenge: Option<&str>, agent: &Agent) -> Result<Value, LoginError> {
    let mut places: Vec<String> = Vec::new();
    places.extend(challenge.and_then(|c| parameter(c, "resource_metadata")));
    if places.is_empty() {
        places = well_known(url, "oauth-protected-resource", Place::Inserted)?;
    }
    let found = first(&places, agent, |_| true).await;
    found.map_err(|why| LoginError::at(url, format!("no metadata of it was found: {why}")))
}

/// The metadata of the authorization server, in the order of the specification; that of another issuer is none.
async fn metadata(issuer: &str, agent: &Agent) -> Result<Value, LoginError> {
    let mut places = well_known(issuer, "oauth-authorization-server", Place::Inserted)?;
    places.truncate(1);
    places.extend(well_known(issuer, "openid-configuration", Place::Inserted)?.into_iter().next());
    places.extend(well_known(issuer, "openid-configuration", Place::Appended)?);
    places.dedup();
    let own = |document: &Value| document["issuer"] == issuer;
    let found = first(&places, agent, own).await;
    found.map_err(|why| LoginError::at(issuer, format!("no metadata of it was found: {why}")))
}

/// Where a well-known part goes.
#[derive(Clone, Copy)]
enum Place {
    Inserted,
    Appended,
}

fn well_known(url: &str, name: &str, place: Place) -> Result<Vec<String>, LoginError> {
    let mut at = Url::parse(url).map_err(|e| LoginError::at(url, e))?;
    at.set_query(None);
    at.set_fragment(None);
    let path = at.path().trim_end_matches('/').to_owned();
    let mut with = |path: String| {
        at.set_path(&path);
        at.to_string()
    };
    Ok(match place {
        Place::Appended => vec![with(format!("{path}/.well-known/{name}"))],
        Place::Inserted if path.is_empty() => vec![with(format!("/.well-known/{name}"))],
        Place::Inserted => {
            vec![with(format!("/.well-known/{name}{path}")), with(format!("/.well-known/{name}"))]
        }
    })
}

/// The first document that fits, or what stands at each of these places in its stead.
async fn first(
    places: &[String],
    agent: &Agent,
    fits: impl Fn(&Value) -> bool,
) -> Result<Value, String> {
    let mut missing = Vec::new();
    for place in places {
        missing.push(match agent.json(place).await {
            Err(error) => error.to_string(),
            Ok(came) if came.status != 200 => format!("{place}: status {}", came.status),
            Ok(came) => match came.json.filter(Value::is_object) {
                Some(document) if fits(&document) => return Ok(document),
                Some(_) => format!("{place}: the metadata of another issuer"),
                None => format!("{place}: no JSON object of at most 1 MiB"),
            },
        });
    }
    Err(missing.join("; "))
}

/// Whether a resource is the server at this address, or all of its origin or path.
pub(super) fn is_for(resource: &str, url: &str) -> bool {
    let (Ok(resource), Ok(url)) = (Url::parse(resource), Url::parse(url)) else { return false };
    let within = url.path().strip_prefix(resource.path().trim_end_matches('/'));
    resource.origin() == url.origin()
        && within.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A parameter of a challenge: a token, or a string in quotes (RFC 9110 §11.2).
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    loop {
        let at = rest.to_ascii_lowercase().find(&format!("{name}="))?;
        let starts = rest[..at].chars().next_back().is_none_or(|c| c == ' ' || c == ',');
        rest = &rest[at + name.len() + 1..];
        if !starts {
            continue;
        }
        let Some(quoted) = rest.strip_prefix('"') else {
            return rest.split([',', ' ']).next().map(str::to_owned);
        };
        let mut value = String::new();
        let mut chars = quoted.chars();
        while let Some(c) = chars.next().filter(|c| *c != '"') {
            value.push(if c == '\\' { chars.next()? } else { c });
        }
        return Some(value);
    }
}

fn text(document: &Value, name: &str) -> Option<String> {
    document[name].as_str().map(str::to_owned)
}

fn lists(document: &Value, name: &str, value: &str) -> bool {
    strings(&document[name]).iter().any(|listed| listed == value)
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_in_quotes_and_without() {
        let challenge = r#"Bearer error="invalid_token", xscope="no", scope="a b\"", resource_metadata=https://x/y"#;
        assert_eq!(parameter(challenge, "scope").as_deref(), Some("a b\""));
        assert_eq!(parameter(challenge, "resource_metadata").as_deref(), Some("https://x/y"));
        assert_eq!(parameter(challenge, "realm"), None);
    }

    #[test]
    fn metadata_of_another_server_is_not_that_of_this_one() {
        assert!(is_for("https://a.example/mcp", "https://a.example/mcp"));
        assert!(is_for("https://a.example", "https://a.example/mcp"));
        assert!(!is_for("https://a.example/mc", "https://a.example/mcp"));
        assert!(!is_for("https://b.example/mcp", "https://a.example/mcp"));
    }

    #[test]
    fn well_known_parts_go_before_the_path_or_behind_it() {
        let places = |place| well_known("https://a.example/t/1", "x", place).expect("a URL");
        assert_eq!(
            places(Place::Inserted),
            ["https://a.example/.well-known/x/t/1", "https://a.example/.well-known/x"]
        );
        assert_eq!(places(Place::Appended), ["https://a.example/t/1/.well-known/x"]);
    }
}
