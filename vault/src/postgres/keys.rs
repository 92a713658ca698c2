//! People's keys in PostgreSQL.

use super::{PostgresVault, column};
use crate::{StoredKey, VaultError, random_bytes};
use async_trait::async_trait;
use domain::{ActorId, CustomerId, StoreId};
use journal::{Keys, KeysError, SealingKey};
use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use std::collections::HashMap;
use uuid::Uuid;

#[async_trait]
impl Keys for PostgresVault {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        if let Some(stored) = self.stored_key(customer).await? {
            return Ok(stored);
        }
        let fresh = random_bytes()?;
        let insert = "INSERT INTO vault_customer_keys VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.ask(|| query(insert).bind(customer.0).bind(fresh)).await?;
        // The row is there now, if only by this statement; and perhaps it was destroyed at once.
        Ok(self.stored_key(customer).await?.flatten())
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let wanted = column(customers, |customer| customer.0);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let select = "SELECT key, customer FROM vault_customer_keys WHERE customer = ANY ($1) AND key IS NOT NULL";
        let rows = self.ask(|| query(select).bind(without_repeats(&wanted))).await?;
        Ok(in_order(&rows, &wanted)?)
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let wanted = column(actors, |actor| actor.0);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let select = "SELECT key, actor FROM vault_actors WHERE actor = ANY ($1) AND store = $2 AND key IS NOT NULL";
        let rows = self.ask(|| query(select).bind(without_repeats(&wanted)).bind(store.0)).await?;
        Ok(in_order(&rows, &wanted)?)
    }
}

impl PostgresVault {
    /// `None`: there never was a key.
    async fn stored_key(&self, customer: CustomerId) -> Result<Option<StoredKey>, KeysError> {
        let select = "SELECT key FROM vault_customer_keys WHERE customer = $1";
        self.find(|| query(select).bind(customer.0), key).await.map_err(KeysError::from)
    }
}

fn without_repeats(wanted: &[Uuid]) -> Vec<Uuid> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The keys of those that are wanted, of rows of a key and whose it is.
fn in_order(rows: &[PgRow], wanted: &[Uuid]) -> Result<Vec<StoredKey>, VaultError> {
    let read = |row: &PgRow| Ok((row.try_get::<Uuid, _>(1)?, key(row)?));
    let found = rows.iter().map(read).collect::<sqlx::Result<HashMap<Uuid, StoredKey>>>();
    let found = found.map_err(super::unreadable)?;
    Ok(wanted.iter().map(|owner| found.get(owner).cloned().flatten()).collect())
}

fn key(row: &PgRow) -> sqlx::Result<StoredKey> {
    Ok(row.try_get::<Option<[u8; 32]>, _>(0)?.map(SealingKey))
}
