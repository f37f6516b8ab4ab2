//! Sending the trials of a lane, an unbroken request before and after each one.

use std::collections::BTreeMap;
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

/// A process that closes its output is gone within so long.
const DYING: Duration = Duration::from_secs(1);

/// The answer to a vector is awaited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

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
    // Bases that the target does not serve unbroken, and why: each further try would cost the whole patience.
    let mut unserved: BTreeMap<Base, Trouble> = BTreeMap::new();
    for trial in lane {
        let Some((control, probe)) = prepare(given, &trial, ids) else { continue };
        let by = format!("vector {}", trial.address);
        let key = control
            .message_value()
            .map(|m| format!("{}{}", m["method"], m["params"]))
            .unwrap_or_default();
        let limit = if channel.transport().answers_apart() { SILENCES } else { SILENT_LINES };
        let gone = silences > limit;
        let tried = if let Some(trouble) = unserved.get(&trial.base) {
            Err(trouble.clone())
        } else if gone {
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
                let tried = between(given, &trial, before, sent, after);
                if let Err(absent @ Trouble::Absent { .. }) = &tried.controlled {
                    unserved.insert(trial.base, absent.clone());
                }
                tried
            }
            Err(trouble) => untried(given.edition, &trial, trouble),
        };
        results.insert(trial.key(), Outcome::of(&trial, &tried, dead.as_deref()));
    }
    results
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
