//! An authorization server as the target: what it publishes, and requests to it that are recorded like all others.

mod browser;
mod client;
mod documents;
mod flow;
pub(crate) mod run;
mod secret;
mod visit;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use plumb_wire::http::{self, ClientOptions, Endpoint, HttpRequest};
use plumb_wire::{Clock, Limits};
use ring::digest;
use serde_json::{Map, Value};

use crate::errors::{ContactError, TargetError};
pub use crate::reach::is_loopback;
use crate::reach::{Reach, trust};
use crate::record::Recorder;
use crate::{Observed, Trouble};

pub use browser::{Landed, Landing, Page};
pub use client::{CALLBACK, Client, Kind, Method, REGISTER};
pub use documents::{Document, Documents};
pub use flow::{CONSENT, Changes, Grant, issued};
pub use secret::is_issued;
pub use visit::Visit;

/// An authorization server, as the user names it.
#[derive(Clone, Debug, Default)]
pub struct Issuer {
    /// How to reach it; the URL is the issuer identifier, character by character.
    pub reach: Reach,
    /// A client that it knows.
    pub client: Option<Client>,
    /// The scopes to ask for; empty for a modest choice from its metadata.
    pub scopes: Vec<String>,
    /// The `resource` to ask for, if any (RFC 8707).
    pub resource: Option<String>,
    /// Where it can fetch the client metadata documents that we serve, if it can.
    pub documents: Option<String>,
    /// The port of this machine's loopback that they are served at; 0 for any.
    pub documents_port: u16,
}

/// A place where metadata can stand, and what stood there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address.
    pub url: String,
    /// Whether it is one of OpenID Connect Discovery.
    pub openid: bool,
    /// The answer, unless the wire failed.
    pub seen: Option<Observed>,
    /// The JSON object that came with status 200.
    pub document: Option<Map<String, Value>>,
}

/// An authorization server, looked at once at the start of a run.
pub struct AuthorizationServer {
    issuer: Issuer,
    limits: Limits,
    /// Weak, since the recorder keeps the survey, and the survey this.
    recorder: Weak<Recorder>,
    clock: Clock,
    /// By origin.
    ways: Mutex<BTreeMap<String, http::Client>>,
    places: Vec<Place>,
    clients: client::Registered,
    documents: Documents,
    seed: u64,
    drawn: AtomicU64,
}

impl AuthorizationServer {
    /// Fetches the metadata from the three places that clients try.
    pub(crate) async fn discover(
        issuer: &Issuer,
        limits: &Limits,
        seed: u64,
        recorder: &Arc<Recorder>,
    ) -> Result<Arc<Self>, ContactError> {
        let unreached = |e: &dyn std::fmt::Display| ContactError::Unreached(e.to_string());
        let (base, port) = (issuer.documents.clone(), issuer.documents_port);
        let documents = Documents::serve(base, port, recorder.clock).await;
        let mut server = Self {
            issuer: issuer.clone(),
            limits: limits.clone(),
            recorder: Arc::downgrade(recorder),
            clock: recorder.clock,
            ways: Mutex::default(),
            places: Vec::new(),
            clients: client::Registered::default(),
            documents: documents
                .map_err(|e| unreached(&format!("the port for client documents: {e}")))?,
            seed,
            drawn: AtomicU64::new(0),
        };
        if let Some(secret) = issuer.client.as_ref().and_then(|c| c.secret.as_deref()) {
            server.hide(secret);
        }
        let mut last = None;
        for (url, openid) in well_known(server.issuer()).map_err(|e| unreached(&e))? {
            let request = HttpRequest::new("GET", "").header("Accept", "application/json");
            let answer =
                server.send("survey", &url, request).await.map_err(|e| last = Some(e)).ok();
            let document = answer.as_ref().filter(|s| s.status() == Some(200)).and_then(json);
            let document = document.and_then(|d| d.as_object().cloned());
            server.places.push(Place { url, openid, seen: answer, document });
        }
        match last {
            Some(error) if server.places.iter().all(|p| p.seen.is_none()) => Err(unreached(&error)),
            _ => Ok(Arc::new(server)),
        }
    }

    /// The issuer identifier that the user gave.
    pub fn issuer(&self) -> &str {
        &self.issuer.reach.url
    }

    /// The issuer identifier that answers name: the given one, or that of the metadata where a slash alone is the difference,
    /// which who types an address leaves away.
    pub fn identifier(&self) -> &str {
        let told = self.told("issuer").and_then(Value::as_str);
        told.filter(|told| is_but_for_a_slash(told, self.issuer())).unwrap_or(self.issuer())
    }

    /// Whether the issuer is on this machine.
    pub fn is_local(&self) -> bool {
        is_loopback(self.issuer())
    }

    /// The places where metadata can stand.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The metadata documents that it serves.
    pub fn metadata(&self) -> impl Iterator<Item = (&Place, &Map<String, Value>)> {
        self.places.iter().filter_map(|p| Some((p, p.document.as_ref()?)))
    }

    /// A member of its metadata: of the first document that has it.
    pub fn told(&self, name: &str) -> Option<&Value> {
        self.metadata().find_map(|(_, document)| document.get(name))
    }

