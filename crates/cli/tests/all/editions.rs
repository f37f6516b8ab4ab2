//! A second edition: what changes with a revision is data, so that one more needs no change of code.

use std::sync::Arc;

use plumb_model::suite::Suite;
use plumb_model::{Edition, Report, Role};
use plumb_reference::Reference;
use plumb_runner::{Options, RunError};

use crate::judging;

/// A revision that nobody has released.
const NEXT: &str = "2031-04-01";

fn options(edition: Edition, url: &str, only: &[&str]) -> Options {
    let everything = Suite::parse("all", "name = 'all'\nabout = 'everything'", &edition.ledger);
    judging::options(Arc::new(edition), everything.expect("parses"), judging::at(url), only)
}

async fn judged(options: Options) -> Result<Report, RunError> {
    judging::judged(&plumb_checks::all(), options).await
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
