//! How long to wait: what the target's answers took lately, and what the user allows.
//!
//! Every wait of the runner and of the checks is written for a quick target on an idle machine with `--timeout 10`, and
//! stretched here: no constant decides.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// The `--timeout` that waits are written for.
const USUAL: Duration = Duration::from_secs(10);

/// So many of the last quick answers are remembered.
const REMEMBERED: usize = 16;

/// Beyond its own length, a wait lasts as long as so many of the slowest answers of late.
const ANSWERS: u32 = 4;

/// A process whose start-up was never measured gets so long for its first word.
const READY: Duration = Duration::from_secs(20);

/// A start is allowed to take so many times what the slowest one took, and so long at least.
const STARTS: u32 = 4;
const START: Duration = Duration::from_millis(500);

/// A process that takes so long to start is a slow one.
const SLOW: Duration = Duration::from_millis(300);

/// Of the usual time to end by itself, a process gets this part where others did not end at all.
const LINGERING: u32 = 20;

/// What quick answers took lately.
#[derive(Debug, Default)]
pub(crate) struct Lately(Mutex<VecDeque<Duration>>);

impl Lately {
    /// A quick request was answered after this time.
    pub(crate) fn answered(&self, after: Duration) {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() == REMEMBERED {
            lately.pop_front();
        }
        lately.push_back(after);
    }

    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The slowest but one, so that a single hiccup does not count.
    fn slowest(&self) -> Option<Duration> {
        let lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<Duration> = lately.iter().copied().collect();
        sorted.sort_unstable();
        sorted.iter().rev().nth(1).copied()
    }
}

/// What a run knows of its target's pace.
#[derive(Debug)]
pub(crate) struct Tempo {
    /// What the user's `--timeout` makes of every wait.
    scale: f64,
    lately: Lately,
    start_up: watch::Sender<Option<Duration>>,
    /// Whether a process of the target outlived the end of its input.
    lingers: AtomicBool,
}

impl Tempo {
    /// The tempo of a run in which an answer may take so long.
    pub(crate) fn new(answer: Duration) -> Self {
        let scale = answer.as_secs_f64() / USUAL.as_secs_f64();
        Self {
            scale: scale.max(0.1),
            lately: Lately::default(),
            start_up: watch::Sender::default(),
            lingers: AtomicBool::new(false),
        }
    }

    /// A quick request was answered after this time.
    pub(crate) fn answered(&self, after: Duration) {
        self.lately.answered(after);
    }

    /// A process said its first word this long after it was started.
    pub(crate) fn started(&self, after: Duration) {
        let slowest = |slowest: &mut Option<Duration>| *slowest = (*slowest).max(Some(after));
        self.start_up.send_modify(slowest);
    }

    /// How long a process is given to end by itself once its input has ended: a target whose processes do not, as one did not,
    /// is not waited for again.
    pub(crate) fn parting(&self, usual: Duration) -> Duration {
        if self.lingers.load(Ordering::Relaxed) { usual / LINGERING } else { usual }
    }

    /// A process outlived the end of its input.
    pub(crate) fn lingered(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    /// What the slowest start of a process took, if one was measured.
    pub(crate) fn start_up(&self) -> Option<Duration> {
        *self.start_up.borrow()
    }

    /// What the slowest start of a process took, once one was measured.
    pub(crate) async fn measured(&self) -> Duration {
        let mut start_up = self.start_up.subscribe();
        let measured = start_up.wait_for(Option::is_some).await;
        measured.ok().and_then(|took| *took).unwrap_or_default()
    }

    /// Whether a process that is just being started takes long to start, as soon as that can be told.
    pub(crate) async fn turns_out_slow(&self) -> bool {
        timeout(SLOW, self.measured()).await.map_or(true, |_| self.starts_slowly())
    }

    /// Whether processes take so long to start that few are to be started.
    pub(crate) fn starts_slowly(&self) -> bool {
        self.start_up().is_some_and(|took| took >= SLOW)
    }

    /// What answers took so far tells nothing of those to come: the target has less, or more, to do from now on.
    pub(crate) fn forget(&self) {
        self.lately.forget();
    }

    /// What quick answers took lately.
    pub(crate) fn lately(&self) -> Duration {
        self.lately.slowest().unwrap_or_default()
    }

    /// A wait as long as it must be for this target now.
    pub(crate) fn stretch(&self, wait: Duration) -> Duration {
        self.patient(wait.mul_f64(self.scale))
    }

    /// A wait as long as it must be for a process of the target of which this is known; what the others answered tells as long
    /// as too little is.
    pub(crate) fn stretch_by(&self, wait: Duration, known: &Lately) -> Duration {
        wait.mul_f64(self.scale) + known.slowest().unwrap_or(self.lately()) * ANSWERS
    }

    /// A wait that the user has set, as long as it must be for this target now.
    pub(crate) fn patient(&self, wait: Duration) -> Duration {
        wait + self.lately() * ANSWERS
    }

    /// How long a process that was just started may stay silent: its start-up is no part of an answer's time.
    pub(crate) fn starts_within(&self) -> Duration {
        let slowest = self.start_up();
        let measured = |slowest: Duration| self.stretch((slowest * STARTS).max(START));
        slowest.map_or_else(|| READY.mul_f64(self.scale.max(1.0)), measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn waits_follow_the_users_patience_and_the_targets_answers() {
        let tempo = Tempo::new(USUAL * 3);
        assert_eq!(tempo.stretch(100 * MS), 300 * MS);
        tempo.answered(900 * MS);
        assert_eq!(tempo.stretch(100 * MS), 300 * MS, "one slow answer is a hiccup");
        tempo.answered(50 * MS);
        assert_eq!(tempo.stretch(100 * MS), 500 * MS);
        for _ in 0..REMEMBERED {
            tempo.answered(MS);
        }
        assert_eq!(tempo.stretch(100 * MS), 304 * MS, "what is long ago is forgotten");
    }

    #[test]
    fn a_start_takes_what_starts_took() {
        let tempo = Tempo::new(USUAL);
        assert_eq!(tempo.starts_within(), READY);
        tempo.started(2_000 * MS);
        tempo.started(20 * MS);
        assert_eq!(tempo.starts_within(), 8_000 * MS);
    }

    #[test]
    fn a_process_by_itself_is_waited_for_by_its_own_answers() {
        let tempo = Tempo::new(USUAL);
        let own = Lately::default();
        tempo.answered(200 * MS);
        tempo.answered(200 * MS);
        assert_eq!(tempo.stretch_by(100 * MS, &own), 900 * MS, "as long as little is known");
        own.answered(MS);
        own.answered(5 * MS);
        assert_eq!(tempo.stretch_by(100 * MS, &own), 104 * MS, "one slow answer is a hiccup");
    }
}
