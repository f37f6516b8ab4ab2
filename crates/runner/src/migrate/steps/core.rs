//! What the newest revision adds to every request and result, and whether a handshake is needed.

use plumb_wire::method;
use serde_json::{Value, json};

use super::super::ask::Ask;
use super::super::lists::{KINDS, Lists};
use super::super::session::{Session, Speaks};
use super::{NO_SECOND, Visit, outcome, refused, served};
use crate::Observed;
use crate::survey::every_capability;

impl Visit<'_> {
    /// Requests of the newest revision, and requests without a handshake.
    pub(super) async fn core(&mut self) {
        let method = self.declared_list();
        let findings = &self.ground.findings;
        let id = "migrate.core.request-meta";
        let by = id;
        let own = self.newest.is_none() && self.takes_handshake();
        let bare = own.then(|| Session::bare(self.ground, self.way, Speaks::Newest)).flatten();
        let modern = (!self.takes_handshake()).then_some(&self.main);
        let newest = self.newest.as_ref().or(bare.as_ref()).or(modern);
        let asked = match newest {
            Some(session) => session.ask(Ask::request(by, method, json!({}))).await,
            None => None,
        };
        match &asked {
            Some(seen) if !self.tells(seen).await => findings.unseen(id, NO_SECOND),
            Some(seen) => {
                // What is served without having been understood is known by its result.
                let understood = served(seen) && has_result_type(seen.result());
                let blind = served(seen) && !understood;
                let told = format!(
                    "`{method}` with `_meta` and without a handshake: {}{}",
                    outcome(seen),
                    if blind { " without `resultType`: `_meta` was not looked at" } else { "" }
                );
                findings.told(id, !understood, told, &[seen.seq()]);
            }
            None => findings.found(id, format!("`{method}` with `_meta` was not answered"), &[]),
        }
        if let Some(bare) = bare {
            bare.close().await;
        }
        self.without_handshake(method).await;
    }

    /// A list that the server declares; one that any server may have, if it declares none.
    pub(super) fn declared_list(&self) -> &'static str {
        let capabilities = self.main.capabilities();
        let declared = KINDS.iter().find(|kind| capabilities.get(kind.feature).is_some());
        declared.map_or(method::TOOLS_LIST, |kind| kind.method)
    }

    async fn without_handshake(&self, method: &'static str) {
        if !self.takes_handshake() {
            return;
        }
        let findings = &self.ground.findings;
        let id = "migrate.core.handshake-required";
        let Some(bare) = Session::bare(self.ground, self.way, Speaks::Earlier) else {
            return findings.unseen(id, "no other process could be started");
        };
        let seen = bare.ask(Ask::request(id, method, Value::Null).alone()).await;
        match &seen {
            _ if self.newest.is_some() => {
                findings.absent(id, "requests of the newest revision are served without", &[]);
            }
            Some(seen) if !self.tells(seen).await => findings.unseen(id, NO_SECOND),
            Some(seen) => {
                let told = format!("`{method}` before `initialize`: {}", outcome(seen));
                findings.told(id, !served(seen), &told, &[seen.seq()]);
            }
            None => findings.found(id, format!("`{method}` before `initialize`: no answer"), &[]),
        }
        if let Some(seen) = &seen {
            self.without_session(seen, method);
        }
        bare.close().await;
    }

    /// Whether what came of a request to a process of its own tells of the server: where no process starts beside the first, one
    /// that broke off has not started.
    async fn tells(&self, seen: &Observed) -> bool {
        if !seen.is_broken_off() || self.way.client().is_some() {
            return true;
        }
        let revision = &self.main.revision;
        match Session::open(self.ground, self.way, revision, &every_capability(), false).await {
            Ok(other) => {
                other.close().await;
                true
            }
            Err(_) => false,
        }
    }

    fn without_session(&self, seen: &Observed, method: &str) {
        let findings = &self.ground.findings;
        let id = "migrate.session.required";
        match (self.main.id(), self.way.client()) {
            (_, None) => findings.unseen(id, "session ids are of HTTP alone"),
            (None, Some(_)) => findings.absent(id, "no session id is given out", &[]),
            (Some(_), Some(_)) => {
                let told = format!("`{method}` without `Mcp-Session-Id`: {}", outcome(seen));
                findings.told(id, refused(seen), told, &[seen.seq()]);
            }
        }
    }

    /// Reads the lists, and looks at what results say of themselves.
    pub(super) async fn read_lists(&mut self) {
        self.lists = Lists::read(&self.main, "migrate.lists").await;
        let findings = &self.ground.findings;
        let id = "migrate.core.result-type";
        let modern = match &self.newest {
            Some(session) => session.ask(Ask::request(id, self.declared_list(), json!({}))).await,
            None => None,
        };
        let looked = modern.as_ref().or(self.lists.pages.first());
        match looked {
            Some(seen) => {
                let has = has_result_type(seen.result());
                let told = format!(
                    "the result of `{}` has {}",
                    seen.method().unwrap_or_default(),
                    if has { "one" } else { "none" }
                );
                findings.told(id, !has, told, &[seen.seq()]);
            }
            None => findings.unseen(id, "no list was read"),
        }
    }
}

fn has_result_type(result: Option<&Value>) -> bool {
    result.and_then(|result| result.get("resultType")).is_some()
}
