//! What a scenario came to, and what a second try makes of it.

use plumb_model::Verdict;
use plumb_model::event::{Again, CaseFinished};

/// What a scenario came to.
#[derive(Clone)]
pub(crate) struct Played {
    pub(crate) verdict: Verdict,
    pub(crate) cases: Vec<CaseFinished>,
    /// Whether a wait ran out meanwhile, or an answer broke off.
    pub(crate) in_vain: bool,
    /// Whether an answer told of a failure inside the target, or broke off on its way.
    pub(crate) stumbled: bool,
    /// Whether a process was used that another check had used before.
    pub(crate) shared: bool,
    /// How the target's process ended meanwhile, if it did.
    pub(crate) death: Option<String>,
}

impl Played {
    /// Whether what was seen may have another cause than the target's conduct: others beside it, or a machine under load.
    pub(super) fn is_doubtful(&self) -> bool {
        self.death.is_some()
            || match self.verdict {
                Verdict::Inconclusive { .. } => true,
                Verdict::Violated { .. } => self.in_vain || self.stumbled || self.shared,
                _ => false,
            }
    }

    pub(super) fn is_inconclusive(&self) -> bool {
        matches!(self.verdict, Verdict::Inconclusive { .. })
    }

    pub(super) fn is_violated(&self) -> bool {
        matches!(self.verdict, Verdict::Violated { .. })
    }

    /// The same, with its violations seen again.
    pub(super) fn seen_again(mut self) -> Self {
        for case in &mut self.cases {
            let violated = matches!(case.verdict, Verdict::Violated { .. });
            case.again = violated.then_some(Again::Replayed);
        }
        self
    }

    /// A violation beyond doubt, with what a second try says of it. What holds then is violated nonetheless: a scenario may be
    /// what changed the target, and a list that moves on its first use does not move on its second.
    pub(super) fn replayed(self, second: Option<&Self>) -> (Verdict, Vec<CaseFinished>) {
        let again = second.is_some_and(Self::is_violated);
        let told = if again { self.seen_again() } else { self };
        (told.verdict, told.cases)
    }

    /// Whether failures of the target, none of them its death, may have made it what it is.
    pub(super) fn is_spoilt(&self) -> bool {
        let judged =
            matches!(self.verdict, Verdict::Violated { .. } | Verdict::Inconclusive { .. });
        judged && self.stumbled && self.death.is_none()
    }

    /// Whether a violation that does not rest on silence outlives a second try that came to no judgement.
    pub(super) fn stands_beside(&self, second: &Self) -> bool {
        let judged = matches!(second.verdict, Verdict::Held | Verdict::Violated { .. });
        let violated = matches!(self.verdict, Verdict::Violated { .. });
        violated
            && !self.in_vain
            && !self.shared
            && self.death.is_none()
            && second.death.is_none()
            && !judged
    }

    /// A second try in which another case failed than in the first: a target that fails now and then fails anywhere, and a
    /// case that held once is not broken.
    pub(super) fn beside(mut self, first: &Self) -> Self {
        let violated = |v: &Verdict| matches!(v, Verdict::Violated { .. });
        let by_failures = |p: &Self| violated(&p.verdict) && p.is_spoilt();
        if !(by_failures(&self) && by_failures(first)) {
            return self;
        }
        for case in &mut self.cases {
            let held = |c: &&CaseFinished| c.case == case.case && c.verdict == Verdict::Held;
            if violated(&case.verdict) && first.cases.iter().any(|c| held(&c)) {
                case.verdict = Verdict::Held;
            }
        }
        if let Some(verdict) = Verdict::fold(self.cases.iter().map(|c| c.verdict.clone())) {
            self.verdict = verdict;
        }
        self
    }

    /// The same, unless it may be what a failure of the target has made of it.
    pub(super) fn unless_spoilt(self) -> Self {
        if !(self.is_violated() && self.is_spoilt()) {
            return self;
        }
        let why = "it was seen once, beside a failure of the target";
        let (verdict, cases) = self.clone().in_doubt(why);
        Self { verdict, cases, ..self }
    }

    /// The verdict if there is no second look: silence alone is no violation.
    pub(super) fn unconfirmed(self, why: &str) -> (Verdict, Vec<CaseFinished>) {
        if matches!(self.verdict, Verdict::Violated { .. }) && !self.in_vain && !self.shared {
            return (self.verdict, self.cases);
        }
        self.in_doubt(&format!("it was not seen again alone: {why}"))
    }

