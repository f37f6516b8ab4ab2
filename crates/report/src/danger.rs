//! The order in which findings are told: by what they endanger.

use plumb_model::report::{CheckReport, Fact};
use plumb_model::{Danger, Report, Severity};

/// Where a finding stands among others: by what it endangers, then by weight, gravest first.
pub fn rank(check: &CheckReport) -> (Danger, std::cmp::Reverse<Severity>) {
    (Danger::of(&check.info), std::cmp::Reverse(check.severity()))
}

/// What was found broken, and what could not be judged of equal weight, as a reader wants it: by what it endangers, MUST
/// before SHOULD, and in the order of the plan.
pub fn ordered<'a>(report: &'a Report, told: impl Fn(&Fact<'a>) -> bool) -> Vec<Fact<'a>> {
    let by_weight = [Severity::Failure, Severity::Error, Severity::Warning, Severity::Note];
    let mut facts: Vec<Fact<'a>> =
        by_weight.iter().flat_map(|s| crate::findings::weighing(report, *s)).collect();
    facts.retain(|fact| told(fact));
    facts.sort_by_key(|fact| rank(fact.lead));
    facts
}
