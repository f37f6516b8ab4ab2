//! A second edition: what changes with a revision is data, so that one more needs no change of code.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plumb_model::known::Known;
use plumb_model::suite::Suite;
use plumb_model::{Edition, Event, OtherSides, Report, Role, Secrets};
use plumb_reference::Reference;
use plumb_runner::{AllowCalls, Options, Props, Reach, Replicas, RunError, Target};
use plumb_wire::Limits;

/// A revision that nobody has released.
const NEXT: &str = "2031-04-01";

fn options(edition: Edition, url: &str, only: &[&str]) -> Options {
    let everything = Suite::parse("all", "name = 'all'\nabout = 'everything'", &edition.ledger);
    Options {
        target: Target::Url(Reach { url: url.to_owned(), ..Reach::default() }),
        suite: everything.expect("parses"),
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        known: Known::default(),
        other_sides: OtherSides::default(),
        packs: plumb_checks::packs(&edition).expect("the packs are well made"),
        props: Props::new(),
        allow_calls: AllowCalls::default(),
        seed: 7,
        concurrency: 8,
        rate: None,
        budget: Duration::from_secs(60).into(),
        max_report: 64 << 20,
        limits: Limits::default(),
        secrets: Secrets::default(),
        started: "2031-04-02T00:00:00Z".into(),
        auth: None,
        replicas: Replicas::default(),
        edition: Arc::new(edition),
    }
}

async fn judged(options: Options) -> Result<Report, RunError> {
    let events = Arc::new(Mutex::new(Vec::<Event>::new()));
    let kept = Arc::clone(&events);
    let sink = Box::new(move |event| kept.lock().expect("no panic").push(event));
    plumb_runner::run(&plumb_checks::all(), options, sink).await?;
    let events = std::mem::take(&mut *events.lock().expect("no panic"));
    Ok(Report::fold(events).expect("a whole stream"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_edition_selects_nothing() {
    let outcome = judged(options(Edition::empty(NEXT), "http://127.0.0.1:9/mcp", &[])).await;
    assert!(matches!(outcome, Err(RunError::NothingSelected)), "{:?}", outcome.err());
    let edition = Edition::empty(NEXT);
    assert!(plumb_checks::all().iter().all(|c| c.is_for(&edition) && c.info(&edition).is_none()));
    assert!(Role::ALL.iter().all(|role| !edition.ledger.rows().iter().any(|r| r.binds(*role))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_the_next_revision_is_judged_by_it() {
    // The same rows under another date: whatever compares with a constant is found out.
    let of_today = Edition::latest();
    let next = || Edition { revision: NEXT.to_owned(), ..Edition::latest() };
    let mut reference = Reference::default();
    reference.options.versions = vec![NEXT.to_owned()];
    let server = plumb_reference::spawn_http(reference).await.expect("a port of the loopback");
    let only =
        ["versioning.*", "discover.*", "base.meta.*", "base.error.*", "http.version-header.*"];
    let report = judged(options(next(), &server.url, &only)).await.expect("reached");
    let broken: Vec<&str> = report.facts().iter().map(|f| f.lead.info.id.as_str()).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(report.run.revision, NEXT);
    assert!(report.checks.len() > 20, "{}", report.checks.len());
    assert!(report.checks.iter().all(|c| !c.info.url.contains(&of_today.revision)));
    // By the edition of today it is a server of another revision.
    let refused = judged(options(of_today, &server.url, &only)).await;
    assert!(matches!(refused, Err(RunError::Contact(_))), "{:?}", refused.err());
}
