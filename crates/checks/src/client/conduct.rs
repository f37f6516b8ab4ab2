//! What checks of clients share: whether a client goes on, and whether it took or refused what it was answered.

use plumb_runner::Marks;
pub(super) use plumb_runner::client::vectors;
use plumb_runner::client::{Moment, Provoked, Received, Scenario};
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
