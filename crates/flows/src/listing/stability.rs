//! Lists that depend on nothing but the server: not on the connection, not on what was asked before.

use std::collections::BTreeSet;
use std::time::Instant;

use plumb_runner::{Bench, Finding, Judgement, Probe, Trouble};
use plumb_wire::method;
use serde_json::json;

use super::first_use::unchanged_by_first_use;
use super::harmless::{by_itself, calls, expected, harmless, says_harmless};
use super::rest::{Apart, in_turn, read, restless};
use super::{Connection, List, PAGES, difference, walk};

/// So many requests are spent on comparing connections.
const REQUESTS: usize = 24;

/// A list that changes for everybody must do so behind the same requests so often.
const ROUNDS: usize = 3;

/// Differences that turn out to be the list's own doing are followed up so often.
const FOLLOWED: usize = 3;

/// Whether the list is the same over every connection.
///
/// A list that changes by itself is told from one that depends on the connection by reading both in turn: only
/// a difference that both connections repeat is one between connections.
pub async fn same_on_every_connection(bench: &Bench, list: List) -> Judgement {
    if bench.has_replicas() {
        let (here, there) = (Connection::Shared, Connection::Elsewhere);
        if read(bench, &here, list).await? != read(bench, &there, list).await?
            && let Some(finding) = told_apart(bench, list, &here, &there).await?
        {
            return Ok(finding);
        }
    }
    if !bench.survey().transport.shares_processes() {
        return same_in_every_process(bench, list).await;
    }
    let connection = |n: usize| Connection::Named(format!("{}-{n}", list.key));
    let first = connection(0);
    let pages = walk(bench, &first, list, PAGES).await?;
    let connections = (REQUESTS / pages.pages.len().max(1)).clamp(3, 10);
    let mut set = pages.set();
    let mut followed = 0;
    let mut judged = Finding::Held;
    for other in std::iter::once(Connection::Fresh).chain((1..connections).map(connection)) {
        let there = read(bench, &other, list).await?;
        if there == set {
            continue;
        }
        match told_apart(bench, list, &first, &other).await? {
            // A new connection for each reading may get another list each time: what the kept ones get decides.
            Some(restless @ Finding::Unseen { .. }) if matches!(other, Connection::Fresh) => {
                judged = restless;
            }
            Some(finding) => return Ok(finding),
            None => {}
        }
        followed += 1;
        if followed == FOLLOWED {
            return Ok(by_itself(list));
        }
        set = read(bench, &first, list).await?;
    }
    Ok(judged)
}

/// Over standard streams a connection is a process. Two new ones are compared: that of the run was asked to do things,
/// and may keep in its memory what came of them.
async fn same_in_every_process(bench: &Bench, list: List) -> Judgement {
    let (one, other) = (bench.ready_instance().await?, bench.ready_instance().await?);
    let (here, there) = (Connection::Own(&one), Connection::Own(&other));
    let same = read(bench, &here, list).await? == read(bench, &there, list).await?;
    let told = if same { None } else { told_apart(bench, list, &here, &there).await? };
    one.leave().await;
    other.leave().await;
    Ok(told.unwrap_or(Finding::Held))
}

/// What a difference between two connections comes to; none if it was gone when they were read in turn.
async fn told_apart(
    bench: &Bench,
    list: List,
    one: &Connection<'_>,
    other: &Connection<'_>,
) -> Result<Option<Finding>, Trouble> {
    Ok(match in_turn(bench, list, one, other).await? {
        Apart::Not => None,
        Apart::Restless => Some(by_itself(list)),
        Apart::Each(a, b) => Some(Finding::violated(
            format!("the same {} over every connection", list.key),
            format!("two connections get, each time: {}", difference(&a, &b)),
        )),
    })
}

/// Whether other requests on a connection change the list.
///
/// A change counts if it stays on the connection that the requests were sent on, or if it comes behind requests that
/// change nothing by their own account, each time, and not in idle spells as long as the requests took; or if it comes
/// behind the first such requests of each process that we start.
pub async fn without_side_effect(bench: &Bench, list: List) -> Judgement {
    if bench.survey().transport.shares_processes() {
        let way = Connection::Named(format!("effects-{}", list.key));
        let other = Connection::Named(format!("bystander-{}", list.key));
        let judged = side_effect(bench, list, &way, &other).await?;
        // What the first requests of a process do to the list is over by now.
        if judged == Finding::Held && bench.is_command() {
            return unchanged_by_first_use(bench, list).await;
        }
        return Ok(judged);
    }
    let own = bench.ready_instance().await?;
    let judged = side_effect(bench, list, &Connection::Own(&own), &Connection::Shared).await?;
    own.leave().await;
    match judged {
        violated @ Finding::Violated { .. } => Ok(violated),
        _ => unchanged_by_first_use(bench, list).await,
    }
}

