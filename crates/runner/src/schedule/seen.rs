//! What was seen to be broken in passing, once more: the message is sent by itself, as a reader will try it.

use std::sync::atomic::Ordering;

use plumb_model::event::Again;
use tokio::time::{Instant, timeout_at};

use super::Schedule;
use crate::Probe;
use crate::channel::Channel;
use crate::passive::{Shown, judged};
use crate::record::Company;

/// At most so many are tried.
const MOST: usize = 24;

impl Schedule<'_> {
    /// Tries again what passive checks found broken, and notes what is seen again. What is not was seen all the same. A
    /// session is no place for it, since a message alone is none of a session.
    pub(super) async fn seen_broken_again(&self, deadline: Instant) {
        let context = self.context.as_ref();
        let Some(passives) = context.recorder.passives() else { return };
        let mut shown = passives.shown();
        shown.retain(|one| !one.calls || self.options.allow_calls.is_none());
        shown.truncate(MOST);
        let slow = context.recorder.tempo.starts_slowly();
        let apart = context.survey.transport.answers_apart();
        if shown.is_empty() || context.edition.has_handshake() || (slow && !apart) {
            return;
        }
        let until = self.tried_until(deadline);
        let new = if apart { None } else { timeout_at(until, self.unused()).await.ok().flatten() };
        let channel = match &new {
            Some(new) => Some(&new.channel),
            None => apart.then_some(&self.running.channel),
        };
        if let Some(channel) = channel.map(|channel| channel.own(Company::Nobody.patience())) {
            let _ = timeout_at(until, self.each_again(&shown, &channel)).await;
        }
        if let Some(new) = new {
            context.aside.end(new);
        }
    }

    /// Sends each; over standard streams the first alone has a process that was asked nothing.
    async fn each_again(&self, shown: &[Shown], channel: &Channel) {
        let context = self.context.as_ref();
        let apart = channel.transport().answers_apart();
        let Some(passives) = context.recorder.passives() else { return };
        for (nth, one) in shown.iter().enumerate() {
            let id = self.ids.fetch_add(1, Ordering::Relaxed);
            let Some(probe) = Probe::repeated(&one.sent, id) else { continue };
            let Ok(seen) = channel.send(&one.by, &probe.fresh()).await else { continue };
            let how = if apart || nth == 0 { Again::Alone } else { Again::AfterOthers };
            let body = passives.body(one.check);
            let finding =
                body.and_then(|body| judged(body, &seen, &context.survey, &context.edition));
            passives.tried_again(one, finding.as_ref(), how);
        }
    }
}
