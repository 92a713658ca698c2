//! The newest of what a state must remember for ever.
//!
//! A state keeps the newest entries alone, so that neither memory nor a snapshot grows with a customer's past. What was
//! dropped is not forgotten: an index keeps it (see [`crate::past`]), and whoever decides asks that first, as
//! [`crate::Decider::asks`] says. The guarantee: an entry that is neither here nor told is one that never was, or
//! [`Recent::must_ask`] says so.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// How many entries are kept. More than one append can add, so that what an append adds is in the log, and from there in
/// the index, before it can be dropped.
pub const KEPT: usize = 500;

/// Entries by id, the newest [`KEPT`] of all that there ever were.
#[derive(Clone, Debug)]
pub struct Recent<K, V> {
    /// By age.
    entries: BTreeMap<u64, (K, V)>,
    ages: HashMap<K, u64>,
    next: u64,
    /// Whether there ever were more.
    dropped: bool,
    /// What the index said of ids that are not kept; not part of the state.
    told: HashMap<K, Option<V>>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    /// The entry, kept or told.
    pub fn get(&self, id: &K) -> Option<&V> {
        self.kept(id).or_else(|| self.told.get(id)?.as_ref())
    }

    pub fn contains_key(&self, id: &K) -> bool {
        self.get(id).is_some()
    }

    /// Whether only the index can tell if there is such an entry, and wasn't asked yet.
    pub fn must_ask(&self, id: &K) -> bool {
        self.dropped && !self.ages.contains_key(id) && !self.told.contains_key(id)
    }

    /// Whether all entries that there ever were are kept.
    pub fn is_complete(&self) -> bool {
        !self.dropped
    }

    /// Those that are kept, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.values().map(|(id, value)| (id, value))
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    pub(crate) fn kept(&self, id: &K) -> Option<&V> {
        self.entries.get(self.ages.get(id)?).map(|(_, value)| value)
    }

    /// The entry is the newest from now on; the oldest gives way to it.
    pub(crate) fn insert(&mut self, id: K, value: V) {
        if let Some(age) = self.ages.insert(id, self.next) {
            self.entries.remove(&age);
        }
        self.entries.insert(self.next, (id, value));
        self.next += 1;
        while self.entries.len() > kept_at_most() {
            if let Some((_, (oldest, _))) = self.entries.pop_first() {
                self.ages.remove(&oldest);
                self.dropped = true;
            }
        }
    }

    /// What the index says of the id.
    pub(crate) fn tell(&mut self, id: K, value: Option<V>) {
        self.told.insert(id, value);
    }

    /// What the index said may be old by now.
    pub(crate) fn forget_told(&mut self) {
        self.told.clear();
    }
}

#[cfg(not(test))]
fn kept_at_most() -> usize {
    KEPT
}

#[cfg(test)]
thread_local! {
    /// Tests keep fewer, to see what happens to those that are dropped.
    pub(crate) static KEPT_IN_TEST: std::cell::Cell<usize> = const { std::cell::Cell::new(KEPT) };
}

#[cfg(test)]
fn kept_at_most() -> usize {
    KEPT_IN_TEST.get()
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), ages: HashMap::new(), next: 0, dropped: false, told: HashMap::new() }
    }
}

/// What was told is no part of it.
impl<K: PartialEq, V: PartialEq> PartialEq for Recent<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.dropped == other.dropped && self.entries.values().eq(other.entries.values())
    }
}

impl<K: Eq, V: Eq> Eq for Recent<K, V> {}

impl<K: Serialize, V: Serialize> Serialize for Recent<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries: Vec<&(K, V)> = self.entries.values().collect();
        (self.dropped, entries).serialize(serializer)
    }
}

impl<'de, K, V> Deserialize<'de> for Recent<K, V>
where
    K: Deserialize<'de> + Copy + Eq + Hash,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (dropped, entries) = <(bool, Vec<(K, V)>)>::deserialize(deserializer)?;
        let mut recent = Self { dropped, ..Self::default() };
        for (id, value) in entries {
            recent.insert(id, value);
        }
        Ok(recent)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;
    use crate::testing::keeping;

    fn of(ids: &[u64]) -> Recent<u64, u64> {
        let mut recent = Recent::default();
        ids.iter().for_each(|id| recent.insert(*id, id * 10));
        recent
    }

    #[test]
    fn the_newest_are_kept_and_of_others_only_the_index_can_tell() {
        keeping(3, || {
            let mut recent = of(&[1, 2, 3]);
            assert!(recent.is_complete() && !recent.must_ask(&9));
            recent.insert(1, 11);
            recent.insert(4, 40);
            assert_eq!(recent.iter().collect::<Vec<_>>(), [(&3, &30), (&1, &11), (&4, &40)]);
            assert!(recent.must_ask(&2) && recent.must_ask(&9) && !recent.must_ask(&1));
            recent.tell(2, Some(20));
            recent.tell(9, None);
            assert_eq!((recent.get(&2), recent.kept(&2), recent.get(&9)), (Some(&20), None, None));
            assert!(!recent.must_ask(&2) && !recent.must_ask(&9) && recent.must_ask(&8));
            let saved = serde_json::to_string(&recent).unwrap();
            recent.forget_told();
            assert!(recent.must_ask(&2) && recent.get(&2).is_none());
            let read: Recent<u64, u64> = serde_json::from_str(&saved).unwrap();
            assert_eq!(read, recent, "what was told is not saved");
            assert!(read.must_ask(&2));
        });
    }

    #[test]
    fn what_is_saved_does_not_grow() {
        let saved =
            |count: u64| serde_json::to_string(&of(&(1_000_000..1_000_000 + count).collect::<Vec<_>>())).unwrap();
        assert_eq!(saved(1_000).len(), saved(10_000).len());
    }
}
