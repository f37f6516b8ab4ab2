//! Sending the trials of a lane between unbroken requests.

pub(super) mod again;
mod attempt;
mod deadly;
mod everybody;
mod prepared;
mod silences;
mod tried;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plumb_model::pack::Base;
use plumb_wire::jsonrpc::Message;
use plumb_wire::method;
use tokio::time::{Instant, timeout, timeout_at};

use attempt::{BEHIND, DEAF, Nameless, PATIENCE, attempt, send};
use deadly::Deadly;
use prepared::Prepared;
use tried::{between, nothing, untried};

pub(crate) use silences::Silences;

use super::given::Given;
use super::outcome::{Outcome, Results};
use super::prepare::prepare;
use super::trial::Trial;
use crate::channel::{Channel, Open};
use crate::record::Company;
use crate::{Observed, Probe, Trouble};

/// A target that leaves so many vectors of a lane unanswered gets no more of them: over HTTP each costs the whole
/// patience.
const SILENCES: u32 = 2;

/// The same over standard streams, where the answer to the request behind tells that nothing more will come.
const SILENT_LINES: u32 = 100;

/// A target that a line without a readable request has made deaf twice gets no more of them: each costs the whole patience.
const DEAF_TO: u32 = 1;

/// So many vectors of one base are sent between two controls.
const TOGETHER: usize = 12;

/// An answer that comes within so long comes at once.
const AT_ONCE: Duration = Duration::from_millis(15);

/// Sends the trials of a lane between unbroken requests: those of one base together, and each by itself where that leaves
/// anything in doubt. When all are sent, and late answers are awaited, `broken` is called if anything was seen to be.
pub(crate) async fn walk(
    lane: Vec<Trial>,
    given: Given<'_>,
    channel: &Channel,
    ids: &AtomicU64,
    company: Company,
    deadline: Instant,
    (known, broken): (&Silences, &(dyn Fn() + Sync)),
) -> Results {
    // Over standard streams the lane has the process to itself.
    let company = if channel.transport().answers_apart() { company } else { Company::Nobody };
    let mut walk = Walk {
        given,
        channel,
        ids,
        company,
        silences: 0,
        deaf: 0,
        deadly: Deadly::default(),
        nameless: Nameless::default(),
        known,
        last: BTreeMap::new(),
        unserved: BTreeMap::new(),
        left: Vec::new(),
        results: Results::new(),
    };
    let _ = timeout_at(deadline, walk.all(lane, broken)).await;
    // What there was no time for has no result.
    walk.results
}

/// A lane on its way.
struct Walk<'a> {
    given: Given<'a>,
    channel: &'a Channel,
    ids: &'a AtomicU64,
    company: Company,
    /// How many vectors were left unanswered.
    silences: u32,
    /// How many made the target deaf to all that came behind them.
    deaf: u32,
    /// What it died of.
    deadly: Deadly,
    /// What it does with lines whose request cannot be told.
    nameless: Nameless,
    /// What the lanes know of the target's silence.
    known: &'a Silences,
    /// The last answer to each unbroken request that was accepted.
    last: BTreeMap<String, Observed>,
    /// Bases that the target does not serve unbroken, and why: each further try would cost the whole patience.
    unserved: BTreeMap<Base, Trouble>,
    /// Vectors whose answers may still come.
    left: Vec<Left>,
    results: Results,
}

/// A vector over standard streams that was not answered before the request behind it: its id tells its answer whenever
/// that comes.
struct Left {
    trial: Trial,
    since: Instant,
    before: Observed,
    open: Open,
    after: Observed,
}

/// What became of a vector with nothing sent behind it.
enum Came {
    Answer(Observed),
    /// Nothing yet, and its id would tell.
    Nothing(Box<Open>),
}

impl Came {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing(_))
    }
}

