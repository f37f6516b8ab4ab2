//! Methods that the newest revision no longer has.

use std::time::Duration;

use plumb_wire::{method, notification};
use serde_json::{Value, json};

use super::super::ask::Ask;
use super::super::session::{Session, negotiated};
use super::{Visit, outcome, served};
use crate::Observed;
use crate::survey::every_capability;

/// A server that asks again does so within so long.
const AGAIN: Duration = Duration::from_millis(700);
/// So many tools are called to hear whether they log.
const LOGGERS: usize = 8;
/// The revision that has batches.
const WITH_BATCHES: &str = "2025-03-26";

impl Visit<'_> {
    /// Tries each of them.
    pub(super) async fn methods(&self) {
        self.method("migrate.method.ping", method::OLD_PING, Value::Null).await;
        self.levels().await;
        self.subscriptions().await;
        self.roots_changed().await;
        self.tasks().await;
    }

    /// Whether a method is answered.
    async fn method(&self, id: &'static str, method: &str, params: Value) -> Option<Observed> {
        let findings = &self.ground.findings;
        let Some(seen) = self.main.ask(Ask::request(id, method, params)).await else {
            findings.unseen(id, format!("`{method}` was not answered"));
            return None;
        };
        let told = format!("`{method}`: {}", outcome(&seen));
        findings.told(id, served(&seen), told, &[seen.seq()]);
        Some(seen)
    }

    async fn levels(&self) {
        let findings = &self.ground.findings;
        let (id, bound) = ("migrate.method.logging-set-level", "migrate.session.log-level-bound");
        let level = |level: &str| json!({"level": level});
        let set = self.method(id, method::OLD_SET_LEVEL, level("debug")).await;
        if !set.as_ref().is_some_and(served) {
            return findings.absent(bound, "no level can be set", &[]);
        }
        let before = self.logged();
        self.call_again(LOGGERS).await;
        let chatty = self.logged() - before;
        let lowered = Ask::request(bound, method::OLD_SET_LEVEL, level("emergency"));
        let lowered = self.main.ask(lowered).await;
        let before = self.logged();
        self.call_again(LOGGERS).await;
        let quiet = self.logged() - before;
        let seqs: Vec<u64> = [&set, &lowered].into_iter().flatten().map(Observed::seq).collect();
        let told = format!(
            "the same calls log {chatty} messages after `debug`, {quiet} after `emergency`"
        );
        match chatty {
            0 => findings.unseen(bound, "no tool that may be called logs"),
            _ => findings.told(bound, quiet < chatty, told, &seqs),
        }
    }

    fn logged(&self) -> usize {
        let all = self.main.inbox.notifications();
        all.iter().filter(|n| n.method() == notification::MESSAGE).count()
    }

    async fn subscriptions(&self) {
        let findings = &self.ground.findings;
        let (id, bound) =
            ("migrate.method.resources-subscribe", "migrate.session.subscription-bound");
        let uri = self.first_resource().unwrap_or("plumb://no/such/resource").to_owned();
        let seen = self.method(id, method::OLD_SUBSCRIBE, json!({"uri": uri})).await;
        let Some(seen) = seen.filter(served) else {
            return findings.absent(bound, "no resource can be subscribed to", &[]);
        };
        let told = "a subscription is taken, and nothing in it says on which stream it is told: the session does";
        findings.found(bound, told, &[seen.seq()]);
        self.main.ask(Ask::request(id, method::OLD_UNSUBSCRIBE, json!({"uri": uri}))).await;
    }

    async fn roots_changed(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.method.roots-list-changed";
        if !self.takes_handshake() {
            return findings.absent(id, "there is no session in which roots could change", &[]);
        }
        let before = self.main.inbox.requests(method::ROOTS_LIST).len();
        self.main.send(&Ask::notification(id, notification::OLD_ROOTS_CHANGED)).await;
        self.ground.pause(AGAIN).await;
        self.main.hear_strays().await;
        let asked = self.main.inbox.requests(method::ROOTS_LIST);
        match asked.get(before) {
            Some(again) => findings.found(id, "`roots/list` came after it", &[again.seq]),
            None => {
                findings.absent(id, "nothing came after `notifications/roots/list_changed`", &[]);
            }
        }
    }

    async fn tasks(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.tasks.core";
        if self.main.capabilities().get("tasks").is_some() {
            findings.found(id, "`tasks` is declared", &[self.main.welcome.seq()]);
            let list = self.main.ask(Ask::request(id, method::OLD_TASKS_LIST, json!({}))).await;
            if let Some(list) = list.filter(served) {
                findings.found(id, "`tasks/list` is answered", &[list.seq()]);
            }
        }
        let seqs = self.lists.seqs(method::TOOLS_LIST);
        for tool in self.lists.of(method::TOOLS_LIST) {
            if let Some(support @ ("optional" | "required")) =
                tool["execution"]["taskSupport"].as_str()
            {
                let name = tool["name"].as_str().unwrap_or_default();
                findings.found(id, format!("`{name}` has `taskSupport: {support}`"), &seqs);
            }
        }
        findings.absent(id, "neither declared, nor supported by a tool", &[]);
    }

    /// Whether several messages in an array are served.
    pub(super) async fn batch(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.batch.accepted";
        if !self.takes_handshake() {
            return self.batch_in(&self.main).await;
        }
        let opened =
            Session::open(self.ground, self.way, WITH_BATCHES, &every_capability(), false).await;
        match opened {
            Ok(session) => {
                self.batch_in(&session).await;
                session.close().await;
            }
            Err(refused) => {
                let spoken = refused.seen.as_ref().and_then(negotiated).unwrap_or_default();
                findings.unseen(id, format!("no session could be opened {spoken}"));
            }
        }
    }

    async fn batch_in(&self, session: &Session) {
        let findings = &self.ground.findings;
        let id = "migrate.batch.accepted";
        let method = self.declared_list();
        let one = |n: u8| json!({"jsonrpc": "2.0", "id": format!("batch-{n}"), "method": method});
        let batch = Ask::message(id, json!([one(1), one(2)])).patience(Duration::from_secs(2));
        match session.send(&batch).await {
            Some(seen) => {
                let in_array =
                    seen.messages.iter().filter_map(|m| m.json.as_ref().ok()?.as_array());
                let results = in_array.flatten().filter(|m| m.get("result").is_some()).count();
                let singly = seen.messages.iter().filter(|m| m.result().is_some()).count();
                let told = format!(
                    "two requests in an array, in a session of {}: {}",
                    session.revision,
                    if results + singly > 0 { "results".to_owned() } else { outcome(&seen) }
                );
                findings.told(id, results + singly > 0, told, &[seen.seq()]);
            }
            None => findings.unseen(id, "it could not be sent"),
        }
    }
}
