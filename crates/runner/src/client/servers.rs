//! The servers of a scenario, and how a client reaches them.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::Edition;
use plumb_wire::http::{Server, ServerOptions};
use plumb_wire::stdio::Life;
use plumb_wire::{Clock, Limits, Log, Served, Transport, WireError};
use serde_json::Value;

use super::piped::Piped;
use super::protected::{Facts, Stage, told};
use super::scenario::Scenario;
use super::server::{self, ENDPOINT};

/// The servers of a scenario.
#[derive(Debug)]
pub(super) enum Servers {
    Open(Server),
    Protected(Box<Stage>),
    /// Over standard streams; what is referred to over HTTP is served by the other one.
    Piped(Box<Piped>, Server),
}

/// Where a client finds the server of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this URL.
    Url(String),
    /// By starting this command.
    Command(Vec<String>),
}

/// What came to the servers of a scenario.
#[derive(Default)]
pub(super) struct Took {
    pub(super) served: Vec<Served>,
    /// Where the servers were, if they were protected.
    pub(super) facts: Option<Facts>,
    /// What must not be written about it.
    pub(super) secrets: Vec<Arc<str>>,
}

impl Servers {
    /// Starts them; that which the client is pointed at on this port, if it is not 0.
    pub(super) async fn start(
        edition: &Arc<Edition>,
        scenario: Scenario,
        over: Transport,
        port: u16,
        limits: &Limits,
        clock: Clock,
    ) -> Result<Self, WireError> {
        if let Scenario::Protected(scene) = scenario {
            let stage = Stage::start(edition, scene, port, limits, clock).await?;
            return Ok(Self::Protected(Box::new(stage)));
        }
        let answering = server::answering(edition, scenario);
        let mut options = ServerOptions { limits: limits.clone(), ..ServerOptions::default() };
        options.address.set_port(port);
        let server = server::start(Arc::clone(&answering), options, clock).await?;
        if over == Transport::StreamableHttp {
            return Ok(Self::Open(server));
        }
        let host = server.address().to_string();
        let piped = Piped::start(scenario, answering, host, limits, clock)?;
        Ok(Self::Piped(Box::new(piped), server))
    }

    /// Where the client is to go, by way of this relay if it starts its server itself.
    pub(super) fn place(&self, relay: &[String]) -> Place {
        let url = |server: &Server| Place::Url(format!("http://{}{ENDPOINT}", server.address()));
        match self {
            Self::Open(server) => url(server),
            Self::Protected(stage) => url(&stage.server),
            Self::Piped(piped, _) => Place::Command(piped.command(relay)),
        }
    }

    /// What the client is told, if it depends on where the servers are.
    pub(super) fn context(&self) -> Option<Value> {
        match self {
            Self::Protected(stage) => stage.context(),
            Self::Open(_) | Self::Piped(..) => None,
        }
    }

    /// Everything that the server itself is asked, while it is.
    pub(super) fn log(&self) -> Log {
        match self {
            Self::Open(server) => server.log(),
            Self::Protected(stage) => stage.server.log(),
            Self::Piped(piped, _) => piped.log(),
        }
    }

    /// Resolves when more than so many requests have come to all of them.
    pub(super) async fn overrun(&self, most: u64) {
        let logs = match self {
            Self::Open(server) => vec![server.log()],
            Self::Protected(stage) => stage.logs().into(),
            Self::Piped(piped, server) => vec![piped.log(), server.log()],
        };
        let mut changes: Vec<_> = logs.iter().map(Log::changes).collect();
        while logs.iter().map(Log::came).sum::<u64>() <= most {
            let any = changes.iter_mut().map(|one| Box::pin(one.changed()));
            let _ = futures_util::future::select_all(any).await;
        }
    }

    /// How many requests were not kept.
    pub(super) fn lost(&self) -> u64 {
        match self {
            Self::Open(server) => server.lost(),
            Self::Protected(stage) => stage.lost(),
            Self::Piped(piped, server) => piped.lost() + server.lost(),
        }
    }

    /// Waits until the processes that the client started have ended, at most so long, and tells how each lived.
    pub(super) async fn settle(&mut self, patience: Duration) -> Vec<Life> {
        match self {
            Self::Piped(piped, _) => piped.settle(patience).await,
            Self::Open(_) | Self::Protected(_) => Vec::new(),
        }
    }

    /// Stops them.
    pub(super) async fn stop(self, grace: Duration) -> Took {
        match self {
            Self::Open(server) => Took { served: server.stop(grace).await, ..Took::default() },
            Self::Protected(stage) => {
                let mut secrets = stage.secrets();
                let (served, facts) = stage.stop(grace).await;
                secrets.extend(told(&served));
                Took { served, secrets, facts: Some(facts) }
            }
            Self::Piped(piped, server) => {
                let mut all = piped.stop();
                all.extend(server.stop(grace).await);
                all.sort_by_key(|served| served.asked.begun_at);
                Took { served: all, ..Took::default() }
            }
        }
    }
}
