//! streamable-http#server-validation: a request that is refused for its headers has no effect.

use std::time::Duration;

use futures_util::future::join_all;
use plumb_flows::rounds::outcome;
use plumb_flows::{subscription, work};
use plumb_runner::{Bench, Finding, Found, Judgement, Observed, Open, Probe, Prop, Trouble, check};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::{header, meta, method, notification};
use serde_json::json;

use super::origin::FOREIGN;

/// What a call changes is announced so soon.
const ANNOUNCED: Duration = Duration::from_millis(300);

/// An announcement that must come is awaited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

check! {
    /// **Observed:** calls whose `Mcp-Name` names another tool leave no trace: no entry in the journal of a slow tool, no
    /// announced change by a tool that changes a list or updates a resource, no progress. The same calls with the right
    /// header do. A subscription with the wrong `Mcp-Method` is not opened. What a tool changes is as it was behind a call
    /// with a foreign `Origin` that is refused.
    ///
    /// **Why:** an error after the deed is worse than none: the caller tries again.
    ///
    /// **Fix:** check the headers before the request is handed to anything that acts.
    pub(crate) NOT_EXECUTED = "http.validate.not-executed";
    applies: [Http];
    isolation: Alone;
    scenario: not_executed
}

async fn not_executed(bench: &Bench) -> Judgement {
    bench.case("listen", "a subscription with the wrong Mcp-Method", subscription(bench).await);
    if work::no_journal(bench).is_none() {
        bench.case("journal", "a call that writes a journal", journal(bench).await);
    }
    if bench.survey().prop(Prop::ProgressTool).is_some() {
        bench.case("progress", "a call that reports progress", progress(bench).await);
    }
    let offered = |(prop, ..): &&Change| bench.survey().prop(*prop).is_some();
    // Nothing is changed before all have been looked at: one tool may change more than one list.
    let refused = CHANGES.iter().filter(offered).map(|change| refused_change(bench, change));
    for (change, refused) in join_all(refused).await {
        bench.forget();
        let judgement = match refused {
            Ok(refused) => then_made(bench, change, refused).await,
            Err(judgement) => *judgement,
        };
        bench.case(change.1, "a call that changes a list", judgement);
    }
    for (prop, shown) in visible_changes(bench) {
        let judgement = from_a_foreign_origin(bench, prop, &shown).await;
        let shows = !matches!(judgement, Ok(Finding::Unseen { .. }));
        let title = format!("a {} is called from a foreign origin", prop.what());
        bench.case(&format!("origin-{}", prop.name()), title, judgement);
        if shows {
            break;
        }
    }
    bench.conclude()
}

/// Tools that change something, each with the request that shows it.
fn visible_changes(bench: &Bench) -> Vec<(Prop, Probe)> {
    let survey = bench.survey();
    let about = |found: &Found| {
        let uri = found.about.as_ref()?;
        Some((Prop::UpdateResource, Probe::request(method::RESOURCES_READ, json!({"uri": uri}))))
    };
    let list = |_: &Found| (Prop::ChangeTools, Probe::request(method::TOOLS_LIST, json!({})));
    let updated = survey.prop(Prop::UpdateResource).and_then(about);
    updated.into_iter().chain(survey.prop(Prop::ChangeTools).map(list)).collect()
}

async fn from_a_foreign_origin(bench: &Bench, prop: Prop, shown: &Probe) -> Judgement {
    let state = async || Ok::<_, Trouble>(outcome(&bench.control(shown.clone()).await?));
    let before = state().await?;
    if state().await? != before {
        return Ok(Finding::unseen("what the tool changes changes by itself", "let it rest"));
    }
    let seen = bench.send(bench.call(prop)?.header("Origin", FOREIGN)).await?;
    if seen.is_accepted() || seen.status().is_none_or(|status| status < 400) {
        return Ok(Finding::unseen("a foreign origin was not refused", "refuse it"));
    }
    if state().await? != before {
        let expected = "a call that is refused for its origin changes nothing";
        return Ok(Finding::violated(expected, format!("a change after {}", seen.describe())));
    }
    bench.control(bench.call(prop)?).await?;
    Ok(if state().await? == before {
        Finding::unseen("the tool changes nothing that shows", prop.how_to_enable())
    } else {
        Finding::Held
    })
}

/// The probe with a header that names another tool.
fn misnamed(probe: Probe) -> Probe {
    probe.header(header::NAME, "plumb-another")
}

async fn subscription(bench: &Bench) -> Judgement {
    let listen =
        || Probe::request(method::LISTEN, json!({"notifications": {"toolsListChanged": true}}));
    let Some(open) = subscription::acknowledged(bench, json!({"toolsListChanged": true})).await?
    else {
        return Ok(Finding::unseen("the server has no `subscriptions/listen`", "implement it"));
    };
    bench.close(open);
    for probe in [
        listen().header(header::METHOD, method::TOOLS_LIST),
        listen().without_header(header::METHOD),
    ] {
        let mut open = bench.open(probe).await?;
        let first = open.next_within(PATIENCE).await;
        let seen = bench.close(open);
        if first.is_some_and(|m| matches!(m.kind, Kind::Notification | Kind::Result)) {
            return Ok(Finding::violated("the subscription is not opened", seen.describe()));
        }
        if !seen.is_refused() {
            return Err(Trouble::Setup(seen.describe()));
        }
    }
    Ok(Finding::Held)
}

