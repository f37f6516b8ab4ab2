//! The way to a target: HTTP or the standard streams of a process.

mod handshake;
mod listening;
mod open;
mod parts;
mod towards;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumb_model::End;
use plumb_wire::stdio::{Expect, Reply};
use plumb_wire::{Live, Transport, WireError, http, method};
use serde_json::Value;

pub(crate) use handshake::everything;
use handshake::{Handshakes, Opened};
pub(crate) use listening::Listener;
pub use open::Open;
use parts::Parts;

use crate::pace::Sender;
use crate::process::keeper::Keeper;
use crate::process::mortal::Mortal;
use crate::process::server::Server;
use crate::record::{Company, Recorder};
use crate::tempo::Lately;
use crate::{Observed, Probe, Trouble};

/// Requests that a target answers at once: what they take tells how it does.
const QUICK: [&str; 5] = [
    method::DISCOVER,
    method::OLD_PING,
    method::TOOLS_LIST,
    method::RESOURCES_LIST,
    method::PROMPTS_LIST,
];

/// The way to a target. Cheap to clone; clones share connections or the process.
#[derive(Clone)]
pub(crate) struct Channel {
    way: Way,
    recorder: Arc<Recorder>,
    /// The next id of requests that nobody else has numbered.
    ids: Arc<AtomicU64>,
    /// Whose turn all requests of this channel share; each has one of its own if there is nobody.
    sender: Option<Arc<Sender>>,
    watch: Arc<Watch>,
    /// Every wait is so many times as long.
    patience: u32,
    /// What its process answered lately, if it has one to itself.
    lately: Option<Arc<Lately>>,
    /// The session, where the revision has them.
    handshakes: Option<Arc<Handshakes>>,
}

#[derive(Clone)]
pub(crate) enum Way {
    /// A server at an address; a process, if we started it.
    Http(http::Client, Option<Arc<Server>>),
    Stdio(Arc<Keeper>),
}

/// What befell whoever used a channel, and must be known before its verdict counts.
#[derive(Default)]
pub(crate) struct Watch {
    in_vain: AtomicBool,
    /// Whether the target failed inside a request, as servers now and then do.
    stumbled: AtomicBool,
    /// Whether an answer was larger than is read.
    cut: AtomicBool,
    /// Whether a process was used that another check had used before.
    shared: AtomicBool,
    /// Processes of the target whose answers broke off.
    broken: Mutex<Vec<Mortal>>,
}

impl Watch {
    /// Whether a wait ran out, or an answer broke off: what was judged may be slowness.
    pub(crate) fn waited_in_vain(&self) -> bool {
        self.in_vain.load(Ordering::Relaxed)
    }

    /// Whether an answer told of a failure inside the target: what was judged may be bad luck.
    pub(crate) fn saw_a_failure(&self) -> bool {
        self.stumbled.load(Ordering::Relaxed)
    }

    /// Whether an answer was larger than is read: what was judged may be a bound of ours.
    pub(crate) fn saw_a_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Whether what was judged may come of what another check did to a process.
    pub(crate) fn shared_a_process(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    /// Takes part in what befell another check, whose observation is used.
    pub(crate) fn shares(&self, in_vain: bool, stumbled: bool, cut: bool) {
        self.in_vain.fetch_or(in_vain, Ordering::Relaxed);
        self.stumbled.fetch_or(stumbled, Ordering::Relaxed);
        self.cut.fetch_or(cut, Ordering::Relaxed);
    }

    pub(crate) fn used_what_another_used(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }

    /// The process of the target that ended while it was used, and how.
    pub(crate) async fn death(&self) -> Option<String> {
        let broken =
            std::mem::take(&mut *self.broken.lock().unwrap_or_else(PoisonError::into_inner));
        for process in broken {
            if let Some(epitaph) = process.epitaph().await {
                return Some(epitaph);
            }
        }
        None
    }

    /// A process is found to have ended between two exchanges, and not as one does whose work is done.
    fn found_ended(&self, process: Option<Mortal>) {
        let failed = process.filter(|process| !process.is_dismissed() && process.has_failed());
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
    }

    fn waits_in_vain(&self) {
        self.in_vain.store(true, Ordering::Relaxed);
    }

    fn see(&self, end: &End, mortal: Option<Mortal>) {
        match end {
            End::Complete | End::ClosedByUs => {}
            End::TooLarge(_) => self.cut.store(true, Ordering::Relaxed),
            End::TimedOut => self.waits_in_vain(),
            End::Broken(_) => {
                self.waits_in_vain();
                let mortal = mortal.filter(|process| !process.is_dismissed());
                self.broken.lock().unwrap_or_else(PoisonError::into_inner).extend(mortal);
            }
        }
    }
}

impl Channel {
    pub(crate) fn new(way: Way, recorder: Arc<Recorder>) -> Self {
        Self {
            way,
            recorder,
            ids: Arc::new(AtomicU64::new(1)),
            sender: None,
            watch: Arc::default(),
            patience: 1,
            lately: None,
            handshakes: Some(Arc::default()),
        }
    }