/// Requests that are sent together. Those that are refused come last: a refusal may end a connection, and with it
/// what a server remembers of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// What changes nothing by its own account.
    Harmless,
    /// Tools that may be called and do not say that they are harmless: a change for everybody may be their purpose.
    Allowed,
    /// What does not exist.
    Refused,
}

async fn side_effect(
    bench: &Bench,
    list: List,
    way: &Connection<'_>,
    other: &Connection<'_>,
) -> Judgement {
    let since = Instant::now();
    let before = read(bench, way, list).await?;
    let again = read(bench, way, list).await?;
    if before != again {
        // Being listed is a request as well: a fresh reader sees the first state.
        let fresh = read(bench, other, list).await? == before;
        let stays = read(bench, way, list).await? == again;
        let own = fresh && stays && !restless(bench, list, way, since).await?;
        return Ok(if own && each_sees_both(bench, list, &before, &again).await? {
            Finding::violated(expected(list), difference(&before, &again))
        } else {
            by_itself(list)
        });
    }
    let mut judged = Finding::Held;
    for stage in [Stage::Harmless, Stage::Allowed, Stage::Refused] {
        // Over standard streams everybody is on the connection: what such a tool changes, it changes for everybody.
        if stage == Stage::Allowed && !bench.survey().transport.shares_processes() {
            continue;
        }
        match effect_of(bench, list, (way, other), stage).await? {
            Finding::Held => {}
            violated @ Finding::Violated { .. } => return Ok(violated),
            unseen => judged = unseen,
        }
    }
    Ok(judged)
}

/// Whether every new connection sees this at first, and that from then on: what others do in the run changes a list for
/// everybody, whenever they do it.
async fn each_sees_both(
    bench: &Bench,
    list: List,
    before: &BTreeSet<String>,
    again: &BTreeSet<String>,
) -> Result<bool, Trouble> {
    if !bench.survey().transport.shares_processes() {
        // In a process of its own there are no others.
        return Ok(true);
    }
    for round in 1..ROUNDS {
        let way = Connection::Named(format!("first-{}-{round}", list.key));
        if read(bench, &way, list).await? != *before || read(bench, &way, list).await? != *again {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn effect_of(
    bench: &Bench,
    list: List,
    (way, other): (&Connection<'_>, &Connection<'_>),
    stage: Stage,
) -> Judgement {
    let mut changed: Vec<String> = Vec::new();
    for _ in 0..ROUNDS {
        let since = Instant::now();
        let before = read(bench, way, list).await?;
        for probe in stage.probes(bench) {
            way.send(bench, probe).await?;
        }
        let after = read(bench, way, list).await?;
        if after == before {
            return Ok(match changed.first() {
                None => Finding::Held,
                Some(_) => Finding::unseen(
                    "the list changed once while other requests were sent, and not again",
                    "nothing",
                ),
            });
        }
        if restless(bench, list, way, since).await? {
            return Ok(by_itself(list));
        }
        match in_turn(bench, list, way, other).await? {
            Apart::Restless => return Ok(by_itself(list)),
            Apart::Each(here, there) => {
                return Ok(Finding::violated(
                    expected(list),
                    format!("on this connection only: {}", difference(&there, &here)),
                ));
            }
            Apart::Not if stage == Stage::Allowed => return Ok(Finding::Held),
            Apart::Not => changed.push(difference(&before, &after)),
        }
    }
    Ok(Finding::violated(expected(list), format!("it changed each time: {}", changed.join("; "))))
}

impl Stage {
    fn probes(self, bench: &Bench) -> Vec<Probe> {
        match self {
            Self::Harmless => harmless(bench),
            Self::Allowed => calls(bench, |tool| !says_harmless(tool)),
            Self::Refused => vec![
                Probe::request(
                    method::TOOLS_CALL,
                    json!({"name": "plumb-no-such-tool", "arguments": {}}),
                ),
                Probe::request(
                    method::RESOURCES_READ,
                    json!({"uri": "plumb-missing://side/effect"}),
                ),
                Probe::request("plumb/unknown", json!({})),
            ],
        }
    }
}
