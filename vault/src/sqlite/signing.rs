//! Keys that sign a log's heads, and the last heads, in the embedded vault.

use super::SqliteVault;
use crate::VaultError;
use crate::signing::{IncarnationId, SignedHead, SigningKey};
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

pub(super) async fn put_key(vault: &SqliteVault, of: IncarnationId, key: SigningKey) -> Result<SigningKey, VaultError> {
    let put = move |vault: &Connection| {
        insert_key(vault, of, &key)?;
        // Whoever was first.
        let select = "SELECT seed FROM signing_keys WHERE incarnation = ?1";
        vault.prepare_cached(select)?.query_row([of.as_bytes()], |row| row.get(0).map(SigningKey))
    };
    vault.write(put).await
}

pub(super) fn insert_key(vault: &Connection, of: IncarnationId, key: &SigningKey) -> rusqlite::Result<()> {
    let insert = "INSERT INTO signing_keys (incarnation, seed) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    vault.prepare_cached(insert)?.execute(params![of.as_bytes(), key.0]).map(drop)
}

pub(super) async fn key(vault: &SqliteVault, of: IncarnationId) -> Result<Option<SigningKey>, VaultError> {
    let look = move |vault: &Connection| {
        let select = "SELECT seed FROM signing_keys WHERE incarnation = ?1";
        vault.prepare_cached(select)?.query_row([of.as_bytes()], |row| row.get(0).map(SigningKey)).optional()
    };
    vault.read(look).await
}

pub(super) async fn head(vault: &SqliteVault, of: IncarnationId) -> Result<Option<SignedHead>, VaultError> {
    vault.read(move |vault| find_head(vault, of)).await
}

fn find_head(vault: &Connection, of: IncarnationId) -> rusqlite::Result<Option<SignedHead>> {
    let select = "SELECT incarnation, origin, size, root FROM signed_heads WHERE incarnation = ?1";
    vault.prepare_cached(select)?.query_row([of.as_bytes()], signed_head).optional()
}

pub(super) async fn sign(
    vault: &SqliteVault,
    of: IncarnationId,
    expected: Option<&SignedHead>,
    new: &SignedHead,
) -> Result<bool, VaultError> {
    let (expected, new) = (expected.cloned(), new.clone());
    // One writer, and one transaction: nobody comes between looking and writing.
    let sign = move |vault: &Connection| {
        let kept = find_head(vault, of)?;
        if kept.as_ref() == Some(&new) {
            return Ok(true);
        }
        if kept != expected {
            return Ok(false);
        }
        let put = "INSERT INTO signed_heads (incarnation, origin, size, root) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO UPDATE SET origin = excluded.origin, size = excluded.size, root = excluded.root";
        put_head(vault, put, of, &new).map(|()| true)
    };
    vault.write(sign).await
}

/// As a copy does: the larger of two stays.
pub(super) fn upsert_head(vault: &Connection, of: IncarnationId, head: &SignedHead) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO signed_heads (incarnation, origin, size, root) VALUES (?1, ?2, ?3, ?4)
                  ON CONFLICT DO UPDATE SET origin = excluded.origin, size = excluded.size, root = excluded.root
                  WHERE excluded.size > signed_heads.size";
    put_head(vault, upsert, of, head)
}

fn put_head(vault: &Connection, put: &str, of: IncarnationId, head: &SignedHead) -> rusqlite::Result<()> {
    let SignedHead { origin, size, root } = head;
    let size = i64::try_from(*size).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
    vault.prepare_cached(put)?.execute(params![of.as_bytes(), origin, size, root]).map(drop)
}

/// After the incarnation.
pub(super) fn signed_head(row: &Row<'_>) -> rusqlite::Result<SignedHead> {
    let size: i64 = row.get(2)?;
    let size = u64::try_from(size).map_err(|_| Error::IntegralValueOutOfRange(2, size))?;
    Ok(SignedHead { origin: row.get(1)?, size, root: row.get(3)? })
}
