//! Every secret that the mint and the server gave out.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use plumb_model::Secrets;

/// Tokens, codes, verifiers and client secrets, collected as they are made; clones share the collection.
/// A run greps its artefacts for them, and blots them out of its events.
///
/// Bounded by [`Collected::CAPACITY`] values and [`Collected::BYTES`] bytes: the oldest leave first and are
/// counted by [`Collected::forgotten`], so that a search knows when it is not complete.
#[derive(Clone, Debug, Default)]
pub struct Collected(Arc<Mutex<Values>>);

#[derive(Default)]
struct Values {
    known: BTreeSet<Arc<str>>,
    order: VecDeque<Arc<str>>,
    bytes: usize,
    forgotten: usize,
}

impl Collected {
    /// How many values are held.
    pub const CAPACITY: usize = 65_536;
    /// How many bytes are held.
    pub const BYTES: usize = 64 << 20;

    /// Adds a secret; empty ones are ignored.
    pub fn add(&self, secret: impl Into<Arc<str>>) {
        let secret = secret.into();
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.is_empty() || !values.known.insert(Arc::clone(&secret)) {
            return;
        }
        values.bytes += secret.len();
        values.order.push_back(secret);
        while values.order.len() > Self::CAPACITY || values.bytes > Self::BYTES {
            let Some(oldest) = values.order.pop_front() else { break };
            values.bytes -= oldest.len();
            values.known.remove(&oldest);
            values.forgotten += 1;
        }
    }

    /// All secrets held, the oldest first.
    pub fn all(&self) -> Vec<Arc<str>> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.order.iter().cloned().collect()
    }

    /// How many secrets had to leave.
    pub fn forgotten(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).forgotten
    }

    /// The secrets as the model blots them.
    pub fn to_model(&self) -> Secrets {
        let secrets = Secrets::default();
        for secret in self.all() {
            secrets.add(secret.as_bytes());
        }
        secrets
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.order.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_secret_leaves_first_and_is_counted() {
        let secrets = Collected::default();
        let half = Collected::BYTES / 2 - 1;
        for letter in ["a", "b", "c", "c"] {
            secrets.add(letter.repeat(half));
        }
        assert_eq!(secrets.forgotten(), 1);
        assert!(secrets.all()[0].starts_with('b'));
        assert_eq!(
            format!("{secrets:?}"),
            "Collected(Mutex { data: 2 secrets, poisoned: false, .. })"
        );
    }
}
