//! What a report has to say, in the order in which a reader wants it.

use std::collections::BTreeMap;

use plumb_model::event::{Again, CaseFinished};
use plumb_model::report::{CheckReport, Counts, Fact, Outcome};
use plumb_model::{CheckInfo, Exchange, Force, Position, Report, Reports, Severity, Verdict};

use crate::evidence;
use crate::reproduce::{self, Reproduction};
use crate::text::counted;

/// One failure of a check, however many of its cases show it.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The check.
    pub check: &'a CheckReport,
    /// The verdict that all these cases share.
    pub verdict: &'a Verdict,
    /// The cases, in the order of judgement; none if the check was judged as a whole.
    pub cases: Vec<&'a CaseFinished>,
    /// How often it was seen.
    pub seen: usize,
    /// The exchange that shows it best.
    pub exchange: Option<&'a Exchange>,
    /// The accepted request beside it, if the first case rests on one.
    pub control: Option<&'a Exchange>,
}

impl Finding<'_> {
    /// How it was seen again, if it was.
    pub fn again(&self) -> Option<Again> {
        self.cases.iter().find_map(|case| case.again)
    }

    /// What to send so that it is seen again; none if nothing was sent, or too much for a line.
    pub fn reproduction(&self, report: &Report) -> Option<Reproduction> {
        let (exchange, target) = (self.exchange?, &report.run.target);
        let behind = matches!(self.again(), Some(Again::AfterControl | Again::AfterOthers));
        match self.control.filter(|_| behind) {
            Some(control) => reproduce::behind(control, exchange, target),
            None => reproduce::of(exchange, target),
        }
    }
}

/// What it means that a finding was seen again so, for people.
pub fn seen_again(again: Again) -> &'static str {
    match again {
        Again::Alone => "reproduced alone: sent by itself, the message showed it again",
        Again::AfterOthers => {
            "reproduced with nothing else in flight, in a process that had served other requests before"
        }
        Again::AfterControl => {
            "reproduced only after the control, the accepted request from which it deviates: send both"
        }
        Again::InRun => {
            "reproduced only in the process of the run, behind all that it had been asked: not by one message"
        }
        Again::Replayed => "reproduced by all that the check does, played once more",
    }
}

/// Why there was nothing to observe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// One line of the user's would show it: a tool marked or named, an option given.
    Line,
    /// The target has no such feature.
    Feature,
}

impl Lack {
    /// By what would make it observable.
    pub fn of(how: &str) -> Self {
        let by_a_line =
            ["plumb.toml", "readOnlyHint", "--", "`props."].iter().any(|w| how.contains(w));
        if by_a_line { Self::Line } else { Self::Feature }
    }

    /// How many requirements could not be observed for it.
    pub fn count(self, report: &Report) -> usize {
        let means = to_enable(report);
        means.iter().filter(|m| Self::of(m.how) == self).map(|m| m.checks.len()).sum()
    }
}

/// What a user can add so that more is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enable<'a> {
    /// What to add.
    pub how: &'a str,
    /// Ids of the checks that would then be judged.
    pub checks: Vec<&'a str>,
}

/// The verdicts on one page of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The page, as the ledger names it.
    pub name: &'a str,
    /// How often each verdict was given.
    pub counts: Counts,
    /// Its checks, in the order of the plan.
    pub checks: Vec<&'a CheckReport>,
}

/// The distinct findings of a check whose verdict is a violation or a doubt; alike cases are one finding.
pub fn of_check<'a>(report: &'a Report, check: &'a CheckReport) -> Vec<Finding<'a>> {
    if !matches!(check.verdict, Verdict::Violated { .. } | Verdict::Inconclusive { .. }) {
        return Vec::new();
    }
    let mut findings: Vec<Finding<'a>> = Vec::new();
    for case in check.cases.iter().filter(|c| c.verdict.name() == check.verdict.name()) {
        let seen = usize::try_from(case.count.max(1)).unwrap_or(usize::MAX);
        if let Some(alike) = findings.iter_mut().find(|f| f.verdict == &case.verdict) {
            alike.cases.push(case);
            alike.seen = alike.seen.saturating_add(seen);
            continue;
        }
        let (exchange, control) = evidence::of_case(report, case);
        let cases = vec![case];
        findings.push(Finding { check, verdict: &case.verdict, cases, seen, exchange, control });
    }
    if findings.is_empty() {
        let (verdict, cases) = (&check.verdict, Vec::new());
        findings.push(Finding { check, verdict, cases, seen: 1, exchange: None, control: None });
    }
    findings
}

