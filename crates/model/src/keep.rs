//! How much of what crossed the wire a recording keeps: by default what shows a finding, and the accepted requests beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::CaseFinished;
use crate::{Event, Exchange, Verdict};

/// Which exchanges are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Those that a violation or a doubt rests on, their controls among them.
    #[default]
    Findings,
    /// Every one.
    All,
    /// None.
    Nothing,
}

/// What is left of a stream of events. A report of what it lets through is the report of the run.
///
/// Of a requirement that holds, cases of one title are told as one that was seen so many times.
#[derive(Debug, Default)]
pub struct Sieve {
    keep: Keep,
    /// Exchanges that nothing rests on yet.
    waiting: BTreeMap<u64, Arc<Exchange>>,
    /// Cases that show nothing, by check, until its verdict comes.
    quiet: BTreeMap<String, Vec<CaseFinished>>,
}

impl Sieve {
    /// A sieve for a stream from its beginning.
    pub fn new(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    /// What is left of an event, in order: nothing, itself, or itself after what it rests on.
    pub fn pass(&mut self, event: Event) -> Vec<Event> {
        if self.keep == Keep::All {
            return vec![event];
        }
        match event {
            Event::Exchanged(exchange) => {
                self.waiting.insert(exchange.seq, exchange);
                Vec::new()
            }
            Event::CaseFinished(case) => self.case(case),
            Event::CheckFinished { check, at, verdict } => {
                let mut left = self.told(&check);
                left.push(Event::CheckFinished { check, at, verdict });
                left
            }
            Event::RunFinished { at, internal_faults, remarks, left_out } => {
                let mut left = self.rest();
                let left_out = left_out + self.waiting.len() as u64;
                left.push(Event::RunFinished { at, internal_faults, remarks, left_out });
                left
            }
            event => vec![event],
        }
    }

    /// What is still to be told of a stream that breaks off.
    pub fn rest(&mut self) -> Vec<Event> {
        let checks: Vec<String> = self.quiet.keys().cloned().collect();
        checks.iter().flat_map(|check| self.told(check)).collect()
    }

    fn case(&mut self, mut case: CaseFinished) -> Vec<Event> {
        if matches!(case.verdict, Verdict::Violated { .. } | Verdict::Inconclusive { .. }) {
            let mut left = Vec::new();
            if self.keep == Keep::Findings {
                let rests_on = case.exchanges.iter().filter_map(|seq| self.waiting.remove(seq));
                left.extend(rests_on.map(Event::Exchanged));
            } else {
                case.exchanges.clear();
            }
            left.push(Event::CaseFinished(case));
            return left;
        }
        case.exchanges.clear();
        let cases = self.quiet.entry(case.check.clone()).or_default();
        let alike = |c: &&mut CaseFinished| c.title == case.title && c.verdict == case.verdict;
        match cases.iter_mut().find(alike) {
            Some(told) => told.count = told.count.saturating_add(case.count),
            None => cases.push(case),
        }
        Vec::new()
    }

    fn told(&mut self, check: &str) -> Vec<Event> {
        let cases = self.quiet.remove(check).unwrap_or_default();
        cases.into_iter().map(Event::CaseFinished).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Initiator, Sent};

    fn exchange(seq: u64) -> Event {
        Event::Exchanged(Arc::new(Exchange {
            seq,
            by: "a.check".into(),
            channel: "http-1".into(),
            initiator: Initiator::Us,
            sent: Sent::Nothing,
            answer: Answer::default(),
        }))
    }

    fn case(slug: &str, title: &str, verdict: Verdict, exchanges: &[u64]) -> Event {
        Event::CaseFinished(CaseFinished {
            check: "a.check".into(),
            case: slug.into(),
            title: title.into(),
            verdict,
            exchanges: exchanges.to_vec(),
            count: 1,
            again: None,
        })
    }

    fn stream() -> Vec<Event> {
        let violated = Verdict::violated("a", "b");
        vec![
            exchange(1),
            exchange(2),
            exchange(3),
            case("one@x", "a thing", Verdict::Held, &[1]),
            case("two@y", "a thing", Verdict::Held, &[1]),
            case("three", "another", violated.clone(), &[2]),
            Event::CheckFinished { check: "a.check".into(), at: 1, verdict: violated },
            Event::RunFinished { at: 2, internal_faults: vec![], remarks: vec![], left_out: 0 },
        ]
    }

    fn left(keep: Keep) -> Vec<Event> {
        let mut sieve = Sieve::new(keep);
        stream().into_iter().flat_map(|event| sieve.pass(event)).collect()
    }

    #[test]
    fn what_shows_a_finding_stays_and_what_is_left_out_is_counted() {
        let left = left(Keep::Findings);
        assert_eq!(left[..2], [exchange(2), stream()[5].clone()]);
        let Event::CaseFinished(held) = &left[2] else { panic!("{left:?}") };
        assert_eq!((held.case.as_str(), held.count, held.exchanges.len()), ("one@x", 2, 0));
        assert!(matches!(left[3], Event::CheckFinished { .. }));
        assert!(matches!(left[4], Event::RunFinished { left_out: 2, .. }));
    }

    #[test]
    fn all_is_all_and_nothing_is_none() {
        assert_eq!(left(Keep::All), stream());
        assert!(!left(Keep::Nothing).iter().any(|e| matches!(e, Event::Exchanged(_))));
    }

    #[test]
    fn cases_of_a_stream_that_breaks_off_are_not_lost() {
        let mut sieve = Sieve::new(Keep::Findings);
        let told: usize = stream()[..4].iter().map(|e| sieve.pass(e.clone()).len()).sum();
        assert_eq!((told, sieve.rest().len(), sieve.rest().len()), (0, 1, 0));
    }
}
