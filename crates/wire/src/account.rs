//! The memory that everything a run keeps of its target may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that answers may take together, held ones and those that are coming in. Cheap to clone; clones share it.
///
/// One bound for each read does not bound a run: a dozen requests are in flight at once, and checks keep what they compare.
#[derive(Clone, Debug)]
pub struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    held: AtomicUsize,
}

impl Account {
    /// An account of so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Inner { limit, held: AtomicUsize::new(0) }))
    }

    /// Bytes that are held now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Holds so many bytes until the reservation is dropped; `None` if that is more than is left.
    #[must_use]
    pub fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let mut reservation = Reservation { account: self.clone(), bytes: 0 };
        reservation.grow(bytes).then_some(reservation)
    }
}

impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Account {}

/// Bytes that are held of an [`Account`].
#[derive(Debug)]
pub struct Reservation {
    account: Account,
    bytes: usize,
}

impl Reservation {
    /// Holds more; says whether so much was left.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let inner = &self.account.0;
        let room = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= inner.limit);
        let grown = inner.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        self.bytes += if grown { bytes } else { 0 };
        grown
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.account.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let account = Account::new(100);
        let mut first = account.reserve(60).expect("there is room");
        assert!(account.reserve(50).is_none());
        assert!(first.grow(40) && !first.grow(1));
        assert_eq!((account.held(), first.bytes()), (100, 100));
        drop(first);
        assert_eq!(account.held(), 0);
        assert!(account.clone().reserve(100).is_some());
    }
}
