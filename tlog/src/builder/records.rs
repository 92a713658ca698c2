//! What is kept of stores, in memory: as many as there is room for, and those of the stretch that is being folded.

use crate::record::StoreRecord;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Stores that it is laid out for.
const STORES: usize = 4_096;
/// About the most bytes of those that no event is folded of.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Clone)]
struct Weight;

impl Weighter<Uuid, StoreRecord> for Weight {
    fn weight(&self, _: &Uuid, record: &StoreRecord) -> u64 {
        record.weight()
    }
}

pub(crate) struct Records {
    kept: Cache<Uuid, StoreRecord, Weight>,
    /// Told since the last stretch was folded.
    told: HashMap<Uuid, StoreRecord>,
}

impl Records {
    pub fn new() -> Self {
        Self::within(MAX_BYTES)
    }

    fn within(bytes: u64) -> Self {
        Self { kept: Cache::with_weighter(STORES, bytes, Weight), told: HashMap::new() }
    }

    pub fn has(&self, store: &Uuid) -> bool {
        self.told.contains_key(store) || self.kept.contains_key(store)
    }

    pub fn tell(&mut self, store: Uuid, record: StoreRecord) {
        self.told.insert(store, record);
    }

    /// `None`: nobody told what is kept of it.
    pub fn take(&mut self, store: &Uuid) -> Option<StoreRecord> {
        self.told.remove(store).or_else(|| self.kept.remove(store).map(|(_, record)| record))
    }

    /// Those of a stretch, as they are after it.
    pub fn put_back(&mut self, records: BTreeMap<Uuid, StoreRecord>) {
        self.told.clear();
        records.into_iter().for_each(|(store, record)| self.kept.insert(store, record));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_there_is_room_for_and_what_is_kept_is_as_it_was() {
        let mut records = Records::within(100_000);
        let mut expected = BTreeMap::new();
        for number in 0..2_000 {
            let (store, mut record) = (Uuid::from_u128(number), StoreRecord::default());
            (0..number as u64 % 50).for_each(|index| drop(record.push(index)));
            expected.insert(store, record);
        }
        for (store, record) in &expected {
            records.put_back(BTreeMap::from([(*store, record.clone())]));
        }
        assert!(records.kept.weight() <= 100_000);
        let found: Vec<_> = expected.keys().filter(|store| records.has(store)).collect();
        assert!((100..1_000).contains(&found.len()), "{}", found.len());
        for store in found {
            assert_eq!(records.take(store).as_ref(), expected.get(store));
            assert_eq!(records.take(store), None);
        }
    }
}
