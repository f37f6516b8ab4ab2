//! Where the time of a run went: the checks that took longest, as bars on the run's own line of time.

use plumb_model::Report;
use plumb_model::report::CheckReport;

use crate::text::visible_line;

/// So many checks are shown.
const SHOWN: usize = 10;
/// The width of the line of time, in units of the drawing.
const WIDTH: u64 = 1000;

/// A check between its beginning and its end.
pub(super) struct Span {
    pub(super) check: String,
    pub(super) from: u64,
    pub(super) width: u64,
    /// When, in words.
    pub(super) words: String,
}

/// The checks that took longest, the longest first; waits for others and for a turn are part of it.
pub(super) fn longest(report: &Report) -> Vec<Span> {
    let mut checks: Vec<&CheckReport> = report.checks.iter().filter(|c| c.took > 0).collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.took));
    let end = |check: &CheckReport| check.started.saturating_add(check.took);
    let all = report.checks.iter().map(end).max().unwrap_or_default().max(1);
    let scaled = |time: u64| time.saturating_mul(WIDTH) / all;
    let span = |check: &&CheckReport| Span {
        check: visible_line(&check.info.id).into_owned(),
        from: scaled(check.started),
        width: scaled(check.took).max(2),
        words: format!("{} to {}", seconds(check.started), seconds(end(check))),
    };
    checks.iter().take(SHOWN).map(span).collect()
}

fn seconds(micros: u64) -> String {
    format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000)
}
