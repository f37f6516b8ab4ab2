//! basic/authorization/authorization-server-discovery: the protected resource metadata (RFC 9728), and the ways to it.

use plumb_flows::auth::challenge::{bearer, shown};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, PRINCIPAL, Trouble, brief, check};
use serde_json::Value;
use url::Url;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What the target says where.
struct Documents {
    /// The refusal of a request without a token.
    refusal: Observed,
    /// The address in its challenge, and what is there.
    announced: Option<(String, Result<Observed, Trouble>)>,
    /// The well-known places, and what is there.
    well_known: Vec<(String, Observed)>,
}

impl Documents {
    async fn look(bench: &Bench) -> Result<Self, Trouble> {
        let probe = bench.base(Base::ToolsList).or_else(|| bench.base(Base::ResourcesList));
        let probe =
            probe.or_else(|| bench.base(Base::PromptsList)).or_else(|| bench.base(Base::Discover));
        let Some(probe) = probe else {
            return Err(Trouble::Setup("the target offers no request to send".into()));
        };
        let refusal = bench.send(probe.without_token()).await?;
        let announced = match bearer(&refusal)
            .and_then(|c| c.parameter("resource_metadata").map(str::to_owned))
        {
            Some(url) => {
                let seen = bench.fetch(&url).await;
                Some((url, seen))
            }
            None => None,
        };
        let server =
            Url::parse(bench.auth()?.resource()).map_err(|e| Trouble::Setup(e.to_string()))?;
        let origin = server.origin().ascii_serialization();
        let path = server.path().trim_end_matches('/');
        let mut places =
            vec![format!("{origin}{WELL_KNOWN}{path}"), format!("{origin}{WELL_KNOWN}")];
        places.dedup();
        let mut well_known = Vec::new();
        for place in places {
            let seen = bench.fetch(&place).await?;
            well_known.push((place, seen));
        }
        Ok(Self { refusal, announced, well_known })
    }

    /// The documents that are there, with their addresses: the announced one first, as clients look for them.
    fn found(&self) -> Vec<(&str, &Observed, Value)> {
        let announced = self
            .announced
            .iter()
            .filter_map(|(url, seen)| Some((url.as_str(), seen.as_ref().ok()?)));
        let all = announced.chain(self.well_known.iter().map(|(url, seen)| (url.as_str(), seen)));
        all.filter_map(|(url, seen)| Some((url, seen, document(seen)?))).collect()
    }

    fn missing(&self) -> String {
        let places =
            self.well_known.iter().map(|(url, seen)| format!("{url}: {}", seen.describe()));
        format!("{}; {}", shown(&self.refusal), places.collect::<Vec<_>>().join("; "))
    }
}

/// The JSON object of an answer.
fn document(seen: &Observed) -> Option<Value> {
    let value: Value = serde_json::from_str(&seen.body_text()).ok()?;
    (seen.status() == Some(200) && value.is_object()).then_some(value)
}

fn unfound(documents: &Documents) -> Finding {
    Finding::unseen(
        format!("there is no protected resource metadata to look at: {}", documents.missing()),
        "announce it in the challenge, or serve it at the well-known place",
    )
}

check! {
    /// **Observed:** a document of protected resource metadata is there: JSON with the media type `application/json`
    /// whose `resource` is the URL of the server; scopes and bearer methods are lists of strings, and `query` is no method.
    /// **Position:** at the root the origin will do, and a slash at the end does not matter.
    ///
    /// **Why:** from it a client learns where to get a token, and for whom; a document about somebody else must be
    /// dropped (RFC 9728 section 3.3).
    ///
    /// **Fix:** serve `/.well-known/oauth-protected-resource` followed by the path of the endpoint, with the URL that
    /// clients use as `resource`.
    pub(super) PRM = "auth.rs.prm";
    applies: [Auth];
    scenario: prm
}

