//! People's keys in the embedded vault.

use super::SqliteVault;
use crate::key_cache::KeyOwner;
use crate::{StoredKey, VaultError, random_bytes};
use async_trait::async_trait;
use domain::{ActorId, CustomerId, StoreId};
use journal::{Keys, KeysError, SealingKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

#[async_trait]
impl Keys for SqliteVault {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        let owner = KeyOwner::Customer(customer);
        if let Some(known) = self.keys.get(owner) {
            return Ok(known);
        }
        let moment = self.keys.moment();
        let fresh = random_bytes()?;
        let make = move |vault: &Connection| {
            let insert = "INSERT INTO customer_keys (customer, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            vault.prepare_cached(insert)?.execute(params![customer.0.as_bytes(), fresh])?;
            // The row is there now, if only by this statement.
            stored_key(vault, owner).map(Option::flatten)
        };
        let key = self.write(make).await?;
        self.keys.keep(moment, owner, key.clone());
        Ok(key)
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        Ok(self.known_or_read(customers.iter().map(|customer| KeyOwner::Customer(*customer)).collect()).await?)
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        Ok(self.known_or_read(actors.iter().map(|actor| KeyOwner::Actor(store, *actor)).collect()).await?)
    }
}

impl SqliteVault {
    /// The keys of these people, in their order.
    async fn known_or_read(&self, owners: Vec<KeyOwner>) -> Result<Vec<Option<SealingKey>>, VaultError> {
        let moment = self.keys.moment();
        let mut found: Vec<Option<StoredKey>> = owners.iter().map(|owner| self.keys.get(*owner)).collect();
        let missing: Vec<KeyOwner> =
            owners.iter().zip(&found).filter(|(_, known)| known.is_none()).map(|(owner, _)| *owner).collect();
        if !missing.is_empty() {
            let wanted = missing.clone();
            let look = move |vault: &Connection| wanted.iter().map(|owner| stored_key(vault, *owner)).collect();
            let read: Vec<Option<StoredKey>> = self.read(look).await?;
            for (owner, stored) in missing.iter().zip(&read) {
                // Where there is none yet, one may be made at any moment: that is not remembered.
                if let Some(key) = stored {
                    self.keys.keep(moment, *owner, key.clone());
                }
            }
            let slots = found.iter_mut().filter(|slot| slot.is_none());
            slots.zip(read).for_each(|(slot, stored)| *slot = stored);
        }
        Ok(found.into_iter().map(Option::flatten).collect())
    }
}

/// `None`: there never was a key.
pub(super) fn stored_key(vault: &Connection, owner: KeyOwner) -> rusqlite::Result<Option<StoredKey>> {
    let read = |row: &Row<'_>| Ok(row.get::<_, Option<[u8; 32]>>(0)?.map(SealingKey));
    match owner {
        KeyOwner::Customer(customer) => {
            let select = "SELECT key FROM customer_keys WHERE customer = ?1";
            vault.prepare_cached(select)?.query_row(params![customer.0.as_bytes()], read).optional()
        }
        KeyOwner::Actor(store, actor) => {
            let select = "SELECT key FROM actors WHERE actor = ?1 AND store = ?2";
            vault.prepare_cached(select)?.query_row(params![actor.0.as_bytes(), store.0.as_bytes()], read).optional()
        }
    }
}