    /// The same way for a sender of its own, who waits so many times as long.
    pub(crate) fn own(&self, patience: u32) -> Self {
        Self { sender: Some(Arc::default()), watch: Arc::default(), patience, ..self.clone() }
    }

    /// The same way to a process that nobody else asks: how busy the others are does not matter.
    pub(crate) fn by_itself(&self) -> Self {
        Self { lately: Some(Arc::default()), ..self.clone() }
    }

    /// This way for the sender of another one.
    pub(crate) fn of(&self, other: &Self) -> Self {
        Self {
            sender: other.sender.clone(),
            watch: Arc::clone(&other.watch),
            patience: other.patience,
            ..self.clone()
        }
    }

    /// What befell its sender so far.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// How the target's process ended since the last look, if it did; it is kept for the end of the run, too.
    pub(crate) async fn death(&self, by: &str, company: Company) -> Option<String> {
        let how = self.watch.death().await?;
        self.recorder.died(by, &how, company);
        Some(how)
    }

    /// The revision that is spoken.
    pub(crate) fn edition(&self) -> &plumb_model::Edition {
        &self.recorder.edition
    }

    /// What carries it.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// How messages are carried.
    pub(crate) fn transport(&self) -> Transport {
        match &self.way {
            Way::Http(..) => Transport::StreamableHttp,
            Way::Stdio(_) => Transport::Stdio,
        }
    }

