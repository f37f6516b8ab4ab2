//! Sessions of a check's own, in the revisions that open with a handshake.

use plumb_wire::{header, notification};
use serde_json::{Value, json};

use tokio::sync::OwnedSemaphorePermit;

use super::Bench;
use crate::aside::Opened;
use crate::channel::Channel;
use crate::migrate::{self, negotiated};
use crate::target::Running;
use crate::{Observed, Open, Probe, Trouble};

impl Bench {
    /// Sends `initialize` with a version and capabilities, and nothing behind it: in a process of its own over standard
    /// streams, which only targets given as a command have, and beside other sessions over HTTP.
    pub async fn initialize(
        &self,
        version: &str,
        capabilities: &Value,
    ) -> Result<Session<'_>, Trouble> {
        let (running, start) = if self.channel.keeper().is_some() {
            let (running, start) = self.instance().await?.into_running();
            (Some(running), start)
        } else {
            (None, None)
        };
        let channel = running.as_ref().map_or(&self.channel, |running| &running.channel);
        let channel = channel.bare();
        let id = json!(format!("plumb-{}", self.fresh_id()));
        let mut opening = migrate::initialize(version, capabilities, "");
        opening["id"] = id;
        let welcome = channel.send(self.check, &Probe::message(opening)).await?;
        drop(start);
        self.note(&welcome);
        let id = welcome.header(header::OLD_SESSION_ID).next().map(str::to_owned);
        if let Some(id) = &id {
            self.context.recorder.add_session(id);
        }
        let version = negotiated(&welcome);
        Ok(Session { bench: self, channel, running, id, version, welcome, turn: None })
    }

    /// A session of the revision with these capabilities, past its opening. Over standard streams, checks that declare none
    /// use one process in turn: a second one at once is never granted.
    pub async fn session(&self, capabilities: &Value) -> Result<Session<'_>, Trouble> {
        let in_turn = self.channel.keeper().is_some() && *capabilities == json!({});
        if !in_turn || self.tried > 0 {
            return self.fresh_session(capabilities).await;
        }
        let (turn, opened) = self.context.aside.session().await;
        let Some(Opened { mut running, version, welcome }) = opened else {
            return Ok(Session { turn, ..self.fresh_session(capabilities).await? });
        };
        self.watch().used_what_another_used();
        self.note(&welcome);
        running.channel = running.channel.of(&self.channel);
        let channel = running.channel.bare();
        Ok(Session {
            bench: self,
            channel,
            running: Some(running),
            id: None,
            version,
            welcome,
            turn,
        })
    }

    async fn fresh_session(&self, capabilities: &Value) -> Result<Session<'_>, Trouble> {
        let revision = self.edition().revision.clone();
        let session = self.initialize(&revision, capabilities).await?;
        if session.version.is_none() {
            let came = session.welcome.describe();
            session.end().await;
            return Err(Trouble::Setup(format!("a session of its own was not granted: {came}")));
        }
        session.initialized().await?;
        Ok(session)
    }
}

/// A session of a check's own. End it with [`Session::end`].
pub struct Session<'a> {
    bench: &'a Bench,
    channel: Channel,
    /// The process, over standard streams.
    running: Option<Running>,
    id: Option<String>,
    version: Option<String>,
    /// The turn to use its process.
    turn: Option<OwnedSemaphorePermit>,
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
        let told = json!({"jsonrpc": "2.0", "method": notification::OLD_INITIALIZED});
        self.send(Probe::message(told)).await
    }

    /// A message with the header fields of the session that it does not name itself.
    #[must_use]
    pub fn dressed(&self, probe: Probe) -> Probe {
        let version = self.version.as_deref().unwrap_or(&self.bench.edition().revision);
        let fields = migrate::fields(self.id.as_deref(), version);
        fields.into_iter().fold(probe, |probe, (name, value)| {
            if probe.names(name) { probe } else { probe.header(name, &value) }
        })
    }

    /// Sends a probe in it and waits for the whole answer.
    pub async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        let probe = self.bench.numbered(self.dressed(probe));
        let seen = self.channel.send(self.bench.check, &probe).await?;
        self.bench.note(&seen);
        super::served(seen)
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

    /// Ends it; gives the answer to that, where there is anything to be ended by a message.
    pub async fn end(self) -> Option<Observed> {
        let ended = match &self.id {
            Some(_) => self.send(Probe::bodiless("DELETE")).await.ok(),
            None => None,
        };
        let Some(running) = self.running else { return ended };
        let aside = &self.bench.context.aside;
        if self.turn.is_some() {
            aside.keep_session(Opened { running, version: self.version, welcome: self.welcome });
        } else {
            aside.end(running);
        }
        ended
    }
}
