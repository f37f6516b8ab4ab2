//! The laws that Plumb is held to, each a test. Law 3 (the kill matrix) is `just matrix`; law 7 runs in `interop`.

mod again;
mod authorization_server;
mod client;
mod earlier;
mod gateway;
mod judge;
mod lanes;
mod looked_up;
mod props;
mod protected;
mod registry;
mod stable;
mod tolerant;
mod zoo;

use futures_util::StreamExt as _;
use plumb_model::Report;
use plumb_reference::MUTANTS;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::judging;

/// Law 1 over HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn the_reference_holds_every_check_over_http() {
    let report = Report::fold(whole_run().await.to_vec()).expect("a whole stream");
    assert_eq!(judge::not_held(&report), Vec::<String>::new());
}

/// The events of a run of every check over HTTP, which two laws read.
async fn whole_run() -> &'static [plumb_model::Event] {
    static EVENTS: tokio::sync::OnceCell<Vec<plumb_model::Event>> =
        tokio::sync::OnceCell::const_new();
    let run = || async {
        let options = judge::options(judge::http_command(None), &[]);
        judge::events(options).await.expect("the target is reached")
    };
    EVENTS.get_or_init(run).await
}

/// Law 1 over standard streams.
#[tokio::test(flavor = "multi_thread")]
async fn the_reference_holds_every_check_over_stdio() {
    let report = judge::report(judge::options(judge::stdio_command(None), &[])).await;
    assert_eq!(judge::not_held(&report), Vec::<String>::new());
}

/// Law 1 of advice: a server that needs none is given none.
#[tokio::test(flavor = "multi_thread")]
async fn an_exemplary_server_is_not_advised() {
    let options = plumb_reference::Options::exemplary();
    let report = judge::in_process(plumb_reference::Rules::SPEC, options, &["advice.*"]).await;
    assert_eq!(judge::not_held(&report), Vec::<String>::new());
}

/// Law 2.
#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_is_noticed_by_its_check() {
    let only = std::env::var("PLUMB_MUTANT").ok();
    let checks = plumb_checks::all();
    let wanted = |m: &&plumb_reference::Mutant| {
        checks.iter().any(|c| c.covers(m.kills))
            && only.as_ref().is_none_or(|o| m.name == o || plumb_model::suite::matches(o, m.kills))
    };
    let mutants: Vec<_> = MUTANTS.iter().filter(wanted).collect();
    // Threads of their own, so that all cores work.
    let noticed = mutants.into_iter().map(|mutant| {
        let runtime = Handle::current();
        spawn_blocking(move || runtime.block_on(judge::noticed(mutant)))
    });
    let failures: Vec<String> = futures_util::stream::iter(noticed)
        .buffer_unordered(judging::AT_ONCE)
        .filter_map(|noticed| async move { noticed.expect("no panic").err() })
        .collect()
        .await;
    assert!(failures.is_empty(), "{} mutants live:\n{}", failures.len(), failures.join("\n"));
}

/// Law 6, over the whole report of a whole run.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_equals_the_live_run() {
    let events = whole_run().await;
    let jsonl: String =
        events.iter().map(|e| serde_json::to_string(e).expect("serialises") + "\n").collect();
    let live = Report::fold(events.to_vec()).expect("folds");
    let replay = Report::from_jsonl(&jsonl).expect("folds");
    for (name, render) in FORMS {
        assert_eq!(render(&live), render(&replay), "{name}");
    }
}

type Form = (&'static str, fn(&Report) -> String);

/// Every form that a report takes.
const FORMS: [Form; 6] = [
    ("HTML", plumb_report::html::render),
    ("JUnit", plumb_report::junit::render),
    ("JSON", plumb_report::json::render),
    ("SARIF", |report| plumb_report::sarif::render(report, "server.js")),
    ("Markdown", plumb_report::markdown::render),
    ("terminal", |report| {
        plumb_report::terminal::summary(report, &plumb_report::terminal::Style::default())
    }),
];
