//! Sending vectors: each between two unbroken requests, shared by all checks that read its answer.

mod base;
mod prepare;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plumb_model::Edition;
use plumb_model::pack::{Base, HeaderValue, Kind, Over, Pack, Vector};
use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::Session;
use plumb_wire::{Transport, method, notification};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::auth::Auth;
use crate::channel::{Channel, Open};
use crate::facet::{Facet, Tried};
use crate::record::Company;
use crate::survey::Annotated;
use crate::{Check, Finding, Judgement, Observed, Probe, Survey, Trouble, check::Body, sample};

use base::base_probe;
use prepare::{edited, prepare};

/// So many vectors go over one lane, one after the other; lanes run beside each other.
const LANE: usize = 12;

/// A target that leaves so many vectors of a lane unanswered gets no more of them: over HTTP each costs the whole
/// patience.
const SILENCES: u32 = 2;

/// The same over standard streams, where the answer to the request behind tells that nothing more will come.
const SILENT_LINES: u32 = 100;

/// Over standard streams, a line may be answered so long after the request behind it was: at first, and once the target
/// has left a line unanswered.
const BEHIND: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(150)];

/// A process that closes its output is gone within so long.
const DYING: Duration = Duration::from_secs(1);

/// At most so many annotated parameters of a type are looked at beyond the first.
const FURTHER: usize = 4;

/// The answer to a vector is awaited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ids of vectors start here, past those of all benches.
const IDS: u64 = 1 << 40;

/// What vectors start from.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) edition: &'a Arc<Edition>,
    pub(crate) survey: &'a Survey,
    pub(crate) auth: Option<Auth<'a>>,
}

impl Given<'_> {
    /// A correct request of the edition's revision, if the target offers what it needs.
    pub(crate) fn base(self, base: Base) -> Option<Probe> {
        base_probe(self.survey, base).map(|probe| probe.in_edition(self.edition))
    }
}

/// A vector on one base request.
#[derive(Clone)]
pub(crate) struct Trial {
    /// Its case's address within a check.
    pub(crate) address: String,
    /// The pack: slugs are unique within one only.
    pub(crate) pack: String,
    pub(crate) base: Base,
    /// Which of the annotated parameters, if it is about one.
    parameter: usize,
    pub(crate) vector: Arc<Vector>,
    /// The checks that read the answer, each with what it reads of it.
    judges: Vec<(&'static str, Facet)>,
}

impl Trial {
    /// What tells it from all other trials.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.pack, self.address)
    }
}

/// What came of all trials, by key.
pub(crate) type Results = BTreeMap<String, Outcome>;

/// What came of a trial. The answers themselves are judged at once and not kept.
pub(crate) struct Outcome {
    /// By the check's id.
    pub(crate) judgements: BTreeMap<&'static str, Judgement>,
    /// The exchanges that the judgements rest on.
    pub(crate) exchanges: Vec<u64>,
    /// Whether it is to be tried again: the target said nothing, to the vector or to its controls.
    pub(crate) in_vain: bool,
    /// Whether a failure of the target may have spoilt it: a control was not accepted, or what broke the rule was told as
    /// an internal failure.
    pub(crate) spoilt: bool,
}

