//! A map that forgets its oldest entries.

use std::collections::{BTreeMap, VecDeque};

/// At most `capacity` entries, by name. Names may be secrets: `Debug` only counts them.
pub(super) struct Bounded<V> {
    capacity: usize,
    entries: BTreeMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Bounded<V> {
    pub(super) fn of(capacity: usize) -> Self {
        Self { capacity, entries: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn insert(&mut self, name: String, value: V) {
        if self.entries.insert(name.clone(), value).is_some() {
            return;
        }
        self.order.push_back(name);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&V> {
        self.entries.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.entries.get_mut(name)
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<V> {
        let value = self.entries.remove(name)?;
        self.order.retain(|n| n != name);
        Some(value)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }
}

impl<V> std::fmt::Debug for Bounded<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} entries", self.order.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_leaves() {
        let mut map = Bounded::of(2);
        for (name, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            map.insert(name.to_owned(), value);
        }
        assert!(!map.contains("a"));
        assert_eq!(map.remove("b"), Some(2));
        map.insert("d".to_owned(), 5);
        assert!(map.contains("c") && map.contains("d"));
    }
}
