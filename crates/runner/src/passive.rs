//! Judging every exchange of the run, whoever caused it.

mod shown;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plumb_model::event::{Again, CaseFinished};
use plumb_model::{Edition, Sent, Verdict};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::{codes, header};
use serde_json::Value;

use shown::Showing;
pub(crate) use shown::Shown;

use crate::pace::turns_away;
use crate::tally::{Marks, Tally};
use crate::{Finding, Observed, Survey};

/// So many ids of the target's are remembered, and so many times it spoke of one: of who says more, nothing is held against it.
const REMEMBERED: usize = 20_000;

/// What a passive body writes its observations to.
pub struct Notes<'a> {
    /// The target, as the survey found it.
    pub survey: &'a Survey,
    /// The revision that it is judged by.
    pub edition: &'a Edition,
    marks: Marks,
    /// What the end of the run decides.
    claims: Vec<Told>,
}

/// What is held against the target, or not, by what is known at the end of the run.
enum Told {
    /// It must have asked something under this id, of which it said this.
    Asked(Id, String),
    /// Something is broken, unless the target had ended this session: what was expected, and what came.
    InSession(Id, String, String),
}

/// An id as it is remembered: of whatever length, it takes eight bytes.
type Id = u64;

impl Notes<'_> {
    /// The requirement was put to the test here and held.
    pub fn fits(&mut self) {
        self.marks.fits();
    }

    /// The requirement was broken here.
    pub fn breaks(&mut self, expected: impl Into<String>, actual: impl Into<String>) {
        self.marks.breaks(expected, actual);
    }

    /// Held if the target has asked something under this id by the end of the run, else broken: where it did so may be
    /// open still.
    pub fn expect_asked(&mut self, id: &Value, said: impl Into<String>) {
        self.claims.push(Told::Asked(remembered(id), said.into()));
    }

    /// Broken, unless the target turns out to have ended the session that the exchange is of, and with it what was open there.
    pub fn breaks_in_session(
        &mut self,
        seen: &Observed,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) {
        match session(seen) {
            Some(id) => self.claims.push(Told::InSession(id, expected.into(), actual.into())),
            None => self.breaks(expected, actual),
        }
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

/// Whether a result came for what has none: what is wrong with that is judged where it is sent, and not what is in it.
fn answers_a_notification(seen: &Observed) -> bool {
    let notified = |sent: &Value| sent.get("method").is_some() && sent.get("id").is_none();
    seen.request.as_ref().is_some_and(notified) && seen.result().is_some()
}

/// What a body says of one exchange; `None` if that does not show what it looks at.
pub(crate) fn judged(
    body: Passive,
    seen: &Observed,
    survey: &Survey,
    edition: &Edition,
) -> Option<Finding> {
    let mut notes = Notes { survey, edition, marks: Marks::default(), claims: Vec::new() };
    body(seen, &mut notes);
    let mut known = Known::default();
    known.see(seen);
    for claim in std::mem::take(&mut notes.claims) {
        known.decide(&mut notes.marks, claim);
    }
    let Marks { fits, breaks } = notes.marks;
    let broken = breaks.into_iter().next();
    let broken = broken.map(|(expected, actual)| Finding::Violated { expected, actual });
    broken.or((fits > 0).then_some(Finding::Held))
}

/// A body that reads every exchange of the run.
pub type Passive = fn(&Observed, &mut Notes<'_>);

/// The passive checks of a run and what they have seen so far.
#[derive(Default)]
pub(crate) struct Passives {
    /// By id: the body and what it has seen.
    checks: Vec<(&'static str, Passive, Mutex<Tally>)>,
    /// What decides claims, as far as it was seen.
    known: Mutex<Known>,
    /// What checks leave to the end of the run.
    claims: Mutex<Vec<Claim>>,
    /// What can be sent once more.
    showing: Showing,
}

/// What a check leaves to the end of the run.
struct Claim {
    check: &'static str,
    by: String,
    seq: u64,
    told: Told,
}

/// What is known at the end of the run.
#[derive(Default)]
struct Known {
    /// The ids under which the target has asked something.
    asked: HashSet<Id>,
    /// Sessions that we have left: that they are gone behind that tells nothing of what was open in them before.
    left: HashSet<Id>,
    /// Sessions that the target has ended.
    ended: HashSet<Id>,
}

impl Known {
    fn see(&mut self, seen: &Observed) {
        let room = REMEMBERED.saturating_sub(self.asked.len());
        self.asked.extend(ids_asked(seen).take(room));
        let Some(session) = session(seen).filter(|_| self.is_whole()) else { return };
        if matches!(&seen.exchange.sent, Sent::Http { method, .. } if method == "DELETE") {
            self.left.insert(session);
        } else if is_unknown(seen) && !self.left.contains(&session) {
            self.ended.insert(session);
        }
    }

    fn is_whole(&self) -> bool {
        [&self.asked, &self.left, &self.ended].iter().all(|ids| ids.len() < REMEMBERED)
    }

    fn decide(&self, marks: &mut Marks, told: Told) {
        match told {
            Told::Asked(id, said) => {
                let asked = self.asked.contains(&id);
                marks.expect(asked, "the id of a request of the server", || said);
            }
            Told::InSession(id, ..) if self.ended.contains(&id) => {}
            Told::InSession(_, expected, actual) => marks.breaks(expected, actual),
        }
    }
}

impl Passives {
    pub(crate) fn new(checks: impl IntoIterator<Item = (&'static str, Passive)>) -> Self {
        let checks = checks.into_iter().map(|(id, body)| (id, body, Mutex::default()));
        Self { checks: checks.collect(), ..Self::default() }
    }

    /// Shows an exchange to every passive check.
    pub(crate) fn see(&self, seen: &Observed, survey: &Survey, edition: &Edition) {
        // A server of two eras may take what is not unmistakably of this revision for the other one.
        if survey.dual_era && seen.exchange.sent != Sent::Nothing && !seen.is_modern(edition) {
            return;
        }
        // What turns a request away, for want of a token or for a while, speaks no MCP.
        let away = seen.status().is_some_and(turns_away);
        if away || seen.is_challenge() || seen.is_fetch() || answers_a_notification(seen) {
            return;
        }
        lock(&self.known).see(seen);
        for (check, body, tally) in &self.checks {
            let mut notes = Notes { survey, edition, marks: Marks::default(), claims: Vec::new() };
            body(seen, &mut notes);
            let (by, seq) = (&seen.exchange.by, seen.seq());
            let told = notes.claims.into_iter();
            let mut claims = lock(&self.claims);
            let room = REMEMBERED.saturating_sub(claims.len());
            claims.extend(told.take(room).map(|told| Claim { check, by: by.clone(), seq, told }));
            drop(claims);
            self.showing.keep(check, &notes.marks, seen);
            let mut tally = lock(tally);
            tally.add(notes.marks, &seen.exchange.by, seen.seq());
        }
    }

    /// What was found broken, and can be sent once more.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        self.showing.breadth_first()
    }

    /// Notes how something was seen again, if what came now shows it.
    pub(crate) fn tried_again(&self, one: &Shown, finding: Option<&Finding>, how: Again) {
        if matches!(finding, Some(Finding::Violated { .. })) {
            self.showing.note(one, how);
        }
    }

    /// The body of a check.
    pub(crate) fn body(&self, check: &str) -> Option<Passive> {
        self.checks.iter().find(|(id, ..)| *id == check).map(|(_, body, _)| *body)
    }

    /// The cases of a passive check over the whole run.
    pub(crate) fn finish(&self, check: &str, survey: &Survey) -> (Verdict, Vec<CaseFinished>) {
        let Some((_, _, tally)) = self.checks.iter().find(|(id, ..)| *id == check) else {
            return (Verdict::inconclusive("the check was not planned"), Vec::new());
        };
        let mut tally = lock(tally);
        let known = lock(&self.known);
        let all = known.is_whole();
        let mine = |claim: &mut Claim| claim.check == check;
        for Claim { by, seq, told, .. } in lock(&self.claims).extract_if(.., mine).filter(|_| all) {
            let mut marks = Marks::default();
            known.decide(&mut marks, told);
            tally.add(marks, &by, seq);
        }
        let Some((verdict, mut cases)) = tally.finish(check) else {
            return (never_seen(survey), Vec::new());
        };
        for case in &mut cases {
            case.again = self.showing.how(case);
        }
        (verdict, cases)
    }
}

/// The session that a request names.
fn session(seen: &Observed) -> Option<Id> {
    let Sent::Http { headers, .. } = &seen.exchange.sent else { return None };
    let named = headers.iter().find(|f| f.name.eq_ignore_ascii_case(header::OLD_SESSION_ID))?;
    Some(remembered(&Value::String(named.value.clone())))
}

/// Whether the target answers that it knows no such session.
fn is_unknown(seen: &Observed) -> bool {
    seen.status() == Some(404) && seen.code() != Some(codes::METHOD_NOT_FOUND)
}

/// The ids of what the target asks.
fn ids_asked(seen: &Observed) -> impl Iterator<Item = Id> {
    let requests = seen.messages.iter().filter(|m| m.kind == Kind::Request);
    requests.filter_map(|m| m.id().map(remembered))
}

fn remembered(id: &Value) -> Id {
    let mut hasher = DefaultHasher::new();
    id.to_string().hash(&mut hasher);
    hasher.finish()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Exchange, Head, Header, Initiator, Payload};

    use super::*;

    fn asked(session: &str, method: &str, status: u16) -> Observed {
        let field = Header { name: header::OLD_SESSION_ID.to_owned(), value: session.to_owned() };
        let sent = Sent::Http {
            method: method.to_owned(),
            url: "http://127.0.0.1/mcp".to_owned(),
            headers: vec![field],
            body: Payload::default(),
        };
        let head = Some(Head { status, headers: Vec::new() });
        let answer = Answer { head, ..Answer::default() };
        let (by, channel) = ("test".to_owned(), "c".to_owned());
        Observed::new(Exchange { seq: 1, by, channel, initiator: Initiator::Us, sent, answer })
    }

    #[test]
    fn what_is_open_in_a_session_is_excused_by_its_end_and_not_by_our_leaving_it() {
        let mut known = Known::default();
        for (session, method, status) in [
            ("dropped", "POST", 404),
            ("left", "DELETE", 200),
            ("left", "POST", 404),
            ("kept", "DELETE", 405),
        ] {
            known.see(&asked(session, method, status));
        }
        for (name, breaks) in [("dropped", 0), ("left", 1), ("kept", 1), ("open", 1)] {
            let id = session(&asked(name, "POST", 200)).expect("a session");
            let mut marks = Marks::default();
            known.decide(&mut marks, Told::InSession(id, String::new(), String::new()));
            assert_eq!(marks.breaks.len(), breaks, "{name}");
        }
    }
}
