//! The tokens of whoever operates the server, in the embedded vault.

use super::{SqliteVault, uuid};
use crate::VaultError;
use crate::operators::{OperatorRole, OperatorToken, UnknownRole};
use domain::{Timestamp, TokenId};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) async fn put(vault: &SqliteVault, sha256: [u8; 32], token: &OperatorToken) -> Result<(), VaultError> {
    let token = token.clone();
    let put = move |vault: &Connection| {
        let insert = "INSERT INTO operator_tokens (sha256, token, role, name, created_at, expires_at, revoked_at)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        insert_by(vault, insert, sha256, &token)
    };
    vault.write(put).await
}

/// As a copy does: one that was revoked since is revoked here too, and stays so.
pub(super) fn upsert(vault: &Connection, sha256: [u8; 32], token: &OperatorToken) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO operator_tokens (sha256, token, role, name, created_at, expires_at, revoked_at)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                  ON CONFLICT (sha256) DO UPDATE SET revoked_at = excluded.revoked_at
                  WHERE operator_tokens.revoked_at IS NULL";
    insert_by(vault, upsert, sha256, token)
}

fn insert_by(vault: &Connection, insert: &str, sha256: [u8; 32], token: &OperatorToken) -> rusqlite::Result<()> {
    let OperatorToken { token_id, role, name, created_at, expires_at, revoked_at } = token;
    let columns = params![
        sha256,
        token_id.0.as_bytes(),
        role.as_str(),
        name,
        created_at.as_millis(),
        expires_at.map(Timestamp::as_millis),
        revoked_at.map(Timestamp::as_millis)
    ];
    vault.prepare_cached(insert)?.execute(columns).map(drop)
}

pub(super) async fn of(vault: &SqliteVault, sha256: [u8; 32]) -> Result<Option<OperatorToken>, VaultError> {
    let look = move |vault: &Connection| {
        let select = "SELECT sha256, token, role, name, created_at, expires_at, revoked_at FROM operator_tokens
                      WHERE sha256 = ?1";
        vault.prepare_cached(select)?.query_row(params![sha256], operator_token).optional()
    };
    vault.read(look).await
}

pub(super) async fn all(vault: &SqliteVault) -> Result<Vec<OperatorToken>, VaultError> {
    let list = |vault: &Connection| {
        let select = "SELECT sha256, token, role, name, created_at, expires_at, revoked_at FROM operator_tokens
                      ORDER BY created_at, token";
        vault.prepare_cached(select)?.query_map([], operator_token)?.collect()
    };
    vault.read(list).await
}

pub(super) async fn revoke(vault: &SqliteVault, token: TokenId, at: Timestamp) -> Result<bool, VaultError> {
    let revoke = move |vault: &Connection| {
        let update = "UPDATE operator_tokens SET revoked_at = coalesce(revoked_at, ?1) WHERE token = ?2";
        vault.prepare_cached(update)?.execute(params![at.as_millis(), token.0.as_bytes()])
    };
    Ok(vault.write(revoke).await? > 0)
}

/// After the hash.
pub(super) fn operator_token(row: &Row<'_>) -> rusqlite::Result<OperatorToken> {
    let role = OperatorRole::named(&row.get::<_, String>(2)?);
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis));
    Ok(OperatorToken {
        token_id: TokenId(uuid(row, 1)?),
        role: role.ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, Box::new(UnknownRole)))?,
        name: row.get(3)?,
        created_at: Timestamp::from_millis(row.get(4)?),
        expires_at: time(5)?,
        revoked_at: time(6)?,
    })
}
