//! A second process, and the same one after a restart.

use std::time::Duration;

use plumb_wire::header;
use serde_json::json;

use super::super::ask::Ask;
use super::super::lists::Lists;
use super::super::session::Session;
use super::super::way::Way;
use super::{Visit, outcome, refused, served};
use crate::survey::every_capability;

/// A process gets so long to end.
const GRACE: Duration = Duration::from_secs(2);

impl Visit<'_> {
    /// The session of one process at another.
    pub(super) async fn other_process(&self) {
        let findings = &self.ground.findings;
        let both = ["migrate.replica.session", "migrate.replica.lists"];
        if self.way.client().is_none() {
            return findings.unseen(both[0], "session ids are of HTTP alone");
        }
        let Some((way, running)) = self.means.another().await else {
            let how = "there is one address: name another of the same server with --replica, or give its command";
            return findings.unseen_all(&both, how);
        };
        self.session_there(&way).await;
        let opened =
            Session::open(self.ground, &way, &self.main.revision, &every_capability(), false).await;
        match opened {
            Ok(there) => {
                let lists = Lists::read(&there, both[1]).await;
                // What calls have changed in this session is told elsewhere.
                let here = match &self.twin {
                    Some(twin) => Lists::read(twin, both[1]).await,
                    None => Lists::read(&self.main, both[1]).await,
                };
                let differences = here.differences(&lists);
                for (told, seqs) in &differences {
                    findings.found(both[1], told, seqs);
                }
                if differences.is_empty() && !lists.pages.is_empty() {
                    findings.absent(both[1], "another process lists the same", &[]);
                }
                there.close().await;
            }
            Err(_) if self.takes_handshake() => {
                findings.unseen(both[1], "another process opened no session");
            }
            Err(_) => findings
                .unseen(both[1], "it takes no handshake: `plumb run --replicas 2` judges that"),
        }
        super::super::part(running).await;
    }

    async fn session_there(&self, way: &Way) {
        let findings = &self.ground.findings;
        let id = "migrate.replica.session";
        let Some(session) = self.main.id() else {
            return findings.absent(id, "there is no session", &[]);
        };
        let Some(there) = Session::bare(self.ground, way, self.main.speaks) else { return };
        let ask = self.list(id).header(header::OLD_SESSION_ID, session);
        match there.ask(ask).await {
            Some(seen) => {
                let told = format!("the session of one process at another: {}", outcome(&seen));
                findings.told(id, refused(&seen), told, &[seen.seq()]);
            }
            None => findings.unseen(id, "another process did not answer"),
        }
    }

    /// The session and a position after a restart; nothing is looked at after this.
    pub(super) async fn after_restart(&mut self) {
        let findings = &self.ground.findings;
        let (session, cursor) = ("migrate.restart.session", "migrate.restart.cursor");
        let server = match self.way {
            Way::Stdio(_) => return findings.unseen(session, "session ids are of HTTP alone"),
            Way::Http { server, .. } => server.clone(),
        };
        let Some(server) = server else {
            return findings.unseen_all(
                &[session, cursor],
                "we did not start it, so we do not restart it: give its command",
            );
        };
        if self.main.id().is_none() {
            findings.absent(session, "there is no session", &[]);
        }
        if self.main.id().is_none() && self.lists.cursor.is_none() {
            return findings.unseen(cursor, "no list has more than one page");
        }
        let process = server.process();
        process.stop(GRACE).await;
        if !server.revive(&process).await.is_ok_and(|revived| revived) {
            return findings.unseen_all(&[session, cursor], "it did not start again");
        }
        if let Some(id) = self.main.id() {
            let ask = self.list(session).header(header::OLD_SESSION_ID, id);
            match self.main.ask(ask).await {
                Some(seen) => {
                    let told = format!("its session after a restart: {}", outcome(&seen));
                    findings.told(session, refused(&seen), told, &[seen.seq()]);
                }
                None => findings.unseen(session, "it did not answer after a restart"),
            }
        }
        self.cursor_afterwards().await;
    }

    async fn cursor_afterwards(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.restart.cursor";
        let Some((method, position)) = &self.lists.cursor else {
            return findings.unseen(id, "no list has more than one page");
        };
        let opened =
            Session::open(self.ground, self.way, &self.main.revision, &every_capability(), false)
                .await;
        let Ok(session) = opened else {
            return findings.unseen(id, "no session could be opened after a restart");
        };
        match session.ask(Ask::request(id, method, json!({"cursor": position}))).await {
            Some(seen) => {
                let told =
                    format!("`{method}` with a cursor from before a restart: {}", outcome(&seen));
                findings.told(id, !served(&seen), told, &[seen.seq()]);
            }
            None => findings.unseen(id, "it did not answer after a restart"),
        }
        session.close().await;
    }
}
