//! Calling what may be called, as `plumb run` would: what tools ask for, and what their results depend on.

use std::time::Duration;

use plumb_wire::{meta, method, notification};
use serde_json::{Map, Value, json};

use super::super::ask::Ask;
use super::super::session::Session;
use super::{Visit, essence, outcome};
use crate::survey::calls::callables;
use crate::survey::{AllowCalls, Callable, Item, Listing};
use crate::{Observed, Survey};

/// At most so many tools are called.
const CALLS: usize = 48;
/// A tool gets this long to show what it does.
const PATIENCE: Duration = Duration::from_secs(4);
/// So many tools are called in both sessions, to compare their results.
const COMPARED: usize = 8;
/// Compared are tools that answer at once.
const QUICK: Duration = Duration::from_secs(1);
/// What a server sends by itself when a client has come gets so long.
const SETTLED: Duration = Duration::from_millis(900);

/// A tool that was called, and what came of it.
pub(super) struct Called {
    pub(super) name: String,
    pub(super) tool: Value,
    arguments: Map<String, Value>,
    pub(super) seen: Observed,
}

impl Called {
    /// Whether it answered soon, with success.
    fn is_quick(&self) -> bool {
        let took = self.seen.exchange.answer.took();
        took < QUICK && self.result().is_some_and(|result| result["isError"] != true)
    }

    /// What it gave.
    pub(super) fn result(&self) -> Option<&Value> {
        self.seen.result()
    }
}

