//! A line for each area of the specification: what held, what failed, what was not shown.

use std::fmt::Write as _;

use plumb_model::Report;
use plumb_model::report::Counts;

use super::{Ink, Style};
use crate::findings::{self, Page};
use crate::text::{visible_line, wrapped};

/// Columns of a name, at most: a longer one pushes its words to the right.
const WIDEST: usize = 60;

/// Writes the areas that concern the target, and names the others.
pub(super) fn write(out: &mut String, report: &Report, style: &Style, ink: Ink) {
    let pages = findings::pages(report);
    let (told, others): (Vec<&Page<'_>>, Vec<&Page<'_>>) =
        pages.iter().partition(|page| page.checks.len() > page.counts.not_applicable);
    let names: Vec<String> = told.iter().map(|page| name(page)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(WIDEST);
    for (page, name) in told.iter().zip(names) {
        let words = words(&page.counts, ink).concat();
        let _ = write!(out, "  {name:width$}  {words}");
        out.push('\n');
    }
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(|page| name(page)).collect();
        let text = format!("of no concern to it: {}", others.join(", "));
        for line in wrapped(&text, style.width.saturating_sub(2)) {
            let _ = writeln!(out, "  {}", ink.faint(line));
        }
    }
    if !told.is_empty() {
        out.push('\n');
    }
}

/// The area as people name it.
fn name(page: &Page<'_>) -> String {
    let name = page.name.strip_prefix("ext:").unwrap_or(page.name);
    let name = name.strip_prefix("basic/").or(name.strip_prefix("server/")).unwrap_or(name);
    visible_line(name).into_owned()
}

/// The columns, each padded but for the last that says something.
fn words(counts: &Counts, ink: Ink) -> Vec<String> {
    type Paint = fn(Ink, String) -> String;
    let columns: [(usize, &str, Paint); 5] = [
        (counts.held, "held", |ink, text| ink.good(text)),
        (counts.failures, "failed", |ink, text| ink.failure(text)),
        (counts.warnings + counts.notes, "warned", |ink, text| ink.warning(text)),
        (counts.unverified + counts.inconclusive, "not shown", |_, text| text),
        (counts.known + counts.disputed, "accepted", |_, text| text),
    ];
    let last = columns.iter().rposition(|(n, ..)| *n > 0).unwrap_or_default();
    let written = columns.into_iter().take(last + 1).enumerate();
    let written = written.map(|(n, (count, word, paint))| {
        let text = if count == 0 { String::new() } else { format!("{count:>3} {word}") };
        let painted = if count == 0 { String::new() } else { paint(ink, text.clone()) };
        let pad = if n == last { 0 } else { 13usize.saturating_sub(text.chars().count()) };
        painted + &" ".repeat(pad)
    });
    written.collect()
}
