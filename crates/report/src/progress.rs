//! A run while it goes: what to print for good, and the line that says how far it is.

use std::collections::{BTreeMap, BTreeSet};

use plumb_model::event::RunStarted;
use plumb_model::{Event, Severity, Verdict};

use crate::terminal::{Ink, Style};
use crate::text::{clipped, counted, visible_line};

/// The state of a run, fed with its events.
#[derive(Clone, Debug)]
pub struct Progress {
    style: Style,
    run: Option<RunStarted>,
    running: BTreeMap<String, u64>,
    judged: usize,
    failures: usize,
    exchanges: usize,
    /// Facts that were told as broken.
    told: BTreeSet<String>,
}

impl Progress {
    /// Before the first event.
    pub fn new(style: Style) -> Self {
        let running = BTreeMap::new();
        let told = BTreeSet::new();
        Self { style, run: None, running, judged: 0, failures: 0, exchanges: 0, told }
    }

    /// Takes an event; the answer is a line to print for good, if the event deserves one.
    pub fn take(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::RunStarted(run) => {
                self.run = Some((**run).clone());
                (self.judged, self.running, self.told) = Default::default();
                let checks = counted(run.checks.len(), "check");
                let address = visible_line(&run.target.address);
                Some(format!("judging {address} by {}: {checks}", run.revision))
            }
            Event::CheckStarted { check, at } => {
                self.running.insert(check.clone(), *at);
                None
            }
            Event::Exchanged(_) => {
                self.exchanges += 1;
                None
            }
            Event::CaseFinished(_) | Event::RunFinished { .. } => None,
            Event::CheckFinished { check, verdict, .. } => {
                self.running.remove(check);
                self.judged += 1;
                self.judged_line(check, verdict)
            }
        }
    }

    /// How many checks are judged, and how many there are.
    pub fn position(&self) -> (usize, usize) {
        (self.judged, self.run.as_ref().map_or(0, |r| r.checks.len()))
    }

    /// Whether no other revision is judged by after this one.
    pub fn is_last(&self) -> bool {
        let last = |run: &RunStarted| run.revisions.last().is_none_or(|last| *last == run.revision);
        self.run.as_ref().is_none_or(last)
    }

    /// The line that says how far the run is; it changes with every event.
    pub fn status(&self) -> String {
        let (judged, all) = self.position();
        let exchanges = counted(self.exchanges, "exchange");
        let failures = counted(self.failures, "failure");
        let oldest = self.running.iter().min_by_key(|(_, at)| **at);
        let running = oldest.map(|(id, _)| format!(" · {}", visible_line(id))).unwrap_or_default();
        let line = format!("{judged}/{all} checks · {exchanges} · {failures}{running}");
        clipped(&line, self.style.width).into_owned()
    }

    fn judged_line(&mut self, check: &str, verdict: &Verdict) -> Option<String> {
        let run = self.run.as_ref()?;
        let info = run.checks.iter().find(|c| c.id == check)?;
        let ink = Ink { colour: self.style.colour };
        let violated = matches!(verdict, Verdict::Violated { .. });
        let other_side =
            |id: &String| run.positions.iter().any(|p| p.id == *id && p.other_side.is_some());
        let disputed = violated && info.positions.iter().any(other_side);
        let known = violated && run.known.contains_key(check);
        // One fact is told once.
        let fact = info.fact.as_deref().unwrap_or(check);
        if violated && !known && !disputed && !self.told.insert(fact.to_owned()) {
            return None;
        }
        let mark = match verdict.severity(info.level, info.force) {
            _ if known => ink.faint("  known"),
            _ if disputed => ink.faint("dispute"),
            Severity::Failure => {
                self.failures += 1;
                ink.failure("  error")
            }
            Severity::Warning => ink.warning("   warn"),
            Severity::Error => ink.doubt("unclear"),
            Severity::Note if violated => ink.strong("   note"),
            Severity::Ok if self.style.verbose => ink.good("   held"),
            Severity::Note if self.style.verbose => ink.faint("      -"),
            Severity::Ok | Severity::Note => return None,
        };
        let summary = visible_line(&info.summary);
        let line = format!("{}: {summary}", visible_line(check));
        Some(format!("{mark} {}", clipped(&line, self.style.width.saturating_sub(8).max(24))))
    }
}
