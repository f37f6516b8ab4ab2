//! What a client did on its way to a token, as checks read it.

use plumb_model::Sent;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::parse;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::facts::Facts;
use super::guard::CUSTOM;
use super::scene::Scene;
use crate::client::ENDPOINT;
use crate::client::moment::{Moment, Play};
use crate::client::received::Received;
use crate::client::scenario::Scenario;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Anything that is sent to the MCP endpoint.
    Message,
    /// The metadata of the resource.
    ResourceMetadata,
    /// The metadata of an authorization server.
    ServerMetadata,
    /// Registration.
    Registration,
    /// The authorization request, which a browser makes.
    Authorization,
    /// The token request.
    Token,
    /// An exchange of tokens at an identity provider.
    Exchange,
    /// Something else.
    Other,
}

/// Where metadata of an authorization server is looked for, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// RFC 8414, the issuer's path inserted.
    OAuth,
    /// OpenID Connect, the path inserted.
    OpenIdInserted,
    /// OpenID Connect, appended to the path.
    OpenIdAppended,
}

impl Place {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::OAuth, Self::OpenIdInserted, Self::OpenIdAppended];

    /// Whether an issuer without a path has it.
    pub fn is_for_roots(self) -> bool {
        self != Self::OpenIdAppended
    }
}

/// So many tokens of a kind are looked for in what is sent: a client that has more is given them without end.
const TOKENS: usize = 128;

/// Everything that was sent in a scene.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// Where its servers are.
    pub facts: &'a Facts,
    /// What was sent to either, in order.
    pub all: &'a [Received],
    /// Whether the client ended by itself.
    pub whole: bool,
    /// What it wrote to its standard output and error, the end of it; `None` if somebody else started it.
    pub said: Option<&'a str>,
}

impl<'a> Moment<'a> {
    /// The flow that it is part of, if its scenario has one and the client speaks this revision in it.
    pub fn flow(&self) -> Option<Flow<'a>> {
        match self.scenario {
            Scenario::Protected(scene) => self.flow_in(scene),
            _ => None,
        }
    }

    /// The flow of a scene.
    pub fn flow_in(&self, scene: Scene) -> Option<Flow<'a>> {
        let of = |play: &&Play| play.scenario == Scenario::Protected(scene);
        let play = self.all.iter().find(of)?;
        let (facts, all) = (play.facts.as_ref()?, &play.received[..]);
        let ours = all.iter().any(|received| received.message().is_some());
        let (whole, said) = (play.whole, play.said.as_deref());
        ours.then_some(Flow { facts, all, whole, said })
    }

    /// The flow, if this is what the scene is and what the request is for.
    pub fn at(&self, scenes: &[Scene], step: Step) -> Option<Flow<'a>> {
        self.flow().filter(|f| scenes.contains(&f.facts.scene) && f.step(self.now()) == step)
    }

    /// The flow, if this is the first request for this in one of these scenes.
    pub fn at_first(&self, scenes: &[Scene], step: Step) -> Option<Flow<'a>> {
        let flow = self.at(scenes, step)?;
        self.before().iter().all(|before| flow.step(before) != step).then_some(flow)
    }

    /// Every flow of the run.
    pub fn flows(&self) -> impl Iterator<Item = Flow<'a>> {
        let moment = *self;
        Scene::ALL.iter().filter_map(move |scene| moment.flow_in(*scene))
    }

    /// The flow, if this is the first request of its scene, and that one of these.
    pub fn begins(&self, scenes: &[Scene]) -> Option<Flow<'a>> {
        let flow = self.flow().filter(|flow| scenes.contains(&flow.facts.scene))?;
        self.before().is_empty().then_some(flow)
    }

    /// Whether the client gets a token where nothing keeps it from that: what it refuses elsewhere, it refuses then.
    pub fn signs_in(&self) -> bool {
        Scene::OPEN
            .into_iter()
            .filter_map(|scene| self.flow_in(scene))
            .any(|flow| flow.of(Step::Token).any(|token| token.form("code").is_some()))
    }
}

impl<'a> Flow<'a> {
    /// What a request is for.
    pub fn step(&self, received: &Received) -> Step {
        received.step_by(|| self.read_step(received))
    }

    fn read_step(&self, received: &Received) -> Step {
        let path = received.path();
        if received.is_at(&self.facts.server) {
            return match path {
                ENDPOINT => Step::Message,
                CUSTOM => Step::ResourceMetadata,
                _ if path.starts_with("/.well-known/oauth-protected-resource") => {
                    Step::ResourceMetadata
                }
                _ => Step::Other,
            };
        }
        if !received.is_at(&self.facts.authority) {
            return Step::Other;
        }
        let posted = received.http_method() == "POST";
        match path.rsplit('/').next() {
            _ if path.contains("/.well-known/") => Step::ServerMetadata,
            Some("authorize") => Step::Authorization,
            Some("token") if path.starts_with("/idp/") => Step::Exchange,
            Some("token") if posted => Step::Token,
            Some("register") if posted => Step::Registration,
            _ => Step::Other,
        }
    }

