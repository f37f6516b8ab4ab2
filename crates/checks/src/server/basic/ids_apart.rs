//! basic#requests, basic#responses: ids belong to their sender, and to their type.

use std::time::Duration;

use futures_util::future::{OptionFuture, join, join3};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Declared, Finding, Judgement, Observed, Probe, Prop, check};
use plumb_wire::method;
use serde_json::json;

/// What was sent is worked on so much later.
const UNDER_WAY: Duration = Duration::from_millis(50);

check! {
    /// **Observed:** while a request is worked on (a slow tool, where there is one), another one whose id is the same digits
    /// in the other type is answered as what it is; over HTTP so is one with the very same id on another connection, and it
    /// is answered still when the client of the first one hangs up. In a revision with sessions, where an id is used once in each, two
    /// sessions use the same one, and nothing else is tried.
    ///
    /// **Why:** an id must be new to its sender alone, and most clients count from zero: a server that keeps requests by id
    /// gives one client the answer of another.
    ///
    /// **Fix:** hand each request its own way back; where a map is needed, key it by connection and by the id's JSON text.
    pub(crate) IDS_APART = "base.response.ids-apart";
    since: "2025-03-26";
    waits: true;
    scenario: ids_apart
}

async fn ids_apart(bench: &Bench) -> Judgement {
    let slow = bench.call(Prop::SlowTool).ok();
    let Some(first) = slow.clone().or_else(|| bench.base(Base::ToolsCall)) else {
        return Ok(Finding::unseen("the target offers no tool that may be called", "offer one"));
    };
    if bench.edition().has_handshake() {
        return in_sessions(bench, &first).await;
    }
    let second = || Probe::request(method::DISCOVER, json!({}));
    bench.control(second()).await?;
    let (one, other, shared, kept) =
        (bench.fresh_id(), bench.fresh_id(), bench.fresh_id(), bench.fresh_id());
    let by_type = join(
        pair(bench, first.clone().id(one), second().id(one.to_string())),
        pair(bench, first.clone().id(other.to_string()), second().id(other)),
    );
    let apart = bench.survey().transport.shares_processes();
    let two =
        apart.then(|| pair(bench, first.clone().fresh().id(shared), second().fresh().id(shared)));
    let slow = slow.filter(|_| apart);
    let leaves = slow.map(|slow| one_leaves(bench, slow, kept));
    // Each waits for a slow tool; none has to wait for the others.
    let ((number, text), two, leaves) =
        join3(by_type, OptionFuture::from(two), OptionFuture::from(leaves)).await;
    let judged = [
        ("number-then-text", "an id as a number, and its digits as a string", Some(number)),
        ("text-then-number", "digits as a string, and the number as an id", Some(text)),
        ("two-clients", "one id on two connections", two),
        ("one-leaves", "one id on two connections, of which one is closed", leaves),
    ];
    bench.cases(judged.into_iter().filter_map(|(slug, title, j)| Some((slug, title.into(), j?))));
    bench.conclude()
}

/// The same where ids are used once in a session: two clients count alike. Digits of the other type are not tried, since a server
/// may take them for an id that was used.
async fn in_sessions(bench: &Bench, first: &Probe) -> Judgement {
    if !bench.survey().transport.shares_processes() {
        let why = "a process has one client, who uses each id once";
        return Ok(Finding::unseen(why, "nothing: over HTTP it has several"));
    }
    let second = Probe::request(method::TOOLS_LIST, json!({}));
    bench.control(second.clone()).await?;
    let shared = bench.fresh_id();
    two_sessions(bench, first.clone().id(shared), second.id(shared)).await
}

/// Sends the second request in a session of its own while the first one is worked on in another.
async fn two_sessions(bench: &Bench, first: Probe, second: Probe) -> Judgement {
    let (one, other) =
        (bench.session(Declared::Nothing).await?, bench.session(Declared::Nothing).await?);
    let open = one.open(first.clone()).await?;
    bench.pause(UNDER_WAY).await;
    let seen = other.send(second.clone()).await;
    let before = bench.finish(open).await;
    one.end().await;
    other.end().await;
    both(bench, (&first, &before), (&second, &seen?)).await
}

/// Two clients call with one id, and the first one hangs up.
async fn one_leaves(bench: &Bench, slow: Probe, id: u64) -> Judgement {
    let leaving = bench.open(slow.clone().fresh().id(id)).await?;
    bench.pause(UNDER_WAY).await;
    let staying = bench.open(slow.clone().fresh().id(id)).await?;
    bench.pause(UNDER_WAY).await;
    bench.close(leaving);
    let seen = bench.finish(staying).await;
    answered(bench, &slow, &seen, "content").await
}

/// Sends the second request while the first one is worked on.
async fn pair(bench: &Bench, first: Probe, second: Probe) -> Judgement {
    let open = bench.open(first.clone()).await?;
    bench.pause(UNDER_WAY).await;
    let seen = bench.send(second.clone()).await;
    let before = bench.finish(open).await;
    both(bench, (&first, &before), (&second, &seen?)).await
}

/// Whether each of two requests is answered as what it is.
async fn both(
    bench: &Bench,
    (first, before): (&Probe, &Observed),
    (second, seen): (&Probe, &Observed),
) -> Judgement {
    let lists = second.method() == Some(method::TOOLS_LIST);
    let member = if lists { "tools" } else { "supportedVersions" };
    match answered(bench, second, seen, member).await? {
        Finding::Held => answered(bench, first, before, "content").await,
        finding => Ok(finding),
    }
}

/// Whether an answer holds what its request asks for, as the same request alone is answered.
async fn answered(bench: &Bench, probe: &Probe, seen: &Observed, member: &str) -> Judgement {
    let fits = |seen: &Observed| {
        let other = |r: &serde_json::Value| r.get("resultType").is_some_and(|t| t != "complete");
        seen.result().is_some_and(|r| r.get(member).is_some() || other(r))
    };
    if fits(seen) {
        return Ok(Finding::Held);
    }
    let alone = bench.control(probe.clone().id(bench.fresh_id())).await?;
    if !fits(&alone) {
        return Ok(Finding::unseen("the request is answered otherwise alone, too", "nothing"));
    }
    let asked = seen.method().unwrap_or("the request");
    Ok(Finding::violated(format!("the answer to {asked}, with `{member}`"), seen.describe()))
}