    /// The keeper of the process, if the target speaks over standard streams.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        match &self.way {
            Way::Stdio(keeper) => Some(keeper),
            Way::Http(..) => None,
        }
    }

    /// The process that serves HTTP, if we started it.
    pub(crate) fn server(&self) -> Option<&Arc<Server>> {
        match &self.way {
            Way::Http(_, server) => server.as_ref(),
            Way::Stdio(_) => None,
        }
    }

    /// Where requests go, over HTTP.
    pub(crate) fn endpoint(&self) -> Option<&http::Endpoint> {
        match &self.way {
            Way::Http(client, _) => Some(client.endpoint()),
            Way::Stdio(_) => None,
        }
    }

    /// A wait as long as it must be for this target now.
    pub(crate) fn stretch(&self, wait: Duration) -> Duration {
        let tempo = &self.recorder.tempo;
        let wait = match &self.lately {
            Some(known) => tempo.stretch_by(wait, known),
            None => tempo.stretch(wait),
        };
        wait * self.patience
    }

    /// Sends a probe and gives the answer while it comes in.
    pub(crate) async fn open(&self, by: &str, probe: &Probe) -> Result<Open, Trouble> {
        let mut probe = probe.clone();
        probe = probe.in_edition(&self.recorder.edition);
        probe.number(|| self.ids.fetch_add(1, Ordering::Relaxed));
        self.in_session(&probe).await?;
        let (live, process) = self.transmit(&probe).await?;
        let by = by.to_owned();
        Ok(Open {
            live: Some(live),
            process,
            by,
            channel: self.clone(),
            probe,
            tries: 0,
            cancelled: false,
            parts: Parts::default(),
        })
    }

    /// Sends a probe and waits for the whole answer. A notification is given no time over standard streams: who
    /// wants to see silence sends a request behind it and looks again.
    pub(crate) async fn send(&self, by: &str, probe: &Probe) -> Result<Observed, Trouble> {
        let pace = &self.recorder.pace;
        let turn = match &self.sender {
            Some(sender) => sender.turn(pace).await,
            None => Arc::new(pace.turn().await),
        };
        let open = self.open(by, probe).await?;
        // The first answer of a process tells how long its start took, and of no other answer.
        let first = matches!(&open.process, Some(Mortal::Session(s)) if s.first_word().is_none());
        let process = open.process.clone();
        let mut seen = Box::pin(open.finish()).await;
        if let Some(Mortal::Session(session)) = process
            && seen.is_broken_off()
            && !self.recorder.voices.tell_of(&session)
        {
            return Err(self.recorder.voices.wordless().into());
        }
        if self.was_ended(probe, &seen).await {
            seen = Box::pin(self.open(by, probe).await?.finish()).await;
            self.asked_anew(&seen).await;
        }
        drop(turn);
        if seen.is_cut() {
            // A bound of ours, never a fault of the target's.
            return Err(Trouble::Cut(seen.describe()));
        }
        if !first && seen.is_accepted() && seen.method().is_some_and(|m| QUICK.contains(&m)) {
            let answer = &seen.exchange.answer;
            let first = answer.frames.first().map_or(answer.ended_at, |f| f.at);
            let took = Duration::from_micros(first.saturating_sub(answer.sent_at));
            self.recorder.tempo.answered(took);
            self.lately.iter().for_each(|lately| lately.answered(took));
            self.recorder.pace.answered(took);
        }
        Ok(seen)
    }

    /// Sends a probe of the survey and waits for the whole answer; once more if what came is none: what is not seen then is
    /// missing for the whole run.
    pub(crate) async fn survey(&self, probe: &Probe) -> Result<Observed, Trouble> {
        let seen = self.send("survey", probe).await?;
        if seen.is_mishap() { self.send("survey", probe).await } else { Ok(seen) }
    }

    /// Writes a probe; a process that has ended is started again first.
    async fn transmit(&self, probe: &Probe) -> Result<(Live, Option<Mortal>), WireError> {
        let session = if probe.is_outside() { None } else { self.session().await? };
        self.write(probe, session.as_ref()).await
    }

    async fn write(
        &self,
        probe: &Probe,
        session: Option<&Opened>,
    ) -> Result<(Live, Option<Mortal>), WireError> {
        self.recorder.pace.slot().await;
        let tempo = &self.recorder.tempo;
        match &self.way {
            Way::Http(client, server) => {
                let target = probe.target(client.endpoint().target());
                let answer_within = Some(self.usual_patience(probe));
                let fields = session.map(Opened::fields).unwrap_or_default();
                let request = || {
                    let request = probe.in_session(&fields);
                    http::HttpRequest { target: target.clone(), answer_within, ..request }
                };
                let Some(server) = server else { return Ok((client.send(request()).await?, None)) };
                let process = server.process();
                let live = match client.send(request()).await {
                    Err(WireError::Connect { .. })
                        if !process.is_dismissed() && server.revive(&process).await? =>
                    {
                        self.watch.found_ended(Some(Mortal::Server(process)));
                        client.send(request()).await?
                    }
                    live => live?,
                };
                Ok((live, Some(Mortal::Server(server.process()))))
            }
            Way::Stdio(keeper) => {
                let (session, ended) = keeper.revived().await?;
                let ended = ended.filter(|ended| self.recorder.voices.tell_of(ended));
                self.watch.found_ended(ended.map(Mortal::Session));
                let given = probe.patience.map(|patience| self.stretch(patience));
                let mut within = given.unwrap_or(tempo.patient(keeper.answer()) * self.patience);
                if session.first_word().is_none() {
                    within += tempo.starts_within();
                }
                let expect = Expect {
                    answer_within: Some(within),
                    answers_questions: probe.is_in_rounds(),
                    ..expectation(probe)
                };
                let live = session.send(probe.payload(), expect).await?;
                Ok((live, Some(Mortal::Session(session))))
            }
        }
    }
}

/// A message whose id the target may be unable to read is answered without one; an answer of ours by nothing.
fn expectation(probe: &Probe) -> Expect {
    if probe.is_answer() {
        return Expect::from(Reply::Nothing);
    }
    let readable = probe.message_value().filter(|message| is_readable(message));
    readable.map_or_else(|| Expect::from(Reply::Any), Expect::after)
}

/// Whether a message has the form of a JSON-RPC request or notification.
fn is_readable(message: &Value) -> bool {
    message["jsonrpc"] == "2.0"
        && message["method"].is_string()
        && message.get("id").is_none_or(|id| id.is_string() || id.is_number())
        && message.get("params").is_none_or(Value::is_object)
}