async fn prm(bench: &Bench) -> Judgement {
    let documents = Documents::look(bench).await?;
    let found = documents.found();
    if found.is_empty() {
        return Ok(Finding::violated("protected resource metadata as JSON", documents.missing()));
    }
    let server = bench.auth()?.resource();
    for (n, (url, seen, document)) in found.into_iter().enumerate() {
        let root = url.ends_with(WELL_KNOWN);
        let named = document["resource"].as_str().unwrap_or_default();
        // A server behind a proxy names the address that clients use: the one that tokens are for.
        let audience = bench.auth()?.access(PRINCIPAL);
        let fits = same(named, server)
            || named == audience.resource()
            || (root && server.starts_with(named) && is_origin(named));
        let json = seen
            .exchange
            .answer
            .media_type()
            .is_some_and(|m| m.eq_ignore_ascii_case("application/json"));
        let finding = if let Some(wrong) = wrong_member(&document) {
            Finding::violated("lists of strings, and no tokens in the query", wrong)
        } else if fits {
            Finding::expect(json, "media type application/json", || {
                seen.exchange.answer.media_type().unwrap_or_else(|| "none".into())
            })
        } else {
            Finding::violated(
                format!("`resource` is {server:?}"),
                format!("`resource` is {}", brief(&document["resource"])),
            )
        };
        bench.case(&format!("document-{}", n + 1), url, Ok(finding));
    }
    bench.conclude()
}

/// Whether two URLs are the same but for upper case in scheme and host, and a slash at the end.
fn same(a: &str, b: &str) -> bool {
    let plain =
        |url: &str| Url::parse(url).map(|u| u.as_str().trim_end_matches('/').to_owned()).ok();
    plain(a).is_some() && plain(a) == plain(b)
}

/// Whether two URLs are of one origin.
fn here(a: &str, b: &str) -> bool {
    let origin = |url: &str| Url::parse(url).map(|u| u.origin().ascii_serialization()).ok();
    origin(a).is_some() && origin(a) == origin(b)
}

/// Whether a URL can be an issuer identifier: metadata is found from one, it is not one (RFC 9728 section 2).
fn is_issuer(url: &str) -> bool {
    Url::parse(url).is_ok_and(|u| u.has_host() && !u.path().contains("/.well-known/"))
}

/// What a member of the metadata says that it must not (RFC 9728 section 2; MCP forbids tokens in the query).
fn wrong_member(document: &Value) -> Option<String> {
    for name in ["scopes_supported", "bearer_methods_supported"] {
        let list = document.get(name).filter(|value| !value.is_null()).map(Value::as_array);
        if list.is_some_and(|l| !l.is_some_and(|l| l.iter().all(Value::is_string))) {
            return Some(format!("`{name}` is {}", brief(&document[name])));
        }
    }
    let methods = document["bearer_methods_supported"].as_array();
    let query = methods.is_some_and(|methods| methods.iter().any(|m| m == "query"));
    query.then(|| "`bearer_methods_supported` offers `query`".to_owned())
}

fn is_origin(url: &str) -> bool {
    Url::parse(url).is_ok_and(|u| u.path() == "/")
}

check! {
    /// **Observed:** the `resource` of each document of metadata ends in no slash, unless the URL of the server does; a URL without a
    /// path may have one.
    ///
    /// **Why:** clients ask for tokens for that very string, and an audience is compared letter by letter: with a slash here and none
    /// there, a token fits nowhere.
    ///
    /// **Fix:** take the URL that clients use, without the slash at its end.
    pub(super) NO_TRAILING_SLASH = "auth.resource.no-trailing-slash";
    applies: [Auth];
    scenario: no_trailing_slash
}

async fn no_trailing_slash(bench: &Bench) -> Judgement {
    let documents = Documents::look(bench).await?;
    let own = bench.auth()?.resource().ends_with('/');
    for (n, (url, _, document)) in documents.found().into_iter().enumerate() {
        let named = document["resource"].as_str().unwrap_or_default();
        let fits = own || !named.ends_with('/') || is_origin(named);
        let finding =
            Finding::expect(fits, "`resource` without a slash at its end", || format!("{named:?}"));
        bench.case(&format!("document-{}", n + 1), url, Ok(finding));
    }
    if documents.found().is_empty() { Ok(unfound(&documents)) } else { bench.conclude() }
}

check! {
    /// **Observed:** the metadata is announced by `resource_metadata` in the challenge, or served at a well-known place:
    /// that of the endpoint's path, or the root's.
    ///
    /// **Why:** a client has no other way to find the authorization server.
    ///
    /// **Fix:** add `resource_metadata` to the challenge of every 401.
    pub(super) LOCATABLE = "auth.rs.prm-locatable";
    applies: [Auth];
    scenario: locatable
}

