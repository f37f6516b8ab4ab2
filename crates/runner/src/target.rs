//! The server under test: an address, or a command that we start and stop.

mod keeper;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plumb_model::{Header, Payload};
use plumb_wire::http::{Client, ClientOptions, Endpoint, Trust};
use plumb_wire::process::{Exit, Launch, Process};
use plumb_wire::stdio::Session;
use plumb_wire::{Limits, WireError};

use crate::auth::{AuthOptions, Authority};
use crate::authorization_server::{Issuer, is_loopback};
use crate::channel::{Channel, Way};
use crate::record::Recorder;

pub(crate) use keeper::Keeper;
pub(crate) use server::Server;
use server::serve;

/// A server gets so long to end by itself before it is ended.
const GRACE: Duration = Duration::from_secs(2);

/// A process that closes its connections or its output is gone within so long.
const DYING: Duration = Duration::from_millis(500);

/// A process that keeps dying is started at most so often in a run.
const RESTARTS: u32 = 24;

/// The server under test, as the user names it.
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
    /// An authorization server, which is judged by checks of its own.
    AuthorizationServer(Box<Issuer>),
}

/// How to reach an address.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The MCP endpoint.
    pub url: String,
    /// Header fields added to every request.
    pub headers: Vec<Header>,
    /// Files with certificates to trust beside the public ones.
    pub ca_files: Vec<PathBuf>,
    /// A proxy; the environment is not asked.
    pub proxy: Option<String>,
}

/// Why a target could not be reached or started.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The address is no URL that we can reach.
    #[error("{0}")]
    Address(String),
    /// The authorization server of the run could not be started.
    #[error("the authorization server of the run: {0}")]
    Authorization(String),
    /// The command could not be started.
    #[error("{0}")]
    Start(WireError),
    /// The command ended before it answered.
    #[error("the server ended ({status}) before it answered; its last words: {stderr}")]
    Died {
        /// How it ended.
        status: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// The command never answered.
    #[error(
        "the server did not accept a connection at {address} within {within} s (--timeout lengthens that); its last words: {stderr}"
    )]
    NeverReady {
        /// Where it was expected.
        address: String,
        /// How long it was waited for, in seconds.
        within: u64,
        /// The end of its standard error.
        stderr: String,
    },
}

impl Target {
    /// The target as a report shows it.
    pub fn address(&self) -> String {
        match self {
            Self::Url(reach) => reach.url.clone(),
            Self::AuthorizationServer(issuer) => issuer.reach.url.clone(),
            Self::HttpCommand { launch, .. } | Self::Stdio(launch) => {
                std::iter::once(&launch.program)
                    .chain(&launch.args)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" ")
            }
        }
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Url(reach) => url::Url::parse(&reach.url)
                .ok()
                .and_then(|u| {
                    u.host_str().map(|h| h == "localhost" || h.starts_with("127.") || h == "[::1]")
                })
                .unwrap_or(false),
            Self::AuthorizationServer(issuer) => is_loopback(&issuer.reach.url),
            _ => true,
        }
    }

    /// Whether we own the process, and so can start another.
    pub fn is_command(&self) -> bool {
        !matches!(self, Self::Url(_) | Self::AuthorizationServer(_))
    }

    /// Whether the command asks whom to trust: the run then has an authorization server.
    pub fn asks_for_authorization(&self) -> bool {
        match self {
            Self::HttpCommand { launch, .. } => launch
                .args
                .iter()
                .chain(launch.env.iter().map(|(_, v)| v))
                .any(|text| AuthOptions::are_meant_by(text)),
            Self::Url(_) | Self::Stdio(_) | Self::AuthorizationServer(_) => false,
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
            Self::AuthorizationServer(issuer) => {
                let why =
                    format!("{} is an authorization server, which is visited", issuer.reach.url);
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

/// A started target. [`Running::stop`] ends it politely; dropping it ends it for sure.
pub(crate) struct Running {
    pub(crate) channel: Channel,
}

impl Running {
    /// The process, if it serves HTTP.
    pub(crate) fn process(&self) -> Option<Arc<Process>> {
        self.channel.server().map(|server| server.process())
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

/// A process of the target that was asked something.
#[derive(Clone)]
pub(crate) enum Mortal {
    /// It serves HTTP.
    Server(Arc<Process>),
    /// It speaks over its standard streams.
    Session(Session),
}

impl Mortal {
    /// How it ended and its last words, if it has.
    pub(crate) async fn epitaph(&self) -> Option<String> {
        let process = match self {
            Self::Server(process) => process,
            Self::Session(session) => session.process(),
        };
        let exit = process.wait_exit(DYING).await?;
        Some(format!("{}; its last words: {}", ending(exit), last_words(&process.stderr_tail())))
    }
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
    let options = ClientOptions { headers, trust: trust(reach)?, proxy, limits: limits.clone() };
    Client::new(endpoint, options, recorder.clock).map_err(|e| TargetError::Address(e.to_string()))
}

/// The public authorities and the user's own; a file that cannot be read is named.
pub(crate) fn trust(reach: &Reach) -> Result<Trust, TargetError> {
    let read = |path: &PathBuf| {
        std::fs::read(path)
            .map_err(|e| TargetError::Address(format!("{} could not be read: {e}", path.display())))
    };
    Ok(Trust::Public { extra_roots: reach.ca_files.iter().map(read).collect::<Result<_, _>>()? })
}

fn ending(exit: Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => "no exit code".into(),
    }
}

/// The last lines of standard error, for an error message.
fn last_words(tail: &Payload) -> String {
    let text = tail.lossy();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    if lines.is_empty() {
        "none".into()
    } else {
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}
