//! What stores call their tokens, and the tokens of customers, in the embedded vault.

use super::{SqliteVault, uuid};
use crate::{CustomerTokenEntry, VaultError};
use domain::{CustomerId, StoreId, Timestamp, TokenId};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) async fn put_name(
    vault: &SqliteVault,
    store: StoreId,
    token: TokenId,
    name: &str,
) -> Result<(), VaultError> {
    let name = name.to_owned();
    vault.write(move |vault| insert_name(vault, store, token, &name)).await
}

pub(super) fn insert_name(vault: &Connection, store: StoreId, token: TokenId, name: &str) -> rusqlite::Result<()> {
    let insert = "INSERT INTO token_names (token, store, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    vault.prepare_cached(insert)?.execute(params![token.0.as_bytes(), store.0.as_bytes(), name]).map(drop)
}

pub(super) async fn names(
    vault: &SqliteVault,
    store: StoreId,
    tokens: &[TokenId],
) -> Result<Vec<Option<String>>, VaultError> {
    let tokens = tokens.to_vec();
    let look = move |vault: &Connection| {
        let mut select = vault.prepare_cached("SELECT name FROM token_names WHERE token = ?1 AND store = ?2")?;
        let mut name = |token: &TokenId| {
            select.query_row(params![token.0.as_bytes(), store.0.as_bytes()], |row| row.get(0)).optional()
        };
        tokens.iter().map(&mut name).collect()
    };
    vault.read(look).await
}

pub(super) async fn put_of_customer(
    vault: &SqliteVault,
    sha256: [u8; 32],
    entry: CustomerTokenEntry,
) -> Result<(), VaultError> {
    vault.write(move |vault| insert_of_customer(vault, sha256, entry)).await
}

pub(super) fn insert_of_customer(
    vault: &Connection,
    sha256: [u8; 32],
    entry: CustomerTokenEntry,
) -> rusqlite::Result<()> {
    let insert = "INSERT INTO customer_tokens (sha256, store, customer, token, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
                  ON CONFLICT DO NOTHING";
    let CustomerTokenEntry { store_id, customer_id, token_id, expires_at } = entry;
    let columns =
        params![sha256, store_id.0.as_bytes(), customer_id.0.as_bytes(), token_id.0.as_bytes(), expires_at.as_millis()];
    vault.prepare_cached(insert)?.execute(columns).map(drop)
}

pub(super) async fn of_customer(
    vault: &SqliteVault,
    sha256: [u8; 32],
) -> Result<Option<CustomerTokenEntry>, VaultError> {
    let look = move |vault: &Connection| {
        let select = "SELECT sha256, store, customer, token, expires_at FROM customer_tokens WHERE sha256 = ?1";
        vault.prepare_cached(select)?.query_row(params![sha256], customer_token).optional()
    };
    vault.read(look).await
}

/// After the hash.
pub(super) fn customer_token(row: &Row<'_>) -> rusqlite::Result<CustomerTokenEntry> {
    Ok(CustomerTokenEntry {
        store_id: StoreId(uuid(row, 1)?),
        customer_id: CustomerId(uuid(row, 2)?),
        token_id: TokenId(uuid(row, 3)?),
        expires_at: Timestamp::from_millis(row.get(4)?),
    })
}
