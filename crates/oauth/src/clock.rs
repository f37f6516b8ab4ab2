//! What time the authorization server believes it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Unix time in whole seconds; clones share it. Tests let time pass by moving it, not by sleeping.
#[derive(Clone, Debug)]
pub struct Clock {
    stopped_at: Option<i64>,
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The clock of the system.
    pub fn system() -> Self {
        Self { stopped_at: None, ahead: Arc::default() }
    }

    /// A clock that stands at a Unix time in seconds until it is moved.
    pub fn stopped(at: i64) -> Self {
        Self { stopped_at: Some(at), ahead: Arc::default() }
    }

    /// Unix time in seconds.
    pub fn now(&self) -> i64 {
        self.stopped_at.unwrap_or_else(system_seconds) + self.ahead.load(Ordering::SeqCst)
    }

    /// Lets whole seconds pass, for all clones.
    pub fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX / 4);
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

fn system_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_for_every_clone() {
        let clock = Clock::stopped(1_000);
        let clone = clock.clone();
        clock.advance(Duration::from_mins(1));
        assert_eq!(clone.now(), 1_060);
    }
}
