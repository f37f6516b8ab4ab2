//! How requests reach what they share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere does not make data worse than it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that grows by one each time it is asked for, from 0.
pub(crate) fn next(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

/// Whether this time is one of those that differ, as every second one does in the long run: in the order of Thue and Morse, which has
/// no rhythm. Where every second one differs, readers that come in turn each see the same all the time.
pub(crate) fn now_and_then(counter: &AtomicU64) -> bool {
    next(counter).count_ones() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_that_come_in_turn_each_see_both() {
        for readers in 1..=12 {
            let counter = AtomicU64::new(0);
            let seen: Vec<bool> = (0..readers * 20).map(|_| now_and_then(&counter)).collect();
            for reader in 0..readers {
                let mut own = seen.iter().skip(reader).step_by(readers);
                assert!(own.clone().any(|differs| *differs) && !own.all(|differs| *differs));
            }
        }
    }
}