impl Walk<'_> {
    async fn all(&mut self, lane: Vec<Trial>, broken: &(dyn Fn() + Sync)) {
        let mut lane: Vec<Prepared> =
            lane.into_iter().filter_map(|trial| self.prepared(trial)).collect();
        let apart = self.channel.transport().answers_apart();
        lane.sort_by_key(|prepared| {
            let trial = &prepared.trial;
            // What servers leave unanswered goes first: silence takes longest to prove.
            let later = apart || prepared.is_request();
            (trial.by_itself, later, trial.rank, trial.base)
        });
        let mut lane = VecDeque::from(lane);
        let mut postponed = BTreeSet::new();
        while let Some(first) = lane.front() {
            let same =
                |p: &&Prepared| p.key == first.key && p.trial.by_itself == first.trial.by_itself;
            let together = lane.iter().take_while(same).count().min(TOGETHER);
            let group: Vec<Prepared> = lane.drain(..together).collect();
            let others = lane.iter().any(|p| p.key != group[0].key);
            let waits =
                |p: &Prepared| others && !postponed.contains(&p.trial.key()) && self.awaits(p);
            let (later, group): (Vec<_>, Vec<_>) = group.into_iter().partition(waits);
            postponed.extend(later.iter().map(|p| p.trial.key()));
            lane.extend(later);
            if group.is_empty() {
                continue;
            }
            let deadly = group.iter().any(|p| self.deadly.enough_of(&p.trial).is_some());
            let reached = if deadly { None } else { self.together(&group).await };
            let mut group = VecDeque::from(group);
            for prepared in group.drain(..reached.unwrap_or(group.len()).max(1)) {
                let key = prepared.trial.key();
                let left = self.left.iter().any(|left| left.trial.key() == key);
                if !left && !self.results.contains_key(&key) {
                    self.alone(prepared).await;
                }
            }
            group.into_iter().rev().for_each(|prepared| lane.push_front(prepared));
        }
        if self.results.values().any(|outcome| outcome.breaks().next().is_some()) {
            broken();
        }
        self.settle(|_| true).await;
    }

    /// Whether an answer is still awaited under the id that this has, too.
    fn awaits(&self, prepared: &Prepared) -> bool {
        let id = prepared.id();
        id.is_some() && self.left.iter().any(|left| left.open.id() == id)
    }

    /// Judges what was left open: all else that was asked was time for it. Silence for twice as long as is enough, while the
    /// target answers others, is no slowness; of a vector that was seen so elsewhere, less will do.
    async fn settle(&mut self, which: impl Fn(&Left) -> bool) {
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left).into_iter().partition(which);
        self.left = rest;
        for Left { trial, since, before, mut open, after } in due {
            let wait = self.channel.stretch(BEHIND[0]);
            let came = self.known.answered(&trial, &mut open, since, wait).await;
            let sent = if open.is_ended() { open.finish().await } else { open.close() };
            self.known.learn(&trial, came, &sent, wait);
            let broken_off = sent.is_broken_off();
            let tried = between(self.given, &trial, before, sent, after);
            let mut outcome = Outcome::of(&trial, &tried, None);
            outcome.lasted = outcome.unanswered;
            // What an answer breaks is tried again, between controls of its own, and what another vector may have cut off.
            let answered = outcome.is_doubtful() && (broken_off || !outcome.in_vain);
            match self.prepared(trial.clone()).filter(|_| answered) {
                Some(prepared) => self.alone(prepared).await,
                None => _ = self.results.insert(trial.key(), outcome),
            }
        }
    }

    fn prepared(&self, trial: Trial) -> Option<Prepared> {
        let (control, probe) = prepare(self.given, &trial, self.ids)?;
        let by = format!("vector {}", trial.address);
        let key = control
            .message_value()
            .map(|m| format!("{}{}", m["method"], m["params"]))
            .unwrap_or_default();
        Some(Prepared { trial, by, control, key, probe })
    }

    /// Sends vectors of one base between two controls, as far as each is answered; gives how many have been sent, if there
    /// is any telling. What is in doubt has no result yet: a breach, since the vector before may be its cause, or all of
    /// them, if a control is not accepted.
    async fn together(&mut self, group: &[Prepared]) -> Option<usize> {
        let first = group.first()?;
        let apart = self.channel.transport().answers_apart();
        if first.trial.by_itself
            || (apart && self.silences > 0)
            || self.unserved.contains_key(&first.trial.base)
        {
            return None;
        }
        let before = match self.last.get(&first.key) {
            Some(before) => before.clone(),
            None => send(self.channel, &first.by, &self.control(first)).await.ok()?,
        };
        if !before.is_accepted() {
            return None;
        }
        self.last.insert(first.key.clone(), before.clone());
        let ids: Vec<_> = group.iter().filter_map(Prepared::id).collect();
        Box::pin(self.settle(|left| left.open.id().is_some_and(|id| ids.contains(&id)))).await;
        let mut sent = Vec::new();
        for prepared in group {
            // Of two requests under one id, nothing tells which an answer is for.
            let id = prepared.id();
            let same = |came: &Came| matches!(came, Came::Nothing(open) if open.id() == id);
            if id.is_some() && sent.iter().any(same) {
                break;
            }
            match self.came(prepared, sent.iter().any(Came::is_nothing)).await {
                Some(came) => sent.push(came),
                None => break,
            }
        }
        let reached = sent.len();
        let Some(last) = reached.checked_sub(1).and_then(|n| group.get(n)) else { return Some(0) };
        let after = send(self.channel, &last.by, &self.control(last)).await;
        let accepted = after.ok().filter(Observed::is_accepted);
        let died = self.died(&last.by).await.is_some();
        let Some(after) = accepted.filter(|_| !died) else {
            self.last.clear();
            return None;
        };
        self.last.insert(first.key.clone(), after.clone());
        for (prepared, sent) in group.iter().zip(sent) {
            let trial = &prepared.trial;
            let sent = match sent {
                Came::Answer(sent) => sent,
                Came::Nothing(open) => {
                    let (trial, before, after) = (trial.clone(), before.clone(), after.clone());
                    let (since, open) = (Instant::now(), *open);
                    self.left.push(Left { trial, since, before, open, after });
                    continue;
                }
            };
            let tried = between(self.given, trial, before.clone(), sent, after.clone());
            let outcome = Outcome::of(trial, &tried, None);
            if !outcome.is_doubtful() {
                self.results.insert(trial.key(), outcome);
            }
        }
        Some(reached)
    }

    /// What comes of a vector without another request behind it; none if it does not come, or nothing in it
    /// tells which request it answers. `silent`: one that was sent just before has come to nothing so far.
    async fn came(&self, prepared: &Prepared, silent: bool) -> Option<Came> {
        let (by, probe) = (&prepared.by, prepared.probe.clone().patience(PATIENCE));
        if self.channel.transport().answers_apart() || probe.method() == Some(method::LISTEN) {
            let seen = send(self.channel, by, &probe).await.ok()?;
            let answered = seen.status().is_some() || !seen.messages.is_empty();
            return answered.then_some(Came::Answer(seen));
        }
        if !probe.asks() {
            return None;
        }
        let mut open = self.channel.open(by, &probe).await.ok()?;
        let answer = open.until(BEHIND[1] / 2, Message::is_response);
        // Where some are left unanswered, none is waited for: its id tells its answer whenever it comes.
        let wait = if silent || !self.left.is_empty() { AT_ONCE } else { PATIENCE };
        if timeout(wait, answer).await.ok().flatten().is_none() {
            return Some(Came::Nothing(Box::new(open)));
        }
        // An answer that names another id, or none, does not end the exchange.
        let seen = if open.is_ended() { open.finish().await } else { return None };
        // What is larger than is read shows nothing.
        (!seen.is_cut()).then_some(Came::Answer(seen))
    }

    /// Sends a vector between two controls of its own; once more, if the target died meanwhile: what was sent before may
    /// have killed it.
    async fn alone(&mut self, prepared: Prepared) {
        if let Some(id) = prepared.id() {
            Box::pin(self.settle(|left| left.open.id().as_ref() == Some(&id))).await;
        }
        let (mut outcome, died) = self.between_its_own(&prepared).await;
        if died {
            (outcome, _) = self.between_its_own(&prepared).await;
            self.deadly.saw(&prepared.trial, &outcome);
        }
        self.results.insert(prepared.trial.key(), outcome);
    }

    /// What comes of a vector between two controls of its own, and whether the target died or was gone meanwhile.
    async fn between_its_own(&mut self, prepared: &Prepared) -> (Outcome, bool) {
        let Prepared { trial, by, key, probe, .. } = prepared;
        let limit = if self.channel.transport().answers_apart() { SILENCES } else { SILENT_LINES };
        let tried = if let Some(trouble) = self.unserved.get(&trial.base) {
            Err(trouble.clone())
        } else if let Some(trouble) = self.deadly.enough_of(trial) {
            Err(trouble)
        } else if self.silences > limit || (self.deaf > DEAF_TO && !probe.asks()) {
            Err(Trouble::Setup(
                "the target leaves broken requests unanswered; no more were sent".into(),
            ))
        } else {
            let before = self.last.remove(key);
            let (silent, mut nameless) = (self.silences > 0, self.nameless);
            let control = || self.control(prepared);
            let tried =
                attempt(by, before, control, probe, self.channel, silent, &mut nameless).await;
            self.nameless = nameless;
            tried
        };
        let mut dead = self.died(by).await;
        let tried = match tried {
            Ok((before, sent, (after, ended))) => {
                let ended = ended.filter(|how| *how != DEAF || before.is_accepted());
                dead = dead.or_else(|| ended.map(str::to_owned));
                self.deaf += u32::from(ended == Some(DEAF));
                let silent = probe.asks() && sent.messages.is_empty() && sent.status().is_none();
                self.silences += u32::from(silent);
                if after.is_accepted() {
                    self.last.insert(key.clone(), after.clone());
                }
                let mut tried = between(self.given, trial, before, sent, after);
                if self.serves_everybody(prepared, &tried).await {
                    tried.controlled = Err(Trouble::served_to_everybody());
                }
                if let Err(absent @ Trouble::Absent { .. }) = &tried.controlled {
                    self.unserved.insert(trial.base, absent.clone());
                }
                tried
            }
            Err(trouble) => untried(self.given.edition, trial, trouble),
        };
        let shared = !self.channel.transport().answers_apart();
        let gone = tried.sent.is_broken_off() || matches!(tried.controlled, Err(Trouble::Wire(_)));
        let died = dead.is_some() || (shared && gone);
        if died {
            // What requests were answered before says nothing of the process that answers now.
            self.last.clear();
        }
        (Outcome::of(trial, &tried, dead.as_deref()), died)
    }

    /// How the process ended, if it did and cannot have died of what others sent.
    async fn died(&self, by: &str) -> Option<String> {
        if self.company == Company::Others {
            return None;
        }
        self.channel.death(by, self.company).await
    }

    fn control(&self, prepared: &Prepared) -> Probe {
        let mut control = prepared.control.clone();
        control.number(|| self.ids.fetch_add(1, Ordering::Relaxed));
        control
    }
}
