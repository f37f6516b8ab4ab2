//! What somebody who leads a client by hand does in a scenario, and how it is seen that it was done.

use plumb_wire::{Served, method};
use serde_json::Value;

use super::provoked::KEPT;
use super::received::Received;
use super::scenario::Scenario;
use super::steps;

/// One thing to do, and what shows that it was done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sight {
    pub(super) sentence: String,
    /// Each of them comes.
    signs: Vec<Sign>,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq)]
struct Sign {
    method: &'static str,
    /// A member of its parameters, and what it is.
    named: Option<(&'static str, String)>,
    /// The arguments, where several calls are told apart by them alone.
    arguments: Option<Value>,
}

/// What there is to do in a scenario, in order: its [steps].
pub(super) fn of(scenario: Scenario) -> Vec<Sight> {
    let steps = steps::of(scenario);
    let steps = steps.as_array().map(Vec::as_slice).unwrap_or_default();
    let calls = |step: &Value| {
        steps.iter().filter(|s| s["do"] == "call" && s["name"] == step["name"]).count()
    };
    steps.iter().filter_map(|step| sight(step, calls(step) > 1)).collect()
}

fn sight(step: &Value, several: bool) -> Option<Sight> {
    let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let one = |sentence: String, method, named| Sight {
        sentence,
        signs: vec![Sign { method, named, arguments: None }],
    };
    Some(match step["do"].as_str()? {
        "list" => {
            let method = match step["what"].as_str()? {
                "resources" => method::RESOURCES_LIST,
                "prompts" => method::PROMPTS_LIST,
                _ => method::TOOLS_LIST,
            };
            one(format!("list the {}, to the last page", text("what")), method, None)
        }
        "call" => {
            let mut sight = one(called(step), method::TOOLS_CALL, Some(("name", text("name"))));
            sight.signs[0].arguments = several.then(|| step["arguments"].clone());
            sight
        }
        "call-each" => {
            let sign = |name: &&str| Sign {
                method: method::TOOLS_CALL,
                named: Some(("name", (*name).to_owned())),
                arguments: None,
            };
            let sentence = "call each tool that the client shows, without arguments".to_owned();
            Sight { sentence, signs: KEPT.iter().map(sign).collect() }
        }
        "read" => {
            let uri = text("uri");
            one(format!("read the resource `{uri}`"), method::RESOURCES_READ, Some(("uri", uri)))
        }
        "get" => {
            let name = text("name");
            one(format!("get the prompt `{name}`"), method::PROMPTS_GET, Some(("name", name)))
        }
        _ => return None,
    })
}

fn called(step: &Value) -> String {
    let name = step["name"].as_str().unwrap_or_default();
    match step["arguments"].as_object() {
        Some(given) if !given.is_empty() => {
            format!("call the tool `{name}` with `{}`", step["arguments"])
        }
        _ => format!("call the tool `{name}`"),
    }
}

impl Sight {
    /// Whether all of it was seen in what was answered up to now.
    pub(super) fn is_seen(&self, served: &[Received]) -> bool {
        self.signs.iter().all(|sign| served.iter().any(|one| sign.is(one)))
    }
}

impl Sign {
    /// Whether this is it. Of which revision the request is, plays no part.
    fn is(&self, received: &Received) -> bool {
        let Some(body) = received.body() else { return false };
        let params = &body["params"];
        let named = self.named.as_ref().is_none_or(|(member, of)| params[member] == of.as_str());
        let arguments =
            self.arguments.as_ref().is_none_or(|wanted| alike(&params["arguments"], wanted));
        body["method"] == self.method && named && arguments
    }
}

/// What was answered by a response of the protocol, other than a refusal for its version, its headers or its token.
pub(super) fn answered(served: Vec<Served>) -> Vec<Received> {
    let read = |served: Served| Received::new(served.exchange(0, ""), None);
    let answered = |received: &Received| {
        received.answered() == Some(200) && !received.exchange.answer.frames.is_empty()
    };
    served.into_iter().map(read).filter(answered).collect()
}

/// Whether values are the same, numbers by what they say.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, of)| other.get(name).is_some_and(|o| alike(of, o)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_is_led_by_hand_has_something_to_do() {
        for scenario in Scenario::all().into_iter().filter(|s| s.is_led_by_hand()) {
            let sights = of(scenario);
            assert!(!sights.is_empty(), "{}", scenario.label());
            assert!(sights.iter().all(|sight| !sight.signs.is_empty()), "{}", scenario.label());
        }
    }

    #[test]
    fn calls_of_one_tool_are_told_apart_by_their_arguments() {
        let sights = of(Scenario::CustomHeaders);
        let all: Vec<_> = sights.iter().flat_map(|sight| &sight.signs).collect();
        for (at, sign) in all.iter().enumerate() {
            assert!(!all[..at].contains(sign), "{sign:?}");
        }
        assert!(alike(&json!({ "a": 5.0 }), &json!({ "a": 5 })));
        assert!(!alike(&json!({ "a": 5, "b": 3 }), &json!({ "a": 5 })));
    }
}
