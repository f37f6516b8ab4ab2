//! Judging a server within a test, by an edition of the test's choice.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plumb_model::known::Known;
use plumb_model::suite::Suite;
use plumb_model::{Edition, Event, OtherSides, Report, Secrets};
use plumb_runner::{AllowCalls, Check, Options, Props, Reach, Replicas, RunError, Target};
use plumb_wire::Limits;

/// A run of these checks of a suite against the server at an address.
pub(crate) fn options(edition: Edition, suite: Suite, url: &str, only: &[&str]) -> Options {
    Options {
        target: Target::Url(Reach { url: url.to_owned(), ..Reach::default() }),
        suite,
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
        started: "2026-01-01T00:00:00Z".into(),
        auth: None,
        replicas: Replicas::default(),
        edition: Arc::new(edition),
    }
}

/// What comes of a run.
pub(crate) async fn judged(
    checks: &[&'static Check],
    options: Options,
) -> Result<Report, RunError> {
    let events = Arc::new(Mutex::new(Vec::<Event>::new()));
    let kept = Arc::clone(&events);
    let sink = Box::new(move |event| kept.lock().expect("no panic").push(event));
    plumb_runner::run(checks, options, sink).await?;
    let events = std::mem::take(&mut *events.lock().expect("no panic"));
    Ok(Report::fold(events).expect("a whole stream"))
}
