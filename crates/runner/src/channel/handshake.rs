//! Sessions of the revisions that open with a handshake: one with each process of the target, opened before the first
//! message to it, and opened anew when the target has ended it.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::{Answer, Header, Sent};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{WireError, apps, header, notification};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::listening::Listener;
use super::{Channel, Way};
use crate::migrate::{self, negotiated};
use crate::survey::every_capability;
use crate::{Observed, Probe, Trouble};

/// The first answer of a target may hold all of its start-up.
const FIRST: Duration = Duration::from_secs(20);

/// What is told as the end of a session was none where another session is told the same: so often another one is tried.
const IN_VAIN: u32 = 16;

/// After so many handshakes in a row that came to nothing, no further one is tried.
const REFUSALS: u32 = 3;

/// The session of a channel, in which a client declares all that it is able to do.
pub(crate) struct Handshakes {
    declared: Value,
    state: Mutex<State>,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self { declared: everything(), state: Mutex::default() }
    }
}

impl Handshakes {
    /// The next request opens a session of its own.
    pub(super) async fn forget(&self) {
        self.state.lock().await.opened = None;
    }

    /// The session that is open, if one is.
    pub(super) async fn opened(&self) -> Option<Opened> {
        self.state.lock().await.opened.clone()
    }
}

/// What a client declares that is able to do all that there is.
pub(crate) fn everything() -> Value {
    apps::declared(every_capability())
}

#[derive(Default)]
struct State {
    opened: Option<Opened>,
    in_vain: u32,
    /// How many handshakes in a row came to nothing.
    refused: u32,
}

/// A session that is open, or was not granted.
#[derive(Clone)]
pub(crate) struct Opened {
    /// Which process it is with.
    process: String,
    /// Its id, if the target gave one out.
    id: Option<String>,
    /// The version that was negotiated.
    pub(crate) version: String,
    /// What came as the answer to `initialize`.
    pub(crate) welcome: Observed,
    /// Who listens in it, if anybody does.
    pub(super) listener: Option<Arc<Listener>>,
}

impl Opened {
    /// Whether the target has welcomed the client.
    fn is_granted(&self) -> bool {
        self.welcome.is_accepted()
    }

    /// The header fields that each request in it has.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        migrate::fields(self.id.as_deref(), &self.version)
    }
}

impl Channel {
    /// The same way without a session: everything goes out as it is.
    pub(crate) fn bare(&self) -> Self {
        Self { handshakes: None, ..self.clone() }
    }

    /// The same way in a session of a client that declares these capabilities.
    pub(crate) fn declaring(&self, declared: Value) -> Self {
        let handshakes = Handshakes { declared, state: Mutex::default() };
        Self { handshakes: Some(Arc::new(handshakes)), ..self.clone() }
    }

    /// The same way in the session that was opened with this process by a client that declares these capabilities.
    pub(crate) fn with_session(
        &self,
        process: String,
        declared: Value,
        version: String,
        welcome: Observed,
    ) -> Self {
        let opened = Opened { process, id: None, version, welcome, listener: None };
        let state = State { opened: Some(opened), ..State::default() };
        let handshakes = Handshakes { declared, state: Mutex::new(state) };
        Self { handshakes: Some(Arc::new(handshakes)), ..self.clone() }
    }

    /// The same way in a session of its own, where a target over HTTP grants another one.
    pub(crate) async fn apart(self) -> Self {
        let sessions = self.edition().has_handshake() && self.endpoint().is_some();
        if !sessions || self.handshakes.is_none() {
            return self;
        }
        let apart = Self { handshakes: Some(Arc::default()), ..self.clone() };
        match apart.session().await {
            Ok(Some(opened)) if opened.welcome.is_accepted() => apart,
            _ => self,
        }
    }

    /// The session with the process that a message goes to; `None` where the revision has none.
    pub(crate) async fn session(&self) -> Result<Option<Opened>, WireError> {
        let Some(handshakes) = self.handshakes.clone() else { return Ok(None) };
        if !self.recorder.edition.has_handshake() {
            return Ok(None);
        }
        let mut state = handshakes.state.lock().await;
        let process = self.process_name().await?;
        if let Some(opened) = state.opened.as_ref().filter(|o| o.process == process) {
            return Ok(Some(opened.clone()));
        }
        let opened = self.shake_hands(process, &handshakes.declared).await?;
        state.refused = if opened.is_granted() { 0 } else { state.refused + 1 };
        if opened.is_granted() || state.refused == REFUSALS {
            state.opened = Some(opened.clone());
        }
        Ok(Some(opened))
    }

    /// Sees to it that a session is open for what is sent in one: without it, the answer would be to no message of a client.
    pub(super) async fn in_session(&self, probe: &Probe) -> Result<(), Trouble> {
        let opened = if probe.is_outside() { None } else { self.session().await? };
        match opened.filter(|opened| !opened.is_granted()) {
            None => Ok(()),
            Some(opened) => {
                let came = opened.welcome.describe();
                Err(Trouble::Setup(format!("no session could be opened: {came}")))
            }
        }
    }

