//! What stores call their tokens, and the tokens of customers, in PostgreSQL.

use super::{PostgresVault, column, unreadable};
use crate::{CustomerTokenEntry, VaultError};
use domain::{CustomerId, StoreId, Timestamp, TokenId};
use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use std::collections::HashMap;
use uuid::Uuid;

/// The token, its store, and its name.
pub(super) type NameRow = (Uuid, Uuid, String);

pub(super) async fn put_names(vault: &PostgresVault, rows: &[NameRow]) -> Result<(), VaultError> {
    let put = "INSERT INTO vault_token_names SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[])
               ON CONFLICT DO NOTHING";
    if rows.is_empty() {
        return Ok(());
    }
    let put = || {
        let put = query(put).bind(column(rows, |row| row.0)).bind(column(rows, |row| row.1));
        put.bind(column(rows, |row| row.2.clone()))
    };
    vault.ask(put).await.map(drop)
}

pub(super) async fn names(
    vault: &PostgresVault,
    store: StoreId,
    tokens: &[TokenId],
) -> Result<Vec<Option<String>>, VaultError> {
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let select = "SELECT token, name FROM vault_token_names WHERE token = ANY ($1) AND store = $2";
    let rows = vault.ask(|| query(select).bind(column(tokens, |token| token.0)).bind(store.0)).await?;
    let read = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    let found = rows.iter().map(read).collect::<sqlx::Result<HashMap<Uuid, String>>>().map_err(unreadable)?;
    Ok(tokens.iter().map(|token| found.get(&token.0).cloned()).collect())
}

pub(super) async fn put_of_customers(
    vault: &PostgresVault,
    rows: &[(Vec<u8>, CustomerTokenEntry)],
) -> Result<(), VaultError> {
    let put = "INSERT INTO vault_customer_tokens
               SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
               ON CONFLICT DO NOTHING";
    if rows.is_empty() {
        return Ok(());
    }
    let put = || {
        let put = query(put).bind(column(rows, |row| row.0.clone())).bind(column(rows, |row| row.1.store_id.0));
        let put = put.bind(column(rows, |row| row.1.customer_id.0)).bind(column(rows, |row| row.1.token_id.0));
        put.bind(column(rows, |row| row.1.expires_at.as_millis()))
    };
    vault.ask(put).await.map(drop)
}

pub(super) async fn of_customer(
    vault: &PostgresVault,
    sha256: [u8; 32],
) -> Result<Option<CustomerTokenEntry>, VaultError> {
    let select = "SELECT sha256, store, customer, token, expires_at FROM vault_customer_tokens WHERE sha256 = $1";
    vault.find(|| query(select).bind(sha256), customer_token).await
}

/// After the hash.
pub(super) fn customer_token(row: &PgRow) -> sqlx::Result<CustomerTokenEntry> {
    Ok(CustomerTokenEntry {
        store_id: StoreId(row.try_get(1)?),
        customer_id: CustomerId(row.try_get(2)?),
        token_id: TokenId(row.try_get(3)?),
        expires_at: Timestamp::from_millis(row.try_get(4)?),
    })
}
