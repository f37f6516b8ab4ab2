//! Lists that depend on nothing but the server: not on the connection, not on what was asked before.

use std::collections::BTreeSet;
use std::time::Duration;

use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Instance, Judgement, Probe, Prop, Trouble};
use plumb_wire::jsonrpc::Message;
use serde_json::{Value, json};

use super::{List, Way, difference, walk};

/// Pages beyond these are not compared.
const PAGES: usize = 12;

/// So many requests are spent on comparing connections.
const REQUESTS: usize = 24;

/// A change is told of within so long.
const TOLD: Duration = Duration::from_secs(2);

/// So many callable tools are called to see whether a list changes behind them.
const CALLS: usize = 6;

/// Whether the list is the same over every connection.
///
/// A list that changes by itself is told from one that depends on the connection by reading both again: only
/// a difference that both connections repeat is one between connections.
pub(crate) async fn same_on_every_connection(bench: &Bench, list: List) -> Judgement {
    if bench.has_replicas() {
        let (here, there) = (Way::Shared, Way::Elsewhere);
        let same = walk(bench, &here, list, PAGES).await?.set()
            == walk(bench, &there, list, PAGES).await?.set();
        if !same {
            return repeated(bench, list, &here, &there).await;
        }
    }
    if !bench.survey().is_http() {
        return same_in_every_process(bench, list).await;
    }
    let connection = |n: usize| Way::Named(format!("{}-{n}", list.key));
    let first = connection(0);
    let pages = walk(bench, &first, list, PAGES).await?;
    let connections = (REQUESTS / pages.pages.len().max(1)).clamp(3, 10);
    let set = pages.set();
    let others = (1..connections).map(connection);
    for other in std::iter::once(Way::Fresh).chain(others) {
        let there = walk(bench, &other, list, PAGES).await?.set();
        if there != set {
            return repeated(bench, list, &first, &other).await;
        }
    }
    Ok(Finding::Held)
}

/// Over standard streams a connection is a process.
async fn same_in_every_process(bench: &Bench, list: List) -> Judgement {
    let own = another(bench).await?;
    let (here, there) = (Way::Shared, Way::Own(&own));
    let same = async {
        let same = walk(bench, &here, list, PAGES).await?.set()
            == walk(bench, &there, list, PAGES).await?.set();
        if same { Ok(Finding::Held) } else { repeated(bench, list, &here, &there).await }
    };
    let judgement = same.await;
    own.stop().await;
    judgement
}

async fn repeated(bench: &Bench, list: List, one: &Way<'_>, other: &Way<'_>) -> Judgement {
    let mut sets = Vec::new();
    for way in [one, other, one, other] {
        sets.push(walk(bench, way, list, PAGES).await?.set());
    }
    let [a, b, again_a, again_b] = sets.as_slice() else { return Ok(Finding::Held) };
    if a != again_a || b != again_b {
        return Err(Trouble::Setup(format!(
            "{} changes by itself, so connections cannot be compared",
            list.method
        )));
    }
    Ok(Finding::expect(a == b, format!("the same {} over every connection", list.key), || {
        format!("two connections get, each time: {}", difference(a, b))
    }))
}

/// Whether other requests on a connection change the list.
///
/// The list is read twice before, so that one which changes by itself is not judged; a change that is seen on
/// the connection and not elsewhere is a side effect, and so is one that comes behind the requests again.
pub(crate) async fn without_side_effect(bench: &Bench, list: List) -> Judgement {
    if bench.survey().is_http() {
        let way = Way::Named(format!("effects-{}", list.key));
        let other = Way::Named(format!("bystander-{}", list.key));
        return side_effect(bench, list, &way, &other).await;
    }
    let own = another(bench).await?;
    let judgement = side_effect(bench, list, &Way::Own(&own), &Way::Shared).await;
    own.stop().await;
    judgement
}

