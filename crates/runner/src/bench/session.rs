//! Sessions of a check's own, in the revisions that open with a handshake.

use plumb_wire::{header, notification};
use serde_json::{Value, json};

use tokio::sync::OwnedSemaphorePermit;

use super::{Bench, Instance};
use crate::aside::Opened;
use crate::channel::{Channel, Listener, everything};
use crate::migrate::{self, negotiated};
use crate::survey::plainly_capable;
use crate::target::Running;
use crate::{Observed, Open, Probe, Trouble};

/// What a client declares in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// No capability.
    Nothing,
    /// Every capability that there is.
    Everything,
    /// That it can be asked for everything, and nothing within a capability.
    Plainly,
}

impl Declared {
    fn capabilities(self) -> Value {
        match self {
            Self::Nothing => json!({}),
            Self::Everything => everything(),
            Self::Plainly => plainly_capable(),
        }
    }
}

impl Bench {
    /// Sends `initialize` with a version and capabilities, and nothing behind it: in a process of its own over standard
    /// streams, which only targets given as a command have, and beside other sessions over HTTP.
    pub async fn initialize(
        &self,
        version: &str,
        declared: Declared,
    ) -> Result<Session<'_>, Trouble> {
        let instance = match self.channel.keeper() {
            Some(_) => Some(self.instance().await?),
            None => None,
        };
        self.initialize_in(instance, version, declared).await
    }

    async fn initialize_in<'a>(
        &'a self,
        instance: Option<Instance<'a>>,
        version: &str,
        declared: Declared,
    ) -> Result<Session<'a>, Trouble> {
        let (running, start) = instance.map(Instance::into_running).unzip();
        let channel = running.as_ref().map_or(&self.channel, |running| &running.channel);
        let channel = channel.bare();
        let id = json!(format!("plumb-{}", self.fresh_id()));
        let mut opening = migrate::initialize(version, &declared.capabilities(), "");
        opening["id"] = id;
        let welcome = channel.send(self.check, &Probe::message(opening)).await?;
        drop(start);
        self.note(&welcome);
        let id = welcome.header(header::OLD_SESSION_ID).next().map(str::to_owned);
        if let Some(id) = &id {
            self.context.recorder.add_session(id);
        }
        let version = negotiated(&welcome);
        let place = running.map_or(Place::Shared, Place::Own);
        let (turn, listener) = (None, None);
        Ok(Session { bench: self, channel, place, declared, id, version, turn, listener, welcome })
    }

    /// A session of the revision in which this is declared, past its opening. Over standard streams, checks use one process in
    /// turn, or one of a few: nobody is granted a second session at once there.
    pub async fn session(&self, declared: Declared) -> Result<Session<'_>, Trouble> {
        let own = declared == Declared::Plainly || self.tried > 0;
        if self.channel.keeper().is_none() || own {
            return self.opened(self.initialize(&self.edition().revision, declared).await?).await;
        }
        match declared {
            Declared::Nothing => self.session_in_turn().await,
            _ => self.borrowed_session().await,
        }
    }

    async fn session_in_turn(&self) -> Result<Session<'_>, Trouble> {
        let aside = &self.context.aside;
        let turn = aside.session().await;
        if let Some(opened) = aside.opened().await {
            return Ok(self.goes_on(opened, turn));
        }
        let right = self.start_turn().await;
        // Whoever had that right before may have left one.
        if let Some(opened) = aside.opened().await {
            return Ok(self.goes_on(opened, turn));
        }
        let instance = self.started(right).await?;
        let revision = &self.edition().revision;
        let session = self.initialize_in(Some(instance), revision, Declared::Nothing).await?;
        Ok(Session { turn, ..self.opened(session).await? })
    }

    /// The session of a process that another check has left.
    fn goes_on(&self, opened: Opened, turn: Option<OwnedSemaphorePermit>) -> Session<'_> {
        let Opened { mut running, version, welcome } = opened;
        self.watch().used_what_another_used();
        self.note(&welcome);
        running.channel = running.channel.of(&self.channel);
        Session {
            bench: self,
            channel: running.channel.bare(),
            place: Place::Own(running),
            declared: Declared::Nothing,
            id: None,
            version,
            welcome,
            turn,
            listener: None,
        }
    }

    async fn borrowed_session(&self) -> Result<Session<'_>, Trouble> {
        let instance = self.ready_instance().await?;
        let opened = instance.channel().session().await?;
        let Some((version, welcome)) = opened.map(|o| (Some(o.version), o.welcome)) else {
            return Err(Trouble::Setup("the revision has no sessions".into()));
        };
        self.note(&welcome);
        Ok(Session {
            bench: self,
            channel: instance.channel().bare(),
            place: Place::Lent(instance),
            declared: Declared::Everything,
            id: None,
            version,
            welcome,
            turn: None,
            listener: None,
        })
    }

    /// A session past its opening, if it was granted.
    async fn opened<'a>(&self, mut session: Session<'a>) -> Result<Session<'a>, Trouble> {
        if session.version.is_none() {
            let came = session.welcome.describe();
            session.end().await;
            return Err(Trouble::Setup(format!("a session of its own was not granted: {came}")));
        }
        session.initialized().await?;
        if session.declared == Declared::Everything {
            session.listener = session.channel.listener(session.fields()).await;
        }
        Ok(session)
    }
}

