//! Which processes of a target over standard streams have said anything: whether it runs more than once at a time, as a
//! server that locks a file or a device does not.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plumb_wire::stdio::{Session, WeakSession};

use crate::errors::TargetError;

/// So many processes that ended beside another one without a word show that no further one will start.
const FUTILE: u32 = 3;

/// Which processes have written a line.
#[derive(Default)]
pub(crate) struct Voices {
    heard: Mutex<Vec<(String, WeakSession)>>,
    together: AtomicBool,
    wordless: AtomicU32,
}

impl Voices {
    /// A process has written a line.
    pub(crate) fn hear(&self, session: &Session) {
        if self.are_together() {
            return;
        }
        let mut heard = self.heard();
        if heard.iter().any(|(channel, _)| channel == session.channel()) {
            return;
        }
        let lives = |other: &WeakSession| {
            other.upgrade().is_some_and(|other| other.process().exited().is_none())
        };
        if heard.iter().any(|(_, other)| lives(other)) {
            self.together.store(true, Ordering::Relaxed);
        }
        heard.push((session.channel().to_owned(), session.downgrade()));
    }

    fn heard(&self) -> MutexGuard<'_, Vec<(String, WeakSession)>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether two were seen to run at a time.
    pub(crate) fn are_together(&self) -> bool {
        self.together.load(Ordering::Relaxed)
    }

    /// Whether the end of a process tells of what it was asked: where another one speaks, and no two were seen to run at a time,
    /// one that never said a word has not started.
    pub(crate) fn tell_of(&self, ended: &Session) -> bool {
        ended.first_word().is_some() || self.are_together() || self.heard().is_empty()
    }

    /// A process ended that did not start; what that says of the target. One alone may have had another reason.
    pub(crate) fn wordless(&self) -> TargetError {
        self.wordless.fetch_add(1, Ordering::Relaxed);
        if self.are_one() { TargetError::Once } else { TargetError::Wordless }
    }

    /// It is known that several run at a time.
    pub(crate) fn run_beside(&self) {
        self.together.store(true, Ordering::Relaxed);
    }

    /// It is known that no other one will start beside one that runs.
    pub(crate) fn run_once(&self) {
        self.wordless.store(FUTILE, Ordering::Relaxed);
    }

    /// Whether another process is not to be expected to start beside the first.
    pub(crate) fn are_one(&self) -> bool {
        !self.are_together() && self.wordless.load(Ordering::Relaxed) >= FUTILE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_that_did_not_start_may_have_had_another_reason() {
        let voices = Voices::default();
        for _ in 1..FUTILE {
            assert!(matches!(voices.wordless(), TargetError::Wordless));
            assert!(!voices.are_one());
        }
        assert!(matches!(voices.wordless(), TargetError::Once));
        assert!(voices.are_one());
    }

    #[test]
    fn what_was_seen_before_counts() {
        let once = Voices::default();
        once.run_once();
        assert!(matches!(once.wordless(), TargetError::Once));
        let beside = Voices::default();
        beside.run_beside();
        (0..=FUTILE).for_each(|_| _ = beside.wordless());
        assert!(!beside.are_one(), "two ran at a time");
    }
}
