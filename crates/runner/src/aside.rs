//! Processes of the target beside the run's own: how many start at once, one that is started ahead of need, and those that
//! end while the run goes on.

use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use plumb_wire::{Limits, method};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{JoinHandle, JoinSet};

use crate::record::Recorder;
use crate::target::Running;
use crate::{Probe, Target};

/// So many processes start at once: a dozen interpreters that start together are all slow.
const AT_ONCE: usize = 2;

/// A start that takes so long waits for something else than the processor, and more of them may wait at once.
const WAITING: Duration = Duration::from_secs(3);
const MORE_AT_ONCE: usize = 6;

/// Where a start takes so long, the process of the next check that runs alone is started during the one before.
const SLOW: Duration = Duration::from_secs(1);

/// The processes beside the run's own.
pub(crate) struct Aside {
    starting: Semaphore,
    more: Once,
    spare: Mutex<Option<JoinHandle<Option<Running>>>>,
    ending: Mutex<JoinSet<()>>,
}

impl Default for Aside {
    fn default() -> Self {
        Self {
            starting: Semaphore::new(AT_ONCE),
            more: Once::new(),
            spare: Mutex::default(),
            ending: Mutex::default(),
        }
    }
}

impl Aside {
    /// The right to start a process, until it is dropped.
    pub(crate) async fn turn(&self, start_up: Option<Duration>) -> Option<SemaphorePermit<'_>> {
        if start_up.is_some_and(|took| took >= WAITING) {
            self.more.call_once(|| self.starting.add_permits(MORE_AT_ONCE));
        }
        // The semaphore is never closed.
        self.starting.acquire().await.ok()
    }

    /// Starts a process for the next check that wants one, if starts are slow.
    pub(crate) fn ahead(&self, target: &Target, limits: &Limits, recorder: &Arc<Recorder>) {
        let slow = recorder.tempo.start_up().is_some_and(|took| took >= SLOW);
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if !slow || spare.is_some() || !matches!(target, Target::Stdio(_)) {
            return;
        }
        let (target, limits, recorder) = (target.clone(), limits.clone(), Arc::clone(recorder));
        *spare = Some(tokio::spawn(async move {
            let running = target.start(&limits, &recorder, None).await.ok()?;
            // Past its start, so that its first word tells how long that took.
            let first = Probe::request(method::DISCOVER, json!({}));
            running.channel.send("spare", &first).await.ok()?;
            Some(running)
        }));
    }

    /// The process that was started ahead, if there is one.
    pub(crate) async fn spare(&self) -> Option<Running> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        spare?.await.ok().flatten()
    }

    /// Ends a process politely while the run goes on.
    pub(crate) fn end(&self, running: Running) {
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        ending.spawn(running.stop());
    }

    /// Waits until all of them have ended.
    pub(crate) async fn ended(&self) {
        if let Some(spare) = self.spare().await {
            self.end(spare);
        }
        let ending =
            std::mem::take(&mut *self.ending.lock().unwrap_or_else(PoisonError::into_inner));
        ending.join_all().await;
    }
}
