//! Tables with aligned columns, for a terminal.

use plumb_model::report::Counts;
use plumb_model::{CheckInfo, Report};

use crate::findings::{self, Standing};
use crate::text::{clipped, visible_line};

/// The checks of a plan, one a line: id, level, summary cut to the width.
pub fn list<'a>(checks: impl IntoIterator<Item = &'a CheckInfo>, width: usize) -> String {
    let rows: Vec<Vec<String>> = checks
        .into_iter()
        .map(|c| {
            vec![
                visible_line(&c.id).into_owned(),
                findings::demand(c),
                visible_line(&c.summary).into_owned(),
            ]
        })
        .collect();
    table(&rows, &[Align::Left; 3], width)
}

/// The verdicts by page of the specification.
pub fn coverage(report: &Report, width: usize) -> String {
    let mut rows = vec![heading()];
    rows.extend(findings::pages(report).iter().map(|p| row(p.name, &p.counts)));
    rows.push(row("all", &report.counts()));
    let mut aligns = vec![Align::Left];
    aligns.resize(rows[0].len(), Align::Right);
    table(&rows, &aligns, width)
}

fn heading() -> Vec<String> {
    let labels = Standing::ALL.iter().map(|s| s.label().to_owned());
    std::iter::once("page".to_owned()).chain(labels).collect()
}

fn row(name: &str, counts: &Counts) -> Vec<String> {
    let numbers = Standing::ALL.iter().map(|s| match s.count(counts) {
        0 => "·".to_owned(),
        n => n.to_string(),
    });
    std::iter::once(visible_line(name).into_owned()).chain(numbers).collect()
}

/// On which side a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows with aligned columns, two spaces between them, lines cut to the width.
pub fn table(rows: &[Vec<String>], aligns: &[Align], width: usize) -> String {
    let width_of = |column: usize| {
        rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..aligns.len()).map(width_of).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, align), width) in row.iter().zip(aligns).zip(&widths) {
            let gap = if line.is_empty() { "" } else { "  " };
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            match align {
                Align::Left => line.extend([gap, cell, &padding]),
                Align::Right => line.extend([gap, &padding, cell]),
            }
        }
        out.push_str(&clipped(line.trim_end(), width.max(40)));
        out.push('\n');
    }
    out
}
