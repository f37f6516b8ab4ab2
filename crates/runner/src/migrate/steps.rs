//! The steps of an audit, each of which looks at one side of the server.

mod auth;
mod caching;
mod calls;
mod cards;
mod core;
mod errors;
mod http;
mod methods;
mod opening;
mod push;
mod replicas;
mod schemas;
mod sessions;
mod streams;

use std::sync::Arc;

use serde_json::Value;

use super::Means;
use super::ask::Ask;
use super::ground::Ground;
use super::lists::Lists;
use super::session::{Session, Speaks};
use super::way::Way;
use crate::Observed;
use calls::Called;

/// What is left to say of what a second process of the server would show, and none starts beside the first.
const NO_SECOND: &str = "no second process answered";

/// A visit to a server: its sessions, and what they showed.
pub(super) struct Visit<'a> {
    pub(super) ground: &'a Arc<Ground>,
    pub(super) way: &'a Way,
    means: Means<'a>,
    /// The client that everything is asked of: in a session with every capability, or, where the server takes no handshake, in
    /// none.
    pub(super) main: Session,
    /// A client of the newest revision, if the server serves any.
    newest: Option<Session>,
    /// Another client with the same capabilities.
    twin: Option<Session>,
    /// A client with no capability at all.
    plain: Option<Session>,
    /// The earlier revisions that are negotiated.
    pub(super) spoken: Vec<String>,
    pub(super) lists: Lists,
    called: Vec<Called>,
    /// How many tools were not called.
    uncalled: usize,
    pub(super) remarks: Vec<String>,
}

impl Visit<'_> {
    /// Whether the server takes the handshake of an earlier revision.
    fn takes_handshake(&self) -> bool {
        self.main.speaks == Speaks::Earlier
    }

    /// Which eras the server speaks, as reports of runs call them.
    pub(super) fn era(&self) -> &'static str {
        match (self.takes_handshake(), self.newest.is_some()) {
            (true, true) => "dual",
            (true, false) => "legacy",
            (false, _) => "modern",
        }
    }

    /// Everything, in an order in which no step spoils what a later one looks at.
    pub(super) async fn all(&mut self) {
        self.core().await;
        self.read_lists().await;
        self.caching_facts();
        self.schemas().await;
        self.open_others().await;
        self.compare_lists().await;
        self.interleave().await;
        self.call_tools().await;
        self.push();
        self.output_schemas();
        self.unasked_logs();
        self.compare_results().await;
        self.plain_calls().await;
        self.methods().await;
        self.errors().await;
        self.batch().await;
        self.http().await;
        self.cards().await;
        self.streams().await;
        self.caching().await;
        self.auth().await;
        self.other_process().await;
        self.outside_calls();
        self.end_twin().await;
        self.after_restart().await;
        self.deprecated();
        self.codes_at_the_end();
    }

    /// Ends all sessions.
    pub(super) async fn end(self) {
        let all = [self.newest, self.twin, self.plain, Some(self.main)];
        for session in all.into_iter().flatten() {
            session.close().await;
        }
    }

    /// Ends the session of the second client, before a restart ends it.
    async fn end_twin(&mut self) {
        let findings = &self.ground.findings;
        let id = "migrate.session.ended-by-client";
        let Some(twin) = self.twin.take() else {
            return findings.unseen(id, "no second client could open a session");
        };
        // What was served before.
        let method = self.declared_list();
        if twin.id().is_none() {
            twin.close().await;
            return findings.absent(id, "there is no session to end", &[]);
        }
        let Some((deleted, after)) = twin.outlive(Ask::request(id, method, Value::Null)).await
        else {
            return findings.unseen(id, "DELETE was not answered");
        };
        let status = deleted.status().unwrap_or_default();
        let goes_on = after.as_ref().is_some_and(served);
        let told = match &after {
            Some(after) => {
                format!("DELETE: HTTP {status}; `{method}` behind it: {}", outcome(after))
            }
            None => format!("DELETE: HTTP {status}"),
        };
        let seqs: Vec<u64> =
            [Some(&deleted), after.as_ref()].into_iter().flatten().map(Observed::seq).collect();
        findings.told(id, (200..300).contains(&status) && !goes_on, told, &seqs);
    }
}

/// What an answer amounts to, for evidence.
fn outcome(seen: &Observed) -> String {
    let status = seen.status().map(|status| format!("HTTP {status}"));
    let said = match (seen.code(), seen.result()) {
        (Some(code), _) => {
            let message = seen.response().and_then(|r| r.error_message()).unwrap_or_default();
            Some(format!("error {code} “{}”", crate::observe::clip(message, 80)))
        }
        (None, Some(result)) if result["isError"] == true => {
            Some("a result with `isError`".to_owned())
        }
        (None, Some(_)) => Some("a result".to_owned()),
        (None, None) => None,
    };
    let parts: Vec<String> = status.into_iter().chain(said).collect();
    if parts.is_empty() { "no answer".into() } else { parts.join(", ") }
}

/// Whether a request was served: its answer is a result.
fn served(seen: &Observed) -> bool {
    seen.result().is_some_and(|result| !result.is_null())
}

/// Whether a request was refused: by an error, or by a status.
fn refused(seen: &Observed) -> bool {
    seen.code().is_some() || seen.status().is_some_and(|status| status >= 400)
}

/// A value without what may differ from one answer to the next though nothing has changed.
fn essence(result: &Value) -> Value {
    let mut result = result.clone();
    if let Some(members) = result.as_object_mut() {
        members.remove("_meta");
    }
    result
}
