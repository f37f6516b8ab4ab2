//! What a client sent, as checks read it that ask what came before or after, or in another scenario.

use plumb_wire::method;
use plumb_wire::stdio::Life;
use serde_json::Value;

use super::protected::Facts;
use super::provocation::Provoked;
use super::received::Received;
use super::scenario::Scenario;
use super::steps;
use crate::tally::Marks;

/// A body that reads everything that a client sent, with what it sent before and after.
pub type Happening = fn(&Moment<'_>, &mut Marks);

/// What a client sent in one scenario, in order.
#[derive(Clone, Debug)]
pub(super) struct Play {
    pub(super) scenario: Scenario,
    pub(super) received: Vec<Received>,
    /// Whether the client ended by itself: what it did not do, it would not have done later.
    pub(super) whole: bool,
    /// What it wrote, the end of it; `None` if somebody else started it.
    pub(super) said: Option<String>,
    /// Where the servers are, if they are protected.
    pub(super) facts: Option<Facts>,
    /// The processes of the server that it started, over standard streams.
    pub(super) lives: Vec<Life>,
    /// Its exit code, if it ended by itself.
    pub(super) exit: Option<i32>,
    /// Whether it was given steps, and takes them by itself.
    pub(super) stepping: bool,
}

/// An HTTP request of a client within a run.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The scenario that it was sent in.
    pub scenario: Scenario,
    /// Everything that was sent, scenario by scenario, each in order.
    pub(super) all: &'a [Play],
    /// Its place within its scenario.
    pub(super) at: usize,
}

impl<'a> Moment<'a> {
    /// The request itself.
    pub fn now(&self) -> &'a Received {
        &self.of(self.scenario)[self.at]
    }

    /// What was sent before it in its scenario, in order.
    pub fn before(&self) -> &'a [Received] {
        &self.of(self.scenario)[..self.at]
    }

    /// What was sent after it in its scenario, in order.
    pub fn after(&self) -> &'a [Received] {
        &self.of(self.scenario)[self.at + 1..]
    }

    /// Whether the client ended its scenario by itself, so that what it has not done, it did not mean to do.
    pub fn is_whole(&self) -> bool {
        self.all.iter().any(|play| play.scenario == self.scenario && play.whole)
    }

    /// Whether the client was given steps to take: what is among them, it was told to do.
    pub fn follows_steps(&self) -> bool {
        self.all.iter().any(|play| play.stepping)
    }

    /// The calls that a client is told to make in this scenario, as steps, if it follows steps.
    pub fn calls_to_make(&self) -> Vec<Value> {
        self.told("call")
    }

    /// The steps of a kind that a client is to take in this scenario, if it follows steps: `call`, `read`, `get`.
    pub fn told(&self, what: &str) -> Vec<Value> {
        let steps = steps::of(self.scenario);
        let steps = steps.as_array().into_iter().flatten().filter(|_| self.follows_steps());
        steps.filter(|step| step["do"] == what).cloned().collect()
    }

    /// Everything that was sent in a scenario, asked at its last request: a check that judges it as a whole does so once. `None`
    /// elsewhere, and if the client did not end by itself.
    pub fn whole_of(&self, scenario: Scenario) -> Option<&'a [Received]> {
        let last = self.scenario == scenario && self.after().is_empty() && self.is_whole();
        last.then(|| self.of(scenario))
    }

    /// Whether the client ended a scenario by itself and with an error. `None` if it did not end by itself, or there was no
    /// such scenario.
    pub fn failed(&self, scenario: Scenario) -> Option<bool> {
        let play = self.all.iter().find(|play| play.scenario == scenario)?;
        play.exit.map(|code| code != 0)
    }

    /// Whether the end of this client speaks of errors: well where all went well, and with an error where a call was refused.
    pub fn tells_errors(&self) -> bool {
        let refused = Scenario::Provoked(Provoked::Refused);
        self.failed(Scenario::ToolsCall) == Some(false) && self.failed(refused) == Some(true)
    }

    /// The processes of the server that the client started in this scenario.
    pub fn lives(&self) -> &'a [Life] {
        self.lives_in(self.scenario)
    }

    /// The processes of the server that the client started in another scenario.
    pub fn lives_in(&self, scenario: Scenario) -> &'a [Life] {
        let all = self.all;
        all.iter().find(|play| play.scenario == scenario).map_or(&[], |play| &play.lives)
    }

    /// Whether the client opened a session as earlier revisions do, in any scenario.
    pub fn is_dual(&self) -> bool {
        self.all.iter().any(|play| play.received.iter().any(Received::opens))
    }

    /// Whether the client has `done` something after it was `told` something, in each scenario in which it was told so and went on.
    /// What it has done in some alone had been on its way: who waits no longer for a slow answer may take silence for it.
    pub fn follows(
        &self,
        told: impl Fn(&Received) -> bool,
        done: impl Fn(&Received) -> bool,
    ) -> bool {
        let behind = |play: &'a Play| {
            let at = play.received.iter().position(&told)?;
            play.received.get(at + 1..)
        };
        let went_on = |all: &&[Received]| all.iter().any(|r| r.request().is_some());
        let has_done = |all: &[Received]| all.iter().any(&done);
        let otherwise =
            self.all.iter().filter_map(behind).filter(went_on).any(|all| !has_done(all));
        has_done(self.after()) && !otherwise
    }

    /// Everything that was sent in a scenario.
    pub fn of(&self, scenario: Scenario) -> &'a [Received] {
        let all = self.all;
        all.iter().find(|play| play.scenario == scenario).map_or(&[], |play| &play.received)
    }
}

