//! Progress on a terminal; nothing elsewhere.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use plumb_model::{Event, Severity, Verdict};

/// A bar on standard error while a run goes on, if that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    exchanges: u64,
    violations: u64,
    levels: std::collections::BTreeMap<String, plumb_model::Level>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            let style = ProgressStyle::with_template("{spinner} {pos}/{len} checks  {bar:24}  {msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        };
        bar.set_message("surveying");
        Self { bar, exchanges: 0, violations: 0, levels: std::collections::BTreeMap::new() }
    }

    pub(crate) fn see(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => {
                self.bar.set_length(run.checks.len() as u64);
                self.levels = run.checks.iter().map(|c| (c.id.clone(), c.level)).collect();
            }
            Event::Exchanged(_) => self.exchanges += 1,
            Event::CheckFinished { check, verdict, .. } => {
                self.bar.inc(1);
                let level = self.levels.get(check);
                let failed = level.is_some_and(|l| verdict.severity(*l) == Severity::Failure);
                self.violations += u64::from(failed && matches!(verdict, Verdict::Violated { .. }));
            }
            Event::RunFinished { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
        self.bar.set_message(format!("{} exchanges, {} violations", self.exchanges, self.violations));
    }
}
