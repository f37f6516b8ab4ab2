//! The one clock of a run.

use std::time::{Duration, Instant};

/// Started once per run; all times of all exchanges are read from copies of it, so they compare.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts the clock: now is 0.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start.
    pub fn now(&self) -> u64 {
        micros(self.0.elapsed())
    }
}

/// Whole microseconds of a duration; saturates after half a million years.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
