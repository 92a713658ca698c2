//! One task at a time for one key, on this node.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// Locks by key, made when wanted and dropped when nobody holds or waits for them. Correctness never rests on them:
/// other nodes don't see them.
pub(crate) struct Locks<K> {
    locks: Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self { locks: Mutex::default() }
    }
}

/// Holds the lock of one key.
pub(crate) struct Guard<'a, K: Eq + Hash + Clone> {
    locks: &'a Locks<K>,
    key: K,
    held: Option<OwnedMutexGuard<()>>,
}

impl<K: Eq + Hash + Clone> Locks<K> {
    pub(crate) async fn lock(&self, key: K) -> Guard<'_, K> {
        let lock = Arc::clone(self.locks.lock().entry(key.clone()).or_default());
        let held = Some(lock.lock_owned().await);
        Guard { locks: self, key, held }
    }
}

impl<K: Eq + Hash + Clone> Drop for Guard<'_, K> {
    fn drop(&mut self) {
        self.held = None;
        let mut locks = self.locks.locks.lock();
        // Others who wait hold a clone of the lock.
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}
