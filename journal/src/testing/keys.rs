//! Keys for tests: in memory, destroyed on demand.

use crate::{Keys, KeysError, SealingKey};
use async_trait::async_trait;
use domain::{ActorId, CustomerId, StoreId};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Keys that live as long as the process. A person's key is derived from the id, so that equal runs write equal keys.
#[derive(Default)]
pub struct MemoryKeys {
    keys: Mutex<HashMap<CustomerId, Option<SealingKey>>>,
    actors: Mutex<HashMap<(StoreId, ActorId), SealingKey>>,
}

impl MemoryKeys {
    /// Erases the customer.
    pub fn destroy(&self, customer: CustomerId) {
        self.keys.lock().insert(customer, None);
    }

    /// Makes the key of somebody at the store's desk.
    pub fn make_actor(&self, store: StoreId, actor: ActorId) -> SealingKey {
        let key = SealingKey(blake3::derive_key("cartlog test key of an actor", actor.0.as_bytes()));
        self.actors.lock().insert((store, actor), key.clone());
        key
    }

    /// Destroys the key of somebody at the store's desk.
    pub fn forget_actor(&self, store: StoreId, actor: ActorId) {
        self.actors.lock().remove(&(store, actor));
    }
}

#[async_trait]
impl Keys for MemoryKeys {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        let fresh = || Some(SealingKey(blake3::derive_key("cartlog test key", customer.0.as_bytes())));
        Ok(self.keys.lock().entry(customer).or_insert_with(fresh).clone())
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let keys = self.keys.lock();
        Ok(customers.iter().map(|customer| keys.get(customer).cloned().flatten()).collect())
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let keys = self.actors.lock();
        Ok(actors.iter().map(|actor| keys.get(&(store, *actor)).cloned()).collect())
    }
}
