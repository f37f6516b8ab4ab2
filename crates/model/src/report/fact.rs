//! One fact, one finding: requirements that are broken by the same fact are told together.

use super::{CheckReport, Report};
use crate::event::CaseFinished;
use crate::{Severity, Verdict};

/// What was found broken: one requirement, or several that one fact breaks.
#[derive(Clone, Debug)]
pub struct Fact<'a> {
    /// The gravest of them; of equals, the one that tells the fact.
    pub lead: &'a CheckReport,
    /// The others, in the order of the plan.
    pub others: Vec<&'a CheckReport>,
}

impl Report {
    /// What was found broken, known and disputed violations left out, in the order of the plan. Requirements are
    /// counted by [`Report::counts`]; these are the findings. One fact breaks what the checks say that it breaks, and what the
    /// same answer was found to break in the same words.
    pub fn facts(&self) -> Vec<Fact<'_>> {
        let mut facts: Vec<(&str, Vec<&CheckReport>)> = Vec::new();
        for check in self.checks.iter().filter(|c| c.counts_as_broken()) {
            let fact = check.fact();
            let same = |other: &&CheckReport| other.is_shown_by_the_same(check);
            match facts.iter_mut().find(|(of, checks)| *of == fact || checks.iter().any(same)) {
                Some((_, checks)) => checks.push(check),
                None => facts.push((fact, vec![check])),
            }
        }
        facts.into_iter().filter_map(|(fact, checks)| Fact::of(fact, checks)).collect()
    }
}

impl<'a> Fact<'a> {
    fn of(fact: &str, mut checks: Vec<&'a CheckReport>) -> Option<Self> {
        let gravest = checks.iter().map(|c| c.severity()).max()?;
        let grave = |c: &&&CheckReport| c.severity() == gravest;
        let telling = checks.iter().filter(grave).position(|c| c.info.id == fact).unwrap_or(0);
        let lead = *checks.iter().filter(grave).nth(telling)?;
        checks.retain(|c| c.info.id != lead.info.id);
        Some(Self { lead, others: checks })
    }

    /// How much it weighs: as much as the gravest.
    pub fn severity(&self) -> Severity {
        self.lead.severity()
    }

    /// The requirements that it breaks, the leading one first.
    pub fn checks(&self) -> impl Iterator<Item = &'a CheckReport> {
        std::iter::once(self.lead).chain(self.others.iter().copied())
    }
}

impl CheckReport {
    /// The requirement that tells the fact that this one speaks of.
    pub fn fact(&self) -> &str {
        self.info.fact.as_deref().unwrap_or(&self.info.id)
    }

    /// Whether the first that was found of each is the same try, with the same exchanges, told in the same words.
    fn is_shown_by_the_same(&self, other: &Self) -> bool {
        self.first_found().zip(other.first_found()).is_some_and(|(one, other)| {
            one.case == other.case
                && !one.exchanges.is_empty()
                && one.exchanges == other.exchanges
                && one.verdict == other.verdict
        })
    }

    fn first_found(&self) -> Option<&CaseFinished> {
        self.cases.iter().find(|case| matches!(case.verdict, Verdict::Violated { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FORMAT, RunStarted, TargetInfo};
    use crate::{CheckInfo, Edition, Event};

    fn report(broken: &[&str]) -> Report {
        let ids = ["transport.directions", "patterns.no-server-requests", "base.response.same-id"];
        let edition = Edition::latest();
        let info = |id: &&str| {
            let info = edition.info(id, String::new()).expect("in the ledger");
            let fact = (*id == "transport.directions").then(|| ids[1].to_owned());
            CheckInfo { fact, ..info }
        };
        let run = RunStarted {
            format: FORMAT,
            plumb: "0".into(),
            revision: edition.revision.clone(),
            revisions: Vec::new(),
            started: "2026-01-01T00:00:00Z".into(),
            seed: 1,
            suite: "core".into(),
            policy: crate::suite::Policy::default(),
            target: TargetInfo::default(),
            checks: ids.iter().map(info).collect(),
            known: std::collections::BTreeMap::new(),
            positions: vec![],
            judged_by: None,
        };
        let mut events = vec![Event::RunStarted(Box::new(run))];
        for id in ids {
            let violated = broken.contains(&id);
            let verdict = if violated { Verdict::violated("a", "b") } else { Verdict::Held };
            events.push(Event::CheckFinished { check: id.into(), at: 1, verdict });
        }
        events.push(Event::RunFinished {
            at: 2,
            internal_faults: vec![],
            remarks: vec![],
            left_out: 0,
        });
        Report::fold(events).expect("folds")
    }

    #[test]
    fn requirements_of_one_fact_are_one_finding_and_stay_counted() {
        let report = report(&[
            "transport.directions",
            "patterns.no-server-requests",
            "base.response.same-id",
        ]);
        let facts = report.facts();
        assert_eq!((facts.len(), report.counts().failures), (2, 3));
        assert_eq!(facts[0].lead.info.id, "patterns.no-server-requests");
        assert_eq!(facts[0].others[0].info.id, "transport.directions");
    }

    #[test]
    fn what_one_answer_shows_in_the_same_words_is_one_fact() {
        let both = ["patterns.no-server-requests", "base.response.same-id"];
        let found = |exchange: u64| {
            let mut report = report(&both);
            for check in report.checks.iter_mut().filter(|c| both.contains(&&*c.info.id)) {
                let at = if check.info.id == both[0] { 7 } else { exchange };
                check.cases = vec![CaseFinished {
                    check: check.info.id.clone(),
                    case: "null@ping".into(),
                    title: "the id is null".into(),
                    verdict: check.verdict.clone(),
                    exchanges: vec![at],
                    count: 1,
                    again: None,
                }];
            }
            report.facts().len()
        };
        assert_eq!((found(7), found(8)), (1, 2));
    }

    #[test]
    fn a_requirement_alone_tells_its_fact() {
        let report = report(&["transport.directions"]);
        let facts = report.facts();
        assert_eq!((facts.len(), facts[0].others.len()), (1, 0));
        assert_eq!(facts[0].lead.info.id, "transport.directions");
    }
}
