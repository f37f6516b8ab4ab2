//! The report: the event stream folded. Reporters see nothing else, so a replay equals a live run.

mod fact;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{CaseFinished, RunStarted};
use crate::{CheckInfo, Event, Exchange, Position, Severity, Verdict};

pub use fact::Fact;

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
        let mut events = Vec::new();
        let lines = text.lines().count();
        for (n, line) in text.lines().enumerate() {
            let event = serde_json::from_str(line)
                .map_err(|e| FoldError::NoEvent { line: n + 1, why: e.to_string() });
            match event {
                Ok(event) => events.push(event),
                // A last line cut short is a stream cut short, which says more.
                Err(_) if n > 0 && n + 1 == lines && !text.ends_with('\n') => break,
                Err(error) => return Err(error),
            }
        }
        Self::fold_interrupted(events)
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

    /// Entries of the known list whose requirement was judged and not violated: they must go.
    pub fn stale_known(&self) -> Vec<&str> {
        let judged = |v: &Verdict| matches!(v, Verdict::Held | Verdict::NotApplicable { .. });
        let violated: BTreeMap<&str, &Verdict> =
            self.checks.iter().map(|c| (c.info.id.as_str(), &c.verdict)).collect();
        self.run
            .known
            .keys()
            .map(String::as_str)
            .filter(|id| violated.get(id).is_some_and(|v| judged(v)))
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

/// What a finished run amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No violated MUST, nothing inconclusive.
    Conformant,
    /// Violations, or what the suite denies.
    Violations,
    /// No check was selected.
    NothingSelected,
    /// MUSTs that could not be judged.
    Inconclusive,
    /// The known list names violations that are gone.
    StaleKnown,
    /// Plumb itself failed.
    OurFault,
}

impl Outcome {
    /// The exit code; 2, 4 and 7 (usage, target never reached, report not written) are the binary's own.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Conformant => 0,
            Self::Violations => 1,
            Self::NothingSelected => 3,
            Self::Inconclusive => 5,
            Self::StaleKnown => 6,
            Self::OurFault => 70,
        }
    }
}

struct Fold {
    run: RunStarted,
    open: BTreeMap<String, Open>,
    exchanges: BTreeMap<u64, Arc<Exchange>>,
    finished: Option<Finished>,
}

struct Finished {
    at: u64,
    internal_faults: Vec<String>,
    remarks: Vec<String>,
    left_out: u64,
}

#[derive(Default)]
struct Open {
    started: Option<u64>,
    cases: Vec<CaseFinished>,
    verdict: Option<(u64, Verdict)>,
}

impl Fold {
    fn of(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
        let mut events = events.into_iter().enumerate().map(|(n, e)| (n + 1, e));
        let Some((_, Event::RunStarted(run))) = events.next() else {
            return Err(FoldError::NoStart);
        };
        if run.format != crate::event::FORMAT {
            return Err(FoldError::OtherFormat { found: run.format, plumb: run.plumb });
        }
        let mut fold = Fold::new(*run);
        for (at, event) in events {
            fold.take(event).map_err(|why| FoldError::Contradiction { at, why })?;
        }
        Ok(fold)
    }

    fn new(run: RunStarted) -> Self {
        let open = run.checks.iter().map(|c| (c.id.clone(), Open::default())).collect();
        Self { run, open, exchanges: BTreeMap::new(), finished: None }
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        if self.finished.is_some() {
            return Err("an event after `run_finished`".into());
        }
        match event {
            Event::RunStarted(_) => return Err("a second `run_started`".into()),
            Event::CheckStarted { check, at } => self.open(&check)?.started = Some(at),
            Event::Exchanged(exchange) => {
                let seq = exchange.seq;
                if self.exchanges.insert(seq, exchange).is_some() {
                    return Err(format!("exchange {seq} stands twice"));
                }
            }
            Event::CaseFinished(case) => self.open(&case.check.clone())?.cases.push(case),
            Event::CheckFinished { check, at, verdict } => {
                let open = self.open(&check)?;
                if open.verdict.replace((at, verdict)).is_some() {
                    return Err(format!("check `{check}` is judged twice"));
                }
            }
            Event::RunFinished { at, internal_faults, remarks, left_out } => {
                self.finished = Some(Finished { at, internal_faults, remarks, left_out });
            }
        }
        Ok(())
    }

    fn open(&mut self, check: &str) -> Result<&mut Open, String> {
        self.open.get_mut(check).ok_or_else(|| format!("check `{check}` is not in the plan"))
    }

    /// Ends what broke off.
    fn interrupt(&mut self) {
        if self.finished.is_some() {
            return;
        }
        let verdicts = self.open.values().filter_map(|open| open.verdict.as_ref());
        let ends = self.exchanges.values().map(|exchange| exchange.answer.ended_at);
        let last = verdicts.map(|(at, _)| *at).chain(ends).max().unwrap_or_default();
        let mut unjudged = 0;
        for open in self.open.values_mut().filter(|open| open.verdict.is_none()) {
            unjudged += 1;
            open.started = open.started.map(|at| at.min(last));
            open.verdict = Some((last, Verdict::inconclusive("the run was interrupted")));
        }
        let remark = format!("the run was interrupted: {unjudged} requirements have no verdict");
        let (internal_faults, remarks) = (Vec::new(), vec![remark]);
        self.finished = Some(Finished { at: last, internal_faults, remarks, left_out: 0 });
    }

    fn finish(mut self) -> Result<Report, FoldError> {
        let unjudged = self.open.values().filter(|o| o.verdict.is_none()).count();
        let Some(finished) = self.finished else {
            return Err(FoldError::CutOff(unjudged));
        };
        if unjudged > 0 {
            return Err(FoldError::CutOff(unjudged));
        }
        let mut checks = Vec::with_capacity(self.run.checks.len());
        let mut seen = BTreeSet::new();
        for info in &self.run.checks {
            let Some(open) = self.open.remove(&info.id).filter(|_| seen.insert(info.id.clone()))
            else {
                let why = format!("check `{}` stands twice in the plan", info.id);
                return Err(FoldError::Contradiction { at: 1, why });
            };
            let (ended, verdict) = open.verdict.unwrap_or((0, Verdict::inconclusive("no verdict")));
            let started = open.started.unwrap_or(ended);
            checks.push(CheckReport {
                info: info.clone(),
                known: self.run.known.get(&info.id).cloned(),
                disputed: disputed(&self.run, info),
                started,
                took: ended.saturating_sub(started),
                verdict,
                cases: open.cases,
            });
        }
        Ok(Report {
            run: self.run,
            checks,
            exchanges: self.exchanges,
            left_out: finished.left_out,
            took: finished.at,
            internal_faults: finished.internal_faults,
            remarks: finished.remarks,
        })
    }
}

/// The first position that the check rests on and of which the user takes the other side.
fn disputed(run: &RunStarted, info: &CheckInfo) -> Option<Position> {
    let mut left = run.positions.iter().filter(|p| p.other_side.is_some());
    left.find(|p| info.positions.contains(&p.id)).cloned()
}

#[cfg(test)]
mod tests;