/// What weighs so much, in the order of the plan: facts that break requirements and are not accepted by the user, then
/// what was not seen.
pub fn weighing(report: &Report, severity: Severity) -> Vec<Fact<'_>> {
    let mut facts = report.facts();
    facts.retain(|fact| fact.severity() == severity);
    let unseen = report.checks.iter().filter(|c| !matches!(c.verdict, Verdict::Violated { .. }));
    let unseen = unseen.filter(|c| c.severity() == severity);
    facts.extend(unseen.map(|lead| Fact { lead, others: Vec::new() }));
    facts
}

/// Requirements that are told with another, which leads: broken by the same fact.
pub fn told_with(report: &Report) -> BTreeMap<&str, &str> {
    let facts = report.facts();
    let told = facts.iter().flat_map(|fact| {
        fact.others.iter().map(move |other| (other.info.id.as_str(), fact.lead.info.id.as_str()))
    });
    told.collect()
}

/// The level, and what it rests on unless that is the text.
pub fn demand(info: &CheckInfo) -> String {
    match info.force {
        Force::Text => info.level.to_string(),
        force => format!("{}, {}", info.level, force.words()),
    }
}

/// The positions that checks rest on.
pub fn positions<'a, 'c>(
    report: &'a Report,
    checks: impl IntoIterator<Item = &'c CheckReport>,
) -> Vec<&'a Position> {
    let cited: Vec<&String> = checks.into_iter().flat_map(|c| &c.info.positions).collect();
    report.run.positions.iter().filter(|p| cited.contains(&&p.id)).collect()
}

/// The positions of which the user takes the other side, each with the reason.
pub fn other_sides(report: &Report) -> impl Iterator<Item = (&Position, &str)> {
    report.run.positions.iter().filter_map(|p| Some((p, p.other_side.as_deref()?)))
}

/// The violations that the user disputes, each with the position that it rests on.
pub fn disputed(report: &Report) -> impl Iterator<Item = (&CheckReport, &Position)> {
    let checks = report.checks.iter().filter(|c| Standing::of(c) == Standing::Disputed);
    checks.filter_map(|c| Some((c, c.disputed.as_ref()?)))
}

/// The checks that were inconclusive, whatever their level.
pub fn inconclusive(report: &Report) -> impl Iterator<Item = (&CheckReport, &str)> {
    report.checks.iter().filter_map(|c| match &c.verdict {
        Verdict::Inconclusive { why } => Some((c, why.as_str())),
        _ => None,
    })
}

/// The violations that the user knows, each with the reason.
pub fn known(report: &Report) -> impl Iterator<Item = (&CheckReport, &str)> {
    let violated = |c: &&CheckReport| matches!(c.verdict, Verdict::Violated { .. });
    report.checks.iter().filter(violated).filter_map(|c| Some((c, c.known.as_deref()?)))
}

/// What would make more of the requirements observable: what takes a line before what takes a feature, the most fruitful first.
pub fn to_enable(report: &Report) -> Vec<Enable<'_>> {
    let mut by_means: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for check in &report.checks {
        if let Verdict::Unverified { how_to_enable, .. } = &check.verdict {
            by_means.entry(how_to_enable.as_str()).or_default().push(&check.info.id);
        }
    }
    let mut means: Vec<_> =
        by_means.into_iter().map(|(how, checks)| Enable { how, checks }).collect();
    means.sort_by_key(|e| (Lack::of(e.how), std::cmp::Reverse(e.checks.len())));
    means
}

/// The checks by page, pages in the order of the plan.
pub fn pages(report: &Report) -> Vec<Page<'_>> {
    let mut pages: Vec<Page<'_>> = Vec::new();
    for check in &report.checks {
        let name = check.info.page.as_str();
        let at = pages.iter().position(|p| p.name == name).unwrap_or_else(|| {
            pages.push(Page { name, counts: Counts::default(), checks: Vec::new() });
            pages.len() - 1
        });
        pages[at].checks.push(check);
        *slot(&mut pages[at].counts, Standing::of(check)) += 1;
    }
    pages
}

/// What a check's verdict amounts to, in the words of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Held.
    Held,
    /// A violated MUST.
    Failure,
    /// A violated SHOULD, or a violated MUST that is inferred.
    Warning,
    /// A violated MAY.
    Note,
    /// A violation that the user accepts.
    Known,
    /// A violation that rests on a position of which the user takes the other side.
    Disputed,
    /// Nothing to observe.
    Unverified,
    /// Tried and could not see.
    Inconclusive,
    /// Does not concern the target.
    NotApplicable,
}

