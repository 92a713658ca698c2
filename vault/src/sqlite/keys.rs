//! Customers' keys in the embedded vault.

use super::SqliteVault;
use crate::{StoredKey, random_bytes};
use async_trait::async_trait;
use domain::CustomerId;
use journal::{Keys, KeysError, SealingKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

#[async_trait]
impl Keys for SqliteVault {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        if let Some(known) = self.keys.get(customer) {
            return Ok(known);
        }
        let moment = self.keys.moment();
        let fresh = random_bytes()?;
        let make = move |vault: &Connection| {
            let insert = "INSERT INTO customer_keys (customer, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            vault.prepare_cached(insert)?.execute(params![customer.0.as_bytes(), fresh])?;
            // The row is there now, if only by this statement.
            stored_key(vault, customer).map(Option::flatten)
        };
        let key = self.write(make).await?;
        self.keys.keep(moment, customer, key.clone());
        Ok(key)
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let moment = self.keys.moment();
        let mut found: Vec<Option<StoredKey>> = customers.iter().map(|customer| self.keys.get(*customer)).collect();
        let missing: Vec<CustomerId> =
            customers.iter().zip(&found).filter(|(_, known)| known.is_none()).map(|(customer, _)| *customer).collect();
        if !missing.is_empty() {
            let wanted = missing.clone();
            let look = move |vault: &Connection| wanted.iter().map(|customer| stored_key(vault, *customer)).collect();
            let read: Vec<Option<StoredKey>> = self.read(look).await?;
            for (customer, stored) in missing.iter().zip(&read) {
                // Where there is none yet, one may be made at any moment: that is not remembered.
                if let Some(key) = stored {
                    self.keys.keep(moment, *customer, key.clone());
                }
            }
            let slots = found.iter_mut().filter(|slot| slot.is_none());
            slots.zip(read).for_each(|(slot, stored)| *slot = stored);
        }
        Ok(found.into_iter().map(Option::flatten).collect())
    }
}

/// `None`: there never was a key.
pub(super) fn stored_key(vault: &Connection, customer: CustomerId) -> rusqlite::Result<Option<StoredKey>> {
    let select = "SELECT key FROM customer_keys WHERE customer = ?1";
    let read = |row: &Row<'_>| Ok(row.get::<_, Option<[u8; 32]>>(0)?.map(SealingKey));
    vault.prepare_cached(select)?.query_row(params![customer.0.as_bytes()], read).optional()
}
