//! A run against an authorization server: every check of it is a visit.

use std::sync::Arc;

use plumb_model::pack::Pack;
use tokio::time::Instant;

use super::{AuthorizationServer, Visit};
use crate::check::{Body, Isolation};
use crate::record::Recorder;
use crate::scenes::{Played, Scenes, Stage};
use crate::{Check, Trouble};

/// An authorization server, and what its visits share.
pub(crate) struct Visits {
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) packs: Arc<[Pack]>,
    pub(crate) recorder: Arc<Recorder>,
}

impl Visits {
    /// Judges everything, so many checks at once; gives the faults of Plumb itself.
    pub(crate) async fn run(
        &self,
        selected: &[&'static Check],
        concurrency: usize,
        deadline: Instant,
    ) -> Vec<String> {
        let scenes = Scenes { stage: self, concurrency, deadline };
        let (alone, beside): (Vec<_>, Vec<_>) =
            selected.iter().copied().partition(|c| c.isolation == Isolation::Alone);
        let mut faults = scenes.again(scenes.run(&beside).await).await;
        for check in alone {
            faults.extend(scenes.again(scenes.run(&[check]).await).await);
        }
        faults
    }
}

impl Stage for Visits {
    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    async fn play(
        &self,
        check: &'static Check,
        deadline: Instant,
        _tried: u32,
    ) -> Result<Played, String> {
        let Body::Visit(body) = check.body else {
            return Err(format!("check `{}` visits no authorization server", check.id));
        };
        let visit = Visit::new(check.id, Arc::clone(&self.server), Arc::clone(&self.packs));
        // A task of its own, so that a panic in a check is that check's verdict.
        let task = tokio::spawn(async move {
            let judgement = tokio::time::timeout_at(deadline, body(&visit)).await;
            let judgement = judgement.unwrap_or(Err(Trouble::Budget));
            let (verdict, cases) = visit.evidence.finished(judgement);
            Played { verdict, cases, in_vain: false, stumbled: false, shared: false, death: None }
        });
        task.await.map_err(|fault| format!("check `{}` panicked: {fault}", check.id))
    }

    async fn answers(&self) -> bool {
        self.server.answers().await
    }
}
