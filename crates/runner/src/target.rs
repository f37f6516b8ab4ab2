//! The target: an address, or a command that we start and stop.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::Range;
use std::sync::Arc;

use plumb_wire::Limits;
use plumb_wire::http::{Client, ClientOptions, Endpoint};
use plumb_wire::process::{Launch, Process};

use crate::auth::{AuthOptions, Authority};
use crate::authorization_server::Issuer;
use crate::channel::{Channel, Way};
use crate::client::{ClientCommand, Listening};
use crate::errors::TargetError;
use crate::process::keeper::Keeper;
use crate::process::mortal::GRACE;
use crate::process::server::Server;
use crate::reach::{Reach, is_loopback, trust};
use crate::record::Recorder;

/// Servers that we start listen on these ports, below those that systems give to whoever connects.
const QUIET: Range<u16> = 15_000..32_000;

/// So many of them are looked at for a free one.
const LOOKS: usize = 64;

/// A command is given so many ports at most.
const PORTS: usize = 3;

/// The target, as the user names it.
#[derive(Clone, Debug)]
pub enum Target {
    /// An address that answers already.
    Url(Reach),
    /// A command that serves HTTP on the port that it is told by `{port}`.
    HttpCommand {
        /// The command; `{port}` in its arguments and environment is replaced.
        launch: Launch,
        /// How to reach it; `{port}` in the URL is replaced.
        reach: Reach,
    },
    /// A command that speaks over its standard streams.
    Stdio(Launch),
    /// A gateway, and the server behind it.
    Gateway(Box<Gateway>),
    /// An authorization server, which is judged by checks of its own.
    AuthorizationServer(Box<Issuer>),
    /// A command that is a client, which is pointed at a server of ours.
    Client(Box<ClientCommand>),
    /// A client that somebody else starts and leads to servers of ours, which wait for it.
    LedClient(Arc<Listening>),
}

/// A gateway, and the server behind it.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The gateway, as clients reach it.
    pub reach: Reach,
    /// The server behind it: an address, or a command, which the gateway must then find at its port.
    pub behind: Target,
}

impl Target {
    /// The target as a report shows it.
    pub fn address(&self) -> String {
        match self {
            Self::Url(reach) => reach.url.clone(),
            Self::Gateway(gateway) => gateway.reach.url.clone(),
            Self::AuthorizationServer(issuer) => issuer.reach.url.clone(),
            Self::HttpCommand { launch, .. } | Self::Stdio(launch) => command_line(launch),
            Self::Client(command) => command_line(&command.launch),
            Self::LedClient(listening) => listening.address().to_owned(),
        }
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Url(reach) => is_loopback(&reach.url),
            Self::Gateway(gateway) => gateway.behind.is_local(),
            Self::AuthorizationServer(issuer) => is_loopback(&issuer.reach.url),
            _ => true,
        }
    }

    /// Whether we own the process, and so can start another.
    pub fn is_command(&self) -> bool {
        match self {
            Self::Url(_) | Self::AuthorizationServer(_) | Self::LedClient(_) => false,
            Self::HttpCommand { .. } | Self::Stdio(_) | Self::Client(_) => true,
            Self::Gateway(gateway) => gateway.behind.is_command(),
        }
    }

    /// Whether the command asks whom to trust: the run then has an authorization server.
    pub fn asks_for_authorization(&self) -> bool {
        match self {
            Self::HttpCommand { launch, .. } => launch
                .args
                .iter()
                .chain(launch.env.iter().map(|(_, v)| v))
                .any(|text| AuthOptions::are_meant_by(text)),
            Self::Gateway(gateway) => gateway.behind.asks_for_authorization(),
            Self::Url(_)
            | Self::Stdio(_)
            | Self::AuthorizationServer(_)
            | Self::Client(_)
            | Self::LedClient(_) => false,
        }
    }

    /// Starts the target, or readies the way to its address.
    pub(crate) async fn start(
        &self,
        limits: &Limits,
        recorder: &Arc<Recorder>,
        auth: Option<&Authority>,
    ) -> Result<Running, TargetError> {
        let way = match self {
            Self::Url(reach) => Way::Http(client(reach, limits, recorder, auth)?, None),
            Self::Gateway(gateway) => {
                let behind = gateway.behind.start(limits, recorder, auth);
                return Box::pin(behind).await;
            }
            Self::AuthorizationServer(issuer) => {
                let why =
                    format!("{} is an authorization server, which is visited", issuer.reach.url);
                return Err(TargetError::Address(why));
            }
            Self::Client(_) | Self::LedClient(_) => {
                let why = format!("{} is a client, which is answered", self.address());
                return Err(TargetError::Address(why));
            }
            Self::HttpCommand { launch, reach } => {
                let (client, server) = serve(launch, reach, limits, recorder, auth).await?;
                Way::Http(client, Some(Arc::new(server)))
            }
            Self::Stdio(launch) => {
                let keeper =
                    Keeper::start(launch.clone(), limits.clone(), Arc::clone(recorder)).await?;
                Way::Stdio(Arc::new(keeper))
            }
        };
        Ok(Running { channel: Channel::new(way, Arc::clone(recorder)) })
    }
}

