//! Processes of the target of a check's own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumb_wire::method;
use plumb_wire::process::{Process, Signal};
use plumb_wire::stdio::Session;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::{Bench, served};
use crate::aside::Loan;
use crate::channel::Channel;
use crate::target::Running;
use crate::{Observed, Open, Probe, Trouble};

/// A process that is killed is gone within so long.
const DEATH: Duration = Duration::from_secs(5);

impl Bench {
    /// Another instance of the target, of its own, for targets given as a command. It has been asked for nothing. Few start
    /// at once.
    pub async fn instance(&self) -> Result<Instance<'_>, Trouble> {
        let turn = self.start_turn().await;
        self.started(turn).await
    }

    /// The right to start a process.
    pub(super) async fn start_turn(&self) -> Option<OwnedSemaphorePermit> {
        self.context.aside.turn(self.context.recorder.tempo.start_up()).await
    }

    pub(super) async fn started(
        &self,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Instance<'_>, Trouble> {
        let running = self.context.start().await?;
        let instance = self.holding(running, None);
        // Over HTTP it is past its start once it listens.
        if instance.running.channel.keeper().is_some() {
            instance.starting(turn);
        }
        Ok(instance)
    }

    /// Another instance that was just started, and has answered one request, so that it is past its start.
    pub async fn fresh_instance(&self) -> Result<Instance<'_>, Trouble> {
        let instance = self.instance().await?;
        instance.send(Probe::request(method::DISCOVER, json!({}))).await?;
        Ok(instance)
    }

    /// Another instance, past its start, on which nobody else has anything in flight. Another check may have used it
    /// before: what then looks like a violation is tried again in a process that nobody has used.
    pub async fn ready_instance(&self) -> Result<Instance<'_>, Trouble> {
        let aside = &self.context.aside;
        if self.tried > 0 {
            return self.fresh_instance().await;
        }
        let loan = self.loan().await;
        let mut idle = aside.idle().await;
        let turn = if idle.is_none() { self.start_turn().await } else { None };
        // Whoever had that right before may have left one.
        if idle.is_none() {
            idle = aside.idle().await;
        }
        let Some(running) = idle else {
            let fresh = self.started(turn).await?;
            fresh.send(Probe::request(method::DISCOVER, json!({}))).await?;
            return Ok(Instance { _loan: loan, ..fresh });
        };
        drop(turn);
        self.watch().used_what_another_used();
        let instance = self.holding(running, loan);
        instance.send(Probe::request(method::DISCOVER, json!({}))).await?;
        Ok(instance)
    }

    /// The right to borrow a process; none is waited for by who has one already, for which others may wait.
    pub(super) async fn loan(&self) -> Option<Loan> {
        if self.borrows.swap(true, Ordering::Relaxed) {
            return None;
        }
        let slow = self.context.recorder.tempo.starts_slowly();
        Some(self.context.aside.loan(&self.borrows, slow).await)
    }

    /// Whether it has the right to borrow a process.
    pub(super) fn borrows(&self) -> bool {
        self.borrows.load(Ordering::Relaxed)
    }

    fn holding(&self, mut running: Running, loan: Option<Loan>) -> Instance<'_> {
        running.channel = running.channel.of(&self.channel);
        Instance { bench: self, running, turn: Mutex::default(), _loan: loan }
    }
}

/// Another instance of the target, of its own. Give it back with [`Instance::leave`], or end it with [`Instance::stop`].
pub struct Instance<'a> {
    bench: &'a Bench,
    running: Running,
    /// The right to start, until it has answered.
    turn: Mutex<Option<OwnedSemaphorePermit>>,
    /// It is one of few that are lent, if it is.
    _loan: Option<Loan>,
}

impl Instance<'_> {
    fn starting(&self, turn: Option<OwnedSemaphorePermit>) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }

    /// Sends a probe to this instance and waits for the whole answer.
    pub async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        let probe = self.bench.numbered(probe);
        let seen = self.running.channel.send(self.bench.check, &probe).await;
        self.starting(None);
        let seen = seen?;
        self.bench.note(&seen);
        served(seen)
    }

    /// Sends a probe to this instance and gives the answer while it comes in.
    pub async fn open(&self, probe: Probe) -> Result<Open, Trouble> {
        let probe = self.bench.numbered(probe);
        self.running.channel.open(self.bench.check, &probe).await
    }

    pub(super) fn channel(&self) -> &Channel {
        &self.running.channel
    }

    /// The process, if it speaks over standard streams.
    pub async fn session(&self) -> Result<Session, Trouble> {
        match self.running.channel.keeper() {
            Some(keeper) => Ok(keeper.session().await?),
            None => Err(Trouble::Setup("the target does not speak over standard streams".into())),
        }
    }

    /// The process, if it serves HTTP.
    pub fn process(&self) -> Option<Arc<Process>> {
        self.running.process()
    }

    /// Ends it and its process group without warning (SIGKILL), as a machine that fails would.
    pub async fn kill(self) -> Result<(), Trouble> {
        let session = match self.running.channel.keeper() {
            Some(keeper) => Some(keeper.session().await?),
            None => None,
        };
        let served = self.running.process();
        let process = session.as_ref().map(Session::process).or(served.as_deref());
        let Some(process) = process else {
            return Err(Trouble::Setup("the target is no process of ours".into()));
        };
        process.signal(Signal::Kill)?;
        process.wait_exit(DEATH).await;
        Ok(())
    }

    /// The process, for whoever ends it, and its right to start, to be kept until it has answered.
    pub(super) fn into_running(self) -> (Running, Option<OwnedSemaphorePermit>) {
        let turn = self.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.running, turn)
    }

    /// Ends it, politely first.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Gives it back while the check goes on: another check may use it, if it still runs.
    pub async fn leave(self) {
        if let Some(keeper) = self.running.channel.keeper() {
            keeper.rest().await;
        }
        self.bench.context.aside.keep(self.running);
    }
}