    /// The verdict where the process ended of something that another check shows: nothing that came then counts.
    pub(super) fn cut_short(self, why: &str) -> (Verdict, Vec<CaseFinished>) {
        let (verdict, cases) = self.in_doubt(why);
        let judged = matches!(verdict, Verdict::Inconclusive { .. });
        (if judged { verdict } else { Verdict::inconclusive(why) }, cases)
    }

    /// The same where an answer was larger than is read: what is missing in it is no fault of the target's.
    pub(crate) fn beyond_our_bounds(self) -> Self {
        let (verdict, cases) = self.clone().in_doubt("an answer was larger than is read");
        Self { verdict, cases, ..self }
    }

    fn in_doubt(self, why: &str) -> (Verdict, Vec<CaseFinished>) {
        let doubt = |verdict: Verdict| match verdict {
            Verdict::Violated { actual, .. } => Verdict::inconclusive(format!("{actual}; {why}")),
            other => other,
        };
        let cases = self.cases.into_iter().map(|case| {
            let verdict = doubt(case.verdict.clone());
            CaseFinished { verdict, ..case }
        });
        (doubt(self.verdict), cases.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(cases: &[(&str, Verdict)]) -> Played {
        let cases: Vec<CaseFinished> = cases
            .iter()
            .map(|(slug, verdict)| CaseFinished {
                check: "a.check".into(),
                case: (*slug).into(),
                title: (*slug).into(),
                verdict: verdict.clone(),
                exchanges: Vec::new(),
                count: 1,
                again: None,
            })
            .collect();
        let verdict = Verdict::fold(cases.iter().map(|c| c.verdict.clone())).expect("some cases");
        Played { verdict, cases, in_vain: false, stumbled: true, shared: false, death: None }
    }

    #[test]
    fn beyond_our_bounds_nothing_is_violated() {
        let broken = || Verdict::violated("a result", "HTTP 200, cut off");
        let cut = played(&[("one", Verdict::Held), ("two", broken())]).beyond_our_bounds();
        assert!(matches!(cut.verdict, Verdict::Inconclusive { .. }), "{:?}", cut.verdict);
        assert_eq!(cut.cases[0].verdict, Verdict::Held);
        assert!(matches!(cut.cases[1].verdict, Verdict::Inconclusive { .. }));
    }

    #[test]
    fn a_failure_that_moves_from_case_to_case_is_the_targets_bad_luck() {
        let broken = || Verdict::violated("a result", "an internal error");
        let first = played(&[("one", broken()), ("two", Verdict::Held)]);
        let elsewhere = played(&[("one", Verdict::Held), ("two", broken())]);
        assert_eq!(elsewhere.beside(&first).verdict, Verdict::Held);
        let same = played(&[("one", broken()), ("two", Verdict::Held)]);
        assert!(same.is_spoilt(), "and is tried once more");
        let cut = Played { in_vain: true, ..same.clone() };
        assert!(cut.is_spoilt(), "as is what broke off on its way");
        assert_eq!(same.beside(&first).verdict, broken());
    }

    #[test]
    fn what_was_broken_once_beside_a_failure_is_in_doubt() {
        let broken = || played(&[("one", Verdict::violated("a result", "an internal error"))]);
        assert!(broken().unless_spoilt().is_inconclusive());
        let sound = Played { stumbled: false, ..broken() };
        assert!(sound.unless_spoilt().is_violated(), "nothing failed beside it");
    }

    #[test]
    fn a_violation_that_is_played_again_says_so_and_stands_whatever_comes() {
        let first = || played(&[("one", Verdict::violated("a result", "an error"))]);
        let (_, cases) = first().replayed(Some(&first()));
        assert_eq!(cases[0].again, Some(Again::Replayed));
        let held = Some(played(&[("one", Verdict::Held)]));
        for second in [None, held, Some(played(&[("one", Verdict::inconclusive("silence"))]))] {
            let (verdict, cases) = first().replayed(second.as_ref());
            assert!(matches!(verdict, Verdict::Violated { .. }));
            assert_eq!(cases[0].again, None);
        }
    }

    #[test]
    fn a_violation_outlives_a_second_try_without_a_judgement_unless_it_was_silence() {
        let first = played(&[("one", Verdict::violated("a result", "an error"))]);
        let unsure = played(&[("one", Verdict::inconclusive("the target may limit its callers"))]);
        assert!(first.stands_beside(&unsure));
        assert!(!first.stands_beside(&played(&[("one", Verdict::Held)])));
        assert!(!Played { in_vain: true, ..first }.stands_beside(&unsure));
    }
}
