//! The authorization server of a scene: the one of `plumb-oauth`, but for the few answers that a scene has otherwise.

use std::sync::Arc;

use plumb_model::Header;
use plumb_oauth::Embedded;
use plumb_oauth::server::{Client, Reply};
use plumb_wire::Asked;
use plumb_wire::http::Response;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::parse;

use super::enterprise;
use super::possession::{self, Nonces};
use super::scene::Scene;
use super::setting::{Discovery, Setting};
use super::{KEPT_QUERY, NO_LOOPBACK, OWN_PLACE, REASON, UNKNOWN_TOKEN_TYPE};

/// What answers the requests to an authorization server.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) scene: Scene,
    pub(super) setting: Setting,
    pub(super) server: Arc<Embedded>,
    /// What it wants in each proof, if it wants any.
    pub(super) nonces: Option<Nonces>,
}

impl Authority {
    /// What is answered to an HTTP request.
    pub(super) async fn answer(&self, asked: &Asked) -> Response {
        let Some(target) = self.within(asked.target()) else { return Response::new(404) };
        let path = target.split('?').next().unwrap_or_default();
        let posted = asked.method() == "POST";
        if self.is_missing(path) {
            return Response::new(404);
        }
        if posted && path.ends_with("/register") && self.scene == Scene::RegistrationRefused {
            return refusal("invalid_redirect_uri", REASON);
        }
        if posted
            && self.scene == Scene::Enterprise
            && let Some(answer) = enterprise::answer(&self.server, path, &asked.body())
        {
            return answer;
        }
        let for_token = posted && path.ends_with("/token");
        if for_token && let Some(refused) = self.nonces.as_ref().and_then(|n| n.refuse_token(asked))
        {
            return refused;
        }
        self.admit_document(path, asked);
        let headers = asked.headers().iter().map(|h| (h.name.as_str(), h.value.as_str()));
        let body = asked.body().bytes().clone();
        let reply = self.server.answer(asked.method(), target, headers, body).await;
        let mut response = response(reply);
        if self.scene == Scene::Enterprise && path.contains("/.well-known/") {
            enterprise::announce(&mut response);
        }
        match self.scene {
            Scene::OddChallenge if path.contains("/.well-known/") => with_a_query(&mut response),
            Scene::Endpoints if path.contains("/.well-known/") => at_own_places(&mut response),
            Scene::PreRegisteredOddly if path.contains("/.well-known/") => by_basic(&mut response),
            Scene::PlainEndpoint if path.contains("/.well-known/") => elsewhere(&mut response),
            Scene::TokenType if path.ends_with("/token") => of_no_type(&mut response),
            Scene::Dpop | Scene::DpopNonce if for_token => {
                possession::bind(asked, self.nonces.as_ref(), &mut response);
            }
            Scene::Dpop | Scene::DpopNonce if path.contains("/.well-known/") => {
                of_bound_tokens(&mut response);
            }
            _ => {}
        }
        response
    }

    /// The target that this one is to the server, if there is anything: endpoints at places of their own are nowhere else.
    fn within<'a>(&self, target: &'a str) -> Option<&'a str> {
        if self.scene != Scene::Endpoints || target.contains("/.well-known/") {
            return Some(target);
        }
        let path = target.split('?').next().unwrap_or_default();
        match target.strip_prefix(OWN_PLACE) {
            Some(within) => Some(within),
            None if ENDPOINTS.iter().any(|(_, usual)| path.ends_with(usual)) => None,
            None => Some(target),
        }
    }

    /// Whether a document does not exist here that the server would give.
    fn is_missing(&self, path: &str) -> bool {
        let [own, _] = self.setting.issuers;
        let openid = "/.well-known/openid-configuration";
        let appended = !own.is_empty() && path.ends_with(openid) && path != openid;
        let inserted = !appended && path.starts_with(openid);
        let oauth = path.starts_with("/.well-known/oauth-authorization-server");
        match self.setting.discovery {
            Discovery::All => false,
            Discovery::OAuth => inserted || appended,
            Discovery::OpenIdInserted => oauth || appended,
            Discovery::OpenIdAppended => oauth || inserted,
        }
    }

    /// Makes a client known that is named by the address of its document. Nothing is fetched: the documents of clients
    /// under test exist nowhere, as a rule.
    fn admit_document(&self, path: &str, asked: &Asked) {
        if !self.setting.profile.cimd_listed {
            return;
        }
        let query = asked.target().split_once('?').map_or("", |(_, query)| query);
        let body = asked.body();
        let all = parse(query.as_bytes()).chain(parse(body.bytes()));
        let named = all.into_iter().find(|(name, _)| name == "client_id");
        let Some((_, id)) = named.filter(|(_, id)| is_document(id)) else { return };
        let tenants = self.setting.issuers.iter();
        let tenant = tenants
            .filter(|tenant| path.starts_with(&format!("{tenant}/")))
            .find_map(|tenant| self.server.tenant(tenant));
        if let Some(tenant) = tenant.filter(|tenant| tenant.preregistered(&id).is_none()) {
            tenant.register(Client::public(id, Vec::<String>::new()));
        }
    }
}