    /// Whether what came tells that the target has ended the session that it was asked in. That one is forgotten then, unless
    /// another request was told before and has another one open.
    pub(super) async fn was_ended(&self, probe: &Probe, seen: &Observed) -> bool {
        let Some(handshakes) = &self.handshakes else { return false };
        let gone =
            tells_of_an_end(seen) && !probe.is_outside() && !probe.names(header::OLD_SESSION_ID);
        let Some(of) = session_of(seen).filter(|_| gone) else { return false };
        if !self.recorder.edition.has_handshake() {
            return false;
        }
        let mut state = handshakes.state.lock().await;
        if state.in_vain == IN_VAIN {
            return false;
        }
        if state.opened.as_ref().is_some_and(|opened| opened.id.as_deref() == Some(of)) {
            state.opened = None;
        }
        true
    }

    /// Learns from what was asked once more, in another session.
    pub(super) async fn asked_anew(&self, seen: &Observed) {
        if let Some(handshakes) = self.handshakes.as_ref().filter(|_| tells_of_an_end(seen)) {
            let mut state = handshakes.state.lock().await;
            state.in_vain = IN_VAIN.min(state.in_vain + 1);
        }
    }

    /// Answers a request of the target, as a client does that grants what it is asked, unless who sent `probe` does. Over
    /// standard streams the keeper of the process does so, whoever reads.
    pub(super) async fn reply(&self, message: &Message, probe: Option<&Probe>) {
        let asks = message.kind == Kind::Request && self.keeper().is_none();
        if !asks || !self.recorder.edition.has_handshake() {
            return;
        }
        if probe.is_some_and(Probe::is_in_rounds) && crate::observe::asks_the_client(message) {
            return;
        }
        let Ok(asked) = &message.json else { return };
        let answer = Probe::answer(migrate::answer(asked).await);
        let mut answer = answer.in_edition(&self.recorder.edition);
        if let Some(probe) = probe {
            answer = answer.in_session_of(probe);
        }
        let session = match &self.handshakes {
            Some(handshakes) => handshakes.state.lock().await.opened.clone(),
            None => None,
        };
        // A target that is gone tells so to the next request.
        let _ = self.exchange("reply", &answer, session.as_ref()).await;
    }

    /// What came over standard streams and belongs to no answer so far.
    pub(crate) async fn strays(&self, by: &str) -> Option<Observed> {
        let session = self.keeper()?.session().await.ok()?;
        let frames = session.take_strays();
        if frames.is_empty() {
            return None;
        }
        let answer = Answer { frames, ..Answer::default() };
        Some(self.recorder.record(by, session.channel(), Sent::Nothing, answer))
    }

    /// What tells the process that a message goes to from others.
    pub(crate) async fn process_name(&self) -> Result<String, WireError> {
        Ok(match &self.way {
            Way::Http(_, Some(server)) => server.process().id().to_string(),
            Way::Http(_, None) => String::new(),
            Way::Stdio(keeper) => keeper.session().await?.channel().to_owned(),
        })
    }

    async fn shake_hands(&self, process: String, declared: &Value) -> Result<Opened, WireError> {
        let edition = &self.recorder.edition;
        let opening = migrate::initialize(&edition.revision, declared, "plumb-handshake");
        let probe = Probe::message(opening).in_edition(edition).patience(FIRST);
        let welcome = self.exchange("handshake", &probe, None).await?;
        let version = negotiated(&welcome).unwrap_or_else(|| edition.revision.clone());
        let id = welcome.header(header::OLD_SESSION_ID).next().map(str::to_owned);
        let mut opened = Opened { process, id, version, welcome, listener: None };
        if opened.welcome.is_accepted() {
            let told = json!({"jsonrpc": "2.0", "method": notification::OLD_INITIALIZED});
            let told = Probe::message(told).in_edition(edition);
            self.exchange("handshake", &told, Some(&opened)).await?;
            opened.listener = self.listener(opened.fields()).await.map(Arc::new);
        }
        Ok(opened)
    }

    async fn exchange(
        &self,
        by: &str,
        probe: &Probe,
        session: Option<&Opened>,
    ) -> Result<Observed, WireError> {
        let (live, _) = self.write(probe, session).await?;
        let channel = live.channel().to_owned();
        let (sent, answer) = live.finish().await;
        if let Some(id) = answer.header(header::OLD_SESSION_ID) {
            self.recorder.add_session(id);
        }
        Ok(self.recorder.record(by, &channel, sent, answer))
    }
}

/// 404 is what a request in a session that has ended is answered with.
fn tells_of_an_end(seen: &Observed) -> bool {
    seen.status() == Some(404) && seen.code() != Some(plumb_wire::codes::METHOD_NOT_FOUND)
}

/// The id of the session that a request was sent in.
fn session_of(seen: &Observed) -> Option<&str> {
    let Sent::Http { headers, .. } = &seen.exchange.sent else { return None };
    let field = |h: &&Header| h.name.eq_ignore_ascii_case(header::OLD_SESSION_ID);
    headers.iter().find(field).map(|h| h.value.as_str())
}