impl Received {
    /// Whether it is a request of this method.
    pub fn asks(&self, method: &str) -> bool {
        self.method() == Some(method)
    }

    /// Whether it asks for one of these versions of the protocol by a handshake of earlier revisions.
    pub fn opens(&self) -> bool {
        self.body().is_some_and(|body| body["method"] == method::OLD_INITIALIZE)
    }

    /// Whether the answer asks for inputs, or to be asked again.
    pub fn is_asked_again(&self) -> bool {
        self.result().is_some_and(|result| result["resultType"] == "input_required")
    }

    /// Whether it calls a tool of this name.
    pub fn calls(&self, tool: &str) -> bool {
        self.asks(method::TOOLS_CALL) && self.param("name").is_some_and(|name| name == tool)
    }
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Carrier, Exchange, Frame, Initiator, Payload, Sent};
    use plumb_wire::jsonrpc::Message;
    use serde_json::json;

    use super::*;

    fn received(method: &str, result: &Value) -> Received {
        let line = Payload::from(json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string());
        let payload =
            Payload::from(json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string());
        let frames = vec![Frame { at: 1, carrier: Carrier::Line, payload }];
        let message = Message::parse(&line);
        let exchange = Exchange {
            seq: 1,
            by: "client".into(),
            channel: "stdio-1".into(),
            initiator: Initiator::Target,
            sent: Sent::Stdio { line },
            answer: Answer { frames, ..Answer::default() },
        };
        Received::new(exchange, Some(message))
    }

    fn play(scenario: Scenario, methods: &[&str]) -> Play {
        let received = methods.iter().map(|method| received(method, &json!({}))).collect();
        let (whole, said, facts, exit) = (true, None, None, Some(0));
        Play { scenario, received, whole, said, facts, lives: Vec::new(), exit, stepping: true }
    }

    #[test]
    fn what_is_done_once_and_not_again_had_been_on_its_way() {
        let told = |r: &Received| r.asks(method::DISCOVER);
        let falls_back = [method::DISCOVER, method::OLD_INITIALIZE];
        let goes_on = [method::DISCOVER, method::TOOLS_LIST];
        let follows = |all: &[Play]| {
            Moment { scenario: Scenario::ToolsCall, all, at: 0 }.follows(told, Received::opens)
        };
        let (one, other) = (Scenario::ToolsCall, Scenario::Streams);
        assert!(follows(&[play(one, &falls_back)]));
        assert!(follows(&[play(one, &falls_back), play(other, &falls_back)]));
        assert!(follows(&[play(one, &falls_back), play(other, &[method::DISCOVER])]), "it ended");
        assert!(!follows(&[play(one, &falls_back), play(other, &goes_on)]));
        assert!(!follows(&[play(one, &goes_on), play(other, &falls_back)]));
    }
}
