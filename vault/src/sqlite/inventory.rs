//! Going through the embedded vault.

use super::{SqliteVault, columns, uuid};
use crate::inventory::{Entry, Inventory, Kind};
use crate::{ConfirmationEntry, CredentialOwner, HmacKey, TokenEntry, VaultError};
use async_trait::async_trait;
use domain::{ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use journal::SealingKey;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl Inventory for SqliteVault {
    async fn entries(&self, kind: Kind, after: &[u8], limit: usize) -> Result<Vec<Entry>, VaultError> {
        let (after, limit) = (after.to_vec(), i64::try_from(limit).unwrap_or(i64::MAX));
        let (columns, table, id, read) = listed(kind);
        let select = format!("SELECT {columns} FROM {table} WHERE {id} > ?1 ORDER BY {id} LIMIT ?2");
        let list = move |vault: &Connection| vault.prepare(&select)?.query_map(params![after, limit], read)?.collect();
        self.read(list).await
    }

    async fn put_entries(&self, entries: Vec<Entry>) -> Result<(), VaultError> {
        let is_destroyed = |entry: &Entry| match entry {
            Entry::CustomerKey { customer, key: None } => Some(*customer),
            _ => None,
        };
        let destroyed: Vec<CustomerId> = entries.iter().filter_map(is_destroyed).collect();
        self.write(move |vault| entries.iter().try_for_each(|entry| put(vault, entry))).await?;
        if destroyed.is_empty() {
            return Ok(());
        }
        destroyed.into_iter().for_each(|customer| self.keys.destroyed(customer));
        self.purge().await
    }
}

type Read = fn(&Row<'_>) -> rusqlite::Result<Entry>;

/// The columns, the table, the id's column, and how a row is read.
fn listed(kind: Kind) -> (&'static str, &'static str, &'static str, Read) {
    match kind {
        Kind::Credential => ("id, owner_kind, owner, hash, review_at", "credentials", "id", credential),
        Kind::Token => ("sha256, store, token, expires_at", "tokens", "sha256", token),
        Kind::Confirmation => {
            ("sha256, store, customer, confirmation, expires_at", "confirmations", "sha256", confirmation)
        }
        Kind::HmacKey => ("store, key", "hmac_keys", "store", hmac_key),
        Kind::CustomerKey => ("customer, key", "customer_keys", "customer", customer_key),
    }
}

fn credential(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (id, owner): (CredentialId, CredentialOwner) = super::owned_credential(row)?;
    let review_at = row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis);
    Ok(Entry::Credential { id, owner, hash: row.get(3)?, review_at })
}

fn token(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let entry = TokenEntry {
        store_id: StoreId(uuid(row, 1)?),
        token_id: TokenId(uuid(row, 2)?),
        expires_at: Timestamp::from_millis(row.get(3)?),
    };
    Ok(Entry::Token { sha256: row.get(0)?, entry })
}

fn confirmation(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let entry = ConfirmationEntry {
        store_id: StoreId(uuid(row, 1)?),
        customer_id: CustomerId(uuid(row, 2)?),
        confirmation_id: ConfirmationId(uuid(row, 3)?),
    };
    Ok(Entry::Confirmation { sha256: row.get(0)?, entry, expires_at: Timestamp::from_millis(row.get(4)?) })
}

fn hmac_key(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry::HmacKey { store: StoreId(uuid(row, 0)?), key: HmacKey(row.get(1)?) })
}

fn customer_key(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let key = row.get::<_, Option<[u8; 32]>>(1)?.map(SealingKey);
    Ok(Entry::CustomerKey { customer: CustomerId(uuid(row, 0)?), key })
}

fn put(vault: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let put = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| vault.prepare_cached(sql)?.execute(parameters).map(drop);
    match entry {
        Entry::Credential { id, owner, hash, review_at } => {
            let (kind, owner) = columns(*owner);
            put(
                "INSERT INTO credentials (id, owner_kind, owner, hash, review_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET review_at = excluded.review_at",
                params![id.0.as_bytes(), kind, owner.as_bytes(), hash, review_at.map(Timestamp::as_millis)],
            )
        }
        Entry::Token { sha256, entry: TokenEntry { store_id, token_id, expires_at } } => put(
            "INSERT INTO tokens (sha256, store, token, expires_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![sha256, store_id.0.as_bytes(), token_id.0.as_bytes(), expires_at.as_millis()],
        ),
        Entry::Confirmation {
            sha256,
            entry: ConfirmationEntry { store_id, customer_id, confirmation_id },
            expires_at,
        } => put(
            "INSERT INTO confirmations (sha256, store, customer, confirmation, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            params![
                sha256,
                store_id.0.as_bytes(),
                customer_id.0.as_bytes(),
                confirmation_id.0.as_bytes(),
                expires_at.as_millis()
            ],
        ),
        Entry::HmacKey { store, key } => put(
            "INSERT INTO hmac_keys (store, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![store.0.as_bytes(), key.0],
        ),
        Entry::CustomerKey { customer, key } => put(
            "INSERT INTO customer_keys (customer, key) VALUES (?1, ?2)
             ON CONFLICT (customer) DO UPDATE SET key = NULL WHERE excluded.key IS NULL",
            params![customer.0.as_bytes(), key.as_ref().map(|key| key.0)],
        ),
    }
}
