//! Going through the vault in PostgreSQL.

use super::{PostgresVault, columns, unreadable};
use crate::inventory::{Entry, Inventory, Kind};
use crate::{ConfirmationEntry, HmacKey, TokenEntry, VaultError};
use async_trait::async_trait;
use domain::{ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
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
            Kind::Token | Kind::Confirmation => self.ask(|| query(select).bind(after.to_vec()).bind(limit)).await?,
            // The nil id can be a store's, so that no id is before all.
            Kind::Credential | Kind::HmacKey | Kind::CustomerKey => {
                let after = Uuid::from_slice(after).ok();
                self.ask(|| query(select).bind(after).bind(limit)).await?
            }
        };
        rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(unreadable)
    }

    async fn put_entries(&self, entries: Vec<Entry>) -> Result<(), VaultError> {
        let rows = Rows::of(entries);
        self.put_credentials(&rows.credentials).await?;
        self.put_tokens(&rows.tokens).await?;
        self.put_confirmations(&rows.confirmations).await?;
        self.put_keys(&rows.hmac_keys, &rows.customer_keys).await
    }
}

/// Entries as rows, by table.
#[derive(Default)]
struct Rows {
    credentials: Vec<(Uuid, i16, Uuid, String, Option<i64>)>,
    tokens: Vec<(Vec<u8>, TokenEntry)>,
    confirmations: Vec<(Vec<u8>, ConfirmationEntry, i64)>,
    hmac_keys: Vec<(Uuid, HmacKey)>,
    customer_keys: Vec<(Uuid, Option<SealingKey>)>,
}

impl Rows {
    fn of(entries: Vec<Entry>) -> Self {
        let mut rows = Self::default();
        for entry in entries {
            match entry {
                Entry::Credential { id, owner, hash, review_at } => {
                    let (kind, owner) = columns(owner);
                    rows.credentials.push((id.0, kind, owner, hash, review_at.map(Timestamp::as_millis)));
                }
                Entry::Token { sha256, entry } => rows.tokens.push((sha256.to_vec(), entry)),
                Entry::Confirmation { sha256, entry, expires_at } => {
                    rows.confirmations.push((sha256.to_vec(), entry, expires_at.as_millis()));
                }
                Entry::HmacKey { store, key } => rows.hmac_keys.push((store.0, key)),
                Entry::CustomerKey { customer, key } => rows.customer_keys.push((customer.0, key)),
            }
        }
        rows
    }
}

/// One column of all rows.
fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl PostgresVault {
    async fn put_credentials(&self, rows: &[(Uuid, i16, Uuid, String, Option<i64>)]) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_credentials
                   SELECT * FROM UNNEST($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::bigint[])
                   ON CONFLICT (id) DO UPDATE SET review_at = excluded.review_at";
        if rows.is_empty() {
            return Ok(());
        }
        let put = || {
            let put = query(put).bind(column(rows, |row| row.0)).bind(column(rows, |row| row.1));
            put.bind(column(rows, |row| row.2)).bind(column(rows, |row| row.3.clone())).bind(column(rows, |row| row.4))
        };
        self.ask(put).await.map(drop)
    }

    async fn put_tokens(&self, rows: &[(Vec<u8>, TokenEntry)]) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_tokens SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::uuid[], $4::bigint[])
                   ON CONFLICT DO NOTHING";
        if rows.is_empty() {
            return Ok(());
        }
        let put = || {
            let put = query(put).bind(column(rows, |row| row.0.clone())).bind(column(rows, |row| row.1.store_id.0));
            put.bind(column(rows, |row| row.1.token_id.0)).bind(column(rows, |row| row.1.expires_at.as_millis()))
        };
        self.ask(put).await.map(drop)
    }

    async fn put_confirmations(&self, rows: &[(Vec<u8>, ConfirmationEntry, i64)]) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_confirmations
                   SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
                   ON CONFLICT DO NOTHING";
        if rows.is_empty() {
            return Ok(());
        }
        let put = || {
            let put = query(put).bind(column(rows, |row| row.0.clone())).bind(column(rows, |row| row.1.store_id.0));
            let put = put.bind(column(rows, |row| row.1.customer_id.0));
            put.bind(column(rows, |row| row.1.confirmation_id.0)).bind(column(rows, |row| row.2))
        };
        self.ask(put).await.map(drop)
    }

    async fn put_keys(
        &self,
        stores: &[(Uuid, HmacKey)],
        customers: &[(Uuid, Option<SealingKey>)],
    ) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_hmac_keys SELECT * FROM UNNEST($1::uuid[], $2::bytea[]) ON CONFLICT DO NOTHING";
        if !stores.is_empty() {
            let put = || query(put).bind(column(stores, |row| row.0)).bind(column(stores, |row| row.1.0.to_vec()));
            self.ask(put).await?;
        }
        let put = "INSERT INTO vault_customer_keys SELECT * FROM UNNEST($1::uuid[], $2::bytea[])
                   ON CONFLICT (customer) DO UPDATE SET key = NULL WHERE excluded.key IS NULL";
        if !customers.is_empty() {
            let key = |row: &(Uuid, Option<SealingKey>)| row.1.as_ref().map(|key| key.0.to_vec());
            let put = || query(put).bind(column(customers, |row| row.0)).bind(column(customers, key));
            self.ask(put).await?;
        }
        Ok(())
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
