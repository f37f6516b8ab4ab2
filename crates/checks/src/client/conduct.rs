//! What checks of clients share: whether a client goes on, and whether it took or refused what it was answered.

use plumb_model::pack::{Again, Outcome};
use plumb_runner::Marks;
use plumb_runner::client::{Case, Moment, Provoked, Received, Scenario};
use plumb_wire::method;

/// The scenarios with a server of an earlier revision.
pub(super) const EARLIER: [Provoked; 3] =
    [Provoked::Earlier, Provoked::EarlierEmpty, Provoked::EarlierPage];

/// Whether it calls a tool, in this revision.
pub(super) fn calls(received: &Received) -> bool {
    received.asks(method::TOOLS_CALL)
}

/// Whether it got a list of tools.
pub(super) fn lists(received: &Received) -> bool {
    received.asks(method::TOOLS_LIST) && received.answered() == Some(200)
}

/// That a client that calls a tool after a plain list also does so in a scenario whose list is right and unusual.
pub(super) fn goes_on(moment: &Moment<'_>, marks: &mut Marks, scenario: Scenario, way: &str) {
    let went_on = |all: &[Received]| {
        let list = all.iter().position(lists);
        list.is_some_and(|at| all[at..].iter().any(calls))
    };
    let Some(all) = moment.whole_of(scenario) else { return };
    if !all.iter().any(lists) || !went_on(moment.of(Scenario::ToolsCall)) {
        return;
    }
    expect_going_on(moment, marks, scenario, went_on(all), way);
}

/// That a call came after a list, and that the client, if its end speaks of errors, did not end with one: who follows steps
/// calls whatever came of the list.
pub(super) fn expect_going_on(
    moment: &Moment<'_>,
    marks: &mut Marks,
    scenario: Scenario,
    called: bool,
    way: &str,
) {
    let fits = called && !fails(moment, scenario);
    marks.expect(fits, format!("the client goes on after {way}"), || {
        if called {
            "it ended with an error, as it does not elsewhere".into()
        } else {
            "no call came after the list, as one does elsewhere".into()
        }
    });
}

/// Whether the end of a client speaks of errors, and of one here.
pub(super) fn fails(moment: &Moment<'_>, scenario: Scenario) -> bool {
    moment.tells_errors() && moment.failed(scenario) == Some(true)
}

/// That a client does with what it is answered in a scenario that is a vector for this requirement what the vector allows.
pub(super) fn vectors(moment: &Moment<'_>, marks: &mut Marks, id: &str) {
    let Scenario::Answered(case) = moment.scenario else { return };
    let shows = case.judges(id)
        && case.control().is_none_or(|control| outcome(moment, control) == Some(Ok(())));
    if !shows || moment.whole_of(moment.scenario).is_none() {
        return;
    }
    if let Some(outcome) = outcome(moment, case) {
        marks.expect(outcome.is_ok(), format!("{}: {}", case.title(), allowed(case)), || {
            outcome.err().unwrap_or_default().to_owned()
        });
    }
}

/// Whether a client did in a case what the case allows, and what it did if not; `None` if it does not show.
fn outcome(moment: &Moment<'_>, case: Case) -> Option<Result<(), &'static str>> {
    let scenario = Scenario::Answered(case);
    let all = moment.of(scenario);
    let taken = case.allowed().outcome == Outcome::Accepted;
    // Who takes nothing of it may be done with the first; who refuses it refuses the last.
    let method = if taken { case.methods().next() } else { case.methods().last() }?;
    let given = |r: &Received| r.asks(method) && (case.is_status() || r.answered() == Some(200));
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
