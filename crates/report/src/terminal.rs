//! What a terminal shows at the end of a run: a line for each area, findings by what they endanger, then the headline.

mod areas;
mod finding;
mod headline;

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use anstyle::{AnsiColor, Effects};
use plumb_model::report::Fact;
use plumb_model::{Danger, Level, Report, Reports, Severity, Verdict};

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

/// The whole summary of a run by one revision.
pub fn summary(report: &Report, style: &Style) -> String {
    let ink = Ink { colour: style.colour };
    let mut out = String::new();
    found(&mut out, report, style, ink, &BTreeMap::new());
    headline::write(&mut out, report, style, ink);
    inert(&out).into_owned()
}

/// The whole summary of a run: by several revisions, what each of them found, then the headline of all.
pub fn summaries(reports: &Reports, style: &Style) -> String {
    if let Some(report) = reports.only() {
        return summary(report, style);
    }
    let ink = Ink { colour: style.colour };
    let mut out = String::new();
    let mut told = BTreeMap::new();
    for report in reports.iter() {
        headline::revision(&mut out, report, style, ink);
        found(&mut out, report, style, ink, &told);
        headline::unseen(&mut out, report, style, ink);
        for fact in report.facts().iter().filter(|_| !style.verbose) {
            told.entry(fact.lead.info.id.clone()).or_insert_with(|| report.run.revision.clone());
        }
    }
    headline::of_run(&mut out, reports, style, ink);
    inert(&out).into_owned()
}

/// Writes what was found by a revision: in a line what was told before, by the revision that it is found under there.
fn found(
    out: &mut String,
    report: &Report,
    style: &Style,
    ink: Ink,
    before: &BTreeMap<String, String>,
) {
    areas::write(out, report, style, ink);
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
        if let Some(revision) = before.get(&fact.lead.info.id) {
            finding::heading(out, fact.lead, style, ink);
            let _ = writeln!(out, "{}\n", ink.faint(format!("         as told by {revision}")));
            continue;
        }
        let found = findings::of_check(report, fact.lead);
        let (blocks, lines) =
            found.split_at(if style.verbose { found.len() } else { 1.min(found.len()) });
        for found in blocks {
            let beside = finding::Beside { fact: &fact, others: lines };
            finding::write(out, report, found, style, ink, &beside);
        }
    }
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

/// The headline of a run alone: by several revisions, one for each, and the outcome.
pub fn headlines(reports: &Reports, style: &Style) -> String {
    if let Some(report) = reports.only() {
        return headline(report, style);
    }
    let ink = Ink { colour: style.colour };
    let mut out = String::new();
    for report in reports.iter() {
        headline::revision(&mut out, report, style, ink);
        let grave =
            |fact: &Fact<'_>| matches!(fact.severity(), Severity::Error | Severity::Failure);
        for fact in danger::ordered(report, grave) {
            finding::heading(&mut out, fact.lead, style, ink);
        }
        headline::wrong(&mut out, report, style, ink);
    }
    headline::of_run(&mut out, reports, style, ink);
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
