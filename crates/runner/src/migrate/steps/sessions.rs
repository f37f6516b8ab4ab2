//! What is bound to a session: other sessions see what the first one sees, or they do not.

use serde_json::{Value, json};

use super::super::ask::Ask;
use super::super::lists::Lists;
use super::super::session::Session;
use super::{NO_SECOND, Visit, outcome, served};
use crate::survey::every_capability;

/// The id under which two clients ask at once.
const SAME_ID: u64 = 4_711;

impl Visit<'_> {
    /// Opens a second client with the same capabilities, and one with none.
    pub(super) async fn open_others(&mut self) {
        if !self.takes_handshake() {
            return;
        }
        self.minted();
        let findings = &self.ground.findings;
        let id = "migrate.session.single-client";
        let revision = self.main.revision.clone();
        let all = every_capability();
        match Session::open(self.ground, self.way, &revision, &all, true).await {
            Ok(twin) => {
                let told = "a second client opened its session beside the first";
                match self.way.client() {
                    Some(_) => findings.absent(id, told, &[twin.welcome.seq()]),
                    None => findings.unseen(id, "over standard streams each client has a process"),
                }
                self.twin = Some(twin);
            }
            Err(refused) => {
                let seqs: Vec<u64> = refused.seen.iter().map(crate::Observed::seq).collect();
                let how = refused.seen.as_ref().map_or("no answer".into(), outcome);
                let told = format!("the second `initialize`: {how}");
                match self.way.client() {
                    Some(_) => findings.found(id, told, &seqs),
                    None => findings.unseen(id, NO_SECOND),
                }
            }
        }
        let plain = Session::open(self.ground, self.way, &revision, &json!({}), true).await;
        self.plain = plain.ok();
    }

    fn minted(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.session.minted";
        let seqs = [self.main.welcome.seq()];
        match (self.main.id(), self.way.client()) {
            (_, None) => findings.unseen(id, "session ids are of HTTP alone"),
            (Some(_), _) => {
                findings.found(id, "`Mcp-Session-Id` came with the answer to `initialize`", &seqs);
            }
            (None, _) => findings.absent(id, "no `Mcp-Session-Id` came", &seqs),
        }
    }

    /// Compares the lists of the three clients.
    pub(super) async fn compare_lists(&mut self) {
        let findings = &self.ground.findings;
        let bound = "migrate.session.capability-bound";
        match &self.plain {
            Some(plain) => {
                let lists = Lists::read(plain, bound).await;
                let differences = self.lists.differences(&lists);
                for (told, seqs) in &differences {
                    findings.found(
                        bound,
                        format!("with every capability, and with none: {told}"),
                        seqs,
                    );
                }
                if differences.is_empty() && !lists.pages.is_empty() {
                    findings.absent(
                        bound,
                        "a client without capabilities sees the same lists",
                        &[],
                    );
                }
            }
            None => findings.unseen(bound, "no client without capabilities could open a session"),
        }
        self.compare_twin("before any call").await;
        self.cursor_elsewhere().await;
    }

    /// Compares the lists of two clients with the same capabilities.
    pub(super) async fn compare_twin(&self, when: &str) {
        let findings = &self.ground.findings;
        // Over standard streams each client has a process, so this is about processes then; what a call changes is not.
        let processes = self.way.client().is_none();
        let first = when == "before any call";
        let id =
            if processes && first { "migrate.replica.lists" } else { "migrate.session.list-bound" };
        let Some(twin) = &self.twin else {
            return findings.unseen(id, "no second client could open a session");
        };
        let (one, two) = (Lists::read(&self.main, id).await, Lists::read(twin, id).await);
        let differences = one.differences(&two);
        for (told, seqs) in &differences {
            findings.found(id, format!("{when}: {told}"), seqs);
        }
        if differences.is_empty() && !one.pages.is_empty() {
            findings.absent(id, format!("{when}: both see the same lists"), &[]);
        }
    }

    /// A position of the first client, asked for by the second.
    async fn cursor_elsewhere(&self) {
        let findings = &self.ground.findings;
        let (id, other) = match self.way.client() {
            Some(_) => ("migrate.session.cursor-bound", "another session"),
            None => ("migrate.restart.cursor", "another process"),
        };
        if self.way.client().is_none() {
            findings.unseen(
                "migrate.session.cursor-bound",
                "each client has a process: see migrate.restart.cursor",
            );
        }
        let (Some((method, cursor)), Some(twin)) = (&self.lists.cursor, &self.twin) else {
            return findings.unseen(id, "no list has more than one page");
        };
        let page = twin.ask(Ask::request(id, method, json!({"cursor": cursor}))).await;
        match page {
            Some(seen) => {
                let told = format!("`{method}` with its cursor in {other}: {}", outcome(&seen));
                findings.told(id, !served(&seen), told, &[seen.seq()]);
            }
            None => findings.unseen(id, "it was not answered"),
        }
    }

    /// Two clients ask at the same time under the same id.
    pub(super) async fn interleave(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.session.interleaved";
        if self.way.client().is_none() {
            return findings.unseen(id, "over standard streams each client has a process");
        }
        let Some(twin) = &self.twin else {
            return findings.unseen(id, "no second client could open a session");
        };
        let ask = Ask::request(id, self.declared_list(), Value::Null).id(SAME_ID);
        let (one, two) = tokio::join!(self.main.send(&ask), twin.send(&ask));
        let answered = |seen: &Option<crate::Observed>| {
            let own = |seen: &crate::Observed| {
                seen.responses().filter(|m| m.id() == Some(&json!(SAME_ID))).count() == 1
            };
            seen.as_ref().is_some_and(own)
        };
        let both = answered(&one) && answered(&two);
        let told = if both {
            "both got their answer".to_owned()
        } else {
            let how = |seen: &Option<crate::Observed>| {
                seen.as_ref().map_or("no answer".to_owned(), outcome)
            };
            format!("the first: {}; the second: {}", how(&one), how(&two))
        };
        let seqs: Vec<u64> = [&one, &two].into_iter().flatten().map(crate::Observed::seq).collect();
        findings.told(id, !both, told, &seqs);
    }
}
