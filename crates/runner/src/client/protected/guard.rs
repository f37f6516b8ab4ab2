//! The protection of the server: its challenges, its metadata, and which token is enough.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use plumb_oauth::Embedded;
use plumb_wire::http::Response;
use plumb_wire::jsonrpc::Message;
use plumb_wire::{Asked, method};
use serde_json::{Map, Value, json};

use super::possession::{self, Nonces};
use super::proof::PROOF;
use super::scene::Scene;
use super::scopes;
use super::setting::{Document, Resource, Setting};
use crate::client::ENDPOINT;

/// Where the metadata of a resource stands if not at a well-known place.
pub const CUSTOM: &str = "/custom/metadata.json";
/// The path of the issuer that the metadata at the root names, where the server has metadata of its own.
pub const ASTRAY: &str = "/of-the-root";
/// The well-known place of the metadata of a resource at the root (RFC 9728 section 3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What stands before the server.
#[derive(Debug)]
pub(super) struct Guard {
    scene: Scene,
    setting: Setting,
    /// Whether the first list was given: what changes in a scene changes then.
    listed: AtomicBool,
    /// The `jti` of the first token that was shown.
    first: Mutex<Option<String>>,
    /// Those of tokens that have been used up.
    spent: Mutex<BTreeSet<String>>,
    /// What it wants in each proof, if it wants any.
    nonces: Option<Nonces>,
}

impl Guard {
    pub(super) fn new(scene: Scene, setting: Setting) -> Self {
        Self {
            scene,
            setting,
            listed: AtomicBool::new(false),
            first: Mutex::default(),
            spent: Mutex::default(),
            nonces: Nonces::of(scene),
        }
    }

    /// The answer to a request that is not let through.
    pub(super) fn stop(&self, asked: &Asked, authority: &Embedded, base: &str) -> Option<Response> {
        let path = asked.target().split('?').next().unwrap_or_default();
        let host = asked.header("Host").unwrap_or_default();
        let origin = format!("http://{host}");
        if path.starts_with(WELL_KNOWN) || path == CUSTOM {
            let document = self.document_at(path, &origin, base);
            let document = document.filter(|_| asked.method() == "GET");
            return Some(document.map_or_else(|| Response::new(404), |d| Response::json(&d)));
        }
        if path != ENDPOINT {
            return None;
        }
        let message = asked.message();
        let token = bearer(asked).or_else(|| self.bound(asked));
        let claims = token.and_then(|token| authority.active(token));
        let Some(claims) = claims.filter(|claims| self.is_good(claims, base)) else {
            let given = asked.header("Authorization").is_some();
            return Some(self.challenge(&origin, given));
        };
        if let Some(refused) = self.nonces.as_ref().and_then(|n| n.refuse_message(asked)) {
            return Some(refused);
        }
        // Where no token is enough, none is, whatever the authorization server granted.
        let enough = |scope: &str| self.scene != Scene::RetryLimit && has(&claims, scope);
        if let Some(needed) = self.needed(&message).filter(|scope| !enough(scope)) {
            return Some(insufficient(needed, &self.located(&origin)));
        }
        if message.method() == Some(method::TOOLS_LIST) {
            self.listed.store(true, Ordering::Relaxed);
        }
        if [Some(method::TOOLS_LIST), Some(method::TOOLS_CALL)].contains(&message.method()) {
            let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
            spent.insert(name(&claims));
        }
        None
    }

    /// What is told beside the answer to a request that was let through.
    pub(super) fn amend(&self, asked: &Asked, answer: &mut Response) {
        let Some(nonces) = &self.nonces else { return };
        let lists = asked.message().method() == Some(method::TOOLS_LIST);
        if lists && answer.status == 200 && asked.header(PROOF).is_some() {
            nonces.renew(answer);
        }
    }

