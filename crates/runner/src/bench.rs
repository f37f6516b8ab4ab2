//! What a scenario works with: the target, and a place for what it finds.

mod context;
mod instance;
mod rounds;
mod session;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use plumb_model::event::CaseFinished;
use plumb_model::pack::{Base, Vector};
use plumb_model::{Edition, Verdict};
use plumb_wire::{codes, meta, method, notification};
use serde_json::{Value, json};

pub(crate) use context::Context;
pub use instance::Instance;
pub use session::{Declared, Session};
pub(crate) use shared::Sights;

use rounds::Rounds;

use crate::auth::Auth;
use crate::channel::{Channel, Watch};
use crate::evidence::Evidence;
use crate::lab::vectors;
use crate::record::Company;
use crate::{Found, Judgement, Observed, Open, Probe, Prop, Survey, Trouble, pace};

/// Ids of one bench are so far apart from the next one's.
const IDS: u64 = 10_000;

/// What a scenario works with. Everything it sends is recorded as evidence of its check.
pub struct Bench {
    /// The id of the check that it is for.
    check: &'static str,
    /// How often the check was tried before.
    tried: u32,
    /// Whether it has borrowed a process that other checks use, too.
    borrows: Arc<AtomicBool>,
    context: Arc<Context>,
    /// The way to the target for this check alone.
    channel: Channel,
    next_id: AtomicU64,
    evidence: Evidence,
    /// Requests that wait for an answer of the client.
    rounds: Rounds,
}

impl Bench {
    /// A second try has ids of its own: an answer to the first may still come.
    pub(crate) fn new(
        check: &'static str,
        context: Arc<Context>,
        channel: &Channel,
        tried: u32,
    ) -> Self {
        let place = context.edition.ledger.place(check).unwrap_or(0) as u64;
        // Alone, but no more patient: what must not come after a while would then come in time.
        let channel = channel.own(1);
        let again = u64::from(tried);
        Self {
            check,
            tried,
            borrows: Arc::default(),
            context,
            channel,
            next_id: AtomicU64::new((place + 1) * IDS + again * (IDS / 4)),
            evidence: Evidence::of(check),
            rounds: Rounds::default(),
        }
    }

    /// What the target declares and shows.
    pub fn survey(&self) -> &Survey {
        &self.context.survey
    }

    /// The revision that the target is judged by.
    pub fn edition(&self) -> &Edition {
        &self.context.edition
    }

    /// The seed of everything random.
    pub fn seed(&self) -> u64 {
        self.context.seed
    }

    /// Keeps a secret out of every event from now on: add it before anything that holds it is sent or recorded.
    pub fn add_secret(&self, secret: impl Into<Vec<u8>>) {
        self.context.recorder.add_secret(secret);
    }

