//! What came of the requests, counted: so much memory, however many there are.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use plumb_model::load::{FaultExample, FaultKind, Load, LoadFault, LoadedKind, Quantiles};

use super::mix::Shot;

/// The longest time that is told apart, microseconds.
const LONGEST: u64 = 600_000_000;

/// So many digits of a time are told.
const DIGITS: u8 = 3;

/// So many examples of a fault are kept.
const EXAMPLES: usize = 5;

/// So many kinds of errors are told apart.
const ERRORS: usize = 32;

/// What came of the requests.
pub(super) struct Tally {
    all: Times,
    kinds: Vec<(u64, Times)>,
    errors: BTreeMap<String, u64>,
    faults: BTreeMap<FaultKind, (u64, Vec<FaultExample>)>,
}

/// How long right answers took.
struct Times(Option<Histogram<u64>>);

impl Times {
    fn new() -> Self {
        // The bounds are right, so it is made.
        Self(Histogram::new_with_bounds(1, LONGEST, DIGITS).ok())
    }

    fn add(&mut self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
        if let Some(times) = &mut self.0 {
            times.saturating_record(took.max(1));
        }
    }

    fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    fn quantiles(&self) -> Quantiles {
        let Some(times) = self.0.as_ref().filter(|times| !times.is_empty()) else {
            return Quantiles::default();
        };
        let at = |quantile| times.value_at_quantile(quantile);
        let max = times.max();
        Quantiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max }
    }
}

impl Tally {
    pub(super) fn of(kinds: usize) -> Self {
        let kinds = (0..kinds).map(|_| (0, Times::new())).collect();
        Self { all: Times::new(), kinds, errors: BTreeMap::new(), faults: BTreeMap::new() }
    }

    /// A request of a kind was sent.
    pub(super) fn asked(&mut self, kind: usize) {
        self.kinds[kind].0 += 1;
    }

    /// Its answer was right.
    pub(super) fn right(&mut self, kind: usize, took: Duration) {
        self.all.add(took);
        self.kinds[kind].1.add(took);
    }

    /// It went wrong in a way that is no fault of correctness.
    pub(super) fn error(&mut self, what: &str) {
        let known = self.errors.len() < ERRORS || self.errors.contains_key(what);
        let what = if known { what } else { "others" };
        *self.errors.entry(what.to_owned()).or_default() += 1;
    }

    /// Its answer was another one, or none.
    pub(super) fn fault(&mut self, kind: FaultKind, example: FaultExample) {
        let (count, examples) = self.faults.entry(kind).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example);
        }
    }

    /// All of it, as far as it is known here.
    pub(super) fn told(&self, shots: &[Shot]) -> Load {
        let kinds = self.kinds.iter().zip(shots);
        let mix = kinds.map(|((asked, times), shot)| LoadedKind {
            name: shot.name.clone(),
            known_by: shot.shows.words(),
            asked: *asked,
            right: times.count(),
            latency: times.quantiles(),
        });
        let faults = self.faults.iter().map(|(kind, (count, examples))| LoadFault {
            kind: *kind,
            count: *count,
            examples: examples.clone(),
        });
        let mut errors: Vec<(String, u64)> = self.errors.clone().into_iter().collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Load {
            asked: self.kinds.iter().map(|(asked, _)| asked).sum(),
            right: self.all.count(),
            latency: self.all.quantiles(),
            mix: mix.collect(),
            faults: faults.collect(),
            errors,
            ..Load::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_takes_no_more_memory_than_its_kinds() {
        let mut tally = Tally::of(1);
        for n in 0..1_000_u64 {
            tally.asked(0);
            tally.right(0, Duration::from_micros(n + 1));
            tally.error(&format!("error {n}"));
            let example = FaultExample {
                at: n,
                replica: 0,
                kind: "x".into(),
                sent: String::new(),
                expected: String::new(),
                came: String::new(),
            };
            tally.fault(FaultKind::Lost, example);
        }
        let told = tally.told(&[]);
        assert_eq!((told.asked, told.right, told.latency.max), (1_000, 1_000, 1_000));
        assert_eq!(told.errors.len(), ERRORS + 1);
        assert_eq!((told.faults[0].count, told.faults[0].examples.len()), (1_000, EXAMPLES));
        assert!((498..=502).contains(&told.latency.p50), "{:?}", told.latency);
    }
}