    /// The token that comes with a proof, where such tokens are given.
    fn bound<'a>(&self, asked: &'a Asked) -> Option<&'a str> {
        possession::is_offered(self.scene).then(|| presented(asked, "dpop")).flatten()
    }

    /// Whether a token is one that is good now.
    fn is_good(&self, claims: &Map<String, Value>, base: &str) -> bool {
        let listed = self.listed.load(Ordering::Relaxed);
        match self.scene {
            scene if scene.migrates() => claims["iss"] == self.issuer(base),
            // The first list is given for the first token, and everything else for another one.
            Scene::Expired | Scene::NoRefresh => !self.is_first(claims) || !listed,
            Scene::Rotated => {
                let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
                !spent.contains(&name(claims))
            }
            _ => true,
        }
    }

    /// Whether a token is of the time before the first list: tokens are counted by their `jti`.
    fn is_first(&self, claims: &Map<String, Value>) -> bool {
        let name = name(claims);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        *first.get_or_insert(name.clone()) == name
    }

    /// The scope that a request needs, if it needs one beyond what everybody has.
    fn needed(&self, message: &Message) -> Option<&'static str> {
        match self.scene {
            Scene::StepUp if message.method() == Some(method::TOOLS_CALL) => Some(scopes::WRITE),
            Scene::RetryLimit => Some(scopes::WRITE),
            _ => None,
        }
    }

    fn challenge(&self, origin: &str, given: bool) -> Response {
        let located = format!("resource_metadata=\"{}\"", self.located(origin));
        let scope = self.setting.challenged.map(|scope| format!("scope=\"{scope}\""));
        let error = given.then(|| "error=\"invalid_token\"".to_owned());
        let refused = Response::new(401);
        match self.setting.document {
            Document::NamedOddly => {
                let scope = scope.unwrap_or_default();
                refused
                    .header("WWW-Authenticate", "Negotiate")
                    .header(
                        "www-authenticate",
                        format!(
                            "Basic realm=\"a, Bearer of \\\"news\\\"\", bearer  realm=\"x, y\" ,\t{scope} , {located}"
                        ),
                    )
            }
            Document::WellKnown | Document::Root => {
                let rest: Vec<String> = error.into_iter().chain(scope).collect();
                let rest = if rest.is_empty() { "realm=\"plumb\"".into() } else { rest.join(", ") };
                refused.header("WWW-Authenticate", format!("Bearer {rest}"))
            }
            Document::Named | Document::Elsewhere => {
                let all: Vec<String> = error.into_iter().chain([located]).chain(scope).collect();
                let all = all.join(", ");
                let refused = refused.header("WWW-Authenticate", format!("Bearer {all}"));
                if !possession::is_offered(self.scene) {
                    return refused;
                }
                let bound = format!("DPoP {}, {all}", possession::algorithms());
                refused.header("WWW-Authenticate", bound)
            }
        }
    }

    /// The path of the metadata.
    fn place(&self) -> String {
        match self.setting.document {
            Document::Elsewhere | Document::NamedOddly => CUSTOM.to_owned(),
            Document::Root => WELL_KNOWN.to_owned(),
            Document::Named | Document::WellKnown => {
                format!("{WELL_KNOWN}{ENDPOINT}")
            }
        }
    }

    fn located(&self, origin: &str) -> String {
        format!("{origin}{}", self.place())
    }

    /// The issuer that the server trusts now.
    fn issuer(&self, base: &str) -> String {
        let [first, second] = self.setting.issuers;
        let moved = self.scene.migrates() && self.listed.load(Ordering::Relaxed);
        format!("{base}{}", if moved { second } else { first })
    }

    /// The metadata of a resource that stands there: the server's own, or beside it that of the origin, which trusts another one.
    fn document_at(&self, path: &str, origin: &str, base: &str) -> Option<Value> {
        if path == self.place() {
            return Some(self.document(origin, base));
        }
        let beside = path == WELL_KNOWN && self.setting.document == Document::WellKnown;
        beside.then(|| {
            let mut document = self.document(origin, base);
            document["resource"] = json!(resource(Resource::Origin, origin));
            document["authorization_servers"] = json!([format!("{base}{ASTRAY}")]);
            document
        })
    }

    /// The metadata of the resource (RFC 9728 section 2).
    fn document(&self, origin: &str, base: &str) -> Value {
        let mut document = json!({
            "resource": resource(self.setting.resource, origin),
            "authorization_servers": [self.issuer(base)],
            "bearer_methods_supported": ["header"],
        });
        if let Some(supported) = self.setting.supported {
            document["scopes_supported"] = json!(supported);
        }
        if possession::is_offered(self.scene) {
            possession::announce(&mut document);
        }
        document
    }
}

/// The resource that metadata speaks of.
pub(super) fn resource(of: Resource, origin: &str) -> String {
    match of {
        Resource::Own => format!("{origin}{ENDPOINT}"),
        Resource::Origin => origin.to_owned(),
        Resource::Foreign => format!("https://other-resource.invalid{ENDPOINT}"),
        Resource::Sibling => format!("{origin}/other"),
    }
}

fn bearer(asked: &Asked) -> Option<&str> {
    presented(asked, "bearer")
}

/// The credentials of this scheme.
fn presented<'a>(asked: &'a Asked, scheme: &str) -> Option<&'a str> {
    let (named, token) = asked.header("Authorization")?.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| token.trim())
}

/// What tells a token from others.
fn name(claims: &Map<String, Value>) -> String {
    claims.get("jti").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn has(claims: &Map<String, Value>, scope: &str) -> bool {
    let scopes = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    scopes.split(' ').any(|of| of == scope)
}

/// Says which scope is missing, that one alone (basic/authorization#runtime-insufficient-scope-errors).
fn insufficient(scope: &str, located: &str) -> Response {
    let challenge = format!(
        "Bearer error=\"insufficient_scope\", scope=\"{scope}\", resource_metadata=\"{located}\", \
         error_description=\"more is needed\""
    );
    Response::new(403).header("WWW-Authenticate", challenge)
}
