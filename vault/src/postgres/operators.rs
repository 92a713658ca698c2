//! The tokens of whoever operates the server, in PostgreSQL.

use super::{PostgresVault, column, unreadable};
use crate::VaultError;
use crate::operators::{OperatorRole, OperatorToken, UnknownRole};
use domain::{Timestamp, TokenId};
use sqlx::postgres::PgRow;
use sqlx::{Row, query};

pub(super) async fn put(vault: &PostgresVault, sha256: [u8; 32], token: &OperatorToken) -> Result<(), VaultError> {
    let insert = "INSERT INTO vault_operator_tokens VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let put = || {
        let put = query(insert).bind(sha256).bind(token.token_id.0).bind(token.role.as_str()).bind(token.name.clone());
        let put = put.bind(token.created_at.as_millis()).bind(token.expires_at.map(Timestamp::as_millis));
        put.bind(token.revoked_at.map(Timestamp::as_millis))
    };
    vault.ask(put).await.map(drop)
}

/// As a copy does: those that were revoked since are revoked here too, and stay so.
pub(super) async fn upsert(vault: &PostgresVault, rows: &[(Vec<u8>, OperatorToken)]) -> Result<(), VaultError> {
    let upsert = "INSERT INTO vault_operator_tokens
                  SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
                                       $7::bigint[])
                  ON CONFLICT (sha256) DO UPDATE SET revoked_at = excluded.revoked_at
                  WHERE vault_operator_tokens.revoked_at IS NULL";
    if rows.is_empty() {
        return Ok(());
    }
    let put = || {
        let put = query(upsert).bind(column(rows, |row| row.0.clone())).bind(column(rows, |row| row.1.token_id.0));
        let put = put.bind(column(rows, |row| row.1.role.as_str())).bind(column(rows, |row| row.1.name.clone()));
        let put = put.bind(column(rows, |row| row.1.created_at.as_millis()));
        let put = put.bind(column(rows, |row| row.1.expires_at.map(Timestamp::as_millis)));
        put.bind(column(rows, |row| row.1.revoked_at.map(Timestamp::as_millis)))
    };
    vault.ask(put).await.map(drop)
}

pub(super) async fn of(vault: &PostgresVault, sha256: [u8; 32]) -> Result<Option<OperatorToken>, VaultError> {
    let select = "SELECT sha256, token, role, name, created_at, expires_at, revoked_at FROM vault_operator_tokens
                  WHERE sha256 = $1";
    vault.find(|| query(select).bind(sha256), operator_token).await
}

pub(super) async fn all(vault: &PostgresVault) -> Result<Vec<OperatorToken>, VaultError> {
    let select = "SELECT sha256, token, role, name, created_at, expires_at, revoked_at FROM vault_operator_tokens
                  ORDER BY created_at, token";
    let rows = vault.ask(|| query(select)).await?;
    rows.iter().map(operator_token).collect::<sqlx::Result<_>>().map_err(unreadable)
}

pub(super) async fn revoke(vault: &PostgresVault, token: TokenId, at: Timestamp) -> Result<bool, VaultError> {
    let update =
        "UPDATE vault_operator_tokens SET revoked_at = coalesce(revoked_at, $1) WHERE token = $2 RETURNING token";
    Ok(!vault.ask(|| query(update).bind(at.as_millis()).bind(token.0)).await?.is_empty())
}

/// After the hash.
pub(super) fn operator_token(row: &PgRow) -> sqlx::Result<OperatorToken> {
    let role = OperatorRole::named(row.try_get(2)?);
    let time = |column: usize| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis));
    Ok(OperatorToken {
        token_id: TokenId(row.try_get(1)?),
        role: role.ok_or_else(|| sqlx::Error::Decode(UnknownRole.into()))?,
        name: row.try_get(3)?,
        created_at: Timestamp::from_millis(row.try_get(4)?),
        expires_at: time(5)?,
        revoked_at: time(6)?,
    })
}