fn command_line(launch: &Launch) -> String {
    plumb_model::shell::command_line(std::iter::once(&launch.program).chain(&launch.args))
}

/// A started target. [`Running::stop`] ends it politely; dropping it ends it for sure.
pub(crate) struct Running {
    pub(crate) channel: Channel,
}

impl Running {
    /// The process, if it serves HTTP.
    pub(crate) fn process(&self) -> Option<Arc<Process>> {
        self.channel.server().map(|server| server.process())
    }

    /// Whether its process has not ended; there is none at an address.
    pub(crate) fn is_alive(&self) -> bool {
        match (self.channel.keeper(), self.process()) {
            (Some(keeper), _) => keeper.is_alive(),
            (None, process) => process.is_none_or(|process| process.exited().is_none()),
        }
    }

    pub(crate) async fn stop(self) {
        if let Some(keeper) = self.channel.keeper() {
            keeper.stop().await;
        }
        if let Some(process) = self.process() {
            process.stop(GRACE).await;
        }
    }
}

/// The way through a gateway, with the access token of the server behind it if the run has any: the two are one to whoever
/// asks.
pub(crate) fn front(
    gateway: &Gateway,
    limits: &Limits,
    recorder: &Recorder,
    auth: Option<(&Authority, &str)>,
) -> Result<Client, TargetError> {
    let mut reach = gateway.reach.clone();
    reach.headers.extend(auth.map(|(auth, behind)| auth.header(behind)).transpose()?);
    client(&reach, limits, recorder, None)
}

fn client(
    reach: &Reach,
    limits: &Limits,
    recorder: &Recorder,
    auth: Option<&Authority>,
) -> Result<Client, TargetError> {
    let endpoint = Endpoint::parse(&reach.url).map_err(|e| TargetError::Address(e.to_string()))?;
    let proxy = reach.proxy.as_deref().map(url::Url::parse).transpose();
    let proxy = proxy.map_err(|e| TargetError::Address(format!("the proxy's address: {e}")))?;
    let mut headers = reach.headers.clone();
    headers.extend(auth.map(|auth| auth.header(&reach.url)).transpose()?);
    let (trust, limits) = (trust(reach)?, limits.clone());
    let options = ClientOptions { headers, trust, proxy, limits, named_by: None };
    Client::new(endpoint, options, recorder.clock).map_err(|e| TargetError::Address(e.to_string()))
}

/// Where a command listens that serves at this address.
fn listens_at(url: &str, port: u16) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(url::Url::host_str).unwrap_or("127.0.0.1");
    format!("{host}:{port}")
}

/// Starts a command on a free port, and readies the way to it; on another one if somebody else was quicker.
async fn serve(
    launch: &Launch,
    reach: &Reach,
    limits: &Limits,
    recorder: &Recorder,
    auth: Option<&Authority>,
) -> Result<(Client, Server), TargetError> {
    let mut tries = 1;
    loop {
        let port = free_port()?;
        let reach = Reach { url: numbered(&reach.url, port), ..reach.clone() };
        let launch = filled(launch, port, &reach.url, auth);
        let (address, ready) = (listens_at(&reach.url, port), recorder.tempo.starts_within());
        match Server::start(launch, address, limits.clone(), ready).await {
            Err(error) if tries < PORTS && error.is_of_the_port() => tries += 1,
            server => return Ok((client(&reach, limits, recorder, auth)?, server?)),
        }
    }
}

/// The command with its port, and what the run's authorization server has to tell it.
fn filled(launch: &Launch, port: u16, url: &str, auth: Option<&Authority>) -> Launch {
    let fill = |text: &str| {
        let text = numbered(text, port);
        auth.map_or_else(|| text.clone(), |auth| auth.fill(&text, url))
    };
    let mut launch = launch.clone();
    launch.args.iter_mut().for_each(|a| *a = fill(a));
    launch.env.iter_mut().for_each(|(_, v)| *v = fill(v));
    launch
}

fn numbered(text: &str, port: u16) -> String {
    text.replace("{port}", &port.to_string())
}

/// A port that is free now; the server that takes it is started at once. It is none of those that systems give to whoever
/// connects: between our look and the server's, many of these are given out on a busy machine.
fn free_port() -> Result<u16, TargetError> {
    let mut quiet = (0..LOOKS).filter_map(|_| {
        let drawn = RandomState::new().build_hasher().finish() % u64::from(QUIET.end - QUIET.start);
        let port = QUIET.start + u16::try_from(drawn).ok()?;
        std::net::TcpListener::bind(("127.0.0.1", port)).ok().map(|_| port)
    });
    if let Some(port) = quiet.next() {
        return Ok(port);
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    listener.map(|a| a.port()).map_err(|e| TargetError::Address(format!("no free port: {e}")))
}
