//! The highest log position of each store, of whatever kind of event.

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
    highest: HashMap<StoreId, u64>,
    floor: u64,
}

impl Default for Positions {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Positions {
    /// Of every store nothing is known but that it may be as far as this.
    pub fn starting_at(floor: u64) -> Self {
        let positions = Self::default();
        positions.shards.iter().for_each(|shard| shard.lock().floor = floor);
        positions
    }

    /// Every store has come so far, or it can't be told which.
    pub fn raise_all(&self, position: u64) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.floor = shard.floor.max(position);
        }
    }

    /// The store has come so far, at least.
    pub fn raise(&self, store: StoreId, position: u64) {
        let mut shard = self.shard(store).lock();
        let full = shard.highest.len() >= STORES_A_SHARD;
        if full && !shard.highest.contains_key(&store) {
            let all = shard.highest.values().copied().max().unwrap_or(0);
            shard.floor = shard.floor.max(all);
            shard.highest.clear();
        }
        match shard.highest.entry(store) {
            Entry::Occupied(mut highest) => {
                let highest = highest.get_mut();
                *highest = position.max(*highest);
            }
            Entry::Vacant(new) => {
                new.insert(position);
            }
        }
    }

    /// How far the store has come; never less than what it was raised to.
    pub fn of(&self, store: StoreId) -> u64 {
        let shard = self.shard(store).lock();
        shard.highest.get(&store).copied().unwrap_or(0).max(shard.floor)
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
    fn however_many_stores_there_are_none_is_said_to_be_behind_where_it_is() {
        let positions = Positions::default();
        let store = |number: usize| StoreId(Uuid::from_u128(number as u128));
        let count = SHARDS * STORES_A_SHARD * 2;
        for number in 0..count {
            positions.raise(store(number), number as u64 + 1);
            positions.raise(store(number), 1);
        }
        assert!((0..count).all(|number| positions.of(store(number)) > number as u64));
        let kept: usize = positions.shards.iter().map(|shard| shard.lock().highest.len()).sum();
        assert!(kept <= SHARDS * STORES_A_SHARD);
    }
}