    /// The authorization of the run; checks that declare `applies: [Auth]` have it.
    pub fn auth(&self) -> Result<Auth<'_>, Trouble> {
        self.context.auth().ok_or_else(|| Trouble::Setup("the run has no access tokens".into()))
    }

    /// Where the target is, over HTTP.
    pub fn url(&self) -> Option<&str> {
        self.context.url.as_deref()
    }

    /// Fetches a document without a token: at the origin of the target, or elsewhere over HTTP.
    pub async fn fetch(&self, url: &str) -> Result<Observed, Trouble> {
        self.fetch_by(url, Probe::bodiless("GET").header("Accept", "application/json")).await
    }

    /// The same by a probe without a body, with the header fields that it has.
    pub async fn fetch_by(&self, url: &str, probe: Probe) -> Result<Observed, Trouble> {
        let limits = self.context.limits.clone();
        let (elsewhere, target) = self.channel.towards_within(url, limits)?;
        let probe = probe.at_path(target).without_token();
        let Some(elsewhere) = elsewhere else { return self.send(probe).await };
        let seen = elsewhere.send(self.check, &probe).await?;
        self.note(&seen);
        Ok(seen)
    }

    /// A prop that the check declared as needed.
    pub fn prop(&self, prop: Prop) -> Result<&Found, Trouble> {
        self.survey().prop(prop).ok_or_else(|| Trouble::Setup(format!("no {}", prop.what())))
    }

    /// A correct call of a tool that is a prop, with the headers that mirror its arguments.
    pub fn call(&self, prop: Prop) -> Result<Probe, Trouble> {
        let found = self.prop(prop)?;
        Ok(self.call_of(&found.name, Value::Object(found.arguments.clone())))
    }

    /// A correct call of a listed tool.
    pub fn call_of(&self, name: &str, arguments: Value) -> Probe {
        let schema = self.survey().tool(name).map_or(&Value::Null, |t| &t["inputSchema"]);
        Probe::request(method::TOOLS_CALL, json!({"name": name, "arguments": arguments}))
            .mirrored(schema)
    }

    /// A correct request that the target accepts, if it offers what the base needs.
    pub fn base(&self, base: Base) -> Option<Probe> {
        self.context.given().base(base)
    }

    /// The vectors that the check carries out itself, each with a base that the target offers and the address of its
    /// case.
    pub fn vectors(&self) -> Vec<(String, Base, Vector)> {
        vectors::of_scenario(&self.context.packs, self.check, self.context.given())
    }

    /// Sends a probe and waits for the whole answer; once more if what came is none: a scenario of many requests would rarely
    /// come through where one of them in a hundred meets with bad luck.
    pub async fn send(&self, probe: Probe) -> Result<Observed, Trouble> {
        if probe.is_in_rounds() && self.edition().has_handshake() {
            return self.round(probe).await;
        }
        let mut seen = self.channel.send(self.check, &self.numbered(probe.clone())).await?;
        if seen.is_mishap() {
            self.note(&seen);
            seen = self.channel.send(self.check, &self.numbered(probe)).await?;
        }
        self.note(&seen);
        served(seen)
    }

    /// Sends a probe that must be accepted for what follows to mean anything.
    pub async fn control(&self, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.send(probe).await?;
        if seen.is_accepted() { Ok(seen) } else { Err(Trouble::Control(seen.describe())) }
    }

    /// Sends a probe and gives the answer while it comes in. Close it with [`Bench::close`] or read it with
    /// [`Bench::finish`], so that it counts as evidence of the verdict.
    pub async fn open(&self, probe: Probe) -> Result<Open, Trouble> {
        let probe = self.numbered(probe);
        self.channel.open(self.check, &probe).await
    }

    /// Closes an open answer at once.
    pub fn close(&self, open: Open) -> Observed {
        let seen = open.close();
        self.note(&seen);
        seen
    }

    /// Reads an open answer to its end.
    pub async fn finish(&self, open: Open) -> Observed {
        let seen = open.finish().await;
        self.note(&seen);
        seen
    }

    /// An open subscription, past its acknowledgment: the stream and the acknowledgment.
    pub async fn listen(
        &self,
        filter: Value,
    ) -> Result<(Open, plumb_wire::jsonrpc::Message), Trouble> {
        let mut open =
            self.open(Probe::request(method::LISTEN, json!({"notifications": filter}))).await?;
        let first = open.next_within(Duration::from_secs(5)).await;
        match first {
            Some(m) if m.method() == Some(notification::ACKNOWLEDGED) => Ok((open, m)),
            other => {
                let seen = self.close(open);
                let what = other.map_or_else(|| seen.describe(), |m| m.raw.lossy().into_owned());
                Err(if seen.code() == Some(codes::METHOD_NOT_FOUND) {
                    Trouble::Absent {
                        why: "the server has no `subscriptions/listen`".into(),
                        how_to_enable: "implement it".into(),
                    }
                } else {
                    Trouble::Setup(format!("the subscription was not acknowledged: {what}"))
                })
            }
        }
    }

    /// Whether the target has other replicas.
    pub fn has_replicas(&self) -> bool {
        self.context.others.count() > 0
    }

    /// Whether the target says that its processes share their state: the command names the folder.
    pub fn replicas_share(&self) -> bool {
        self.context.shared
    }

    /// Sends a probe to another replica than the run's, each time to the next one, and waits for the whole answer.
    pub async fn elsewhere(&self, probe: Probe) -> Result<Observed, Trouble> {
        let probe = self.numbered(probe);
        let Some(channel) = self.context.others.next() else {
            return Err(Trouble::Setup("the target has no other replica".into()));
        };
        let seen = channel.of(&self.channel).send(self.check, &probe).await?;
        self.note(&seen);
        served(seen)
    }

    /// Sends a probe through the gateway before the target, and waits for the whole answer.
    pub async fn through(&self, probe: Probe) -> Result<Observed, Trouble> {
        let seen = self.front()?.send(self.check, &self.numbered(probe)).await?;
        self.note(&seen);
        Ok(seen)
    }

    /// Sends a probe through the gateway before the target, and gives the answer while it comes in: as [`Bench::open`].
    pub async fn open_through(&self, probe: Probe) -> Result<Open, Trouble> {
        self.front()?.open(self.check, &self.numbered(probe)).await
    }

    fn front(&self) -> Result<Channel, Trouble> {
        let front = self.context.front.as_ref();
        let front = front.map(|channel| channel.of(&self.channel));
        front.ok_or_else(|| Trouble::Setup("no gateway stands before the target".into()))
    }

    /// Whether the target is a command: only then its processes can be ended and started.
    pub fn is_command(&self) -> bool {
        self.context.target.is_command()
    }

    /// Counts an exchange of the survey, or of another check, as evidence.
    pub fn note_seq(&self, seq: u64) {
        self.evidence.note_seq(seq);
    }

    /// Counts nothing that was sent since the last case as evidence: what it was for is noted where it is judged.
    pub fn forget(&self) {
        self.evidence.take();
    }

    /// Counts an exchange as evidence.
    pub fn note(&self, seen: &Observed) {
        self.evidence.note(seen);
    }

    /// Judges one case; its evidence is what was sent since the last one.
    pub fn case(&self, slug: &str, title: impl Into<String>, judgement: Judgement) {
        self.abandon();
        self.evidence.case(slug, title.into(), judgement);
    }

    /// Judges cases that were tried beside each other; the evidence of each is what was sent since the last one before.
    pub fn cases<'a>(&self, judged: impl IntoIterator<Item = (&'a str, String, Judgement)>) {
        self.abandon();
        self.evidence.cases(judged);
    }

    /// The finding over the cases so far.
    pub fn conclude(&self) -> Judgement {
        self.evidence.conclude()
    }

    /// Whether closing the stream of an answer cancels its request: in the revisions with a handshake nothing but
    /// `notifications/cancelled` does.
    pub fn closing_cancels(&self) -> bool {
        self.channel.transport().closing_cancels() && !self.edition().has_handshake()
    }

    /// Whether the run itself keeps a stream of GET open in its session, since the target asks there and nowhere else.
    pub fn listens(&self) -> bool {
        self.context.recorder.listens.load(Ordering::Relaxed)
    }

    /// Waits: as long as it must be for this target now, where an idle machine and a quick target would need `pause`.
    pub async fn pause(&self, pause: Duration) {
        tokio::time::sleep(self.stretch(pause)).await;
    }

    /// A time as long as it must be for this target now, where an idle machine and a quick target would need `wait`.
    /// What waits for messages does so by itself: see [`Open`].
    pub fn stretch(&self, wait: Duration) -> Duration {
        self.channel.stretch(wait)
    }

    /// The same, and never shorter than `wait`: what the target takes for its own work does not follow `--timeout`.
    pub fn lengthen(&self, wait: Duration) -> Duration {
        self.stretch(wait).max(wait)
    }

    /// Keeps for the end of the run how the target's process ended.
    pub(crate) fn mourn(&self, how: &str, company: Company) {
        self.context.recorder.died(self.check, how, company);
    }

    /// What befell the target and the waits of this check so far.
    pub(crate) fn watch(&self) -> &Watch {
        self.channel.watch()
    }

    /// The next id that this check may use.
    pub fn fresh_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn numbered(&self, mut probe: Probe) -> Probe {
        probe.number(|| self.fresh_id());
        probe.scoped(self.check)
    }

    pub(crate) fn finished(&self, judgement: Judgement) -> (Verdict, Vec<CaseFinished>) {
        self.abandon();
        self.part();
        self.evidence.finished(judgement)
    }
}

/// An answer of the target's own: one that turns requests away for a while, whatever they are, shows nothing.
fn served(seen: Observed) -> Result<Observed, Trouble> {
    if seen.status().is_some_and(pace::turns_away) {
        return Err(Trouble::Wire(format!("the target turns requests away: {}", seen.describe())));
    }
    Ok(seen)
}

/// A probe with every client capability declared, so that the target may ask for anything.
pub fn capable(probe: Probe) -> Probe {
    probe.capabilities(crate::survey::every_capability())
}

/// A probe with a progress token.
pub fn with_token(probe: Probe, token: Value) -> Probe {
    probe.meta(meta::PROGRESS_TOKEN, token)
}
