//! Judging every exchange of the run, whoever caused it.

use std::sync::Mutex;

use plumb_model::event::CaseFinished;
use plumb_model::{Edition, Sent, Verdict};

use crate::pace::turns_away;
use crate::tally::{Marks, Tally};
use crate::{Finding, Observed, Survey};

/// What a passive body writes its observations to.
pub struct Notes<'a> {
    /// The target, as the survey found it.
    pub survey: &'a Survey,
    /// The revision that it is judged by.
    pub edition: &'a Edition,
    marks: Marks,
}

impl Notes<'_> {
    /// The requirement was put to the test here and held.
    pub fn fits(&mut self) {
        self.marks.fits();
    }

    /// The requirement was broken here.
    pub fn breaks(&mut self, expected: impl Into<String>, actual: impl Into<String>) {
        self.marks.breaks(expected, actual);
    }

    /// Held if `fits`, else broken.
    pub fn expect(
        &mut self,
        fits: bool,
        expected: impl Into<String>,
        actual: impl FnOnce() -> String,
    ) {
        self.marks.expect(fits, expected, actual);
    }
}

/// What a body says of one exchange; `None` if that does not show what it looks at.
pub(crate) fn judged(
    body: Passive,
    seen: &Observed,
    survey: &Survey,
    edition: &Edition,
) -> Option<Finding> {
    let mut notes = Notes { survey, edition, marks: Marks::default() };
    body(seen, &mut notes);
    let Marks { fits, breaks } = notes.marks;
    let broken = breaks.into_iter().next();
    let broken = broken.map(|(expected, actual)| Finding::Violated { expected, actual });
    broken.or((fits > 0).then_some(Finding::Held))
}

/// A body that reads every exchange of the run.
pub type Passive = fn(&Observed, &mut Notes<'_>);

/// The passive checks of a run and what they have seen so far.
pub(crate) struct Passives {
    /// By id: the body and what it has seen.
    checks: Vec<(&'static str, Passive, Mutex<Tally>)>,
}

impl Passives {
    pub(crate) fn new(checks: impl IntoIterator<Item = (&'static str, Passive)>) -> Self {
        let checks = checks.into_iter().map(|(id, body)| (id, body, Mutex::default()));
        Self { checks: checks.collect() }
    }

    /// Shows an exchange to every passive check.
    pub(crate) fn see(&self, seen: &Observed, survey: &Survey, edition: &Edition) {
        // A server of two eras may take what is not unmistakably of this revision for the other one.
        if survey.dual_era && seen.exchange.sent != Sent::Nothing && !seen.is_modern(edition) {
            return;
        }
        // What turns a request away, for want of a token or for a while, speaks no MCP.
        let away = seen.status().is_some_and(turns_away);
        if away || seen.is_challenge() || seen.is_fetch() {
            return;
        }
        for (_, body, tally) in &self.checks {
            let mut notes = Notes { survey, edition, marks: Marks::default() };
            body(seen, &mut notes);
            let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            tally.add(notes.marks, &seen.exchange.by, seen.seq());
        }
    }

    /// The cases of a passive check over the whole run.
    pub(crate) fn finish(&self, check: &str, survey: &Survey) -> (Verdict, Vec<CaseFinished>) {
        let Some((_, _, tally)) = self.checks.iter().find(|(id, ..)| *id == check) else {
            return (Verdict::inconclusive("the check was not planned"), Vec::new());
        };
        let tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tally.finish(check).unwrap_or_else(|| (never_seen(survey), Vec::new()))
    }
}

fn never_seen(survey: &Survey) -> Verdict {
    Verdict::Unverified {
        why: "no answer of the run showed what the requirement speaks of".into(),
        how_to_enable: match survey.uncalled_in_words() {
            Some(uncalled) => format!(
                "if one of the tools that were not called ({uncalled}) shows it, mark that one `readOnlyHint: true`, or \
                 allow it by `--allow-calls NAME`"
            ),
            None => "everything that the server offers was looked at: it is judged as soon as an answer shows it".into(),
        },
    }
}
