//! The highest log position that this node has answered to each store: its queries wait for it, so that a client always sees
//! what it has done (api.md §1, Reading your own writes).

use domain::StoreId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Maps beside each other, so that stores rarely wait for one another.
const SHARDS: usize = 64;
/// Stores that one map remembers. Beyond that the oldest positions stand for all that are forgotten.
const STORES_A_SHARD: usize = 1_024;

/// Bounded: when a map is full it is emptied, and the highest position in it holds for all stores that it forgot. They wait
/// for more than they must, never for less.
pub struct Positions {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    answered: HashMap<StoreId, u64>,
    floor: u64,
}

impl Default for Positions {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Positions {
    /// Remembers that the store was answered this position.
    pub fn answered(&self, store: StoreId, position: u64) {
        let mut shard = self.shard(store).lock();
        let full = shard.answered.len() >= STORES_A_SHARD;
        if full && !shard.answered.contains_key(&store) {
            let highest = shard.answered.values().copied().max().unwrap_or(0);
            shard.floor = shard.floor.max(highest);
            shard.answered.clear();
        }
        match shard.answered.entry(store) {
            Entry::Occupied(mut highest) => {
                let highest = highest.get_mut();
                *highest = position.max(*highest);
            }
            Entry::Vacant(new) => {
                new.insert(position);
            }
        }
    }

    /// What the store's queries wait for.
    pub fn of(&self, store: StoreId) -> u64 {
        let shard = self.shard(store).lock();
        shard.answered.get(&store).copied().unwrap_or(0).max(shard.floor)
    }

    fn shard(&self, store: StoreId) -> &Mutex<Shard> {
        // The last bytes of a UUIDv7 are chance.
        &self.shards[usize::from(store.0.as_bytes()[15]) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn however_many_stores_there_are_none_waits_for_less_than_it_was_answered() {
        let positions = Positions::default();
        let store = |number: usize| StoreId(Uuid::from_u128(number as u128));
        let count = SHARDS * STORES_A_SHARD * 2;
        for number in 0..count {
            positions.answered(store(number), number as u64 + 1);
            positions.answered(store(number), 1);
        }
        assert!((0..count).all(|number| positions.of(store(number)) > number as u64));
        let kept: usize = positions.shards.iter().map(|shard| shard.lock().answered.len()).sum();
        assert!(kept <= SHARDS * STORES_A_SHARD);
    }
}
