//! Going through the vault in PostgreSQL.

mod writing;

use super::operators::operator_token;
use super::signing::{incarnation, signed_head, signing_key};
use super::tokens::customer_token;
use super::{PostgresVault, unreadable};
use crate::inventory::{Entry, Inventory, Kind};
use crate::{ConfirmationEntry, HmacKey, TokenEntry, VaultError};
use async_trait::async_trait;
use domain::{ActorId, ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use journal::SealingKey;
use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use uuid::Uuid;

#[async_trait]
impl Inventory for PostgresVault {
    async fn entries(&self, kind: Kind, after: &[u8], limit: usize) -> Result<Vec<Entry>, VaultError> {
        let (select, read) = listed(kind);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = match kind {
            Kind::Token
            | Kind::CustomerToken
            | Kind::OperatorToken
            | Kind::Confirmation
            | Kind::SigningKey
            | Kind::SignedHead => self.ask(|| query(select).bind(after.to_vec()).bind(limit)).await?,
            // The nil id can be a store's, so that no id is before all.
            Kind::Credential | Kind::HmacKey | Kind::CustomerKey | Kind::TokenName | Kind::Actor => {
                let after = Uuid::from_slice(after).ok();
                self.ask(|| query(select).bind(after).bind(limit)).await?
            }
        };
        rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(unreadable)
    }

    async fn put_entries(&self, entries: Vec<Entry>) -> Result<(), VaultError> {
        writing::put(self, entries).await
    }
}

type Read = fn(&PgRow) -> sqlx::Result<Entry>;

/// The statement, and how a row is read. Ids are compared as in C, byte by byte, whatever the database's collation: they are
/// not text.
fn listed(kind: Kind) -> (&'static str, Read) {
    match kind {
        Kind::Credential => (
            "SELECT id, owner_kind, owner, hash, review_at FROM vault_credentials
             WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2",
            credential,
        ),
        Kind::Token => (
            "SELECT sha256, store, token, expires_at FROM vault_tokens WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
            token,
        ),
        Kind::Confirmation => (
            "SELECT sha256, store, customer, confirmation, expires_at FROM vault_confirmations
             WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
            confirmation,
        ),
        Kind::HmacKey => (
            "SELECT store, key FROM vault_hmac_keys WHERE ($1::uuid IS NULL OR store > $1) ORDER BY store LIMIT $2",
            hmac_key,
        ),
        Kind::CustomerKey => (
            "SELECT customer, key FROM vault_customer_keys
             WHERE ($1::uuid IS NULL OR customer > $1) ORDER BY customer LIMIT $2",
            customer_key,
        ),
        Kind::TokenName => (
            "SELECT token, store, name FROM vault_token_names WHERE ($1::uuid IS NULL OR token > $1) ORDER BY token LIMIT $2",
            token_name,
        ),
        Kind::OperatorToken => (
            "SELECT sha256, token, role, name, created_at, expires_at, revoked_at FROM vault_operator_tokens
             WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
            |row: &PgRow| Ok(Entry::OperatorToken { sha256: row.try_get(0)?, token: operator_token(row)? }),
        ),
        Kind::Actor => (
            "SELECT actor, store, tag, key FROM vault_actors WHERE ($1::uuid IS NULL OR actor > $1) ORDER BY actor LIMIT $2",
            actor,
        ),
        Kind::SigningKey => (
            "SELECT incarnation, seed FROM vault_signing_keys WHERE incarnation > $1 ORDER BY incarnation LIMIT $2",
            |row: &PgRow| signing_key(row).map(|(of, key)| Entry::SigningKey { of, key }),
        ),
        Kind::SignedHead => (
            "SELECT incarnation, origin, size, root FROM vault_signed_heads
             WHERE incarnation > $1 ORDER BY incarnation LIMIT $2",
            |row: &PgRow| Ok(Entry::SignedHead { of: incarnation(row)?, head: signed_head(row)? }),
        ),
        Kind::CustomerToken => (
            "SELECT sha256, store, customer, token, expires_at FROM vault_customer_tokens
             WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
            |row: &PgRow| Ok(Entry::CustomerToken { sha256: row.try_get(0)?, entry: customer_token(row)? }),
        ),
    }
}

fn credential(row: &PgRow) -> sqlx::Result<Entry> {
    let (id, owner): (CredentialId, _) = super::owned_credential(row)?;
    let review_at = row.try_get::<Option<i64>, _>(4)?.map(Timestamp::from_millis);
    Ok(Entry::Credential { id, owner, hash: row.try_get(3)?, review_at })
}

fn token(row: &PgRow) -> sqlx::Result<Entry> {
    let entry = TokenEntry {
        store_id: StoreId(row.try_get(1)?),
        token_id: TokenId(row.try_get(2)?),
        expires_at: Timestamp::from_millis(row.try_get(3)?),
    };
    Ok(Entry::Token { sha256: row.try_get(0)?, entry })
}

fn confirmation(row: &PgRow) -> sqlx::Result<Entry> {
    let entry = ConfirmationEntry {
        store_id: StoreId(row.try_get(1)?),
        customer_id: CustomerId(row.try_get(2)?),
        confirmation_id: ConfirmationId(row.try_get(3)?),
    };
    Ok(Entry::Confirmation { sha256: row.try_get(0)?, entry, expires_at: Timestamp::from_millis(row.try_get(4)?) })
}

fn hmac_key(row: &PgRow) -> sqlx::Result<Entry> {
    Ok(Entry::HmacKey { store: StoreId(row.try_get(0)?), key: HmacKey(row.try_get(1)?) })
}

fn customer_key(row: &PgRow) -> sqlx::Result<Entry> {
    let key = row.try_get::<Option<[u8; 32]>, _>(1)?.map(SealingKey);
    Ok(Entry::CustomerKey { customer: CustomerId(row.try_get(0)?), key })
}

fn token_name(row: &PgRow) -> sqlx::Result<Entry> {
    Ok(Entry::TokenName { token: TokenId(row.try_get(0)?), store: StoreId(row.try_get(1)?), name: row.try_get(2)? })
}

fn actor(row: &PgRow) -> sqlx::Result<Entry> {
    let (actor_id, store) = (ActorId(row.try_get(0)?), StoreId(row.try_get(1)?));
    let key = row.try_get::<Option<[u8; 32]>, _>(3)?.map(SealingKey);
    Ok(Entry::Actor { actor_id, store, tag: row.try_get(2)?, key })
}
