//! How quick the target is, so that "slow" and "at once" have a measure.

use std::time::Duration;

use super::Callable;
use super::timed::took;
use crate::{Observed, Survey};

/// A tool answers at once that takes no more than so much longer.
const AT_ONCE: Duration = Duration::from_millis(300);

/// What the target's quick exchanges take: the middle one of discovery and the lists.
pub(super) fn pace(survey: &Survey) -> Duration {
    let lists = [&survey.tools, &survey.resources, &survey.templates, &survey.prompts];
    let pages = lists.iter().flat_map(|l| l.pages.iter().take(4));
    let shown = survey.discover.iter().chain(pages).filter(|seen| seen.response().is_some());
    let mut each: Vec<Duration> = shown.map(took).collect();
    each.sort();
    each.get(each.len() / 2).copied().unwrap_or_default()
}

/// The longest that a tool may take which answers at once, given the target's pace and its tools.
pub(super) fn quick(pace: Duration, callables: &[Callable]) -> Duration {
    let quickest = callables.iter().filter(|c| succeeds(c)).filter_map(|c| c.took).min();
    let usual = pace.max(quickest.unwrap_or_default());
    usual + AT_ONCE.max(usual / 2)
}

/// Whether the call gave a result that is no error of the tool.
pub(super) fn succeeds(callable: &Callable) -> bool {
    let shown = callable.shown.as_ref().and_then(Observed::complete);
    shown.is_some_and(|result| result["isError"] != true)
}
