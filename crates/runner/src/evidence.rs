//! What a scenario finds: its cases, and the exchanges that each of them rests on.

use std::sync::{Mutex, PoisonError};

use plumb_model::Verdict;
use plumb_model::event::CaseFinished;

use crate::{Finding, Judgement, Observed, Trouble, finding};

/// The cases of one scenario, and the exchanges since the last of them.
pub(crate) struct Evidence {
    check: &'static str,
    exchanges: Mutex<Vec<u64>>,
    cases: Mutex<Vec<CaseFinished>>,
}

impl Evidence {
    pub(crate) fn of(check: &'static str) -> Self {
        Self { check, exchanges: Mutex::default(), cases: Mutex::default() }
    }

    /// The id of the check that it is for.
    pub(crate) fn check(&self) -> &'static str {
        self.check
    }

    /// Counts an exchange, by its number in the run.
    pub(crate) fn note_seq(&self, seq: u64) {
        if seq == 0 {
            return; // It is still going on, or nothing was sent.
        }
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        if !exchanges.contains(&seq) {
            exchanges.push(seq);
        }
    }

    /// Counts an exchange.
    pub(crate) fn note(&self, seen: &Observed) {
        seen.seqs().for_each(|seq| self.note_seq(seq));
    }

    /// What was counted since the last case, which from then on is not.
    pub(crate) fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.exchanges.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Judges one case; it rests on what was counted since the last one.
    pub(crate) fn case(&self, slug: &str, title: String, judgement: Judgement) {
        self.cases([(slug, title, judgement)]);
    }

    /// Judges cases that were tried beside each other; each rests on all that was counted since the last one before.
    pub(crate) fn cases<'a>(&self, judged: impl IntoIterator<Item = (&'a str, String, Judgement)>) {
        let exchanges = self.take();
        let cases = judged.into_iter().map(|(slug, title, judgement)| CaseFinished {
            check: self.check.to_owned(),
            case: finding::named(slug),
            title: finding::told(title),
            verdict: finding::verdict(judgement),
            exchanges: exchanges.clone(),
            count: 1,
            again: None,
        });
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).extend(cases);
    }

    /// The finding over the cases so far.
    pub(crate) fn conclude(&self) -> Judgement {
        let cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        match Verdict::fold(cases.iter().map(|c| c.verdict.clone())) {
            Some(Verdict::Held) => Ok(Finding::Held),
            Some(Verdict::Violated { expected, actual }) => {
                Ok(Finding::Violated { expected, actual })
            }
            Some(Verdict::Unverified { why, how_to_enable }) => {
                Ok(Finding::Unseen { why, how_to_enable })
            }
            Some(Verdict::Inconclusive { why }) => Err(Trouble::Setup(why)),
            Some(Verdict::NotApplicable { why }) => Ok(Finding::unseen(why, "nothing")),
            None => Ok(Finding::unseen("the target offered no case to judge", "offer one")),
        }
    }

    /// The verdict of the scenario and its cases; without any, the whole of it is one.
    pub(crate) fn finished(&self, judgement: Judgement) -> (Verdict, Vec<CaseFinished>) {
        let verdict = finding::verdict(judgement.clone());
        let none = self.cases.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if none {
            self.case("run", "the whole scenario".into(), judgement);
        }
        let cases = std::mem::take(&mut *self.cases.lock().unwrap_or_else(PoisonError::into_inner));
        (verdict, cases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_rests_on_what_was_counted_since_the_last_one() {
        let evidence = Evidence::of("patterns.no-server-requests");
        evidence.note_seq(1);
        evidence.note_seq(1);
        evidence.case("one", "the first".into(), Ok(Finding::Held));
        evidence.note_seq(2);
        evidence.case("two", "the second".into(), Ok(Finding::violated("a", "b")));
        let (verdict, cases) = evidence.finished(evidence.conclude());
        assert_eq!(verdict, Verdict::violated("a", "b"));
        assert_eq!(cases.iter().map(|c| c.exchanges.clone()).collect::<Vec<_>>(), [[1], [2]]);
    }

    #[test]
    fn a_scenario_without_cases_is_one() {
        let evidence = Evidence::of("patterns.no-server-requests");
        evidence.note_seq(3);
        let (_, cases) = evidence.finished(Ok(Finding::Held));
        assert_eq!(
            (cases.len(), cases[0].case.as_str(), &cases[0].exchanges[..]),
            (1, "run", &[3][..])
        );
    }
}
