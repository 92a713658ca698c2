//! A map that forgets what was not asked for lately.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Holds at most `capacity` entries, in two generations: when the young one is full it becomes the old one, and what the
/// old one still held is forgotten. What is used stays, at the cost of a plain map.
pub(super) struct Bounded<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation: usize,
}

impl<K: Hash + Eq, V: Clone> Bounded<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation: (capacity / 2).max(1) }
    }

    pub(super) fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_is_used_and_stays_within_its_capacity() {
        let mut map = Bounded::new(100);
        for n in 0..10_000 {
            map.insert(n, n);
            assert_eq!(map.get(&0), Some(0), "after {n}");
            assert!(map.young.len() + map.old.len() <= 100);
        }
        assert_eq!(map.get(&9_999), Some(9_999));
        assert_eq!(map.get(&1), None);
    }

    #[test]
    fn the_newest_value_counts_wherever_the_older_one_is() {
        let mut map = Bounded::new(4);
        for n in [1, 2, 3] {
            map.insert(n, "older");
        }
        map.insert(1, "newer");
        assert_eq!(map.get(&1), Some("newer"));
        map.insert(4, "");
        map.insert(5, "");
        assert_eq!(map.get(&1), Some("newer"));
    }
}