async fn journal(bench: &Bench) -> Judgement {
    let short = Duration::from_millis(100);
    let [refused, served] =
        ["refused", "served"].map(|which| format!("plumb-{which}-{}", bench.fresh_id()));
    let seen = bench.send(misnamed(work::slow_in_journal(bench, short, &refused)?.probe)).await?;
    if !seen.is_refused() {
        return Ok(not_refused());
    }
    bench.control(work::slow_in_journal(bench, short, &served)?.probe).await?;
    if work::journal(bench, &served).await? == 0 {
        return Err(Trouble::Setup("the journal shows nothing of the call that was served".into()));
    }
    let entries = work::journal(bench, &refused).await?;
    Ok(Finding::expect(entries == 0, "a refused call leaves nothing in the journal", || {
        format!("{entries} entries after {}", seen.describe())
    }))
}

async fn progress(bench: &Bench) -> Judgement {
    let probe = bench.call(Prop::ProgressTool)?.meta(meta::PROGRESS_TOKEN, "plumb-misnamed");
    bench.control(probe.clone()).await?;
    let seen = bench.send(misnamed(probe)).await?;
    if seen.is_accepted() {
        return Ok(not_refused());
    }
    let reported = seen.notifications(notification::PROGRESS).count();
    Ok(Finding::expect(reported == 0, "a refused call reports no progress", || {
        format!("{reported} reports")
    }))
}

/// A tool that changes a list, the case of it, the filter of a subscription to it, and how it is announced.
type Change = (Prop, &'static str, &'static str, &'static str);

const CHANGES: [Change; 3] = [
    (Prop::ChangeTools, "change-tools", "toolsListChanged", notification::TOOLS_CHANGED),
    (Prop::ChangePrompts, "change-prompts", "promptsListChanged", notification::PROMPTS_CHANGED),
    (
        Prop::ChangeResources,
        "change-resources",
        "resourcesListChanged",
        notification::RESOURCES_CHANGED,
    ),
];

/// A call that was refused, and what its list's subscription told after it.
struct Refused {
    open: Open,
    seen: Observed,
    told: bool,
    /// Whether the list changed by itself, in as long a time before.
    lively: bool,
}

/// Sends the call with the wrong header while the list is watched.
async fn refused_change<'a>(
    bench: &Bench,
    change: &'a Change,
) -> (&'a Change, Result<Refused, Box<Judgement>>) {
    let (prop, _, filter, notification) = *change;
    let refused = async {
        let call = bench.call(prop)?;
        let Some(mut open) = subscription::acknowledged(bench, json!({filter: true})).await? else {
            return Ok(None);
        };
        let lively = open.until(ANNOUNCED, |m| m.method() == Some(notification)).await.is_some();
        let seen = bench.send(misnamed(call)).await?;
        let told = open.until(ANNOUNCED, |m| m.method() == Some(notification)).await.is_some();
        Ok(Some(Refused { open, seen, told, lively }))
    };
    let refused = match refused.await {
        Err(trouble) => Err(Err(trouble)),
        Ok(None) => {
            Err(Ok(Finding::unseen("the server has no `subscriptions/listen`", "implement it")))
        }
        Ok(Some(refused)) if !refused.seen.is_refused() => {
            bench.close(refused.open);
            Err(Ok(not_refused()))
        }
        Ok(Some(refused)) => Ok(refused),
    };
    (change, refused.map_err(Box::new))
}

/// Sends the call with the right header, which must be announced for what came before to mean anything.
async fn then_made(bench: &Bench, change: &Change, refused: Refused) -> Judgement {
    let (prop, _, _, notification) = *change;
    let Refused { mut open, seen, told, lively } = refused;
    bench.note(&seen);
    if !told {
        bench.control(bench.call(prop)?).await?;
        let announced = open.until(PATIENCE, |m| m.method() == Some(notification)).await;
        bench.close(open);
        return Ok(match announced {
            Some(_) => Finding::Held,
            None => Finding::unseen(
                format!("the call is not announced by {notification}"),
                "announce the change",
            ),
        });
    }
    bench.close(open);
    if lively {
        return Ok(Finding::unseen("the list changes by itself", "let it rest for a second"));
    }
    Ok(Finding::violated(
        "a refused call changes nothing",
        format!("{notification} after {}", seen.describe()),
    ))
}

fn not_refused() -> Finding {
    Finding::unseen("the call with the wrong header was not refused", "refuse it")
}