impl Visit<'_> {
    /// Calls each tool that may be called once.
    pub(super) async fn call_tools(&mut self) {
        self.ground.pause(SETTLED).await;
        self.main.hear_strays().await;
        let tools = self.lists.of(method::TOOLS_LIST);
        let items = tools.iter().map(|tool| Item { value: tool.clone(), seq: 0 }).collect();
        let listed = Listing { items, ..Listing::default() };
        let survey = Survey { tools: listed, ..Survey::default() };
        let callables = callables(&survey, &self.means.options.allow_calls).await;
        let all = tools.len();
        let allow = &self.means.options.allow_calls;
        let allowed = |c: &Callable| is_allowed(&c.tool, allow);
        for callable in callables.into_iter().filter(allowed).take(CALLS) {
            let Callable { tool, arguments, .. } = callable;
            let name = tool["name"].as_str().unwrap_or_default().to_owned();
            if let Some(seen) = call(&self.main, &name, &arguments).await {
                self.called.push(Called { name, tool, arguments, seen });
            }
        }
        if self.called.len() < all {
            self.uncalled = all - self.called.len();
            self.remarks.push(format!(
                "{} of {all} tools were called: others are neither marked `readOnlyHint: true` nor allowed with --allow-calls",
                self.called.len()
            ));
        }
    }

    /// Calls in two sessions what gives the same twice in one.
    pub(super) async fn compare_results(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.session.result-bound";
        self.compare_twin("after the calls").await;
        let Some(twin) = &self.twin else {
            return findings.unseen(id, "no second client could open a session");
        };
        let mut compared = 0;
        for called in self.called.iter().filter(|c| c.is_quick() && !self.asks(&c.name)) {
            if compared == COMPARED {
                break;
            }
            let Called { name, arguments, .. } = called;
            let one =
                [call(&self.main, name, arguments).await, call(&self.main, name, arguments).await];
            let two = [call(twin, name, arguments).await, call(twin, name, arguments).await];
            let (Some((one, first)), Some((two, second))) = (settled(&one), settled(&two)) else {
                continue;
            };
            compared += 1;
            if one != two {
                let told =
                    format!("`{name}`: the same twice in each session, and not the same in both");
                findings.found(id, told, &[first, second]);
            }
        }
        match compared {
            0 => findings.unseen(id, "no tool that may be called gives the same twice"),
            n => findings.absent(id, format!("{n} tools give both sessions the same"), &[]),
        }
    }

    /// Whether a tool asked the client for something.
    fn asks(&self, tool: &str) -> bool {
        self.main.inbox.all_requests().iter().any(|u| u.during.as_deref() == Some(tool))
    }

    /// Calls what asked the client for something, for a client that declares nothing.
    pub(super) async fn plain_calls(&self) {
        let Some(plain) = &self.plain else { return };
        let id = "migrate.session.capability-bound";
        for called in self.called.iter().filter(|c| self.asks(&c.name)).take(COMPARED) {
            let Some(seen) = call(plain, &called.name, &called.arguments).await else { continue };
            let fails = |result: &Value| result["isError"] == true;
            let before = called.result().is_some_and(|r| !fails(r));
            // Silence tells nothing: it may ask where nobody listens.
            if before && (seen.code().is_some() || seen.result().is_some_and(fails)) {
                let told = format!(
                    "`{}` asks a client that declared for it, and fails for one that did not: {}",
                    called.name,
                    outcome(&seen)
                );
                self.ground.findings.found(id, told, &[called.seen.seq(), seen.seq()]);
            }
        }
    }

    /// Nothing of a kind came while tools were called: it is not there as far as all of them were, and not to be seen otherwise.
    pub(super) fn none_of_the_called(&self, id: &'static str, what: &str) {
        let findings = &self.ground.findings;
        let (called, all) = (self.called.len(), self.called.len() + self.uncalled);
        match (called, self.uncalled) {
            (0, _) => findings.unseen(id, "no tool may be called: allow some with --allow-calls"),
            (n, 0) => findings.absent(id, format!("{n} tools were called, and none {what}"), &[]),
            (n, _) => {
                let told = format!(
                    "{n} of {all} tools were called, and none {what}; allow the others with --allow-calls"
                );
                findings.unseen(id, told);
            }
        }
    }

    /// Whether a log message came while a tool ran.
    fn logs(&self, tool: &str) -> bool {
        let told = self.main.inbox.notifications();
        told.iter()
            .any(|n| n.method() == notification::MESSAGE && n.during.as_deref() == Some(tool))
    }

    /// Calls again what was called first, so that something is said, what has logged before the rest; at most so many.
    pub(super) async fn call_again(&self, most: usize) {
        let again = self.called.iter().filter(|c| !self.asks(&c.name));
        let (logging, silent): (Vec<_>, Vec<_>) = again.partition(|c| self.logs(&c.name));
        let quick = silent.into_iter().filter(|c| c.is_quick());
        let again = logging.into_iter().take(2).chain(quick);
        for Called { name, arguments, .. } in again.take(most) {
            call(&self.main, name, arguments).await;
        }
    }
}

/// Whether a tool may be called here: it says that it is harmless, or the user does. No name counts: an audit is of servers that
/// were made for no suite.
fn is_allowed(tool: &Value, allow: &AllowCalls) -> bool {
    let read_only = tool.pointer("/annotations/readOnlyHint") == Some(&json!(true));
    let name = tool["name"].as_str().unwrap_or_default();
    read_only || allow.all || allow.names.iter().any(|allowed| allowed == name)
}

/// A call of a tool.
async fn call(session: &Session, name: &str, arguments: &Map<String, Value>) -> Option<Observed> {
    let params = json!({
        "name": name,
        "arguments": arguments,
        "_meta": {meta::PROGRESS_TOKEN: format!("plumb-{name}")}
    });
    session.inbox.running(Some(name));
    let ask = Ask::request("migrate.calls", method::TOOLS_CALL, params).patience(PATIENCE);
    let seen = session.ask(ask).await;
    session.inbox.running(None);
    seen
}

/// The result that two calls agree on.
fn settled(calls: &[Option<Observed>; 2]) -> Option<(Value, u64)> {
    let [Some(one), Some(two)] = calls else { return None };
    let (first, second) = (essence(one.result()?), essence(two.result()?));
    (first == second && first["isError"] != true).then(|| (first, one.seq()))
}
