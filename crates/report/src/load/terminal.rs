//! A load on a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Paint};
use plumb_model::Load;
use plumb_model::load::Quantiles;

use crate::terminal::Style;
use crate::text::{counted, duration, inert, visible_line};

/// So many examples of a fault are told; the JSON has the rest.
const TOLD: usize = 2;

/// So many kinds of errors are told.
const ERRORS: usize = 8;

/// What a load showed.
pub fn render(load: &Load, style: &Style) -> String {
    let mut out = String::new();
    let server = load.server.as_deref().unwrap_or("a server that does not name itself");
    let line = |text: &str| visible_line(text).into_owned();
    put(&mut out, format_args!("load of {}\n", line(&load.target)));
    put(&mut out, format_args!("  {} · {} · {}\n", line(server), load.revision, load.pace));
    for (n, replica) in load.replicas.iter().enumerate() {
        let mut facts = format!("{} requests", replica.asked);
        if replica.killed > 0 {
            put(&mut facts, format_args!(", killed {} times", replica.killed));
        }
        if replica.died > 0 {
            put(&mut facts, format_args!(", ended by itself {} times", replica.died));
        }
        put(&mut out, format_args!("  replica {n}  {}  {facts}\n", line(&replica.address)));
    }
    out.push_str(&latencies(load));
    out.push_str(&errors(load));
    out.push_str(&faults(load, style));
    put(&mut out, format_args!("{}\n", verdict(load, style)));
    inert(&out).into_owned()
}

fn latencies(load: &Load) -> String {
    let widest =
        load.mix.iter().map(|kind| kind.name.chars().count()).max().unwrap_or(0).clamp(8, 48);
    let mut out = format!(
        "\n{:<widest$}  {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "", "asked", "right", "p50", "p90", "p99", "p99.9", "max"
    );
    let mut row = |name: &str, asked: u64, right: u64, q: &Quantiles| {
        let name: String = visible_line(name).chars().take(widest).collect();
        let times = [q.p50, q.p90, q.p99, q.p999, q.max].map(duration);
        put(
            &mut out,
            format_args!(
                "{name:<widest$}  {asked:>8} {right:>8} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
                times[0], times[1], times[2], times[3], times[4]
            ),
        );
    };
    for kind in &load.mix {
        row(&kind.name, kind.asked, kind.right, &kind.latency);
    }
    row("all", load.asked, load.right, &load.latency);
    out
}

fn errors(load: &Load) -> String {
    let mut out = String::new();
    if load.errors.is_empty() {
        return out;
    }
    out.push_str("\nerrors, which fail nothing:\n");
    for (what, count) in load.errors.iter().take(ERRORS) {
        put(&mut out, format_args!("  {count:>6}  {}\n", visible_line(what)));
    }
    if let Some(more) = load.errors.len().checked_sub(ERRORS).filter(|more| *more > 0) {
        put(&mut out, format_args!("  … and {more} other kinds\n"));
    }
    out
}

fn faults(load: &Load, style: &Style) -> String {
    let mut out = String::new();
    for fault in &load.faults {
        let title = format!("{} {}", fault.count, fault.kind.words());
        put(&mut out, format_args!("\n{}\n", paint(&title, AnsiColor::Red, style)));
        for example in fault.examples.iter().take(TOLD) {
            let (kind, at) = (visible_line(&example.kind), duration(example.at));
            put(&mut out, format_args!("  {kind} after {at}, replica {}\n", example.replica));
            for (name, text) in
                [("sent", &example.sent), ("expected", &example.expected), ("came", &example.came)]
            {
                put(&mut out, format_args!("    {name:<9} {}\n", visible_line(text)));
            }
        }
    }
    out
}

fn verdict(load: &Load, style: &Style) -> String {
    let kinds = load.mix.iter().filter(|kind| kind.known_by.contains("own argument")).count();
    let known = match kinds {
        0 => "by ids and what was named".to_owned(),
        n => format!("by ids, what was named, and the arguments of {}", counted(n, "tool")),
    };
    let early = if load.interrupted { " (interrupted)" } else { "" };
    let asked = format!("{} requests in {}{early}", load.asked, duration(load.took));
    if !load.is_correct() {
        let faulty: u64 = load.faults.iter().map(|fault| fault.count).sum();
        let text =
            format!("incorrect: {faulty} of {asked} have no answer of their own, known {known}");
        return paint(&text, AnsiColor::Red, style);
    }
    if load.right == 0 {
        return paint(&format!("nothing was answered: {asked}"), AnsiColor::Yellow, style);
    }
    let text =
        format!("correct: every answer of {asked} was the one to its request, known {known}");
    paint(&text, AnsiColor::Green, style)
}

fn paint(text: &str, colour: AnsiColor, style: &Style) -> String {
    if !style.colour {
        return text.to_owned();
    }
    let paint = Paint::new().fg_color(Some(colour.into()));
    format!("{paint}{text}{paint:#}")
}

fn put(out: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing into memory does not fail.
    let _ = out.write_fmt(args);
}
