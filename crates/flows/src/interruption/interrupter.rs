//! Where a flow runs, and where it goes on.

use std::sync::{Mutex, PoisonError};

use plumb_model::pack::Act;
use plumb_runner::{Bench, Instance, Observed, Probe, Trouble};

/// Whether the target is given in a way that lets an act happen. What ends processes, or goes on in another one, needs
/// that the user says that they are replicas.
pub(super) fn possible(bench: &Bench, act: Act) -> bool {
    match act {
        Act::Reconnect => true,
        Act::SwitchReplica => bench.has_replicas(),
        Act::Kill | Act::Restart => bench.has_replicas() && bench.is_command(),
    }
}

/// Where flows run until an act happens, and after it.
pub(super) struct Interrupter<'a> {
    bench: &'a Bench,
    act: Act,
    happened: bool,
    /// The replica that is killed, or the one in its place.
    instance: Option<Instance<'a>>,
}

/// The exchanges of one flow, in order.
#[derive(Default)]
pub(super) struct Trail(Mutex<Vec<u64>>);

impl Trail {
    /// The exchanges.
    pub(super) fn seqs(&self) -> Vec<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'a> Interrupter<'a> {
    /// A replica of its own if it is to be killed.
    pub(super) async fn set(bench: &'a Bench, act: Act) -> Result<Interrupter<'a>, Trouble> {
        let instance = match act {
            Act::Kill | Act::Restart => Some(bench.instance().await?),
            Act::Reconnect | Act::SwitchReplica => None,
        };
        Ok(Interrupter { bench, act, happened: false, instance })
    }

    /// Whether nothing happens to the target: only the connection is another.
    pub(super) fn reconnects(&self) -> bool {
        self.act == Act::Reconnect
    }

    /// What flows are found with.
    pub(super) const fn bench(&self) -> &'a Bench {
        self.bench
    }

    /// Lets it happen.
    pub(super) async fn interrupt(&mut self) -> Result<(), Trouble> {
        self.happened = true;
        if let Some(first) = self.instance.take() {
            first.kill().await?;
        }
        if self.act == Act::Restart {
            self.instance = Some(self.bench.instance().await?);
        }
        Ok(())
    }

    /// Sends a request of a flow to where the flow is.
    pub(super) async fn send(&self, trail: &Trail, probe: Probe) -> Result<Observed, Trouble> {
        let seen = match (&self.instance, self.act) {
            (Some(instance), _) => instance.send(probe).await?,
            (None, Act::SwitchReplica | Act::Kill) if self.happened => {
                self.bench.elsewhere(probe).await?
            }
            (None, Act::Reconnect) => self.bench.send(probe.fresh()).await?,
            (None, _) => self.bench.send(probe).await?,
        };
        trail.0.lock().unwrap_or_else(PoisonError::into_inner).push(seen.seq());
        Ok(seen)
    }

    /// Sends a request that must be accepted for what follows to mean anything.
    pub(super) async fn control(&self, trail: &Trail, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.send(trail, probe).await?;
        if seen.is_accepted() { Ok(seen) } else { Err(Trouble::Control(seen.describe())) }
    }

    /// Ends what was started.
    pub(super) async fn end(self) {
        if let Some(instance) = self.instance {
            instance.leave().await;
        }
    }
}
