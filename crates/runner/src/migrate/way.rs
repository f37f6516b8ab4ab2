//! The way to a server: an address, a command that serves HTTP, or one that speaks over its standard streams.

use std::sync::Arc;

use plumb_wire::process::Launch;
use plumb_wire::{Limits, http};

use crate::auth::Authority;
use crate::channel;
use crate::errors::TargetError;
use crate::process::server::Server;
use crate::record::Recorder;
use crate::target::{Running, Target};

/// The way to a server.
#[derive(Clone)]
pub(super) enum Way {
    /// At an address; a process, if we started it.
    Http { client: http::Client, server: Option<Arc<Server>> },
    /// A command that is started for each session.
    Stdio(Launch),
}

impl Way {
    /// Starts the server, or readies the way to it.
    pub(super) async fn to(
        target: &Target,
        limits: &Limits,
        recorder: &Arc<Recorder>,
        auth: Option<&Authority>,
    ) -> Result<(Self, Option<Running>), TargetError> {
        if let Target::Stdio(launch) = target {
            return Ok((Self::Stdio(launch.clone()), None));
        }
        let running = target.start(limits, recorder, auth).await?;
        let way = match running.channel.way() {
            channel::Way::Http(client, server) => {
                Self::Http { client: client.clone(), server: server.clone() }
            }
            channel::Way::Stdio(_) => {
                return Err(TargetError::Address("it speaks over its standard streams".into()));
            }
        };
        Ok((way, Some(running)))
    }

    /// The client, over HTTP.
    pub(super) fn client(&self) -> Option<&http::Client> {
        match self {
            Self::Http { client, .. } => Some(client),
            Self::Stdio(_) => None,
        }
    }
}
