//! The server of one scenario by itself, for a client that is started by somebody else: with a debugger, say.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::Edition;
use plumb_wire::{Clock, Limits, Transport, WireError};

use super::scenario::Scenario;
use super::servers::{Place, Servers};
use super::{ClientCommand, Drive};

/// The server of a scenario, as clients meet it in a run.
pub struct Mock {
    servers: Servers,
    place: Place,
    environment: Vec<(String, String)>,
}

impl Mock {
    /// Starts it; over HTTP on this port, if it is not 0. Over standard streams, clients start
    /// this relay.
    ///
    /// Errors: the port is taken.
    pub async fn start(
        edition: &Arc<Edition>,
        scenario: Scenario,
        over: Transport,
        port: u16,
        relay: Vec<String>,
    ) -> Result<Self, WireError> {
        let limits = Limits::default();
        let servers =
            Servers::start(edition, scenario, over, port, &limits, Clock::start()).await?;
        let place = servers.place(&relay);
        let command =
            ClientCommand { drive: Drive::Steps, over, relay, ..ClientCommand::default() };
        let launch = command.at(scenario, &servers, &edition.revision);
        Ok(Self { servers, place, environment: launch.env })
    }

    /// Where the client finds it.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What a client that knows scenarios, or follows steps, has in its environment.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Stops it, and says how many messages came.
    pub async fn stop(self) -> usize {
        self.servers.stop(Duration::from_millis(100)).await.served.len()
    }
}
