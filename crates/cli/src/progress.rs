//! Progress on a terminal; nothing elsewhere.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use plumb_model::Event;
use plumb_report::progress::Progress as Words;
use plumb_report::text::inert;

use crate::output;

/// A bar on standard error while a run goes on, if that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    words: Words,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            let style = ProgressStyle::with_template("{spinner} {bar:24} {msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        };
        bar.set_message("surveying");
        Self { bar, words: Words::new(output::style(false)) }
    }

    pub(crate) fn see(&mut self, event: &Event) {
        if let Some(line) = self.words.take(event) {
            self.bar.println(inert(&line));
        }
        let (judged, all) = self.words.position();
        self.bar.set_length(all as u64);
        self.bar.set_position(judged as u64);
        self.bar.set_message(self.words.status());
        if matches!(event, Event::RunFinished { .. }) && self.words.is_last() {
            self.bar.finish_and_clear();
        }
    }
}
