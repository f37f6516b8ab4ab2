//! Processes of the target of a check's own.

use std::sync::Arc;
use std::time::Duration;

use plumb_wire::method;
use plumb_wire::process::{Process, Signal};
use plumb_wire::stdio::Session;
use serde_json::json;

use super::{Bench, Context, served};
use crate::target::Running;
use crate::{Observed, Open, Probe, Trouble};

/// A process that is killed is gone within so long.
const DEATH: Duration = Duration::from_secs(5);

impl Bench {
    /// Another instance of the target, of its own, for targets given as a command.
    pub async fn instance(&self) -> Result<Instance<'_>, Trouble> {
        let context = &self.context;
        let running =
            context.target.start(&context.limits, &context.recorder, context.auth.as_deref()).await;
        let mut running = running.map_err(|e| Trouble::Setup(e.to_string()))?;
        running.channel = running.channel.of(&self.channel);
        Ok(Instance { bench: self, running })
    }

    /// Another instance that has answered a request, so that it is past its start. Few start at once.
    pub async fn ready_instance(&self) -> Result<Instance<'_>, Trouble> {
        let Context { aside, target, limits, recorder, .. } = &*self.context;
        let spare = aside.spare().await;
        let _turn = match &spare {
            None => aside.turn(recorder.tempo.start_up()).await,
            Some(_) => None,
        };
        let instance = match spare {
            None => self.instance().await?,
            Some(mut running) => {
                running.channel = running.channel.of(&self.channel);
                Instance { bench: self, running }
            }
        };
        if self.alone {
            aside.ahead(target, limits, recorder);
        }
        instance.send(Probe::request(method::DISCOVER, json!({}))).await?;
        Ok(instance)
    }
}

/// Another instance of the target, of its own. Stop it with [`Instance::stop`].
pub struct Instance<'a> {
    bench: &'a Bench,
    running: Running,
}

impl Instance<'_> {
    /// Sends a probe to this instance and waits for the whole answer.
    pub async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        let probe = self.bench.numbered(probe);
        let seen = self.running.channel.send(self.bench.check, &probe).await?;
        self.bench.note(&seen);
        served(seen)
    }

    /// Sends a probe to this instance and gives the answer while it comes in.
    pub async fn open(&self, probe: Probe) -> Result<Open, Trouble> {
        let probe = self.bench.numbered(probe);
        self.running.channel.open(self.bench.check, &probe).await
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

    /// Ends it, politely first.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Ends it, politely first, while the check goes on.
    pub fn leave(self) {
        self.bench.context.aside.end(self.running);
    }
}
