//! A run that judges by several revisions: a report for each, and what they amount to together.

use std::collections::BTreeSet;

use super::{Counts, FoldError, Outcome, Report, events_of};
use crate::{Event, Verdict};

/// What a run found: a report for each revision that it judged by, in the order of judgement, the newest first. Each is a
/// judgement of its own, by rows, processes and sessions of its own; a run by one revision has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    first: Report,
    further: Vec<Report>,
    /// Revisions that the run was to judge by and did not come to.
    missing: Vec<String>,
}

impl Reports {
    /// Reads `run.jsonl`. A recording that breaks off, even within a line, is one of a run that was interrupted.
    ///
    /// # Errors
    ///
    /// The text is no recording of a run.
    pub fn from_jsonl(text: &str) -> Result<Self, FoldError> {
        Self::fold_interrupted(events_of(text)?)
    }

    /// Folds the stream of events of a whole run: for each revision one from `run_started` to `run_finished`.
    ///
    /// # Errors
    ///
    /// The stream breaks off, or contradicts itself.
    pub fn fold(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
        let reports = Self::of(events, Report::fold)?;
        match reports.missing.first() {
            Some(revision) => Err(FoldError::Missing(revision.clone())),
            None => Ok(reports),
        }
    }

    /// Folds a stream of events that may break off: what has no verdict then is inconclusive, and a remark says why.
    ///
    /// # Errors
    ///
    /// The stream contradicts itself.
    pub fn fold_interrupted(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
        let mut reports = Self::of(events, Report::fold_interrupted)?;
        if !reports.missing.is_empty() {
            let missing = reports.missing.join(", ");
            let remark = format!("the run was interrupted: it did not come to revision {missing}");
            reports.last_mut().remarks.push(remark);
        }
        Ok(reports)
    }

    fn of(
        events: impl IntoIterator<Item = Event>,
        fold: fn(Vec<Event>) -> Result<Report, FoldError>,
    ) -> Result<Self, FoldError> {
        let mut streams: Vec<(usize, Vec<Event>)> = Vec::new();
        for (before, event) in events.into_iter().enumerate() {
            match (&event, streams.last_mut()) {
                (Event::RunStarted(_), _) | (_, None) => streams.push((before, vec![event])),
                (_, Some((_, stream))) => stream.push(event),
            }
        }
        let last = streams.len().saturating_sub(1);
        let mut reports = Vec::with_capacity(streams.len());
        for (n, (before, events)) in streams.into_iter().enumerate() {
            // Only the last one may break off.
            let fold = if n == last { fold } else { |events| Report::fold(events) };
            let report = fold(events).map_err(|error| error.behind(before))?;
            if reports.first().is_some_and(|first| !follows(first, n, &report)) {
                let why = format!("revision {} is not announced there", report.run.revision);
                return Err(FoldError::Contradiction { at: before + 1, why });
            }
            reports.push(report);
        }
        let mut reports = reports.into_iter();
        let mut first = reports.next().ok_or(FoldError::NoStart)?;
        let mut further: Vec<Report> = reports.collect();
        let missing = first.run.revisions.iter().skip(1 + further.len()).cloned().collect();
        needed_elsewhere(&mut first, &mut further);
        Ok(Self { first, further, missing })
    }

    /// The report by the newest of the revisions.
    pub fn first(&self) -> &Report {
        &self.first
    }

    /// The same, for whoever judges by one alone.
    pub fn into_first(self) -> Report {
        self.first
    }

    /// The report, if the run judged by one revision and was to judge by no other.
    pub fn only(&self) -> Option<&Report> {
        (self.further.is_empty() && self.missing.is_empty()).then_some(&self.first)
    }

    /// Each report, the newest revision first.
    pub fn iter(&self) -> impl Iterator<Item = &Report> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// The report by a revision.
    pub fn by(&self, revision: &str) -> Option<&Report> {
        self.iter().find(|report| report.run.revision == revision)
    }

    /// The revisions that were judged by, in order.
    pub fn revisions(&self) -> Vec<&str> {
        self.iter().map(|report| report.run.revision.as_str()).collect()
    }

    /// How often each verdict was given, by all revisions together: a requirement that two share counts twice.
    pub fn counts(&self) -> Counts {
        self.iter().map(Report::counts).fold(Counts::default(), Counts::plus)
    }

    /// Wall time, microseconds: revisions are judged by one after the other.
    pub fn took(&self) -> u64 {
        self.iter().map(|report| report.took).fold(0, u64::saturating_add)
    }

    /// The run's outcome, from which the exit code follows: the gravest by any revision.
    pub fn outcome(&self) -> Outcome {
        let short = (!self.missing.is_empty()).then_some(Outcome::Inconclusive);
        let outcomes = self.iter().map(Report::outcome).chain(short);
        outcomes.max_by_key(|outcome| outcome.gravity()).unwrap_or(Outcome::NothingSelected)
    }

    fn last_mut(&mut self) -> &mut Report {
        self.further.last_mut().unwrap_or(&mut self.first)
    }
}

impl From<Report> for Reports {
    fn from(first: Report) -> Self {
        Self { first, further: Vec::new(), missing: Vec::new() }
    }
}

/// Whether a report stands at its place in a run that began with this one.
fn follows(first: &Report, n: usize, report: &Report) -> bool {
    first.run.revisions.get(n) == Some(&report.run.revision)
        && first.run.revisions == report.run.revisions
}

/// An entry of the known list is for every revision: it is stale once none of them needs it.
fn needed_elsewhere(first: &mut Report, further: &mut [Report]) {
    if further.is_empty() {
        return;
    }
    let needed: BTreeSet<String> = std::iter::once(&*first)
        .chain(&*further)
        .flat_map(|report| &report.checks)
        .filter(|c| {
            c.known.is_some() && !matches!(c.verdict, Verdict::Held | Verdict::NotApplicable { .. })
        })
        .map(|check| check.info.id.clone())
        .collect();
    for report in std::iter::once(first).chain(further) {
        report.needed_elsewhere.clone_from(&needed);
    }
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            held: self.held + other.held,
            failures: self.failures + other.failures,
            warnings: self.warnings + other.warnings,
            notes: self.notes + other.notes,
            known: self.known + other.known,
            disputed: self.disputed + other.disputed,
            unverified: self.unverified + other.unverified,
            inconclusive: self.inconclusive + other.inconclusive,
            not_applicable: self.not_applicable + other.not_applicable,
        }
    }
}
