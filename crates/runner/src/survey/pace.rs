//! How quick the target is, so that "slow" and "at once" have a measure.

use std::time::Duration;

use super::callable::took;
use crate::Survey;

/// What the target's quick exchanges take: the middle one of discovery and the lists.
pub(super) fn pace(survey: &Survey) -> Duration {
    let lists = [&survey.tools, &survey.resources, &survey.templates, &survey.prompts];
    let pages = lists.iter().flat_map(|l| l.pages.iter().take(4));
    let shown = survey.discover.iter().chain(pages).filter(|seen| seen.response().is_some());
    let mut each: Vec<Duration> = shown.map(took).collect();
    each.sort();
    each.get(each.len() / 2).copied().unwrap_or_default()
}