async fn side_effect(bench: &Bench, list: List, way: &Way<'_>, other: &Way<'_>) -> Judgement {
    let expected = || format!("{} as it was before other requests on the connection", list.key);
    let mut global: Option<String> = None;
    for _ in 0..2 {
        let before = walk(bench, way, list, PAGES).await?.set();
        let again = walk(bench, way, list, PAGES).await?.set();
        let elsewhere = walk(bench, other, list, PAGES).await?.set();
        if before != again {
            // Being listed is a request as well: a fresh reader sees the first state.
            if elsewhere == before && walk(bench, way, list, PAGES).await?.set() == again {
                return Ok(Finding::violated(expected(), difference(&before, &again)));
            }
            return Err(Trouble::Setup(format!("{} changes by itself", list.method)));
        }
        exercise(bench, way).await?;
        let after = walk(bench, way, list, PAGES).await?.set();
        if after == before {
            return Ok(global.map_or(Finding::Held, |_| {
                Finding::unseen(
                    "the list changed once while other requests were sent, and not again",
                    "nothing",
                )
            }));
        }
        let elsewhere_after: BTreeSet<String> = walk(bench, other, list, PAGES).await?.set();
        if elsewhere_after == elsewhere {
            return Ok(Finding::violated(
                expected(),
                format!("on this connection only: {}", difference(&before, &after)),
            ));
        }
        if let Some(first) = global {
            let again = difference(&before, &after);
            return Ok(Finding::violated(
                expected(),
                format!("it changed twice: {first}; then {again}"),
            ));
        }
        global = Some(difference(&before, &after));
    }
    Ok(Finding::Held)
}

/// Ordinary requests of every kind that the target offers, refused ones among them.
async fn exercise(bench: &Bench, way: &Way<'_>) -> Result<(), Trouble> {
    let survey = bench.survey();
    let mut probes: Vec<Probe> = [
        Base::Discover,
        Base::ToolsList,
        Base::ResourcesList,
        Base::TemplatesList,
        Base::ResourcesRead,
        Base::PromptsList,
        Base::PromptsGet,
        Base::Complete,
        Base::ToolsCall,
    ]
    .into_iter()
    .filter_map(|base| bench.base(base))
    .collect();
    let quick = |c: &&plumb_runner::survey::Callable| {
        c.shown.as_ref().is_some_and(|s| s.complete().is_some()) && survey.is_quick(c)
    };
    for callable in survey.callable.iter().filter(quick).take(CALLS) {
        let name = callable.tool.get("name").and_then(Value::as_str).unwrap_or_default();
        probes.push(bench.call_of(name, Value::Object(callable.arguments.clone())));
    }
    probes
        .push(Probe::request("tools/call", json!({"name": "plumb-no-such-tool", "arguments": {}})));
    probes.push(Probe::request("resources/read", json!({"uri": "plumb-missing://side/effect"})));
    probes.push(Probe::request("plumb/unknown", json!({})));
    for probe in probes {
        way.send(bench, probe).await?;
    }
    Ok(())
}

/// Another process, past its start: some take seconds to answer their first request.
pub(crate) async fn another(bench: &Bench) -> Result<Instance<'_>, Trouble> {
    let own = bench.instance().await?;
    let first = Probe::request("server/discover", json!({})).patience(Duration::from_secs(20));
    own.send(first).await?;
    Ok(own)
}

/// Whether a change of a list is told to a stream that asked for it.
pub(crate) async fn changes(
    bench: &Bench,
    list: List,
    change: Prop,
    flag: &str,
    notification: &str,
) -> Judgement {
    let before = walk(bench, &Way::Shared, list, 8).await?.set();
    // Two clients, or one with two: each is told.
    let (mut stream, _) = bench.listen(json!({flag: true})).await?;
    let (mut second, _) = bench.listen(json!({flag: true})).await?;
    let mut call = bench.send(bench.call(change)?).await;
    let tells = |m: &Message| m.method() == Some(notification);
    let mut told = stream.until(TOLD, tells).await.is_some();
    let mut told_too = second.until(TOLD, tells).await.is_some();
    if told != told_too {
        // The change may have come between an acknowledgment and what it acknowledges.
        call = bench.send(bench.call(change)?).await;
        told = stream.until(TOLD, tells).await.is_some();
        told_too = second.until(TOLD, tells).await.is_some();
    }
    bench.close(stream);
    bench.close(second);
    let call = call?;
    if told != told_too {
        let which = if told { "first" } else { "second" };
        return Ok(Finding::violated(
            format!("`{notification}` on each of two subscriptions"),
            format!("it came on the {which} alone"),
        ));
    }
    if told {
        return Ok(Finding::Held);
    }
    let after = walk(bench, &Way::Shared, list, 8).await?.set();
    if after != before {
        return Ok(Finding::violated(
            format!("`{notification}` on the stream that asked for `{flag}`"),
            "the list changed, and nothing came within two seconds",
        ));
    }
    let why = format!("the tool did not change {}: {}", list.method, call.describe());
    Ok(Finding::unseen(why, "let the tool change the list"))
}
