//! The people at a store's desk, in PostgreSQL.

use super::{PostgresVault, column};
use crate::{ActorEntry, NobodyMade, VaultError, random_bytes};
use domain::{ActorId, StoreId};
use journal::SealingKey;
use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use uuid::Uuid;

pub(super) async fn actor(
    vault: &PostgresVault,
    store: StoreId,
    tag: [u8; 32],
    fresh: ActorId,
) -> Result<ActorEntry, VaultError> {
    let select = "SELECT actor, key FROM vault_actors WHERE store = $1 AND tag = $2";
    let stored = || query(select).bind(store.0).bind(tag);
    let read = |row: &PgRow| Ok(ActorEntry { actor_id: ActorId(row.try_get(0)?), key: SealingKey(row.try_get(1)?) });
    if let Some(known) = vault.find(stored, read).await? {
        return Ok(known);
    }
    let key = SealingKey(random_bytes()?);
    let insert = "INSERT INTO vault_actors VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    vault.ask(|| query(insert).bind(fresh.0).bind(store.0).bind(tag).bind(key.0)).await?;
    // Whoever was first.
    vault.find(stored, read).await?.ok_or_else(|| VaultError::Away(NobodyMade.into()))
}

/// One that was forgotten before is found too: what a lost answer said is said again.
pub(super) async fn forget(vault: &PostgresVault, store: StoreId, actor: ActorId) -> Result<bool, VaultError> {
    let update = "UPDATE vault_actors SET tag = NULL, key = NULL WHERE actor = $1 AND store = $2 RETURNING actor";
    Ok(!vault.ask(|| query(update).bind(actor.0).bind(store.0)).await?.is_empty())
}

/// Whoever is known by a tag and has a key.
pub(super) type ActorRow = (Uuid, Uuid, Option<[u8; 32]>, SealingKey);

/// As a copy does: those that were forgotten since are forgotten here too, and stay so. Their tags are free before others come.
pub(super) async fn upsert(
    vault: &PostgresVault,
    forgotten: &[(Uuid, Uuid)],
    known: &[ActorRow],
) -> Result<(), VaultError> {
    let forget = "INSERT INTO vault_actors (actor, store) SELECT * FROM UNNEST($1::uuid[], $2::uuid[])
                  ON CONFLICT (actor) DO UPDATE SET tag = NULL, key = NULL WHERE vault_actors.store = excluded.store";
    if !forgotten.is_empty() {
        let put = || query(forget).bind(column(forgotten, |row| row.0)).bind(column(forgotten, |row| row.1));
        vault.ask(put).await?;
    }
    let insert = "INSERT INTO vault_actors SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
                  ON CONFLICT DO NOTHING";
    if !known.is_empty() {
        let put = || {
            let put = query(insert).bind(column(known, |row| row.0)).bind(column(known, |row| row.1));
            let put = put.bind(column(known, |row| row.2.map(|tag| tag.to_vec())));
            put.bind(column(known, |row| row.3.0.to_vec()))
        };
        vault.ask(put).await?;
    }
    Ok(())
}
