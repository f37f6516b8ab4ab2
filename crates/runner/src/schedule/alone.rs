//! Scenarios that want the target for themselves, while others run: in processes of their own.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use plumb_model::{Event, Verdict};
use tokio::time::Instant;

use super::{Place, Schedule};
use crate::Check;
use crate::scenes::Stage as _;
use crate::target::Running;

/// So many processes, where one starts within so long.
const PLACES: usize = 3;
const QUICK_START: Duration = Duration::from_millis(600);

impl Schedule<'_> {
    /// Plays scenarios that want the target for themselves in processes of their own, in each one after the other, while
    /// the others run; gives those that were not seen to hold, which are played again in the run's own when it is at rest.
    pub(super) async fn alone_elsewhere(
        &self,
        checks: Vec<&'static Check>,
        deadline: Instant,
    ) -> Vec<&'static Check> {
        let many = self.options.concurrency > 1 && checks.len() > 1;
        // Tokens are for one address.
        if !many || !self.options.target.is_command() || self.context.survey.protected {
            return checks;
        }
        let began = Instant::now();
        let Some(first) = self.another(deadline).await else { return checks };
        let further = if began.elapsed() <= QUICK_START { PLACES - 1 } else { 0 };
        let queue = Mutex::new(VecDeque::from(checks));
        let further = (0..further).map(|_| async {
            let own = self.another(deadline).await?;
            Some(self.play_queued(&queue, own, deadline).await)
        });
        let (rest, further) =
            tokio::join!(self.play_queued(&queue, first, deadline), join_all(further));
        rest.into_iter().chain(further.into_iter().flatten().flatten()).collect()
    }

    /// Plays scenarios from a queue in a process of their own; gives those that were not seen to hold.
    async fn play_queued(
        &self,
        queue: &Mutex<VecDeque<&'static Check>>,
        own: Running,
        deadline: Instant,
    ) -> Vec<&'static Check> {
        let place = Place { schedule: self, channel: &own.channel };
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut rest = Vec::new();
        while let Some(check) = next() {
            let at = self.context.recorder.clock.now();
            match place.play(check, deadline, 0).await {
                Ok(played) if played.verdict == Verdict::Held && played.death.is_none() => {
                    let started = Event::CheckStarted { check: check.id.into(), at };
                    self.context.recorder.emit(started);
                    self.finish(check, played.verdict, played.cases);
                }
                _ => rest.push(check),
            }
        }
        self.context.aside.end(own);
        rest
    }
}
