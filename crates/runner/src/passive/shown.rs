//! What was sent where something is broken, so that it can be sent once more.

use std::collections::HashMap;
use std::sync::Mutex;

use plumb_model::event::{Again, CaseFinished};
use plumb_model::{End, Sent, Verdict};
use plumb_wire::method;

use super::lock;
use crate::Observed;
use crate::tally::Marks;

/// Of so many violations of a check it is kept what was sent, up to so many bytes each.
const KEPT: usize = 4;
const LARGEST: usize = 16 << 10;

/// What a check found broken, and what was sent then.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) check: &'static str,
    /// What was expected, and what came.
    broken: (String, String),
    /// Who caused it.
    pub(crate) by: String,
    pub(crate) sent: Sent,
    /// Whether that calls a tool.
    pub(crate) calls: bool,
    /// How it was seen again, if it was.
    again: Option<Again>,
}

/// All of a run.
#[derive(Default)]
pub(super) struct Showing(Mutex<Vec<Shown>>);

impl Showing {
    /// Keeps what was sent where something is broken for the first time, if it can be sent once more.
    pub(super) fn keep(&self, check: &'static str, marks: &Marks, seen: &Observed) {
        if marks.breaks.is_empty() || !may_repeat(seen) {
            return;
        }
        let mut all = lock(&self.0);
        for broken in &marks.breaks {
            let alike = all.iter().filter(|one| one.check == check);
            if alike.clone().count() < KEPT && !alike.clone().any(|one| one.broken == *broken) {
                let (by, sent) = (seen.exchange.by.clone(), seen.exchange.sent.clone());
                let (calls, broken) = (seen.method() == Some(method::TOOLS_CALL), broken.clone());
                all.push(Shown { check, broken, by, sent, calls, again: None });
            }
        }
    }

    /// The first of each check before the second of any.
    pub(super) fn breadth_first(&self) -> Vec<Shown> {
        let mut all = lock(&self.0).clone();
        let mut before = HashMap::<_, usize>::new();
        all.sort_by_cached_key(|one| {
            let nth = before.entry(one.check).or_default();
            *nth += 1;
            *nth
        });
        all
    }

    /// Notes how one was seen again.
    pub(super) fn note(&self, one: &Shown, how: Again) {
        let mut all = lock(&self.0);
        let kept = all.iter_mut().find(|s| s.check == one.check && s.broken == one.broken);
        if let Some(kept) = kept {
            kept.again = Some(how);
        }
    }

    /// How what a case shows was seen again.
    pub(super) fn how(&self, case: &CaseFinished) -> Option<Again> {
        let Verdict::Violated { expected, actual } = &case.verdict else { return None };
        let all = lock(&self.0);
        let same = |one: &&Shown| {
            one.check == case.check && one.broken.0 == *expected && one.broken.1 == *actual
        };
        all.iter().find(same).and_then(|one| one.again)
    }
}

/// Whether a message can be sent once more to see the same: a request that a complete answer has ended, and that changes
/// nothing which others wait for.
fn may_repeat(seen: &Observed) -> bool {
    let goes_on =
        [method::LISTEN, method::TASKS_UPDATE, method::TASKS_CANCEL, method::OLD_INITIALIZE];
    let answers = seen.params().is_some_and(|params| params.get("inputResponses").is_some());
    seen.is_request()
        && seen.exchange.answer.end == End::Complete
        && seen.exchange.sent.len() <= LARGEST
        && !answers
        && !seen.method().is_some_and(|method| goes_on.contains(&method))
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Exchange, Initiator};

    use super::*;

    fn seen(line: &str) -> Observed {
        let (by, channel) = ("survey".to_owned(), "stdio-1".to_owned());
        let sent = Sent::Stdio { line: line.as_bytes().to_vec().into() };
        let answer = Answer::default();
        Observed::new(Exchange { seq: 1, by, channel, initiator: Initiator::Us, sent, answer })
    }

    fn broken(how: &str) -> Marks {
        let mut marks = Marks::default();
        marks.breaks("right", how);
        marks
    }

    #[test]
    fn each_way_to_break_a_check_is_kept_once_and_told_in_the_case_that_it_is() {
        let showing = Showing::default();
        let list = seen(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
        for (check, how) in [("a.a", "x"), ("a.a", "x"), ("a.a", "y"), ("b.b", "x")] {
            showing.keep(check, &broken(how), &list);
        }
        showing.keep("c.c", &Marks::default(), &list);
        let order = showing.breadth_first();
        let order: Vec<_> = order.iter().map(|one| (one.check, &*one.broken.1)).collect();
        assert_eq!(order, [("a.a", "x"), ("b.b", "x"), ("a.a", "y")]);
        showing.note(&showing.breadth_first()[2], Again::Alone);
        let how = |actual: &str| {
            let (check, case, title) = ("a.a".into(), "seen-1".into(), String::new());
            let verdict = Verdict::violated("right", actual);
            let exchanges = Vec::new();
            let case =
                CaseFinished { check, case, title, verdict, exchanges, count: 1, again: None };
            showing.how(&case)
        };
        assert_eq!((how("x"), how("y")), (None, Some(Again::Alone)));
    }

    #[test]
    fn what_goes_on_with_something_is_not_sent_once_more() {
        for (method, params, may) in [
            ("tools/list", "{}", true),
            ("subscriptions/listen", "{}", false),
            ("tasks/cancel", "{}", false),
            ("tools/call", r#"{"inputResponses":{}}"#, false),
        ] {
            let line =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
            assert_eq!(may_repeat(&seen(&line)), may, "{line}");
        }
        assert!(!may_repeat(&seen(r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#)));
    }
}