    /// All requests that are for this, in order.
    pub fn of(self, step: Step) -> impl Iterator<Item = &'a Received> {
        let flow = self;
        self.all.iter().filter(move |received| flow.step(received) == step)
    }

    /// The issuer at which a request is made, of those that there are.
    pub fn issuer(&self, received: &Received) -> Option<&'a str> {
        let facts = self.facts;
        let url = format!("{}{}", facts.authority, received.path());
        let issuers = facts.issuers.iter().map(String::as_str);
        let mut under: Vec<&str> =
            issuers.filter(|issuer| url.starts_with(&format!("{issuer}/"))).collect();
        under.sort_by_key(|issuer| issuer.len());
        under.pop()
    }

    /// Where metadata of this issuer is looked for by a request.
    pub fn place(&self, received: &Received, issuer: &str) -> Option<Place> {
        let path = issuer.strip_prefix(&self.facts.authority)?;
        let asked = received.path();
        let oauth = format!("/.well-known/oauth-authorization-server{path}");
        let inserted = format!("/.well-known/openid-configuration{path}");
        let appended = format!("{path}/.well-known/openid-configuration");
        match asked {
            _ if asked == oauth => Some(Place::OAuth),
            _ if asked == inserted => Some(Place::OpenIdInserted),
            _ if asked == appended => Some(Place::OpenIdAppended),
            _ => None,
        }
    }

    /// The token requests that bring the code of an authorization response.
    pub fn redeems(&self, authorization: &Received) -> Option<&'a Received> {
        let code = authorization.returned("code")?;
        self.of(Step::Token).find(|token| token.form("code").as_deref() == Some(code.as_str()))
    }

    /// The token request that was answered with this access token, bound to a key (RFC 9449 section 5).
    pub fn bound(self, token: &str) -> Option<&'a Received> {
        self.of(Step::Token).find(|request| {
            let issued = request.response().filter(|issued| issued["access_token"] == token);
            issued.is_some_and(|issued| issued["token_type"] == "DPoP")
        })
    }

    /// The second of Unix time at which a request was whole.
    pub fn second(&self, received: &Received) -> u64 {
        self.facts.epoch + received.exchange.answer.sent_at / 1_000_000
    }

    /// The refresh tokens that were issued, the first ones.
    pub fn refresh_tokens(&self) -> Vec<String> {
        let issued = |token: &Received| {
            Some(token.response()?["refresh_token"].as_str()?.to_owned()).filter(|t| !t.is_empty())
        };
        self.of(Step::Token).filter_map(issued).take(TOKENS).collect()
    }

    /// The access tokens that were issued, the first ones.
    pub fn access_tokens(&self) -> Vec<String> {
        let issued =
            |token: &Received| Some(token.response()?["access_token"].as_str()?.to_owned());
        self.of(Step::Token).filter_map(issued).take(TOKENS).collect()
    }

    /// The issuer of an access token, if it was issued here.
    pub fn issuer_of(&self, token: &str) -> Option<&'a str> {
        let issues = |r: &&Received| r.response().is_some_and(|r| r["access_token"] == token);
        self.of(Step::Token).find(issues).and_then(|request| self.issuer(request))
    }
}

impl Received {
    /// Whether it was sent to this origin.
    fn is_at(&self, origin: &str) -> bool {
        self.url().strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The URL.
    pub fn url(&self) -> &str {
        match &self.exchange.sent {
            Sent::Http { url, .. } => url,
            Sent::Stdio { .. } | Sent::Nothing => "",
        }
    }

    /// The body as it came.
    pub fn raw(&self) -> &[u8] {
        match &self.exchange.sent {
            Sent::Http { body, .. } => body.bytes(),
            Sent::Stdio { .. } | Sent::Nothing => &[],
        }
    }

    /// All values of a parameter of the query.
    pub fn queries(&self, name: &str) -> Vec<String> {
        values(self.url().split_once('?').map_or("", |(_, query)| query).as_bytes(), name)
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.queries(name).into_iter().next()
    }

    /// All values of a parameter of the form that the body is.
    pub fn forms(&self, name: &str) -> Vec<String> {
        values(self.raw(), name)
    }

    /// A parameter of that form.
    pub fn form(&self, name: &str) -> Option<String> {
        self.forms(name).into_iter().next()
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> &Value {
        self.body().unwrap_or(&Value::Null)
    }

    /// A parameter of the URL to which an authorization response leads.
    pub fn returned(&self, name: &str) -> Option<String> {
        let location = Url::parse(self.exchange.answer.header("Location")?).ok()?;
        values(location.query()?.as_bytes(), name).into_iter().next()
    }

    /// The bearer token that it brings in a header.
    pub fn bearer(&self) -> Option<&str> {
        self.credentials().filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|c| c.1)
    }

    /// The access token that it brings in a header, as a bearer token or as one that is bound to a key.
    pub fn token(&self) -> Option<&str> {
        let known =
            |scheme: &str| ["bearer", "dpop"].iter().any(|s| scheme.eq_ignore_ascii_case(s));
        self.credentials().filter(|(scheme, _)| known(scheme)).map(|(_, token)| token)
    }

    /// The scheme and what follows it, in `Authorization`.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let (scheme, rest) = self.header("Authorization")?.split_once(' ')?;
        Some((scheme, rest.trim()))
    }

    /// The client that a token request names: by HTTP Basic, in the form, or by an assertion about it.
    pub fn client_id(&self) -> Option<String> {
        let by_basic = self.header("Authorization").and_then(basic).map(|(id, _)| id);
        by_basic.or_else(|| self.form("client_id"))
    }
}

/// Identifier and secret of HTTP Basic, each form-encoded before they were joined (RFC 6749 section 2.3.1).
pub fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    let decoded = |text: &str| {
        let escaped = text.replace('&', "%26").replace('=', "%3D");
        parse(escaped.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
    };
    Some((decoded(id), decoded(secret)))
}

/// The SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec()
}

/// All values of a parameter of a form or a query.
fn values(encoded: &[u8], name: &str) -> Vec<String> {
    parse(encoded).filter(|(n, _)| n == name).map(|(_, value)| value.into_owned()).collect()
}
