//! A way to the target on which no line belongs to anybody else.

use plumb_runner::{Bench, Instance, Observed, Open, Probe, Trouble};
use plumb_wire::jsonrpc::Message;

/// A way to the target on which no line belongs to anybody else: over HTTP that of the run, where every answer has a
/// stream of its own; over standard streams that of a process of its own, since log messages name no request.
pub(crate) enum Lane<'a> {
    /// That of the run.
    Run(&'a Bench),
    /// That of a process of its own.
    Own(Instance<'a>),
}

impl<'a> Lane<'a> {
    /// Readies it. Stop it with [`Lane::stop`].
    pub(crate) async fn quiet(bench: &'a Bench) -> Result<Self, Trouble> {
        if bench.survey().is_http() {
            Ok(Self::Run(bench))
        } else {
            Ok(Self::Own(bench.instance().await?))
        }
    }

    /// Sends a probe and waits for the whole answer.
    pub(crate) async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        match self {
            Self::Run(bench) => bench.send(probe).await,
            Self::Own(instance) => instance.send(probe).await,
        }
    }

    /// Sends a probe that must be accepted for what follows to mean anything.
    pub(crate) async fn control(&self, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.send(probe).await?;
        if seen.is_accepted() { Ok(seen) } else { Err(Trouble::Control(seen.describe())) }
    }

    /// Sends a probe and gives the answer while it comes in.
    pub(crate) async fn open(&self, probe: Probe) -> Result<Open, Trouble> {
        match self {
            Self::Run(bench) => bench.open(probe).await,
            Self::Own(instance) => instance.open(probe).await,
        }
    }

    /// The lines since the last look that belong to no request; none over HTTP.
    pub(crate) async fn strays(&self) -> Result<Vec<Message>, Trouble> {
        match self {
            Self::Run(_) => Ok(Vec::new()),
            Self::Own(instance) => {
                let frames = instance.session().await?.take_strays();
                Ok(frames.iter().map(|f| Message::parse(&f.payload)).collect())
            }
        }
    }

    /// Ends the process, if it has one of its own.
    pub(crate) async fn stop(self) {
        if let Self::Own(instance) = self {
            instance.stop().await;
        }
    }
}
