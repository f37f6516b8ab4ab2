//! From events to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CheckReport, FoldError, Report};
use crate::event::{CaseFinished, RunStarted};
use crate::{CheckInfo, Event, Exchange, Position, Verdict};

/// The events of a recording; a last line that is cut short is left out.
pub(super) fn events_of(text: &str) -> Result<Vec<Event>, FoldError> {
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
    Ok(events)
}

/// A report in the making.
pub(super) struct Fold {
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
    pub(super) fn of(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
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
    pub(super) fn interrupt(&mut self) {
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

    pub(super) fn finish(mut self) -> Result<Report, FoldError> {
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
            needed_elsewhere: BTreeSet::new(),
        })
    }
}

/// The first position that the check rests on and of which the user takes the other side.
fn disputed(run: &RunStarted, info: &CheckInfo) -> Option<Position> {
    let mut left = run.positions.iter().filter(|p| p.other_side.is_some());
    left.find(|p| info.positions.contains(&p.id)).cloned()
}

impl FoldError {
    /// The same in a stream that begins so many events before.
    pub(super) fn behind(self, before: usize) -> Self {
        match self {
            Self::Contradiction { at, why } => Self::Contradiction { at: at + before, why },
            other => other,
        }
    }
}