async fn locatable(bench: &Bench) -> Judgement {
    let documents = Documents::look(bench).await?;
    let found = documents.announced.is_some() || !documents.found().is_empty();
    Ok(Finding::expect(
        found,
        "the metadata announced in the challenge, or at a well-known place",
        || documents.missing(),
    ))
}

check! {
    /// **Observed:** the address that the challenge announces leads to the metadata: HTTP 200 without a token, a JSON
    /// object with `resource`.
    ///
    /// **Why:** a client that is given an address looks nowhere else.
    ///
    /// **Fix:** build the address from the URL under which clients reach the server.
    pub(super) HEADER_FETCHABLE = "auth.rs.prm-header-fetchable";
    applies: [Auth];
    scenario: header_fetchable
}

async fn header_fetchable(bench: &Bench) -> Judgement {
    let documents = Documents::look(bench).await?;
    let Some((url, seen)) = &documents.announced else {
        return Ok(Finding::unseen(
            format!("the challenge announces no address: {}", shown(&documents.refusal)),
            "add `resource_metadata` to the challenge",
        ));
    };
    let expected = format!("metadata at {url}");
    if !Url::parse(url).is_ok_and(|u| u.has_host()) {
        return Ok(Finding::violated("`resource_metadata` that is a URL", format!("{url:?}")));
    }
    Ok(match seen {
        Ok(seen) => {
            let fits = document(seen).is_some_and(|d| d["resource"].is_string());
            Finding::expect(fits, expected, || seen.describe())
        }
        // The address of a proxy need not lead anywhere from here.
        Err(trouble) if !here(url, bench.auth()?.resource()) => Finding::unseen(
            format!("{url} is not reached from here: {trouble}"),
            "make it reachable",
        ),
        Err(trouble) => Finding::violated(expected, trouble.to_string()),
    })
}

check! {
    /// **Observed:** each document of metadata has `authorization_servers`, a list of at least one issuer: a URL, and not
    /// that of somebody's metadata.
    ///
    /// **Why:** RFC 9728 leaves the member to the server; MCP does not, since clients start from it.
    ///
    /// **Fix:** list the issuers whose tokens are taken.
    pub(super) AUTHORIZATION_SERVERS = "auth.rs.prm-authorization-servers";
    applies: [Auth];
    scenario: authorization_servers
}

async fn authorization_servers(bench: &Bench) -> Judgement {
    let documents = Documents::look(bench).await?;
    for (n, (url, _, document)) in documents.found().into_iter().enumerate() {
        let servers = document["authorization_servers"].as_array().cloned().unwrap_or_default();
        let issuer = |v: &Value| v.as_str().is_some_and(is_issuer);
        let fits = !servers.is_empty() && servers.iter().all(issuer);
        let finding =
            Finding::expect(fits, "`authorization_servers` lists at least one issuer", || {
                brief(document.get("authorization_servers").unwrap_or(&Value::Null))
            });
        bench.case(&format!("document-{}", n + 1), url, Ok(finding));
    }
    if documents.found().is_empty() { Ok(unfound(&documents)) } else { bench.conclude() }
}

check! {
    /// **Observed:** no document of metadata has `offline_access` in `scopes_supported`.
    ///
    /// **Why:** refresh tokens are between client and authorization server; clients would ask for them for no reason.
    ///
    /// **Fix:** list the scopes of the resource alone.
    pub(super) NO_OFFLINE_ACCESS = "auth.rs.no-offline-access-prm";
    applies: [Auth];
    scenario: no_offline_access
}

async fn no_offline_access(bench: &Bench) -> Judgement {
    let documents = Documents::look(bench).await?;
    for (n, (url, _, document)) in documents.found().into_iter().enumerate() {
        let scopes = document["scopes_supported"].as_array();
        let offline = scopes.is_some_and(|scopes| scopes.iter().any(|s| s == "offline_access"));
        let finding =
            Finding::expect(!offline, "`scopes_supported` without offline_access", || {
                brief(&document["scopes_supported"])
            });
        bench.case(&format!("document-{}", n + 1), url, Ok(finding));
    }
    if documents.found().is_empty() { Ok(unfound(&documents)) } else { bench.conclude() }
}
