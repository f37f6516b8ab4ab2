//! The servers of several scenarios at once, for a client that somebody else starts and leads: what there is to do at each, and
//! what was seen of it.
//!
//! Each has an origin of its own, which is the same in every run: a client may remember by the origin which revision is spoken
//! there (basic/versioning#backward-compatibility-with-initialization-based-versions), and would else take one scenario for
//! another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use plumb_model::Edition;
use plumb_wire::stdio::Life;
use plumb_wire::{Clock, Limits, Log, Transport, WireError};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::scenario::Scenario;
use super::servers::{Place, Servers, Took};
use super::sights::{self, Sight};
use super::{CONTEXT, ClientCommand, Drive};

/// What a client has not done so long after it did all it was told, it does not mean to do: longer than the slowest answer
/// takes.
const SETTLES: Duration = Duration::from_secs(5);

/// How long answers may still take once nobody waits for more.
const GRACE: Duration = Duration::from_millis(200);

/// Servers that wait for a client. Its drop ends them.
#[derive(Debug)]
pub struct Listening {
    visits: Vec<Visit>,
    standing: watch::Sender<Vec<Standing>>,
    closed: watch::Sender<bool>,
    pub(crate) over: Transport,
    pub(crate) clock: Clock,
    address: String,
    /// Each looks at what one server is asked.
    _watching: JoinSet<()>,
}

/// A server that waits, and what there is to do there.
#[derive(Debug)]
pub struct Visit {
    pub(crate) scenario: Scenario,
    place: Place,
    given: Map<String, Value>,
    sights: Vec<Sight>,
    servers: Mutex<Option<Servers>>,
}

/// What was seen at a server up to now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// How many messages came, of whichever kind.
    pub messages: usize,
    /// Which of the things to do were seen.
    pub seen: Vec<bool>,
    /// Whether somebody said that the client does no more.
    pub left: bool,
    /// When anything came last.
    at: Instant,
}

impl Standing {
    fn new(sights: &[Sight]) -> Self {
        Self { messages: 0, seen: vec![false; sights.len()], left: false, at: Instant::now() }
    }

    /// Whether nothing more is waited for.
    pub fn is_done(&self) -> bool {
        self.left || self.seen.iter().all(|seen| *seen)
    }

    /// Whether what was not done by now was not meant to be.
    fn is_whole(&self) -> bool {
        self.is_done() && (self.left || self.at.elapsed() >= SETTLES)
    }
}

/// What came to a server that waited.
pub(crate) struct Came {
    pub(crate) scenario: Scenario,
    pub(super) took: Took,
    pub(super) lives: Vec<Life>,
    /// How many requests were not kept.
    pub(super) lost: u64,
    pub(super) whole: bool,
    /// What was not seen, if anything was.
    pub(super) missing: Vec<String>,
}

/// Where and how servers wait.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// How the client reaches them.
    pub over: Transport,
    /// What the client starts as its server, over standard streams, without its last argument.
    pub relay: Vec<String>,
    /// Ports after this one are taken, one for each scenario that there is, where they are free; any if it is 0.
    pub after: u16,
    /// What the run is called in its report: the address of the page that leads.
    pub address: String,
}

impl Listening {
    /// Starts all servers. Must be called within a Tokio runtime.
    ///
    /// Errors: this machine has not enough ports or sockets.
    pub async fn open(
        edition: &Arc<Edition>,
        waiting: Waiting,
        limits: &Limits,
    ) -> Result<Self, WireError> {
        let clock = Clock::start();
        let (mut visits, mut logs) = (Vec::new(), Vec::new());
        for &scenario in &waiting.scenarios {
            let port = port(scenario, waiting.after);
            let start = |port| Servers::start(edition, scenario, waiting.over, port, limits, clock);
            let servers = match start(port).await {
                Ok(servers) => servers,
                Err(_) => start(0).await?,
            };
            logs.push(servers.log());
            visits.push(Visit::new(scenario, servers, &waiting, &edition.revision));
        }
        let standing = visits.iter().map(|visit| Standing::new(&visit.sights)).collect();
        let standing = watch::Sender::new(standing);
        let mut watching = JoinSet::new();
        for (at, log) in logs.into_iter().enumerate() {
            watching.spawn(watch(at, log, visits[at].sights.clone(), standing.clone()));
        }
        Ok(Self {
            visits,
            standing,
            closed: watch::Sender::new(false),
            over: waiting.over,
            clock,
            address: waiting.address,
            _watching: watching,
        })
    }

