//! What a terminal shows at the end of a run: a line for each area, findings by what they endanger, then the headline.

mod areas;
mod finding;
mod headline;

use std::fmt::Display;

use anstyle::{AnsiColor, Effects};
use plumb_model::report::Fact;
use plumb_model::{Danger, Level, Report, Severity, Verdict};

use crate::danger;
use crate::findings;
use crate::text::inert;

/// How the terminal is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether control codes for colour are written.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether all is told: what crossed the wire, every case, all that was not verified.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, width: 100, verbose: false }
    }
}

/// The whole summary of a run.
pub fn summary(report: &Report, style: &Style) -> String {
    let ink = Ink { colour: style.colour };
    let mut out = String::new();
    areas::write(&mut out, report, style, ink);
    let told = |fact: &Fact<'_>| {
        let violated = matches!(fact.lead.verdict, Verdict::Violated { .. });
        let advised = violated && fact.lead.info.level == Level::Advice;
        matches!(fact.severity(), Severity::Warning | Severity::Failure) || advised || style.verbose
    };
    let mut endangered = None;
    for fact in danger::ordered(report, told) {
        let danger = Danger::of(&fact.lead.info);
        if endangered.replace(danger) != Some(danger) {
            let title = ink.strong(danger.label().to_uppercase());
            out.extend([&title, "\n\n"]);
        }
        let found = findings::of_check(report, fact.lead);
        let (blocks, lines) =
            found.split_at(if style.verbose { found.len() } else { 1.min(found.len()) });
        for found in blocks {
            let beside = finding::Beside { fact: &fact, others: lines };
            finding::write(&mut out, report, found, style, ink, &beside);
        }
    }
    headline::write(&mut out, report, style, ink);
    inert(&out).into_owned()
}

/// The headline of a run alone: what failed, target, counts, outcome.
pub fn headline(report: &Report, style: &Style) -> String {
    let ink = Ink { colour: style.colour };
    let mut out = String::new();
    let grave = |fact: &Fact<'_>| matches!(fact.severity(), Severity::Error | Severity::Failure);
    for fact in danger::ordered(report, grave) {
        finding::heading(&mut out, fact.lead, style, ink);
    }
    headline::short(&mut out, report, style, ink);
    inert(&out).into_owned()
}

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    /// Whether control codes are written.
    pub(crate) colour: bool,
}

impl Ink {
    pub(crate) fn failure(self, text: impl Display) -> String {
        self.paint(AnsiColor::BrightRed.on_default() | Effects::BOLD, text)
    }

    pub(crate) fn warning(self, text: impl Display) -> String {
        self.paint(AnsiColor::Yellow.on_default() | Effects::BOLD, text)
    }

    pub(crate) fn doubt(self, text: impl Display) -> String {
        self.paint(AnsiColor::Magenta.on_default() | Effects::BOLD, text)
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default() | Effects::BOLD, text)
    }

    pub(crate) fn frame(self, text: impl Display) -> String {
        self.paint(AnsiColor::BrightBlue.on_default() | Effects::BOLD, text)
    }

    pub(crate) fn strong(self, text: impl Display) -> String {
        self.paint(Effects::BOLD.into(), text)
    }

    pub(crate) fn faint(self, text: impl Display) -> String {
        self.paint(Effects::DIMMED.into(), text)
    }

    fn paint(self, style: anstyle::Style, text: impl Display) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}
