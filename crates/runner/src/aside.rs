//! Processes of the target beside the run's own: how many start at once, those that checks use one after the other, and
//! those that end while the run goes on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use plumb_wire::Limits;
use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet};

use crate::auth::Authority;
use crate::record::Recorder;
use crate::target::Running;
use crate::{Observed, Target};

/// So many processes start at once: a dozen interpreters that start together are all slow.
pub(crate) const AT_ONCE: usize = 2;

/// A start that takes so long waits for something else than the processor, and more of them may wait at once.
const WAITING: Duration = Duration::from_secs(3);
const MORE_AT_ONCE: usize = 6;

/// So many processes are lent to checks at once, each to one check at a time.
const LENT: usize = 3;
const LENT_SLOWLY: usize = 2;

/// The processes beside the run's own.
pub(crate) struct Aside {
    starting: Arc<Semaphore>,
    more: Once,
    lent: Arc<Semaphore>,
    less: Once,
    idle: Mutex<Vec<Running>>,
    ending: Mutex<JoinSet<()>>,
    /// The process of each client that declares less than everything, for one check after the other.
    declared: Mutex<BTreeMap<String, Arc<Turn<Option<Running>>>>>,
    /// Processes of such clients whose sessions are open, for whoever wants one first.
    declaring: Mutex<BTreeMap<String, Running>>,
    /// The turn to use the one process in which a session without capabilities is open, and that process between turns.
    session: (Arc<Semaphore>, Mutex<Option<Opened>>),
    /// How many checks may still leave a process to others, once they have seen how it opens.
    openings: AtomicUsize,
    /// A process was left to others, or there is one such check less.
    left: Notify,
    /// Processes that were started ahead of who will want one that nobody has used.
    spare: Mutex<VecDeque<JoinHandle<Option<Running>>>>,
    /// So many more will be wanted.
    wanted: AtomicUsize,
    /// There is something to judge: other processes are worth starting.
    pub(crate) contact: Notify,
}

/// A process in which a session is open.
pub(crate) struct Opened {
    pub(crate) running: Running,
    pub(crate) version: Option<String>,
    /// The answer to `initialize`.
    pub(crate) welcome: Observed,
}

/// The turn to use a process, and the process between turns.
pub(crate) type OwnProcess = OwnedMutexGuard<Option<Running>>;

/// The right to use a process that other checks use before and after.
pub(crate) struct Loan {
    _permit: Option<OwnedSemaphorePermit>,
    borrows: Arc<AtomicBool>,
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.borrows.store(false, Ordering::Relaxed);
    }
}

impl Default for Aside {
    fn default() -> Self {
        Self {
            starting: Arc::new(Semaphore::new(AT_ONCE)),
            more: Once::new(),
            lent: Arc::new(Semaphore::new(LENT)),
            less: Once::new(),
            idle: Mutex::default(),
            ending: Mutex::default(),
            declared: Mutex::default(),
            declaring: Mutex::default(),
            session: (Arc::new(Semaphore::new(1)), Mutex::default()),
            openings: AtomicUsize::new(0),
            left: Notify::new(),
            spare: Mutex::default(),
            wanted: AtomicUsize::new(0),
            contact: Notify::new(),
        }
    }
}

impl Aside {
    /// The right to start a process, until it is dropped.
    pub(crate) async fn turn(&self, start_up: Option<Duration>) -> Option<OwnedSemaphorePermit> {
        if start_up.is_some_and(|took| took >= WAITING) {
            self.more.call_once(|| self.starting.add_permits(MORE_AT_ONCE));
        }
        // The semaphore is never closed.
        Arc::clone(&self.starting).acquire_owned().await.ok()
    }

    /// The right to borrow a process, until it is dropped; `borrows` says so meanwhile. Of those that start slowly, fewer are
    /// started.
    pub(crate) async fn loan(&self, borrows: &Arc<AtomicBool>, slow: bool) -> Loan {
        if slow {
            self.less.call_once(|| {
                self.lent.forget_permits(LENT - LENT_SLOWLY);
            });
        }
        // The semaphore is never closed.
        let permit = Arc::clone(&self.lent).acquire_owned().await.ok();
        Loan { _permit: permit, borrows: Arc::clone(borrows) }
    }

    /// So many checks are to leave a process each to others.
    pub(crate) fn await_openings(&self, checks: usize) {
        self.openings.store(checks, Ordering::Relaxed);
    }

    /// One of them is over.
    pub(crate) fn opening_is_over(&self) {
        let one_less = |checks: usize| checks.checked_sub(1);
        let _ = self.openings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        self.left.notify_waiters();
    }

