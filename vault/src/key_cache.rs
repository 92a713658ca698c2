//! People's keys in memory, so that reading the log doesn't go to the disk for each event.

use super::StoredKey;
use domain::{ActorId, CustomerId, StoreId};
use parking_lot::Mutex;
use quick_cache::unsync::Cache;

/// Whose key it is. The store stands with an actor, so that what one store was told is never another's answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum KeyOwner {
    Customer(CustomerId),
    Actor(StoreId, ActorId),
}

/// A bounded cache of keys, and of the fact that a key was destroyed. A key that is being read while it is destroyed never
/// gets in.
pub(super) struct KeyCache(Mutex<CachedKeys>);

/// What a key takes with its place, about: itself and its owner, twice where it was evicted lately, and what a map takes beside.
const ENTRY: usize = 200;

struct CachedKeys {
    keys: Cache<KeyOwner, StoredKey>,
    /// Rises with every destruction.
    destroyed: u64,
}

/// A moment before a read of the vault.
#[derive(Clone, Copy)]
pub(super) struct Moment(u64);

impl KeyCache {
    /// With room for about so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Mutex::new(CachedKeys { keys: Cache::new((bytes / ENTRY).max(1)), destroyed: 0 }))
    }

    /// Taken before the vault is read for what [`Self::keep`] is then given.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.0.lock().destroyed)
    }

    pub(super) fn get(&self, owner: KeyOwner) -> Option<StoredKey> {
        self.0.lock().keys.get(&owner).cloned()
    }

    /// Remembers what was read, unless a key was destroyed since: it may have been this one.
    pub(super) fn keep(&self, read_at: Moment, owner: KeyOwner, key: StoredKey) {
        let mut known = self.0.lock();
        if known.destroyed == read_at.0 {
            known.keys.insert(owner, key);
        }
    }

    /// The vault has destroyed the key.
    pub(super) fn destroyed(&self, owner: KeyOwner) {
        let mut known = self.0.lock();
        known.destroyed += 1;
        known.keys.insert(owner, None);
    }
}
