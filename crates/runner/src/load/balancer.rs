//! The replicas, and whose turn it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use plumb_model::load::LoadedReplica;
use plumb_wire::Limits;
use plumb_wire::http::Client;

use crate::Target;
use crate::channel::Way;
use crate::errors::TargetError;
use crate::process::server::Server;
use crate::record::Recorder;
use crate::replicas::Replicas;
use crate::target::Running;

/// Where no replica is up, they are looked at again after this.
const LOOK: Duration = Duration::from_millis(5);

/// A process whose connection broke is gone within so long, if that is why.
const DYING: Duration = Duration::from_millis(300);

/// The replicas of a server. Requests go to those that are up, by turns.
pub(super) struct Balancer {
    pub(super) replicas: Vec<Replica>,
    turn: AtomicUsize,
}

/// One of them.
pub(super) struct Replica {
    pub(super) client: Client,
    server: Option<Arc<Server>>,
    running: Running,
    /// Odd while it is down by our hand; another number than before if it was.
    epoch: AtomicU64,
    pub(super) asked: AtomicU64,
    killed: AtomicU64,
    died: AtomicU64,
}

impl Balancer {
    /// Starts all replicas, or readies the ways to their addresses.
    pub(super) async fn start(
        target: &Target,
        replicas: &Replicas,
        limits: &Limits,
        recorder: &Arc<Recorder>,
    ) -> Result<Self, TargetError> {
        let more = if target.is_command() { replicas.count.saturating_sub(1) } else { 0 };
        let others = replicas.others.iter().cloned().map(Target::Url);
        let mut started = Vec::new();
        for one in std::iter::repeat_n(target.clone(), more + 1).chain(others) {
            started.push(Replica::of(one.start(limits, recorder, None).await?)?);
        }
        Ok(Self { replicas: started, turn: AtomicUsize::new(0) })
    }

    /// The number of the replica whose turn it is; of those that are down none, so it waits while all are.
    pub(super) async fn next(&self) -> usize {
        loop {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let count = self.replicas.len();
            let up = (0..count).map(|n| (turn + n) % count).find(|n| self.replicas[*n].is_up());
            match up {
                Some(up) => return up,
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// What became of each.
    pub(super) fn told(&self) -> Vec<LoadedReplica> {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let told = |replica: &Replica| LoadedReplica {
            address: replica.client.endpoint().to_string(),
            asked: count(&replica.asked),
            killed: count(&replica.killed),
            died: count(&replica.died),
        };
        self.replicas.iter().map(told).collect()
    }

    /// Ends what was started.
    pub(super) async fn stop(self) {
        let stops = self.replicas.into_iter().map(|replica| replica.running.stop());
        futures_util::future::join_all(stops).await;
    }
}

impl Replica {
    fn of(running: Running) -> Result<Self, TargetError> {
        let Way::Http(client, server) = running.channel.way() else {
            let why = "the command speaks over standard streams: a load goes over HTTP, so let `{port}` stand in it";
            return Err(TargetError::Address(why.into()));
        };
        let (client, server) = (client.clone(), server.clone());
        let zero = || AtomicU64::new(0);
        Ok(Self {
            client,
            server,
            running,
            epoch: zero(),
            asked: zero(),
            killed: zero(),
            died: zero(),
        })
    }

    /// A number that is another one once it was down.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    fn is_up(&self) -> bool {
        self.epoch().is_multiple_of(2)
    }

    /// Kills it, and starts another in its place.
    pub(super) async fn kill(&self) -> Result<(), TargetError> {
        let Some(server) = &self.server else { return Ok(()) };
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.killed.fetch_add(1, Ordering::Relaxed);
        let started = server.restart().await;
        self.epoch.fetch_add(1, Ordering::SeqCst);
        started
    }

    /// Whether its process has ended by itself since `epoch`; it is started again.
    pub(super) async fn has_died(&self, epoch: u64) -> bool {
        let Some(server) = &self.server else { return false };
        let process = server.process();
        if process.wait_exit(DYING).await.is_none() || self.epoch() != epoch {
            return false;
        }
        if server.revive(&process).await.unwrap_or_default() {
            self.died.fetch_add(1, Ordering::Relaxed);
        }
        true
    }
}
