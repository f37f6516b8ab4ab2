//! What bodies that read exchanges mark, summed up over a run.

use std::collections::BTreeMap;

use plumb_model::Verdict;
use plumb_model::event::CaseFinished;

use crate::finding::told;

/// At most so many distinct violations of one check are reported; all are counted.
const SHOWN: usize = 5;

/// At most so many of them are kept until then: the first ones by their text, whatever came first.
const KEPT: usize = 64;

/// What a body marks in one exchange: where the requirement held, and where it was broken.
#[derive(Debug, Default)]
pub struct Marks {
    pub(crate) fits: u32,
    /// Expected and actual of each breach.
    pub(crate) breaks: Vec<(String, String)>,
}

impl Marks {
    /// The requirement was put to the test here and held.
    pub fn fits(&mut self) {
        self.fits += 1;
    }

    /// The requirement was broken here.
    pub fn breaks(&mut self, expected: impl Into<String>, actual: impl Into<String>) {
        self.breaks.push((told(expected.into()), told(actual.into())));
    }

    /// Held if `fits`, else broken.
    pub fn expect(
        &mut self,
        fits: bool,
        expected: impl Into<String>,
        actual: impl FnOnce() -> String,
    ) {
        if fits { self.fits() } else { self.breaks(expected, actual()) }
    }
}

/// All marks of one check.
#[derive(Default)]
pub(crate) struct Tally {
    fits: u32,
    /// By expected and actual: the exchanges that showed it.
    breaks: BTreeMap<(String, String), Vec<(String, u64)>>,
}

impl Tally {
    /// Adds what was marked in an exchange: who caused it, and its number in the run.
    pub(crate) fn add(&mut self, marks: Marks, by: &str, seq: u64) {
        self.fits += marks.fits;
        for broken in marks.breaks {
            self.breaks.entry(broken).or_default().push((by.to_owned(), seq));
            if self.breaks.len() > KEPT {
                self.breaks.pop_last();
            }
        }
    }

    /// The verdict over the whole run and its cases; `None` if nothing showed what the requirement speaks of.
    pub(crate) fn finish(&self, check: &str) -> Option<(Verdict, Vec<CaseFinished>)> {
        if self.breaks.is_empty() {
            return (self.fits > 0).then_some((Verdict::Held, Vec::new()));
        }
        let mut cases = Vec::new();
        for (n, ((expected, actual), places)) in self.breaks.iter().take(SHOWN).enumerate() {
            let mut places = places.clone();
            places.sort();
            cases.push(CaseFinished {
                check: check.to_owned(),
                case: format!("seen-{}", n + 1),
                title: format!(
                    "in an exchange of {}",
                    places.first().map_or("the run", |p| p.0.as_str())
                ),
                verdict: Verdict::violated(expected, actual),
                exchanges: places.iter().take(SHOWN).map(|p| p.1).collect(),
                count: u32::try_from(places.len()).unwrap_or(u32::MAX),
                again: None,
            });
        }
        let verdict = cases.first().map_or(Verdict::Held, |c| c.verdict.clone());
        Some((verdict, cases))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_marked_is_no_verdict_and_one_breach_outweighs_what_held() {
        let mut tally = Tally::default();
        assert!(tally.finish("a.b").is_none());
        let mut marks = Marks::default();
        marks.fits();
        tally.add(marks, "survey", 1);
        assert_eq!(tally.finish("a.b").map(|f| f.0), Some(Verdict::Held));
        for seq in [3, 2] {
            let mut marks = Marks::default();
            marks.expect(false, "x", || "y".into());
            tally.add(marks, "survey", seq);
        }
        let (verdict, cases) = tally.finish("a.b").expect("a verdict");
        assert_eq!(verdict, Verdict::violated("x", "y"));
        assert_eq!((cases.len(), cases[0].count, &cases[0].exchanges[..]), (1, 2, &[2, 3][..]));
    }
}
