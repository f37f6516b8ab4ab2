//! What a client made of an answer that is a vector: whether it took or refused it, and asked again.

use plumb_model::pack::{Again, Outcome};
use plumb_wire::method;

use super::answered::Case;
use super::moment::Moment;
use super::received::Received;
use super::scenario::Scenario;
use crate::tally::Marks;

/// That a client does with what it is answered in a scenario that is a vector for this requirement what the vector allows.
pub fn vectors(moment: &Moment<'_>, marks: &mut Marks, id: &str) {
    if let Scenario::Answered(case) = moment.scenario
        && !case.is_given()
    {
        judged(moment, marks, case, id);
    }
}

/// The same for a vector of a user's own, which may be about any requirement.
pub(super) fn given(moment: &Moment<'_>, marks: &mut Marks, id: &str) {
    if let Scenario::Answered(case) = moment.scenario
        && case.is_given()
    {
        judged(moment, marks, case, id);
    }
}

fn judged(moment: &Moment<'_>, marks: &mut Marks, case: Case, id: &str) {
    let shows = case.judges(id) && case.control().is_none_or(|control| shown(moment, control));
    if !shows || moment.whole_of(moment.scenario).is_none() {
        return;
    }
    if let Some(outcome) = outcome(moment, case) {
        marks.expect(outcome.is_ok(), format!("{}: {}", case.title(), allowed(case)), || {
            outcome.err().unwrap_or_default().to_owned()
        });
    }
}

/// Whether a client did in a control what the control allows; where that is left to it, whether it ended well.
fn shown(moment: &Moment<'_>, control: Case) -> bool {
    match control.allowed().outcome {
        Outcome::Either => moment.failed(Scenario::Answered(control)) == Some(false),
        _ => outcome(moment, control) == Some(Ok(())),
    }
}

/// Whether a client did in a case what the case allows, and what it did if not; `None` if it does not show.
fn outcome(moment: &Moment<'_>, case: Case) -> Option<Result<(), &'static str>> {
    let scenario = Scenario::Answered(case);
    let all = moment.of(scenario);
    let taken = case.allowed().outcome == Outcome::Accepted;
    // Who takes nothing of it may be done with the first; who refuses it refuses the last.
    let method = if taken { case.methods().next() } else { case.methods().last() }?;
    // Not every client asks for all that is changed.
    let asks = |r: &Received| {
        if taken { case.methods().any(|method| r.asks(method)) } else { r.asks(method) }
    };
    let given = |r: &Received| asks(r) && (case.is_status() || r.answered() == Some(200));
    let at = all.iter().position(given)?;
    // What it does not do right where all is right, it need not do here.
    let plain = [Scenario::ToolsCall, Scenario::StandardHeaders, Scenario::VersionRefused];
    let plain = plain.into_iter().find(|plain| plain.name() == scenario.name())?;
    if moment.failed(plain) == Some(true) {
        return None;
    }
    let again = all[at + 1..].iter().any(|r| r.asks(method));
    match case.allowed().again {
        Some(Again::Asked) if !again => return Some(Err("it was not asked again")),
        Some(Again::NotAsked) if again => return Some(Err("it was asked again")),
        _ => {}
    }
    let failed = moment.failed(scenario).filter(|_| moment.tells_errors());
    match case.allowed().outcome {
        Outcome::Either => Some(Ok(())),
        Outcome::Accepted if failed == Some(true) => {
            Some(Err("the client ended with an error, as it does not elsewhere"))
        }
        Outcome::Accepted => {
            let usual = moment.of(Scenario::ToolsCall).iter().any(calls);
            let went_on = all[at..].iter().any(calls);
            match (failed, usual) {
                (_, true) if !went_on => Some(Err("no call came after it, as one does elsewhere")),
                (Some(false), _) | (_, true) => Some(Ok(())),
                _ => None,
            }
        }
        Outcome::Refused => failed.map(|failed| {
            let well = "the client ended well, as it does not where a call is refused";
            if failed { Ok(()) } else { Err(well) }
        }),
    }
}

/// What a case allows, in words.
fn allowed(case: Case) -> &'static str {
    match (case.allowed().outcome, case.allowed().again) {
        (Outcome::Accepted, Some(Again::Asked)) => "it is asked again, and taken",
        (Outcome::Accepted, _) => "it is taken",
        (Outcome::Refused, Some(Again::NotAsked)) => {
            "it is an error to who asked, and not asked again"
        }
        (Outcome::Refused, _) => "it is an error to who asked",
        (Outcome::Either, _) => "it is taken, or an error to who asked",
    }
}

fn calls(received: &Received) -> bool {
    received.asks(method::TOOLS_CALL)
}