impl Outcome {
    /// A target that dies of a vector breaks what the vector is for first.
    fn of(trial: &Trial, tried: &Tried, death: Option<&str>) -> Self {
        let judge = |(n, (id, facet)): (usize, &(&'static str, Facet))| {
            let judgement = match death.filter(|_| n == 0) {
                Some(how) => Ok(Finding::violated(
                    "a server that goes on",
                    format!("its process ended: {how}"),
                )),
                None => facet(tried),
            };
            (*id, judgement)
        };
        let seen = [Some(&tried.before), Some(&tried.sent), tried.after.as_ref()];
        let silent = |o: &&Observed| o.response().is_none() && o.status().is_none() && o.seq() > 0;
        let in_vain = death.is_none()
            && seen.into_iter().flatten().any(|o| silent(&o) && !o.is_accepted())
            && !tried.sent.may_go_unanswered();
        let judgements: BTreeMap<_, _> = trial.judges.iter().enumerate().map(judge).collect();
        let broken = || judgements.values().any(|j| matches!(j, Ok(Finding::Violated { .. })));
        let spoilt = matches!(tried.controlled, Err(Trouble::Control(_)))
            || (death.is_none() && tried.sent.tells_of_a_failure() && broken());
        Self {
            in_vain,
            spoilt,
            judgements,
            exchanges: seen.into_iter().flatten().map(Observed::seq).filter(|s| *s > 0).collect(),
        }
    }
}

/// The trials that the selected checks need and the target can serve.
pub(crate) fn trials(packs: &[Pack], checks: &[&'static Check], given: Given<'_>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (pack, vector) in packs.iter().flat_map(|p| p.vectors().map(move |v| (p, v))) {
        let named = || checks.iter().filter(|c| vector.judges.iter().any(|id| id == c.id));
        // A vector that names a passive check provokes what that check looks at.
        let wanted = named().any(|c| matches!(c.body, Body::Cases(_) | Body::Passive(_)))
            && !of_scenarios(vector);
        let facet = |c: &&'static Check| match c.body {
            Body::Cases(facet) => Some((c.id, facet)),
            _ => None,
        };
        if !goes_over(vector, given.survey.transport) || !wanted {
            continue;
        }
        let shared = Arc::new(vector.clone());
        let judges: Vec<(&'static str, Facet)> = named().filter_map(facet).collect();
        for base in &vector.bases {
            for (parameter, address) in places(given, *base, vector) {
                trials.push(Trial {
                    address,
                    pack: pack.pack.clone(),
                    base: *base,
                    parameter,
                    vector: Arc::clone(&shared),
                    judges: judges.clone(),
                });
            }
        }
    }
    trials
}

/// The address of a vector on a base, within its check: the slug, and the base if there are several.
pub(crate) fn address(vector: &Vector, base: Base) -> String {
    if vector.bases.len() == 1 {
        vector.slug.clone()
    } else {
        format!("{}@{}", vector.slug, base.name())
    }
}

/// Where the target lets a vector be tried on a base: once, or on each further parameter that it is about; the
/// parameter's place and the address of the case.
fn places(given: Given<'_>, base: Base, vector: &Vector) -> Vec<(usize, String)> {
    let survey = given.survey;
    let address = address(vector, base);
    match &vector.kind {
        Kind::HeaderValue(value) if base == Base::AnnotatedEach => survey
            .annotated(value.of)
            .enumerate()
            .skip(1)
            .take(FURTHER)
            .filter(|(_, tool)| fits(tool, value))
            .map(|(at, tool)| (at, format!("{address}-{}", tool.header.to_lowercase())))
            .collect(),
        Kind::HeaderValue(value) => {
            let first = survey.annotated(value.of).position(|tool| fits(&tool, value));
            first.map(|at| (at, address)).into_iter().collect()
        }
        _ if offered(given, base, vector) => vec![(0, address)],
        _ => Vec::new(),
    }
}

fn offered(given: Given<'_>, base: Base, vector: &Vector) -> bool {
    let survey = given.survey;
    match &vector.kind {
        Kind::HeaderValue(value) => survey.annotated(value.of).any(|tool| fits(&tool, value)),
        Kind::Edit(edit) => given.base(base).and_then(|probe| edited(probe, edit)).is_some(),
        Kind::Interruption(_) => given.base(base).is_some(),
        // A flow at an authorization server.
        Kind::Grant(_) => false,
        Kind::Token(what) => {
            let used = |probe| given.auth.filter(|_| survey.protected)?.used(probe, what);
            given.base(base).and_then(used).is_some()
        }
    }
}

/// Whether the tool's schema takes the value, so that a refusal can only be due to the header.
fn fits(tool: &Annotated, vector: &HeaderValue) -> bool {
    let mut arguments = Value::Object(tool.arguments.clone());
    if let (Some(value), Some((parent, key))) = (&vector.value, tool.pointer.rsplit_once('/'))
        && let Some(parent) = arguments.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        parent.insert(key.to_owned(), value.clone());
    }
    sample::validator(&tool.tool["inputSchema"]).is_none_or(|schema| schema.is_valid(&arguments))
}

/// Whether a vector is meant for a transport.
fn goes_over(vector: &Vector, transport: Transport) -> bool {
    match vector.over {
        Over::Any => true,
        Over::Http => transport == Transport::StreamableHttp,
        Over::Stdio => transport == Transport::Stdio,
    }
}

/// Whether a vector is carried out by the scenario that it names: more than one request is at stake.
fn of_scenarios(vector: &Vector) -> bool {
    matches!(vector.kind, Kind::Interruption(_) | Kind::Grant(_))
}

/// The vectors that the scenario of a check carries out, each with a base that the target offers and its case's address.
pub(crate) fn of_scenario(
    packs: &[Pack],
    check: &str,
    given: Given<'_>,
) -> Vec<(String, Base, Vector)> {
    let given = Given { auth: None, ..given };
    let here = |v: &&Vector| goes_over(v, given.survey.transport);
    let named = |v: &&Vector| of_scenarios(v) && v.judges.iter().any(|id| id == check);
    let vectors = packs.iter().flat_map(Pack::vectors).filter(named).filter(here);
    let offered = |vector: &&Vector, base: &Base| offered(given, *base, vector);
    vectors
        .flat_map(|v| v.bases.iter().filter(move |b| offered(&v, b)).map(move |b| (v, *b)))
        .map(|(vector, base)| (address(vector, base), base, vector.clone()))
        .collect()
}

/// The trials in lanes: those of one base request one after the other.
pub(crate) fn lanes(trials: Vec<Trial>, transport: Transport) -> Vec<Vec<Trial>> {
    if !transport.answers_apart() {
        // One process takes them all in turn: a broken line has no id to tell its answer by.
        return if trials.is_empty() { Vec::new() } else { vec![trials] };
    }
    let mut by_base: BTreeMap<Base, Vec<Trial>> = BTreeMap::new();
    for trial in trials {
        by_base.entry(trial.base).or_default().push(trial);
    }
    by_base
        .into_values()
        .flat_map(|lane| lane.chunks(LANE).map(<[Trial]>::to_vec).collect::<Vec<_>>())
        .collect()
}

/// Sends the trials of a lane, an unbroken request before and after each one.
pub(crate) async fn walk(
    lane: Vec<Trial>,
    given: Given<'_>,
    channel: &Channel,
    ids: &AtomicU64,
    company: Company,
    deadline: Instant,
) -> Results {
    // Over standard streams the lane has the process to itself.
    let company = if channel.transport().answers_apart() { company } else { Company::Nobody };
    let mut results = Results::new();
    let mut silences = 0;
    let mut last: BTreeMap<String, Observed> = BTreeMap::new();
    for trial in lane {
        let Some((control, probe)) = prepare(given, &trial, ids) else { continue };
        let by = format!("vector {}", trial.address);
        let key = control
            .message_value()
            .map(|m| format!("{}{}", m["method"], m["params"]))
            .unwrap_or_default();
        let limit = if channel.transport().answers_apart() { SILENCES } else { SILENT_LINES };
        let gone = silences > limit;
        let tried = if gone {
            Err(Trouble::Setup(
                "the target leaves broken requests unanswered; no more were sent".into(),
            ))
        } else {
            let before = last.remove(&key);
            let attempt = attempt(&by, before, &control, &probe, channel, ids, silences > 0);
            // What there is no time for has no result.
            let Ok(tried) = timeout_at(deadline, attempt).await else { break };
            tried
        };
        // Where others are about, the process may have died of what they sent.
        let alone = company == Company::Nobody;
        let mut dead = if alone { channel.death(&by, company).await } else { None };
        let tried = match tried {
            Ok((before, sent, (after, died))) => {
                dead = dead.or_else(|| died.then(|| "it closed its output".to_owned()));
                let silent = probe.asks() && sent.messages.is_empty() && sent.status().is_none();
                silences += u32::from(silent);
                if after.is_accepted() {
                    last.insert(key, after.clone());
                }
                let controlled = if before.is_accepted() && after.is_accepted() {
                    Ok(())
                } else {
                    let which = if before.is_accepted() { &after } else { &before };
                    Err(uncontrolled(trial.base, which))
                };
                Tried {
                    title: trial.vector.title.clone(),
                    edition: Arc::clone(given.edition),
                    dual_era: given.survey.dual_era,
                    allowed: trial.vector.answer.clone(),
                    before,
                    sent,
                    after: Some(after),
                    controlled,
                }
            }
            Err(trouble) => untried(given.edition, &trial, trouble),
        };
        results.insert(trial.key(), Outcome::of(&trial, &tried, dead.as_deref()));
    }
    results
}

/// Why the unbroken request was not accepted. Whether `subscriptions/listen` must be there is judged once, by
/// `subs.supported`.
fn uncontrolled(base: Base, seen: &Observed) -> Trouble {
    if base == Base::Listen && seen.code() == Some(plumb_wire::codes::METHOD_NOT_FOUND) {
        return Trouble::Absent {
            why: "the server has no `subscriptions/listen`".into(),
            how_to_enable: "serve it".into(),
        };
    }
    Trouble::Control(seen.describe())
}

fn untried(edition: &Arc<Edition>, trial: &Trial, trouble: Trouble) -> Tried {
    let nothing = || {
        Observed::new(plumb_model::Exchange {
            seq: 0,
            by: trial.address.clone(),
            channel: "none".into(),
            initiator: plumb_model::Initiator::Us,
            sent: plumb_model::Sent::Nothing,
            answer: plumb_model::Answer::default(),
        })
    };
    Tried {
        title: trial.vector.title.clone(),
        edition: Arc::clone(edition),
        dual_era: false,
        allowed: trial.vector.answer.clone(),
        before: nothing(),
        sent: nothing(),
        after: None,
        controlled: Err(trouble),
    }
}

async fn attempt(
    by: &str,
    before: Option<Observed>,
    control: &Probe,
    probe: &Probe,
    channel: &Channel,
    ids: &AtomicU64,
    silent: bool,
) -> Result<(Observed, Observed, (Observed, bool)), Trouble> {
    let control = || {
        let mut control = control.clone();
        control.number(|| ids.fetch_add(1, Ordering::Relaxed));
        control
    };
    let before = match before {
        Some(before) => before,
        None => send(channel, by, &control()).await?,
    };
    if let Some(keeper) = channel.keeper()
        && probe.method() != Some(method::LISTEN)
    {
        let session = keeper.session().await?;
        // Such a line may go unanswered; the answer to the request behind it shows that it was read.
        let mut open = channel.open(by, &probe.clone().patience(PATIENCE)).await?;
        let wait = BEHIND[usize::from(silent)];
        if probe.asks() && open.until(wait / 2, Message::is_response).await.is_some() {
            // An answer that names another id, or none, does not end the exchange, and nothing more is to come.
            let done = if open.is_ended() { Err(open.finish().await) } else { Ok(open) };
            let after = behind(&session, channel, by, control).await?;
            return Ok((before, done.map_or_else(|sent| sent, Open::close), after));
        }
        let after = behind(&session, channel, by, control).await?;
        if probe.asks() {
            open.until(wait, Message::is_response).await;
        }
        return Ok((before, open.close(), after));
    }
    let sent = send(channel, by, &probe.clone().patience(PATIENCE)).await?;
    let after = send(channel, by, &control()).await?;
    Ok((before, sent, (after, false)))
}

/// Sends the request behind a line, and tells whether the target died of the line: it is then started anew.
async fn behind(
    session: &Session,
    channel: &Channel,
    by: &str,
    control: impl Fn() -> Probe,
) -> Result<(Observed, bool), Trouble> {
    let first = send(channel, by, &control()).await;
    if first.as_ref().is_ok_and(|after| after.response().is_some()) {
        return Ok((first?, false));
    }
    let died = session.wait_exit(DYING).await.is_some();
    Ok((send(channel, by, &control()).await?, died))
}

/// Sends a probe and waits for the whole answer; a subscription is closed once it is acknowledged.
async fn send(channel: &Channel, by: &str, probe: &Probe) -> Result<Observed, Trouble> {
    if probe.method() != Some(method::LISTEN) {
        return channel.send(by, probe).await;
    }
    let mut open = channel.open(by, probe).await?;
    let acknowledged = |m: &Message| m.method() == Some(notification::ACKNOWLEDGED);
    let first = open.until(PATIENCE, |m| m.is_response() || acknowledged(m)).await;
    if !first.is_some_and(|m| acknowledged(&m)) {
        return Ok(open.finish().await);
    }
    if !channel.transport().closing_cancels() {
        // What the target still says of the subscription comes before its next answer.
        open.cancel().await;
        channel.send(by, &Probe::request(method::DISCOVER, json!({}))).await?;
    }
    Ok(open.close())
}

/// The first id of vectors.
pub(crate) fn first_id() -> AtomicU64 {
    AtomicU64::new(IDS)
}