    /// Whether a member of its metadata is `true`.
    pub fn claims(&self, name: &str) -> bool {
        self.told(name) == Some(&Value::Bool(true))
    }

    /// Whether a member of its metadata lists this.
    pub fn lists(&self, name: &str, what: &str) -> bool {
        self.told(name).and_then(Value::as_array).is_some_and(|all| all.iter().any(|v| v == what))
    }

    /// An endpoint that its metadata names.
    pub fn endpoint(&self, name: &str) -> Result<&str, Trouble> {
        self.told(name).and_then(Value::as_str).ok_or_else(|| {
            Trouble::unseen(
                format!("the metadata names no `{name}`"),
                "publish it in the metadata (RFC 8414 section 2)",
            )
        })
    }

    /// The client metadata documents that we serve, and who fetched them.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// What was found at the start, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.metadata().map(|(place, _)| format!("metadata at {}", place.url)).collect()
    }

    /// Whether it answers anything now.
    pub(crate) async fn answers(&self) -> bool {
        let Some(place) = self.places.first() else { return false };
        self.send("control", &place.url, HttpRequest::new("GET", "")).await.is_ok()
    }

    /// Something that nobody has seen before in this run: 64 characters.
    pub fn draw(&self, what: &str) -> String {
        let n = self.drawn.fetch_add(1, Ordering::Relaxed);
        let hash = digest::digest(&digest::SHA256, format!("{what} {} {n}", self.seed).as_bytes());
        hash.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    async fn send(&self, by: &str, url: &str, request: HttpRequest) -> Result<Observed, Trouble> {
        let endpoint = Endpoint::parse(url)?;
        let target = Some(endpoint.target().to_owned());
        let live = self.way(endpoint)?.send(HttpRequest { target, ..request }).await?;
        let channel = live.channel().to_owned();
        let (sent, answer) = live.finish().await;
        for issued in secret::issued(&answer) {
            self.hide(&issued);
        }
        Ok(self.recorder()?.record(by, &channel, sent, answer))
    }

    fn recorder(&self) -> Result<Arc<Recorder>, Trouble> {
        self.recorder.upgrade().ok_or_else(|| Trouble::Setup("the run is over".into()))
    }

    /// The connections to an origin. What the user adds to requests is for the issuer's alone.
    fn way(&self, endpoint: Endpoint) -> Result<http::Client, Trouble> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = endpoint.origin();
        if let Some(way) = ways.get(&origin) {
            return Ok(way.clone());
        }
        let reach = &self.issuer.reach;
        let own = Endpoint::parse(&reach.url).is_ok_and(|own| own.origin() == origin);
        let proxy = reach.proxy.as_deref().map(url::Url::parse).transpose();
        let options = ClientOptions {
            headers: if own { reach.headers.clone() } else { Vec::new() },
            trust: trust(reach).map_err(|e: TargetError| Trouble::Setup(e.to_string()))?,
            proxy: proxy.map_err(|e| Trouble::Setup(format!("the proxy's address: {e}")))?,
            limits: self.limits.clone(),
            named_by: if own { None } else { Endpoint::parse(&reach.url).ok() },
        };
        let way = http::Client::new(endpoint, options, self.clock)?;
        ways.insert(origin, way.clone());
        Ok(way)
    }

    /// Keeps a secret out of every event.
    fn hide(&self, secret: &str) {
        if let Some(recorder) = self.recorder.upgrade() {
            recorder.add_secret(secret);
        }
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its headers and clients can hold secrets.
        f.debug_tuple("AuthorizationServer").field(&self.issuer()).finish()
    }
}

/// Whether two issuer identifiers differ, and by a slash at the end alone.
pub fn is_but_for_a_slash(one: &str, other: &str) -> bool {
    one != other && one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// The JSON that an answer is.
pub fn json(seen: &Observed) -> Option<Value> {
    let answer = &seen.exchange.answer;
    let bytes = answer.frames.first().map_or(answer.body.bytes(), |frame| frame.payload.bytes());
    serde_json::from_slice(bytes).ok()
}

/// The places of RFC 8414 section 3.1 and OpenID Connect Discovery section 4, in the order that MCP gives them.
fn well_known(issuer: &str) -> Result<Vec<(String, bool)>, url::ParseError> {
    let url = url::Url::parse(issuer)?;
    let origin = url.origin().ascii_serialization();
    let path = url.path().trim_end_matches('/');
    let mut places = vec![
        (format!("{origin}/.well-known/oauth-authorization-server{path}"), false),
        (format!("{origin}/.well-known/openid-configuration{path}"), true),
    ];
    if !path.is_empty() {
        places.push((format!("{origin}{path}/.well-known/openid-configuration"), true));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_with_a_path_has_three_places_and_one_without_has_two() {
        let urls = |issuer| -> Vec<String> {
            well_known(issuer).expect("a URL").into_iter().map(|(url, _)| url).collect()
        };
        assert_eq!(
            urls("https://as.example/"),
            [
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            urls("https://as.example/one"),
            [
                "https://as.example/.well-known/oauth-authorization-server/one",
                "https://as.example/.well-known/openid-configuration/one",
                "https://as.example/one/.well-known/openid-configuration",
            ]
        );
    }
}
