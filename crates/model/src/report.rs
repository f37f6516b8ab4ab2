//! The report: the event stream folded. Reporters see nothing else, so a replay equals a live run.

mod fact;
mod fold;
mod outcome;
mod several;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{CaseFinished, RunStarted};
use crate::{CheckInfo, Event, Exchange, Position, Severity, Verdict};

pub use fact::Fact;
pub use outcome::Outcome;
pub use several::Reports;

use fold::{Fold, events_of};

/// A finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the run was about.
    pub run: RunStarted,
    /// The checks in the order of the plan.
    pub checks: Vec<CheckReport>,
    /// The exchanges that the recording keeps, by sequence number.
    pub exchanges: BTreeMap<u64, Arc<Exchange>>,
    /// How many exchanges there were beside them.
    pub left_out: u64,
    /// Wall time of the run, microseconds.
    pub took: u64,
    /// Faults of Plumb itself.
    pub internal_faults: Vec<String>,
    /// What befell the target meanwhile, a line each.
    pub remarks: Vec<String>,
    /// Entries of the known list that are needed where the same run judges by another revision: they are not stale.
    pub needed_elsewhere: BTreeSet<String>,
}

/// A judged check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// The check.
    pub info: CheckInfo,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its cases in the order of judgement.
    pub cases: Vec<CaseFinished>,
    /// The user's reason, if a violation is known and accepted.
    pub known: Option<String>,
    /// The position that it rests on and the user does not share, if there is one.
    pub disputed: Option<Position>,
    /// When it began, in microseconds since the run did; when it was judged, if it only read what others caused.
    pub started: u64,
    /// Microseconds between start and verdict.
    pub took: u64,
}

/// How often each verdict was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Held.
    pub held: usize,
    /// Violated MUSTs, known ones left out.
    pub failures: usize,
    /// Violated SHOULDs and violated MUSTs that are inferred, known ones left out.
    pub warnings: usize,
    /// Violated MAYs, known ones left out.
    pub notes: usize,
    /// Violations that the user knows and accepts.
    pub known: usize,
    /// Violations that rest on a position of which the user takes the other side.
    #[serde(default)]
    pub disputed: usize,
    /// Nothing to observe.
    pub unverified: usize,
    /// Tried and could not see.
    pub inconclusive: usize,
    /// Does not concern the target.
    pub not_applicable: usize,
}

/// Why an event stream is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A line is no event.
    #[error("line {line}: {why}")]
    NoEvent {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The stream does not begin with the run's start.
    #[error("the stream does not begin with `run_started`: it is no recording of a run")]
    NoStart,
    /// The stream's format is of another version.
    #[error(
        "the stream has format {found}, this plumb reads {}: render it with plumb {plumb}",
        crate::event::FORMAT
    )]
    OtherFormat {
        /// The format found.
        found: u32,
        /// The version that wrote it.
        plumb: String,
    },
    /// The stream breaks off.
    #[error("the stream is cut off before `run_finished`: {0} checks have no verdict")]
    CutOff(usize),
    /// The stream ends before all is judged.
    #[error("the stream ends before revision {0} is judged")]
    Missing(String),
    /// An event contradicts an earlier one.
    #[error("event {at} contradicts the stream: {why}")]
    Contradiction {
        /// The event, from 1.
        at: usize,
        /// What contradicts what.
        why: String,
    },
}

impl Report {
    /// Reads `run.jsonl`. A recording that breaks off, even within a line, is one of a run that was interrupted.
    pub fn from_jsonl(text: &str) -> Result<Self, FoldError> {
        Self::fold_interrupted(events_of(text)?)
    }

    /// Folds a stream of events that may break off: what has no verdict then is inconclusive, and a remark says why.
    pub fn fold_interrupted(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
        let mut fold = Fold::of(events)?;
        fold.interrupt();
        fold.finish()
    }

    /// Folds the stream of events of a whole run.
    pub fn fold(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
        Fold::of(events)?.finish()
    }

    /// How often each verdict was given.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for check in &self.checks {
            let slot = match (&check.verdict, check.severity(), &check.known) {
                (Verdict::Held, ..) => &mut counts.held,
                (Verdict::Violated { .. }, _, Some(_)) => &mut counts.known,
                (Verdict::Violated { .. }, ..) if check.disputed.is_some() => &mut counts.disputed,
                (Verdict::Violated { .. }, Severity::Failure, _) => &mut counts.failures,
                (Verdict::Violated { .. }, Severity::Warning, _) => &mut counts.warnings,
                (Verdict::Violated { .. }, ..) => &mut counts.notes,
                (Verdict::Unverified { .. }, ..) => &mut counts.unverified,
                (Verdict::Inconclusive { .. }, ..) => &mut counts.inconclusive,
                (Verdict::NotApplicable { .. }, ..) => &mut counts.not_applicable,
            };
            *slot += 1;
        }
        counts
    }

    /// Entries of the known list whose requirement was judged and not violated, by no revision of the run: they must go.
    pub fn stale_known(&self) -> Vec<&str> {
        let judged = |v: &Verdict| matches!(v, Verdict::Held | Verdict::NotApplicable { .. });
        let violated: BTreeMap<&str, &Verdict> =
            self.checks.iter().map(|c| (c.info.id.as_str(), &c.verdict)).collect();
        self.run
            .known
            .keys()
            .map(String::as_str)
            .filter(|id| violated.get(id).is_some_and(|v| judged(v)))
            .filter(|id| !self.needed_elsewhere.contains(*id))
            .collect()
    }

    /// The run's outcome, from which the exit code follows.
    pub fn outcome(&self) -> Outcome {
        let counts = self.counts();
        let policy = &self.run.policy;
        let inconclusive_musts = self.checks.iter().any(|c| c.severity() == Severity::Error);
        if !self.internal_faults.is_empty() {
            Outcome::OurFault
        } else if self.checks.is_empty() {
            Outcome::NothingSelected
        } else if counts.failures > 0
            || (policy.strict && counts.warnings > 0)
            || (policy.deny_unverified && counts.unverified > 0)
        {
            Outcome::Violations
        } else if inconclusive_musts {
            Outcome::Inconclusive
        } else if !self.stale_known().is_empty() {
            Outcome::StaleKnown
        } else {
            Outcome::Conformant
        }
    }
}

impl Report {
    /// How many exchanges there were, whether or not they are kept.
    pub fn exchanged(&self) -> usize {
        let left_out = usize::try_from(self.left_out).unwrap_or(usize::MAX);
        self.exchanges.len().saturating_add(left_out)
    }
}

impl CheckReport {
    /// How much the verdict weighs: what the user disputes, no more than a note.
    pub fn severity(&self) -> Severity {
        let severity = self.verdict.severity(self.info.level, self.info.force);
        if self.disputed.is_some() { severity.min(Severity::Note) } else { severity }
    }

    /// Whether it is a violation that the user neither knows nor disputes.
    pub fn counts_as_broken(&self) -> bool {
        let accepted = self.known.is_some() || self.disputed.is_some();
        matches!(self.verdict, Verdict::Violated { .. }) && !accepted
    }
}

#[cfg(test)]
mod tests;
