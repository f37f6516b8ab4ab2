//! Judging a target within a test.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use plumb_model::known::Known;
use plumb_model::suite::Suite;
use plumb_model::{Edition, Event, OtherSides, Report, Secrets};
use plumb_runner::{AllowCalls, Check, Options, Props, Reach, Replicas, RunError, Target};
use plumb_wire::Limits;

/// So many targets are judged at once: most of a run is waiting.
pub(crate) const AT_ONCE: usize = 6;

/// The edition that most tests are about, read once.
pub(crate) fn newest() -> Arc<Edition> {
    static EDITION: OnceLock<Arc<Edition>> = OnceLock::new();
    Arc::clone(EDITION.get_or_init(|| Arc::new(Edition::latest())))
}

/// A server at an address.
pub(crate) fn at(url: &str) -> Target {
    Target::Url(Reach { url: url.to_owned(), ..Reach::default() })
}

/// A suite that comes with an edition.
pub(crate) fn suite(edition: &Edition, name: &str) -> Suite {
    edition.suite(name).expect("built in").expect("a test reads it")
}

/// A run of these checks of a suite against a target.
pub(crate) fn options(
    edition: Arc<Edition>,
    suite: Suite,
    target: Target,
    only: &[&str],
) -> Options {
    Options {
        target,
        suite,
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        known: Known::default(),
        other_sides: OtherSides::default(),
        packs: plumb_checks::packs(&edition).expect("the packs are well made"),
        props: Props::new(),
        props_at: std::collections::BTreeMap::new(),
        allow_calls: AllowCalls::default(),
        seed: 7,
        concurrency: 12,
        rate: None,
        budget: Duration::from_secs(120).into(),
        max_report: 64 << 20,
        limits: Limits::default(),
        secrets: Secrets::default(),
        started: "2026-01-01T00:00:00Z".into(),
        auth: None,
        replicas: Replicas::default(),
        edition,
    }
}

/// The events of a run.
pub(crate) async fn events(
    checks: &[&'static Check],
    options: Options,
) -> Result<Vec<Event>, RunError> {
    let events = Arc::new(Mutex::new(Vec::<Event>::new()));
    let kept = Arc::clone(&events);
    let sink = Box::new(move |event| kept.lock().expect("no panic").push(event));
    plumb_runner::run(checks, options, sink).await?;
    Ok(std::mem::take(&mut *events.lock().expect("no panic")))
}

/// What comes of a run.
pub(crate) async fn judged(
    checks: &[&'static Check],
    options: Options,
) -> Result<Report, RunError> {
    Ok(Report::fold(events(checks, options).await?).expect("a whole stream"))
}
