//! A process of the target, on which scenarios are played.

use std::sync::Arc;

use plumb_wire::method;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::Schedule;
use crate::channel::Channel;
use crate::check::Isolation;
use crate::record::{Company, Recorder};
use crate::scenes::{Played, Stage};
use crate::{Bench, Check, Probe, Trouble};

/// A process of the target, on which scenarios are played.
pub(super) struct Place<'a> {
    pub(super) schedule: &'a Schedule<'a>,
    pub(super) channel: &'a Channel,
}

impl Stage for Place<'_> {
    fn recorder(&self) -> &Recorder {
        &self.schedule.context.recorder
    }

    async fn play(
        &self,
        check: &'static Check,
        deadline: Instant,
        tried: u32,
    ) -> Result<Played, String> {
        let Some(body) = check.scenario() else {
            return Err(format!("check `{}` is no scenario", check.id));
        };
        let context = Arc::clone(&self.schedule.context);
        let channel = self.channel.clone();
        // A task of its own, so that a panic in a check is that check's verdict.
        let task = tokio::spawn(async move {
            let bench = Bench::new(check.id, context, &channel, tried);
            let judgement = timeout_at(deadline, body(&bench)).await;
            let (verdict, cases) = bench.finished(judgement.unwrap_or(Err(Trouble::Budget)));
            let in_vain = bench.watch().waited_in_vain();
            let stumbled = bench.watch().saw_a_failure();
            let shared = bench.watch().shared_a_process();
            let death = bench.watch().death().await;
            if let Some(how) = &death {
                let company = if tried == 0 { Company::Others } else { Company::Nobody };
                bench.mourn(how, company);
            }
            let played = Played { verdict, cases, in_vain, stumbled, shared, death };
            if bench.watch().saw_a_cut() { played.beyond_our_bounds() } else { played }
        });
        let played = task.await.map_err(|fault| format!("check `{}` panicked: {fault}", check.id));
        if check.isolation == Isolation::Opening {
            self.schedule.context.aside.opening_is_over();
        }
        played
    }

    fn may_replay(&self, check: &Check) -> bool {
        let shared = matches!(check.isolation, Isolation::Shared | Isolation::Opening);
        shared && self.schedule.options.allow_calls.is_none()
    }

    async fn answers(&self) -> bool {
        let control = Probe::request(method::DISCOVER, json!({})).fresh();
        let control = self.channel.send("control", &control).await;
        // Whatever it says, it answers.
        !control.is_ok_and(|c| c.response().is_none() && c.status().is_none())
    }
}
