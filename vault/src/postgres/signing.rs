//! Keys that sign a log's heads, and the last heads, in PostgreSQL.

use super::{KeyIsGone, PostgresVault, column};
use crate::VaultError;
use crate::signing::{IncarnationId, SignedHead, SigningKey};
use eventlog::CausedBy;
use sqlx::postgres::PgRow;
use sqlx::{Row, query};

pub(super) type KeyRow = (IncarnationId, SigningKey);
pub(super) type HeadRow = (IncarnationId, SignedHead);

pub(super) async fn put_key(
    vault: &PostgresVault,
    of: IncarnationId,
    fresh: SigningKey,
) -> Result<SigningKey, VaultError> {
    put_keys(vault, &[(of, fresh)]).await?;
    // Whoever was first.
    key(vault, of).await?.ok_or_else(|| VaultError::Away(KeyIsGone.into()))
}

pub(super) async fn key(vault: &PostgresVault, of: IncarnationId) -> Result<Option<SigningKey>, VaultError> {
    let select = "SELECT seed FROM vault_signing_keys WHERE incarnation = $1";
    vault.find(|| query(select).bind(of.as_bytes().to_vec()), |row| row.try_get(0).map(SigningKey)).await
}

pub(super) async fn head(vault: &PostgresVault, of: IncarnationId) -> Result<Option<SignedHead>, VaultError> {
    let select = "SELECT incarnation, origin, size, root FROM vault_signed_heads WHERE incarnation = $1";
    vault.find(|| query(select).bind(of.as_bytes().to_vec()), signed_head).await
}

/// One statement, so that of two nodes one changes the row. Done twice, as after an answer that was lost, the second one finds what the
/// first has written.
pub(super) async fn sign(
    vault: &PostgresVault,
    of: IncarnationId,
    expected: Option<&SignedHead>,
    new: &SignedHead,
) -> Result<bool, VaultError> {
    let size = number(new.size)?;
    match expected {
        None => {
            let insert = "INSERT INTO vault_signed_heads VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
            let put = || {
                let put = query(insert).bind(of.as_bytes().to_vec()).bind(new.origin.clone());
                put.bind(size).bind(new.root.to_vec())
            };
            vault.ask(put).await?;
        }
        Some(expected) => {
            let update = "UPDATE vault_signed_heads SET origin = $2, size = $3, root = $4
                          WHERE incarnation = $1 AND origin = $5 AND size = $6 AND root = $7";
            let expected_size = number(expected.size)?;
            let put = || {
                let put = query(update).bind(of.as_bytes().to_vec()).bind(new.origin.clone()).bind(size);
                let put = put.bind(new.root.to_vec()).bind(expected.origin.clone());
                put.bind(expected_size).bind(expected.root.to_vec())
            };
            vault.ask(put).await?;
        }
    }
    Ok(head(vault, of).await?.as_ref() == Some(new))
}

/// As a copy does: the first stays.
pub(super) async fn put_keys(vault: &PostgresVault, rows: &[KeyRow]) -> Result<(), VaultError> {
    if rows.is_empty() {
        return Ok(());
    }
    let insert = "INSERT INTO vault_signing_keys SELECT * FROM UNNEST($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING";
    let put = || {
        let put = query(insert).bind(column(rows, |row| row.0.as_bytes().to_vec()));
        put.bind(column(rows, |row| row.1.0.to_vec()))
    };
    vault.ask(put).await.map(drop)
}

/// As a copy does: the larger of two stays.
pub(super) async fn upsert_heads(vault: &PostgresVault, rows: &[HeadRow]) -> Result<(), VaultError> {
    if rows.is_empty() {
        return Ok(());
    }
    let upsert = "INSERT INTO vault_signed_heads
                  SELECT * FROM UNNEST($1::bytea[], $2::text[], $3::bigint[], $4::bytea[])
                  ON CONFLICT (incarnation) DO UPDATE
                  SET origin = excluded.origin, size = excluded.size, root = excluded.root
                  WHERE excluded.size > vault_signed_heads.size";
    let sizes = rows.iter().map(|row| number(row.1.size)).collect::<Result<Vec<i64>, _>>()?;
    let put = || {
        let put = query(upsert).bind(column(rows, |row| row.0.as_bytes().to_vec()));
        let put = put.bind(column(rows, |row| row.1.origin.clone())).bind(sizes.clone());
        put.bind(column(rows, |row| row.1.root.to_vec()))
    };
    vault.ask(put).await.map(drop)
}

/// PostgreSQL's integers are signed.
fn number(size: u64) -> Result<i64, VaultError> {
    i64::try_from(size).map_err(|error| VaultError::Damaged(CausedBy::of("a head of no log", error)))
}

pub(super) fn incarnation(row: &PgRow) -> sqlx::Result<IncarnationId> {
    row.try_get(0).map(IncarnationId::from_bytes)
}

/// After the incarnation.
pub(super) fn signed_head(row: &PgRow) -> sqlx::Result<SignedHead> {
    let size: i64 = row.try_get(2)?;
    let size = u64::try_from(size).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let root = row.try_get(3)?;
    Ok(SignedHead { origin: row.try_get(1)?, size, root })
}

/// What another vault is to have of it.
pub(super) fn signing_key(row: &PgRow) -> sqlx::Result<KeyRow> {
    Ok((incarnation(row)?, SigningKey(row.try_get(1)?)))
}