    /// The servers, in the order of their scenarios.
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// What was seen at each up to now, in the same order, and every change of it.
    pub fn standing(&self) -> watch::Receiver<Vec<Standing>> {
        self.standing.subscribe()
    }

    /// Says that the client does no more at one of them, by its place in the order.
    pub fn leave(&self, at: usize) {
        self.standing.send_if_modified(|all| {
            let Some(standing) = all.get_mut(at).filter(|standing| !standing.left) else {
                return false;
            };
            standing.left = true;
            true
        });
    }

    /// Waits for nothing more: what was seen is judged.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// The address of the page that leads.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until all was seen and the client is done with it, until it is [closed](Self::close), or until the deadline, and
    /// gives everything that came where anything did.
    pub(crate) async fn heard(&self, deadline: Instant) -> Vec<Came> {
        self.wait(deadline).await;
        let standing = self.standing.borrow().clone();
        let ends = self.visits.iter().zip(&standing).map(|(visit, standing)| visit.end(standing));
        join_all(ends).await.into_iter().flatten().collect()
    }

    async fn wait(&self, deadline: Instant) {
        let (mut standing, mut closed) = (self.standing.subscribe(), self.closed.subscribe());
        loop {
            let settled = {
                let all = standing.borrow_and_update();
                let done = all.iter().all(Standing::is_done);
                let last = all.iter().map(|standing| standing.at).max();
                last.filter(|_| done).map(|last| last + SETTLES)
            };
            tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => return,
                () = sleep_until(settled.unwrap_or(deadline).min(deadline)) => return,
                _ = standing.changed() => {}
            }
        }
    }
}

/// The port of a scenario after this one; 0 if that is 0, or leaves too few.
fn port(scenario: Scenario, after: u16) -> u16 {
    let at = Scenario::all().iter().position(|of| *of == scenario);
    let next = at.and_then(|at| u16::try_from(at + 1).ok());
    next.filter(|_| after != 0).and_then(|next| after.checked_add(next)).unwrap_or_default()
}

impl Visit {
    fn new(scenario: Scenario, servers: Servers, waiting: &Waiting, revision: &str) -> Self {
        let place = servers.place(&waiting.relay);
        let command = ClientCommand { drive: Drive::Official, ..ClientCommand::default() };
        let launch = command.at(scenario, &servers, revision);
        let context = launch.env.into_iter().find(|(name, _)| name == CONTEXT);
        let context = context.and_then(|(_, text)| serde_json::from_str(&text).ok());
        let mut given: Map<String, Value> = context.unwrap_or_default();
        // What the client is told of these, there is a sentence for.
        given.retain(|name, _| !["name", "toolCalls"].contains(&name.as_str()));
        let sights = sights::of(scenario);
        Self { scenario, place, given, sights, servers: Mutex::new(Some(servers)) }
    }

    /// The name of the scenario.
    pub fn label(&self) -> &'static str {
        self.scenario.label()
    }

    /// Where the client goes.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What else the client is told, such as who it is to an authorization server.
    pub fn given(&self) -> &Map<String, Value> {
        &self.given
    }

    /// What there is to do, in order.
    pub fn to_do(&self) -> impl Iterator<Item = &str> {
        self.sights.iter().map(|sight| sight.sentence.as_str())
    }

    /// Ends the server; `None` if nobody came.
    async fn end(&self, standing: &Standing) -> Option<Came> {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut servers = servers?;
        let lives = servers.settle(Duration::ZERO).await;
        let lost = servers.lost();
        let took = servers.stop(GRACE).await;
        if took.served.is_empty() {
            return None;
        }
        let open = self.to_do().zip(&standing.seen).filter(|(_, seen)| !**seen);
        let missing = open.map(|(sentence, _)| sentence.to_owned()).collect();
        Some(Came {
            scenario: self.scenario,
            took,
            lives,
            lost,
            whole: standing.is_whole(),
            missing,
        })
    }
}

/// Looks at what a server is asked, for as long as it is.
async fn watch(at: usize, log: Log, sights: Vec<Sight>, all: watch::Sender<Vec<Standing>>) {
    let mut changes = log.changes();
    while changes.changed().await.is_ok() {
        let served = log.all();
        let messages = served.len();
        let open = !all.borrow()[at].seen.iter().all(|seen| *seen);
        let answered = if open { sights::answered(served) } else { Vec::new() };
        all.send_modify(|all| {
            let standing = &mut all[at];
            standing.messages = messages;
            standing.at = Instant::now();
            for (seen, sight) in standing.seen.iter_mut().zip(&sights) {
                *seen = *seen || sight.is_seen(&answered);
            }
        });
    }
}
