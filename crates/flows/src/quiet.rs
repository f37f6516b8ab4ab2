//! A way to the target on which no line belongs to anybody else.

use futures_util::{StreamExt as _, stream};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Declared, Instance, Observed, Open, Probe, Session, Trouble};
use plumb_wire::jsonrpc::Message;

/// A way to the target on which no line belongs to anybody else: over HTTP that of the run, where every answer has a
/// stream of its own; over standard streams that of a process of its own, since log messages name no request.
pub enum Quiet<'a> {
    /// That of the run.
    Run(&'a Bench),
    /// That of a session of its own.
    Session(Box<Session<'a>>),
    /// That of a process of its own.
    Own(Instance<'a>),
}

impl<'a> Quiet<'a> {
    /// Readies it. Give it back with [`Quiet::leave`].
    pub async fn quiet(bench: &'a Bench) -> Result<Self, Trouble> {
        if bench.survey().transport.answers_apart() {
            Ok(Self::Run(bench))
        } else {
            Self::own(bench).await
        }
    }

    /// As [`Quiet::quiet`], but over HTTP, in revisions that have them, a session of its own: what belongs to one request may come on the
    /// stream of another that is open in the session, and that is a fault by itself.
    pub async fn in_session(bench: &'a Bench) -> Result<Self, Trouble> {
        if bench.survey().transport.answers_apart() && bench.edition().has_handshake() {
            bench.session(Declared::Everything).await.map(|own| Self::Session(Box::new(own)))
        } else {
            Self::quiet(bench).await
        }
    }

    /// Readies a process of its own on either transport. It has answered requests of this revision: a server of two eras
    /// decides by its first message which one it speaks (not by `server/discover`, which both may be asked), and one
    /// that is still starting is not silent. Another check may have used it before.
    pub async fn own(bench: &'a Bench) -> Result<Self, Trouble> {
        Self::settled(bench, bench.ready_instance().await?).await
    }

    /// As [`Quiet::own`], but nobody has used it before.
    pub async fn fresh(bench: &'a Bench) -> Result<Self, Trouble> {
        Self::settled(bench, bench.fresh_instance().await?).await
    }

    async fn settled(bench: &'a Bench, instance: Instance<'a>) -> Result<Self, Trouble> {
        if let Some(list) = [Base::ToolsList, Base::ResourcesList, Base::PromptsList]
            .into_iter()
            .find_map(|b| bench.base(b))
        {
            instance.send(list).await?;
        }
        Ok(Self::Own(instance))
    }

    /// Whether it is a process of its own.
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// Sends a probe and waits for the whole answer.
    pub async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        match self {
            Self::Run(bench) => bench.send(probe).await,
            Self::Session(session) => session.send(probe).await,
            Self::Own(instance) => instance.send(probe).await,
        }
    }

    /// Sends several probes: beside each other where each answer has a stream of its own, else one after another.
    pub async fn send_each(&self, probes: Vec<Probe>) -> Vec<Result<Observed, Trouble>> {
        let at_once = match self {
            Self::Run(bench) if bench.survey().transport.answers_apart() => 4,
            _ => 1,
        };
        let sent: Vec<_> = probes.into_iter().map(|probe| self.send(probe)).collect();
        stream::iter(sent).buffered(at_once).collect().await
    }

    /// Sends a probe that must be accepted for what follows to mean anything.
    pub async fn control(&self, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.send(probe).await?;
        if seen.is_accepted() { Ok(seen) } else { Err(Trouble::Control(seen.describe())) }
    }

    /// Sends a probe and gives the answer while it comes in.
    pub async fn open(&self, probe: Probe) -> Result<Open, Trouble> {
        match self {
            Self::Run(bench) => bench.open(probe).await,
            Self::Session(session) => session.open(probe).await,
            Self::Own(instance) => instance.open(probe).await,
        }
    }

    /// The lines since the last look that belong to no request; none over HTTP.
    pub async fn strays(&self) -> Result<Vec<Message>, Trouble> {
        match self {
            Self::Run(_) | Self::Session(_) => Ok(Vec::new()),
            Self::Own(instance) => {
                let frames = instance.session().await?.take_strays();
                Ok(frames.iter().map(|f| Message::parse(&f.payload)).collect())
            }
        }
    }

    /// Ends the process, if it has one of its own: what was left in it is nobody else's concern. A session ends.
    pub async fn stop(self) {
        match self {
            Self::Run(_) => {}
            Self::Session(session) => session.end().await,
            Self::Own(instance) => instance.stop().await,
        }
    }

    /// Gives the process back, if it has one of its own: another check may use it. A session ends.
    pub async fn leave(self) {
        match self {
            Self::Run(_) => {}
            Self::Session(session) => session.end().await,
            Self::Own(instance) => instance.leave().await,
        }
    }
}
