//! Where the time of a run went: what was asked, what was waited for, and which checks the end waited for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plumb_model::Event;

use crate::text::visible;

/// So many checks are listed, the longest first.
const LONGEST: usize = 15;

/// A check begins when another has ended if so little lies between them, microseconds.
const AT_ONCE: u64 = 5_000;

/// Times of a run, in microseconds since it began.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    /// From the first request of the survey to the plan.
    survey: u64,
    begun: BTreeMap<String, u64>,
    ended: Vec<Span>,
    /// When requests were in flight, by who caused them.
    in_flight: BTreeMap<String, Vec<(u64, u64)>>,
    end: u64,
}

/// The time of one check.
#[derive(Clone, Debug)]
struct Span {
    check: String,
    from: u64,
    to: u64,
}

impl Timings {
    /// Takes note of the next event of a run.
    pub fn see(&mut self, event: &Event) {
        match event {
            Event::CheckStarted { check, at } => {
                self.survey = if self.begun.is_empty() { *at } else { self.survey.min(*at) };
                self.begun.insert(check.clone(), *at);
            }
            Event::Exchanged(exchange) => {
                let times = (exchange.answer.sent_at, exchange.answer.ended_at);
                self.in_flight.entry(exchange.by.clone()).or_default().push(times);
            }
            Event::CheckFinished { check, at, .. } => {
                if let Some(from) = self.begun.get(check) {
                    self.ended.push(Span { check: check.clone(), from: *from, to: *at });
                }
            }
            Event::RunFinished { at, .. } => self.end = *at,
            Event::RunStarted(_) | Event::CaseFinished(_) => {}
        }
    }

    /// The times as a text of some thirty lines; seconds.
    pub fn text(&self) -> String {
        let all: Vec<(u64, u64)> = self.in_flight.values().flatten().copied().collect();
        let sum: u64 = all.iter().map(|(from, to)| to.saturating_sub(*from)).sum();
        let busy = covered(all.clone());
        let of_vectors = |by: &&String| by.starts_with("vector");
        let vectors = self.in_flight.iter().filter(|(by, _)| of_vectors(by));
        let vectors: Vec<(u64, u64)> = vectors.flat_map(|(_, times)| times).copied().collect();
        let mut text = String::new();
        let mut line = |what: &str, time: u64, more: &str| {
            let _ = writeln!(text, "{what:>14}  {:>8}  {more}", seconds(time));
        };
        line("wall", self.end, "");
        line("survey", self.survey, "until the first check began");
        line("asking", busy, &format!("something was in flight: {} exchanges", all.len()));
        line("answers", sum, "all answers one after the other");
        line("idle", self.end.saturating_sub(busy), "nothing was in flight");
        line("vectors", last(&vectors), &format!("the last of {} exchanges ended", vectors.len()));
        self.longest(&mut text);
        self.path(&mut text);
        text
    }

    fn longest(&self, text: &mut String) {
        let mut spans: Vec<&Span> = self.ended.iter().collect();
        spans.sort_by_key(|span| std::cmp::Reverse(span.to.saturating_sub(span.from)));
        let _ = writeln!(text, "\nlongest checks: from, to, answers, waits and turns, exchanges");
        for span in spans.iter().take(LONGEST) {
            self.row(span, text);
        }
    }

    /// From the last check back to the one whose end let it begin, and so on.
    fn path(&self, text: &mut String) {
        let _ = writeln!(text, "\nwhat the end waited for, the last first");
        let mut next = self.ended.iter().max_by_key(|span| span.to);
        while let Some(span) = next {
            self.row(span, text);
            let before = self.ended.iter().filter(|s| s.to <= span.from && s.from < span.from);
            let before = before.max_by_key(|s| s.to);
            next = before.filter(|s| span.from - s.to <= AT_ONCE);
        }
    }

    fn row(&self, span: &Span, text: &mut String) {
        let asked = self.in_flight.get(&span.check).cloned().unwrap_or_default();
        let exchanges = asked.len();
        let busy = covered(asked);
        let waits = span.to.saturating_sub(span.from).saturating_sub(busy);
        let times = [span.from, span.to, busy, waits].map(seconds);
        let check = visible(&span.check);
        let _ = writeln!(text, "  {check:<40} {}  {exchanges}", times.join("  "));
    }
}

/// How much of the time any of these cover.
fn covered(mut times: Vec<(u64, u64)>) -> u64 {
    times.sort_unstable();
    let mut until = 0;
    times.iter().fold(0, |sum, (from, to)| {
        let more = to.saturating_sub(until.max(*from));
        until = until.max(*to);
        sum + more
    })
}

fn last(times: &[(u64, u64)]) -> u64 {
    times.iter().map(|(_, to)| *to).max().unwrap_or_default()
}

fn seconds(micros: u64) -> String {
    format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000)
}

#[cfg(test)]
mod tests {
    use plumb_model::Verdict;

    use super::*;

    fn check(timings: &mut Timings, id: &str, from: u64, to: u64) {
        timings.see(&Event::CheckStarted { check: id.into(), at: from });
        let verdict = Verdict::Held;
        timings.see(&Event::CheckFinished { check: id.into(), at: to, verdict });
    }

    #[test]
    fn what_overlaps_counts_once() {
        assert_eq!(covered(vec![(10, 20), (5, 12), (30, 40)]), 25);
        assert_eq!(covered(Vec::new()), 0);
    }

    #[test]
    fn the_path_leads_from_the_last_check_to_the_one_that_made_room_for_it() {
        let mut timings = Timings::default();
        check(&mut timings, "first", 1_000, 2_000_000);
        check(&mut timings, "beside", 1_000, 900_000);
        check(&mut timings, "last", 2_001_000, 3_000_000);
        timings.see(&Event::RunFinished {
            at: 3_100_000,
            internal_faults: Vec::new(),
            remarks: Vec::new(),
            left_out: 0,
        });
        let text = timings.text();
        let (_, path) = text.split_once("the last first").expect("a path");
        let names: Vec<&str> = path.lines().filter_map(|l| l.split_whitespace().next()).collect();
        assert_eq!(names, ["last", "first"]);
        assert!(text.contains("wall    3.10 s"), "{text}");
    }
}
