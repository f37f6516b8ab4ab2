//! Requests that are to be sent again: calls in several rounds, each of which asks for something else, and others than calls.

use plumb_wire::{meta, method};
use serde_json::{Map, Value};

use super::inputs::{again, form, forms};
use super::{Provoked, Stage};
use crate::client::STATE;

/// The state of a later round begins so: a text like any other, with a letter that is written in two characters.
const LATER_STATE: &str = "  Step=3;\tof=%33 cafe\u{301} ";

/// It is of so many characters, as what is sealed may well be.
const LONG: usize = 4096;

/// The key of a later input.
const LATER_KEY: &str = " Second/INPUT ";

pub(super) fn result(
    provoked: Provoked,
    method: &str,
    params: &Value,
    stage: &Stage,
) -> Option<Value> {
    match (provoked, method) {
        (Provoked::Rounds, method::TOOLS_CALL) => {
            round(stage.nth(method), forms(&params["_meta"][meta::CLIENT_CAPABILITIES]))
        }
        (Provoked::AskedElsewhere, method::RESOURCES_READ | method::PROMPTS_GET)
        | (Provoked::MirroredAgain, method::TOOLS_CALL) => {
            // Once each: who does not bring the state is not asked for ever.
            let what = format!("{} {} {}", params["name"], params["uri"], params["arguments"]);
            // A state may be empty, and is one all the same.
            let sealed = if method == method::PROMPTS_GET { "" } else { STATE };
            (stage.nth(&what) == 1).then(|| again(Map::new(), Some(sealed)))
        }
        _ => None,
    }
}

/// What the call asks for the n-th time, of a client that has forms or none. Both a state and none follow a state.
fn round(n: u32, forms: bool) -> Option<Value> {
    let asks = |key: &str| Map::from_iter([(key.to_owned(), form())]);
    match n {
        1 if forms => Some(again(asks("first"), Some(STATE))),
        1 => Some(again(Map::new(), Some(STATE))),
        2 if forms => Some(again(asks(LATER_KEY), None)),
        2 | 3 if forms || n == 2 => Some(again(Map::new(), Some(&later_state()))),
        _ => None,
    }
}

fn later_state() -> String {
    let mut state = LATER_STATE.to_owned();
    state.extend(('a'..='z').cycle().take(LONG));
    state.push(' ');
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_asks_for_something_and_the_last_one_for_nothing() {
        for (forms, last) in [(true, 4), (false, 3)] {
            for n in 1..last {
                let round = round(n, forms).expect("a round");
                let asks = ["requestState", "inputRequests"].map(|name| round.get(name).is_some());
                assert!(asks.contains(&true), "{round}");
            }
            assert_eq!(round(last, forms), None);
        }
    }
}
