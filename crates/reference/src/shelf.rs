//! A map of bounded size.

use std::collections::{HashMap, VecDeque};

/// A map that forgets its oldest entries.
pub(crate) struct Shelf<V> {
    entries: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Shelf<V> {
    const CAPACITY: usize = 4_096;

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// Puts the entry there; false if there was one already.
    pub(crate) fn insert(&mut self, key: &str, value: V) -> bool {
        if self.entries.contains_key(key) {
            return false;
        }
        self.order.push_back(key.to_owned());
        self.entries.insert(key.to_owned(), value);
        if self.order.len() > Self::CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        true
    }

    pub(crate) fn entry(&mut self, key: &str) -> &mut V
    where
        V: Default,
    {
        self.insert(key, V::default());
        self.entries.entry(key.to_owned()).or_default()
    }
}

impl<V> Default for Shelf<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}