/// The endpoints by which a client signs in, and where the server has them.
const ENDPOINTS: [(&str, &str); 3] = [
    ("authorization_endpoint", "/authorize"),
    ("token_endpoint", "/token"),
    ("registration_endpoint", "/register"),
];

/// Names endpoints at places of their own, which nobody can guess (RFC 8414 section 2).
fn at_own_places(response: &mut Response) {
    for (member, usual) in ENDPOINTS {
        change(response, member, |endpoint| {
            endpoint.replace(usual, &format!("{OWN_PLACE}{usual}"))
        });
    }
}

/// Has clients authenticate by HTTP Basic alone.
fn by_basic(response: &mut Response) {
    let document = serde_json::from_slice::<Value>(response.body.bytes());
    let Ok(mut document) = document else { return };
    if document["token_endpoint"].is_string() {
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]);
        response.body = document.to_string().into();
    }
}

/// Says which proofs of possession are understood.
fn of_bound_tokens(response: &mut Response) {
    let document = serde_json::from_slice::<Value>(response.body.bytes());
    let Ok(mut document) = document else { return };
    if document["token_endpoint"].is_string() {
        possession::announce(&mut document);
        response.body = document.to_string().into();
    }
}

/// Gives the authorization endpoint a query, which a client is to keep (OAuth 2.1 section 3.1).
fn with_a_query(response: &mut Response) {
    change(response, "authorization_endpoint", |endpoint| {
        let (name, value) = KEPT_QUERY;
        format!("{endpoint}?{name}={value}")
    });
}

/// Names the token endpoint by the address that is of no interface: what is sent there comes back to this machine, and
/// whoever reads the address cannot know that (OAuth 2.1 section 1.5).
fn elsewhere(response: &mut Response) {
    change(response, "token_endpoint", |endpoint| endpoint.replace("127.0.0.1", NO_LOOPBACK));
}

/// Makes a token one of a type that nobody has defined (RFC 6749 section 7.1).
fn of_no_type(response: &mut Response) {
    change(response, "token_type", |_| UNKNOWN_TOKEN_TYPE.to_owned());
}

/// Changes a text of a document.
fn change(response: &mut Response, member: &str, to: impl Fn(&str) -> String) {
    let document = serde_json::from_slice::<Value>(response.body.bytes());
    let Ok(mut document) = document else { return };
    if let Some(text) = document[member].as_str() {
        document[member] = json!(to(text));
        response.body = document.to_string().into();
    }
}

/// Whether a client identifier is the address of a document.
fn is_document(id: &str) -> bool {
    Url::parse(id).is_ok_and(|url| url.scheme() == "https" && url.path() != "/")
}

fn response(reply: Reply) -> Response {
    let mut response = Response::new(reply.status).body(reply.body);
    let framing = ["content-length", "transfer-encoding", "connection"];
    response.headers = reply
        .headers
        .into_iter()
        .filter(|(name, _)| !framing.contains(&name.as_str()))
        .map(|(name, value)| Header::new(name, value))
        .collect();
    response
}

/// An error of OAuth (RFC 6749 section 5.2).
pub(super) fn refusal(error: &str, description: &str) -> Response {
    let body: Value = json!({ "error": error, "error_description": description });
    Response { status: 400, ..Response::json(&body) }
}
