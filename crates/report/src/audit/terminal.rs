//! An audit on a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Paint};
use plumb_model::Audit;
use plumb_model::audit::{Item, Phase, Progress, State};

use super::{counts, facts, number, since, told};
use crate::terminal::Style;
use crate::text::{inert, visible_line, wrapped};

/// So many things that were seen of an item are told; reports tell all.
const SEEN: usize = 3;
/// Items that [`first_lines`] names.
const FIRST: usize = 8;

/// The whole list.
pub fn render(audit: &Audit, style: &Style) -> String {
    let mut out = head(audit);
    for (n, phase) in Phase::ALL.into_iter().enumerate() {
        let title = format!("{} {}: {}", n + 1, phase.title(), number(audit.found(phase).count()));
        put(&mut out, format_args!("\n{}\n", paint(&title, Paint::new().bold(), style)));
        for item in audit.items.iter().filter(|i| i.phase == phase).filter(told) {
            out.push_str(&told_fully(item, style));
        }
    }
    if style.verbose {
        out.push_str(&rest(audit, style));
    }
    out.push('\n');
    for remark in &audit.remarks {
        put(&mut out, format_args!("note: {}\n", visible_line(remark)));
    }
    out.push_str(&counts(audit));
    out.push('\n');
    if let Some(since) = since(audit) {
        put(&mut out, format_args!("{since}\n"));
    }
    inert(&out).into_owned()
}

/// What a run of such a server tells: the head, and the first items of the list.
pub fn first_lines(audit: &Audit) -> String {
    let mut out = head(audit);
    let found: Vec<&Item> = Phase::ALL.into_iter().flat_map(|phase| audit.found(phase)).collect();
    for item in found.iter().take(FIRST) {
        put(&mut out, format_args!("  {}  {}\n", item.id, item.title));
    }
    if let Some(more) = found.len().checked_sub(FIRST).filter(|more| *more > 0) {
        put(&mut out, format_args!("  … and {more} more\n"));
    }
    inert(&out).into_owned()
}

fn head(audit: &Audit) -> String {
    let address = visible_line(&audit.target.address).into_owned();
    let mut out = format!("to {}: {address}\n", audit.revision);
    for fact in facts(audit) {
        put(&mut out, format_args!("  {fact}\n"));
    }
    out
}

fn told_fully(item: &Item, style: &Style) -> String {
    let (mark, colour) = match item.progress() {
        Some(Progress::Done) => ("done", AnsiColor::Green),
        Some(Progress::New) => ("new", AnsiColor::Yellow),
        _ => (item.effort.word(), AnsiColor::Cyan),
    };
    let mark = paint(&format!("{mark:<6}"), colour.on_default(), style);
    let mut out = format!("  {mark} {}  {}\n", item.id, item.title);
    if item.state != State::Found {
        return out;
    }
    let width = style.width.saturating_sub(9);
    let mut line = |text: &str| {
        for line in wrapped(text, width) {
            put(&mut out, format_args!("         {line}\n"));
        }
    };
    for evidence in item.evidence.iter().take(SEEN) {
        line(&visible_line(&evidence.seen));
    }
    if let Some(more) = item.evidence.len().checked_sub(SEEN).filter(|more| *more > 0) {
        line(&format!("… and {more} more"));
    }
    line(&format!("→ {}", item.remedy));
    if let Some(in_sdk) = &item.in_sdk {
        line(&format!("→ {in_sdk}"));
    }
    if let Some(removal) = &item.removal {
        line(&format!("deprecated; earliest removal: {removal}"));
    }
    out
}

fn rest(audit: &Audit, style: &Style) -> String {
    let mut out = String::new();
    for state in [State::NotFound, State::NotObservable] {
        put(&mut out, format_args!("\n{}\n", paint(state.words(), Paint::new().bold(), style)));
        for item in audit.items.iter().filter(|item| item.state == state) {
            let why = item.evidence.first().map_or("", |e| &e.seen);
            put(&mut out, format_args!("  {}: {}\n", item.id, visible_line(why)));
        }
    }
    out
}

fn paint(text: &str, paint: Paint, style: &Style) -> String {
    if style.colour {
        format!("{}{text}{}", paint.render(), paint.render_reset())
    } else {
        text.to_owned()
    }
}

/// Writing to a string cannot fail.
fn put(out: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(words);
}