impl Standing {
    /// All of them, gravest first.
    pub const ALL: [Self; 9] = [
        Self::Failure,
        Self::Inconclusive,
        Self::Warning,
        Self::Note,
        Self::Known,
        Self::Disputed,
        Self::Unverified,
        Self::Held,
        Self::NotApplicable,
    ];

    /// Where a check stands.
    pub fn of(check: &CheckReport) -> Self {
        match (&check.verdict, check.severity()) {
            (Verdict::Held, _) => Self::Held,
            (Verdict::Violated { .. }, _) if check.known.is_some() => Self::Known,
            (Verdict::Violated { .. }, _) if check.disputed.is_some() => Self::Disputed,
            (Verdict::Violated { .. }, Severity::Failure) => Self::Failure,
            (Verdict::Violated { .. }, Severity::Warning) => Self::Warning,
            (Verdict::Violated { .. }, _) => Self::Note,
            (Verdict::Unverified { .. }, _) => Self::Unverified,
            (Verdict::Inconclusive { .. }, _) => Self::Inconclusive,
            (Verdict::NotApplicable { .. }, _) => Self::NotApplicable,
        }
    }

    /// How many findings stand so, and how many requirements they break.
    pub fn findings(self, report: &Report) -> (usize, usize) {
        let rows = self.count(&report.counts());
        let severity = match self {
            Self::Failure => Severity::Failure,
            Self::Warning => Severity::Warning,
            _ => return (rows, rows),
        };
        let facts = report.facts().into_iter().filter(|f| f.severity() == severity);
        let broken: Vec<usize> = facts.map(|f| f.checks().count()).collect();
        (broken.len(), broken.iter().sum())
    }

    /// How many checks of a run stand so.
    pub fn count(self, counts: &Counts) -> usize {
        *slot(&mut counts.clone(), self)
    }

    /// The word for one of it.
    pub fn one(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Note => "note",
            other => other.label(),
        }
    }

    /// The word for the count of it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failure => "failures",
            Self::Warning => "warnings",
            Self::Note => "notes",
            Self::Known => "known",
            Self::Disputed => "disputed",
            Self::Unverified => "unverified",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not applicable",
        }
    }
}

fn slot(counts: &mut Counts, standing: Standing) -> &mut usize {
    match standing {
        Standing::Held => &mut counts.held,
        Standing::Failure => &mut counts.failures,
        Standing::Warning => &mut counts.warnings,
        Standing::Note => &mut counts.notes,
        Standing::Known => &mut counts.known,
        Standing::Disputed => &mut counts.disputed,
        Standing::Unverified => &mut counts.unverified,
        Standing::Inconclusive => &mut counts.inconclusive,
        Standing::NotApplicable => &mut counts.not_applicable,
    }
}

/// Which revisions the target speaks.
pub fn speaks(report: &Report) -> String {
    let revision = &report.run.revision;
    match report.run.target.era.as_str() {
        "modern" => format!("speaks {revision}"),
        "dual" => format!("speaks {revision} and earlier revisions"),
        "legacy" if !report.run.revisions.is_empty() => format!("speaks {revision}"),
        "legacy" => "speaks earlier revisions only".to_owned(),
        era => era.to_owned(),
    }
}

/// The outcome of a run in a few words: that of the revision that decides it.
pub fn outcome_of_run(reports: &Reports) -> String {
    let outcome = reports.outcome();
    let deciding = reports.iter().filter(|report| report.outcome() == outcome);
    let mut words: Vec<String> = deciding.map(outcome_words).collect();
    words.dedup();
    match words.as_slice() {
        [] => "inconclusive".to_owned(),
        [words] => words.clone(),
        _ => "passes".to_owned(),
    }
}

/// The outcome in a few words. Who accepts violations passes, and is not called conformant.
pub fn outcome_words(report: &Report) -> String {
    let (outcome, counts) = (report.outcome(), report.counts());
    let accepted: Vec<String> = [(counts.known, "known"), (counts.disputed, "disputed")]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| counted(*n, &format!("{word} violation")))
        .collect();
    match outcome {
        Outcome::Conformant if !accepted.is_empty() => {
            format!("passes with {}", accepted.join(" and "))
        }
        Outcome::Conformant => "conformant".to_owned(),
        Outcome::Violations => "not conformant".to_owned(),
        Outcome::NothingSelected => "nothing selected".to_owned(),
        Outcome::Inconclusive => "inconclusive".to_owned(),
        Outcome::StaleKnown => "known list is stale".to_owned(),
        Outcome::OurFault => "plumb failed".to_owned(),
    }
}
