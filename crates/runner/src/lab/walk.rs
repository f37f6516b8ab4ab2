//! Sending the trials of a lane between unbroken requests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plumb_model::Edition;
use plumb_model::pack::Base;
use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::Session;
use plumb_wire::{method, notification};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::given::Given;
use super::outcome::{Outcome, Results};
use super::prepare::prepare;
use super::trial::Trial;
use crate::channel::{Channel, Open};
use crate::facet::Tried;
use crate::record::Company;
use crate::{Observed, Probe, Trouble};

/// A target that leaves so many vectors of a lane unanswered gets no more of them: over HTTP each costs the whole
/// patience.
const SILENCES: u32 = 2;

/// The same over standard streams, where the answer to the request behind tells that nothing more will come.
const SILENT_LINES: u32 = 100;

/// Over standard streams, a line may be answered so long after the request behind it was: at first, and once the target
/// has left a line unanswered.
const BEHIND: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(150)];

/// So many vectors of one base are sent between two controls.
const TOGETHER: usize = 12;

/// A process that closes its output is gone within so long.
const DYING: Duration = Duration::from_secs(1);

/// The answer to a vector is awaited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends the trials of a lane between unbroken requests: those of one base together, and each by itself where that leaves
/// anything in doubt.
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
    let mut walk = Walk {
        given,
        channel,
        ids,
        company,
        silences: 0,
        last: BTreeMap::new(),
        unserved: BTreeMap::new(),
        results: Results::new(),
    };
    let _ = timeout_at(deadline, walk.all(lane)).await;
    // What there was no time for has no result.
    walk.results
}

/// A trial, and what is sent for it.
struct Prepared {
    trial: Trial,
    by: String,
    control: Probe,
    /// What tells its control from those of other bases.
    key: String,
    probe: Probe,
}

/// A lane on its way.
struct Walk<'a> {
    given: Given<'a>,
    channel: &'a Channel,
    ids: &'a AtomicU64,
    company: Company,
    /// How many vectors were left unanswered.
    silences: u32,
    /// The last answer to each unbroken request that was accepted.
    last: BTreeMap<String, Observed>,
    /// Bases that the target does not serve unbroken, and why: each further try would cost the whole patience.
    unserved: BTreeMap<Base, Trouble>,
    results: Results,
}

impl Walk<'_> {
    async fn all(&mut self, lane: Vec<Trial>) {
        let mut lane: VecDeque<Prepared> =
            lane.into_iter().filter_map(|trial| self.prepared(trial)).collect();
        while let Some(first) = lane.front() {
            let same = |p: &&Prepared| p.key == first.key;
            let together = lane.iter().take_while(same).count().min(TOGETHER);
            let group: Vec<Prepared> = lane.drain(..together).collect();
            let reached = self.together(&group).await;
            let mut group = VecDeque::from(group);
            for prepared in group.drain(..reached.unwrap_or(together).max(1)) {
                if !self.results.contains_key(&prepared.trial.key()) {
                    self.alone(prepared).await;
                }
            }
            group.into_iter().rev().for_each(|prepared| lane.push_front(prepared));
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
        let [first, _, ..] = group else { return None };
        if self.silences > 0 || self.unserved.contains_key(&first.trial.base) {
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
        let mut sent = Vec::new();
        for prepared in group {
            match self.answered(prepared).await {
                Some(seen) => sent.push(seen),
                None => break,
            }
        }
        let reached = sent.len();
        let Some(last) = reached.checked_sub(1).and_then(|n| group.get(n)) else { return Some(0) };
        let after = send(self.channel, &last.by, &self.control(last)).await.ok()?;
        if !after.is_accepted() || self.died(&last.by).await.is_some() {
            return None;
        }
        self.last.insert(first.key.clone(), after.clone());
        for (prepared, sent) in group.iter().zip(sent) {
            let trial = &prepared.trial;
            let tried = between(self.given, trial, before.clone(), sent, after.clone());
            let outcome = Outcome::of(trial, &tried, None);
            if !outcome.is_doubtful() {
                self.results.insert(trial.key(), outcome);
            }
        }
        Some(reached)
    }

    /// The answer to a vector that comes without another request behind it; none if it does not come, or nothing in it
    /// tells which request it answers.
    async fn answered(&self, prepared: &Prepared) -> Option<Observed> {
        let (by, probe) = (&prepared.by, prepared.probe.clone().patience(PATIENCE));
        if self.channel.transport().answers_apart() || probe.method() == Some(method::LISTEN) {
            let seen = send(self.channel, by, &probe).await.ok()?;
            return (seen.status().is_some() || !seen.messages.is_empty()).then_some(seen);
        }
        if !probe.asks() {
            return None;
        }
        let mut open = self.channel.open(by, &probe).await.ok()?;
        open.until(BEHIND[0] / 2, Message::is_response).await?;
        // An answer that names another id, or none, does not end the exchange.
        if open.is_ended() { Some(open.finish().await) } else { None }
    }

    /// Sends a vector between two controls of its own.
    async fn alone(&mut self, prepared: Prepared) {
        let Prepared { trial, by, key, probe, .. } = &prepared;
        let limit = if self.channel.transport().answers_apart() { SILENCES } else { SILENT_LINES };
        let tried = if let Some(trouble) = self.unserved.get(&trial.base) {
            Err(trouble.clone())
        } else if self.silences > limit {
            Err(Trouble::Setup(
                "the target leaves broken requests unanswered; no more were sent".into(),
            ))
        } else {
            let before = self.last.remove(key);
            let control = || self.control(&prepared);
            attempt(by, before, control, probe, self.channel, self.silences > 0).await
        };
        let mut dead = self.died(by).await;
        let tried = match tried {
            Ok((before, sent, (after, died))) => {
                dead = dead.or_else(|| died.then(|| "it closed its output".to_owned()));
                let silent = probe.asks() && sent.messages.is_empty() && sent.status().is_none();
                self.silences += u32::from(silent);
                if after.is_accepted() {
                    self.last.insert(key.clone(), after.clone());
                }
                let tried = between(self.given, trial, before, sent, after);
                if let Err(absent @ Trouble::Absent { .. }) = &tried.controlled {
                    self.unserved.insert(trial.base, absent.clone());
                }
                tried
            }
            Err(trouble) => untried(self.given.edition, trial, trouble),
        };
        self.results.insert(trial.key(), Outcome::of(trial, &tried, dead.as_deref()));
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

/// A vector between its controls.
fn between(
    given: Given<'_>,
    trial: &Trial,
    before: Observed,
    sent: Observed,
    after: Observed,
) -> Tried {
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

/// Why the unbroken request was not accepted. Whether `subscriptions/listen` must be there, and acknowledge, is judged
/// once, by `subs.supported`.
fn uncontrolled(base: Base, seen: &Observed) -> Trouble {
    let absent =
        |why: &str, how: &str| Trouble::Absent { why: why.into(), how_to_enable: how.into() };
    if base == Base::Listen && seen.code() == Some(plumb_wire::codes::METHOD_NOT_FOUND) {
        return absent("the server has no `subscriptions/listen`", "serve it");
    }
    if base == Base::Listen && seen.messages.is_empty() && seen.status().is_none_or(|s| s == 200) {
        return absent("the server acknowledges no subscription", "acknowledge it");
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
    control: impl Fn() -> Probe,
    probe: &Probe,
    channel: &Channel,
    silent: bool,
) -> Result<(Observed, Observed, (Observed, bool)), Trouble> {
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