/// Where a session is.
enum Place<'a> {
    /// In the process of the run, over HTTP.
    Shared,
    /// In a process of its own, over standard streams.
    Own(Running),
    /// In one of those that checks use one after the other.
    Lent(Instance<'a>),
}

/// A session of a check's own. End it with [`Session::end`].
pub struct Session<'a> {
    bench: &'a Bench,
    channel: Channel,
    place: Place<'a>,
    declared: Declared,
    id: Option<String>,
    version: Option<String>,
    /// The turn to use its process.
    turn: Option<OwnedSemaphorePermit>,
    /// Who listens in it, if anybody does.
    listener: Option<Listener>,
    /// The answer to `initialize`.
    pub welcome: Observed,
}

impl Session<'_> {
    /// Its id, if the target gave one out.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The version that was negotiated, if one was.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Tells that it is open.
    pub async fn initialized(&self) -> Result<Observed, Trouble> {
        self.send(announcement()).await
    }

    /// A message with the header fields of the session that it does not name itself.
    #[must_use]
    pub fn dressed(&self, probe: Probe) -> Probe {
        self.fields().into_iter().fold(probe, |probe, (name, value)| {
            if probe.names(name) { probe } else { probe.header(name, &value) }
        })
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let version = self.version.as_deref().unwrap_or(&self.bench.edition().revision);
        migrate::fields(self.id.as_deref(), version)
    }

    /// Sends a probe in it and waits for the whole answer.
    pub async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.clear_up(probe).await?;
        self.bench.note(&seen);
        super::served(seen)
    }

    /// Sends what a check owes its target when it has seen enough: a reader who took it for what was seen would try the wrong
    /// request, so it is no evidence.
    async fn clear_up(&self, probe: Probe) -> Result<Observed, Trouble> {
        let probe = self.bench.numbered(self.dressed(probe));
        self.channel.send(self.bench.check, &probe).await
    }

    /// Sends a probe that must be accepted for what follows to mean anything.
    pub async fn control(&self, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.send(probe).await?;
        if seen.is_accepted() { Ok(seen) } else { Err(Trouble::Control(seen.describe())) }
    }

    /// Sends a probe in it and gives the answer while it comes in.
    pub async fn open(&self, probe: Probe) -> Result<Open, Trouble> {
        let probe = self.bench.numbered(self.dressed(probe));
        self.channel.open(self.bench.check, &probe).await
    }

    /// Messages that came over standard streams and belong to no answer so far.
    pub async fn strays(&self) -> Option<Observed> {
        self.channel.strays(self.bench.check).await.inspect(|seen| self.bench.note(seen))
    }

    /// Ends it, or leaves its process to the next check.
    pub async fn end(self) {
        if self.id.is_some() {
            // However that is answered, the check is through with it.
            let _ = self.clear_up(Probe::bodiless("DELETE")).await;
        }
        let aside = &self.bench.context.aside;
        match self.place {
            Place::Shared => {}
            Place::Lent(instance) => instance.leave().await,
            Place::Own(running) if self.turn.is_some() => {
                let (version, welcome) = (self.version, self.welcome);
                aside.keep_session(Opened { running, version, welcome });
            }
            Place::Own(running) => aside.end(running),
        }
    }

    /// Goes on behind its opening, where that was granted for the revision of the run: over standard streams, its process is
    /// left to checks that want a session like this one.
    pub async fn leave(mut self) {
        let granted = self.version.as_ref() == Some(&self.bench.edition().revision);
        let alone = self.bench.tried > 0 || !matches!(self.place, Place::Own(_));
        if !granted || alone || self.clear_up(announcement()).await.and_then(super::served).is_err()
        {
            self.end().await;
            return;
        }
        let Place::Own(mut running) = std::mem::replace(&mut self.place, Place::Shared) else {
            return;
        };
        let aside = &self.bench.context.aside;
        let (version, welcome) = (self.version, self.welcome);
        if self.declared == Declared::Nothing {
            aside.keep_session(Opened { running, version, welcome });
            return;
        }
        let (Some(version), Ok(process)) = (version, self.channel.process_name().await) else {
            aside.end(running);
            return;
        };
        let declared = self.declared.capabilities();
        let key = declared.to_string();
        running.channel = running.channel.with_session(process, declared, version, welcome);
        match self.declared {
            Declared::Plainly => aside.keep_declaring(key, running),
            _ => aside.keep(running),
        }
    }
}

/// The message that a session is open.
fn announcement() -> Probe {
    Probe::message(json!({"jsonrpc": "2.0", "method": notification::OLD_INITIALIZED}))
}