    /// What `take` finds among the processes that others have left; while there are checks that may still leave one, it is
    /// waited for: a start costs the target more than a turn costs us.
    async fn left<T>(&self, take: impl Fn() -> Option<T>) -> Option<T> {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if let Some(found) = take() {
                return Some(found);
            }
            if self.openings.load(Ordering::Relaxed) == 0 {
                return None;
            }
            left.await;
        }
    }

    /// A process that another check is done with, or will soon be.
    pub(crate) async fn idle(&self) -> Option<Running> {
        self.left(|| self.idle_now()).await
    }

    fn idle_now(&self) -> Option<Running> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a process for the next check that wants one, unless there are enough.
    pub(crate) fn keep(&self, running: Running) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < LENT && running.is_alive() {
            idle.push(running);
            self.left.notify_waiters();
        } else {
            drop(idle);
            self.end(running);
        }
    }

    /// The turn to use the process of a client that declares this, and that process, if it was used before. Who holds a turn
    /// already does not wait for another one, for which others may wait: `None`, if it is not free.
    pub(crate) async fn declaring(&self, declared: &str, waits: bool) -> Option<OwnProcess> {
        let process = {
            let mut all = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(declared.to_owned()).or_default())
        };
        if waits { Some(process.lock_owned().await) } else { process.try_lock_owned().ok() }
    }

    /// A process whose client declares this, if another check has opened one or will soon.
    pub(crate) async fn left_declaring(&self, declared: &str) -> Option<Running> {
        self.left(|| self.all_declaring().remove(declared)).await
    }

    /// Keeps a process whose client declares this for whoever wants such a one first.
    pub(crate) fn keep_declaring(&self, declared: String, running: Running) {
        let before = self.all_declaring().insert(declared, running);
        self.left.notify_waiters();
        if let Some(running) = before {
            self.end(running);
        }
    }

    fn all_declaring(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.declaring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn to use the process with a session.
    pub(crate) async fn session(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.session.0).acquire_owned().await.ok()
    }

    /// The process with a session, if there is one or will soon be, for who has the turn.
    pub(crate) async fn opened(&self) -> Option<Opened> {
        self.left(|| self.opened_now()).await
    }

    fn opened_now(&self) -> Option<Opened> {
        self.session.1.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps a process with a session for whoever has the next turn, unless there is one.
    pub(crate) fn keep_session(&self, opened: Opened) {
        let mut kept = self.session.1.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() && opened.running.is_alive() {
            *kept = Some(opened);
            self.left.notify_waiters();
        } else {
            drop(kept);
            self.end(opened.running);
        }
    }

    /// Starts a process ahead of who will want one that nobody has used.
    pub(crate) fn start_ahead(
        &self,
        target: &Target,
        limits: &Limits,
        recorder: &Arc<Recorder>,
        auth: Option<&Arc<Authority>>,
    ) {
        let (target, limits) = (target.clone(), limits.clone());
        let (recorder, auth) = (Arc::clone(recorder), auth.cloned());
        let starting =
            tokio::spawn(
                async move { target.start(&limits, &recorder, auth.as_deref()).await.ok() },
            );
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push_back(starting);
    }

    /// Besides those that were started ahead, so many will be wanted.
    pub(crate) fn will_want(&self, processes: usize) {
        self.wanted.store(processes, Ordering::Relaxed);
    }

    /// Whether another one is to be started ahead in place of one that was taken.
    pub(crate) fn wants_another(&self) -> bool {
        let one_less = |processes: usize| processes.checked_sub(1);
        self.wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    /// A process that nobody has used, if one was started ahead.
    pub(crate) async fn unused(&self) -> Option<Running> {
        let starting = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        starting.await.ok().flatten().filter(Running::is_alive)
    }

    /// Ends a process politely while the run goes on.
    pub(crate) fn end(&self, running: Running) {
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        ending.spawn(running.stop());
    }

    /// Ends what was kept for further checks, of which there are none: to end takes time, too, and there is some while others
    /// wait.
    pub(crate) fn end_kept(&self) {
        if let Some(opened) = self.opened_now() {
            self.end(opened.running);
        }
        while let Some(running) = self.idle_now() {
            self.end(running);
        }
        for running in std::mem::take(&mut *self.all_declaring()).into_values() {
            self.end(running);
        }
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        for process in declared.values() {
            // Who has the turn ends it.
            if let Some(running) = process.try_lock().ok().and_then(|mut kept| kept.take()) {
                self.end(running);
            }
        }
    }

    /// Waits until all of them have ended.
    pub(crate) async fn ended(&self) {
        let spare = std::mem::take(&mut *self.spare.lock().unwrap_or_else(PoisonError::into_inner));
        for starting in spare {
            if let Ok(Some(running)) = starting.await {
                self.end(running);
            }
        }
        self.end_kept();
        let ending =
            std::mem::take(&mut *self.ending.lock().unwrap_or_else(PoisonError::into_inner));
        ending.join_all().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_is_started_ahead_as_long_as_more_are_wanted() {
        let aside = Aside::default();
        assert!(!aside.wants_another());
        aside.will_want(2);
        let wants: Vec<bool> = (0..3).map(|_| aside.wants_another()).collect();
        assert_eq!(wants, [true, true, false]);
    }
}
