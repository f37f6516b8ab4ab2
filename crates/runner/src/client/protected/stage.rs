//! The two servers of a scene, started and stopped together.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plumb_model::Edition;
use plumb_oauth::server::Client;
use plumb_oauth::{AuthorizationServer, Embedded};
use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::script::Play;
use plumb_wire::{Asked, Clock, Limits, Log, Served, WireError};
use serde_json::Value;

use super::authority::Authority;
use super::enterprise;
use super::facts::Facts;
use super::guard::{Guard, resource};
use super::possession::Nonces;
use super::scene::Scene;
use super::setting;
use super::{CLIENT_ID, CLIENT_SECRET, ODD_CLIENT, ODD_SECRET, SIGNED_CLIENT, scopes};
use crate::client::ENDPOINT;
use crate::client::provocation;
use crate::client::scenario::Scenario;
use crate::client::server;

/// The two servers.
#[derive(Debug)]
pub(in crate::client) struct Stage {
    pub(in crate::client) server: Server,
    authority: Server,
    embedded: Arc<Embedded>,
    pub(in crate::client) facts: Facts,
}

impl Stage {
    /// Starts them on free ports of this machine; the server on this one, if it is not 0.
    pub(in crate::client) async fn start(
        edition: &Arc<Edition>,
        scene: Scene,
        port: u16,
        limits: &Limits,
        clock: Clock,
    ) -> Result<Self, WireError> {
        let setting = setting::of(scene);
        let options = || ServerOptions { limits: limits.clone(), ..ServerOptions::default() };
        // Its address is part of what it says, and known once it listens.
        let cell: Arc<OnceLock<Arc<Authority>>> = Arc::default();
        let late = Arc::clone(&cell);
        let handler = move |asked: Asked| {
            let authority = late.get().cloned();
            async move {
                match authority {
                    Some(authority) => Play::from(authority.answer(&asked).await),
                    None => Response::new(503).into(),
                }
            }
        };
        let authority = Server::start(handler, options(), clock).await?;
        let base = format!("http://{}", authority.address());
        let embedded = Arc::new(embedded(&setting, &base)?);
        let held = Authority {
            scene,
            setting: setting.clone(),
            server: Arc::clone(&embedded),
            nonces: Nonces::of(scene),
        };
        // It is empty: this is the only place that fills it.
        let _ = cell.set(Arc::new(held));
        let guard = Guard::new(scene, setting.clone());
        let unprovoked = provocation::Stage::default();
        let (edition, trusted, at) = (Arc::clone(edition), Arc::clone(&embedded), base.clone());
        let handler = move |asked: Asked| {
            let stopped = guard.stop(&asked, &trusted, &at);
            let answer = stopped.unwrap_or_else(|| {
                let scenario = Scenario::Protected(scene);
                let mut answer = server::answer(&asked, scenario, &edition, &unprovoked);
                guard.amend(&asked, &mut answer);
                answer
            });
            async { Play::from(answer) }
        };
        let mut at = options();
        at.address.set_port(port);
        let server = Server::start(handler, at, clock).await?;
        let origin = format!("http://{}", server.address());
        let facts = Facts {
            scene,
            uri: format!("{origin}{ENDPOINT}"),
            resource: resource(setting.resource, &origin),
            server: origin,
            issuers: setting.issuers.map(|path| format!("{base}{path}")),
            authority: base,
            challenged: setting.challenged,
            supported: setting.supported,
            epoch: epoch(clock),
        };
        Ok(Self { server, authority, embedded, facts })
    }

    /// What the client is told, if it depends on where the servers are: credentials are those of one authorization server, and
    /// a client that binds them to it asks which that is.
    pub(in crate::client) fn context(&self) -> Option<Value> {
        if self.facts.scene == Scene::Enterprise {
            return Some(enterprise::context(&self.embedded, &self.facts.authority));
        }
        let mut told = self.facts.scene.context();
        told.get("client_id")?;
        told["issuer"] = self.facts.issuers[0].as_str().into();
        Some(told)
    }

    /// Every secret that was given out.
    pub(in crate::client) fn secrets(&self) -> Vec<Arc<str>> {
        self.embedded.secrets().map(plumb_oauth::Collected::all).unwrap_or_default()
    }

    /// What both are asked, while they are.
    pub(in crate::client) fn logs(&self) -> [Log; 2] {
        [self.server.log(), self.authority.log()]
    }

    /// How many requests were not kept.
    pub(in crate::client) fn lost(&self) -> u64 {
        self.server.lost() + self.authority.lost()
    }

    /// Stops both, and gives everything that they were asked, in order.
    pub(in crate::client) async fn stop(self, grace: Duration) -> (Vec<Served>, Facts) {
        let mut all = self.server.stop(grace).await;
        all.extend(self.authority.stop(grace).await);
        all.sort_by_key(|served| served.asked.begun_at);
        (all, self.facts)
    }
}

/// The second of Unix time at which a clock began.
fn epoch(clock: Clock) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_micros(clock.now())).as_secs()
}

fn embedded(setting: &setting::Setting, base: &str) -> Result<Embedded, WireError> {
    let redirect = ["http://localhost/callback"];
    let known = |id: &str| Client::confidential(id, CLIENT_SECRET, redirect);
    let server = AuthorizationServer::of(setting.profile)
        .tenants(setting.issuers)
        .scopes([scopes::READ, scopes::WRITE, scopes::UNLISTED])
        .decision(setting.decision.clone())
        .client(known(CLIENT_ID))
        .client(Client::confidential(ODD_CLIENT, ODD_SECRET, redirect))
        .client(known(SIGNED_CLIENT));
    let failed = |cause: String| WireError::Listen { address: base.to_owned(), cause };
    server.embed(base).map_err(|error| failed(error.to_string()))
}
