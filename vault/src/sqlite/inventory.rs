//! Going through the embedded vault.

mod writing;

use super::operators::operator_token;
use super::signing::signed_head;
use super::tokens::customer_token;
use super::{SqliteVault, uuid};
use crate::inventory::{Entry, Inventory, Kind};
use crate::key_cache::KeyOwner;
use crate::{ConfirmationEntry, CredentialOwner, HmacKey, IncarnationId, SigningKey, TokenEntry, VaultError};
use async_trait::async_trait;
use domain::{ActorId, ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
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

    async fn put_entries(&self, mut entries: Vec<Entry>) -> Result<(), VaultError> {
        let is_destroyed = |entry: &Entry| match entry {
            Entry::CustomerKey { customer, key: None } => Some(KeyOwner::Customer(*customer)),
            Entry::Actor { actor_id, store, key: None, .. } => Some(KeyOwner::Actor(*store, *actor_id)),
            _ => None,
        };
        let destroyed: Vec<KeyOwner> = entries.iter().filter_map(is_destroyed).collect();
        entries.sort_by_key(|entry| !entry.is_forgotten_actor());
        self.write(move |vault| entries.iter().try_for_each(|entry| writing::put(vault, entry))).await?;
        if destroyed.is_empty() {
            return Ok(());
        }
        destroyed.into_iter().for_each(|owner| self.keys.destroyed(owner));
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
        Kind::Actor => ("actor, store, tag, key", "actors", "actor", actor),
        Kind::TokenName => ("token, store, name", "token_names", "token", token_name),
        Kind::OperatorToken => (
            "sha256, token, role, name, created_at, expires_at, revoked_at",
            "operator_tokens",
            "sha256",
            |row: &Row<'_>| Ok(Entry::OperatorToken { sha256: row.get(0)?, token: operator_token(row)? }),
        ),
        Kind::SigningKey => ("incarnation, seed", "signing_keys", "incarnation", |row: &Row<'_>| {
            Ok(Entry::SigningKey { of: IncarnationId::from_bytes(row.get(0)?), key: SigningKey(row.get(1)?) })
        }),
        Kind::SignedHead => ("incarnation, origin, size, root", "signed_heads", "incarnation", |row: &Row<'_>| {
            Ok(Entry::SignedHead { of: IncarnationId::from_bytes(row.get(0)?), head: signed_head(row)? })
        }),
        Kind::CustomerToken => {
            ("sha256, store, customer, token, expires_at", "customer_tokens", "sha256", |row: &Row<'_>| {
                Ok(Entry::CustomerToken { sha256: row.get(0)?, entry: customer_token(row)? })
            })
        }
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

fn token_name(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry::TokenName { token: TokenId(uuid(row, 0)?), store: StoreId(uuid(row, 1)?), name: row.get(2)? })
}

fn actor(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (actor_id, store) = (ActorId(uuid(row, 0)?), StoreId(uuid(row, 1)?));
    let key = row.get::<_, Option<[u8; 32]>>(3)?.map(SealingKey);
    Ok(Entry::Actor { actor_id, store, tag: row.get(2)?, key })
}
