//! The people at a store's desk, in the embedded vault.

use super::{SqliteVault, uuid};
use crate::key_cache::KeyOwner;
use crate::{ActorEntry, NobodyMade, StoredKey, VaultError, random_bytes};
use domain::{ActorId, StoreId};
use journal::SealingKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) async fn actor(
    vault: &SqliteVault,
    store: StoreId,
    tag: [u8; 32],
    fresh: ActorId,
) -> Result<ActorEntry, VaultError> {
    if let Some(known) = vault.read(move |vault| tagged(vault, store, tag)).await? {
        return Ok(known);
    }
    let key = SealingKey(random_bytes()?);
    let make = move |vault: &Connection| {
        let insert = "INSERT INTO actors (actor, store, tag, key) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        vault.prepare_cached(insert)?.execute(params![fresh.0.as_bytes(), store.0.as_bytes(), tag, key.0])?;
        // Whoever was first.
        tagged(vault, store, tag)
    };
    vault.write(make).await?.ok_or_else(|| VaultError::Away(NobodyMade.into()))
}

fn tagged(vault: &Connection, store: StoreId, tag: [u8; 32]) -> rusqlite::Result<Option<ActorEntry>> {
    let read = |row: &Row<'_>| Ok(ActorEntry { actor_id: ActorId(uuid(row, 0)?), key: SealingKey(row.get(1)?) });
    let select = "SELECT actor, key FROM actors WHERE store = ?1 AND tag = ?2";
    vault.prepare_cached(select)?.query_row(params![store.0.as_bytes(), tag], read).optional()
}

pub(super) async fn forget(vault: &SqliteVault, store: StoreId, actor: ActorId) -> Result<bool, VaultError> {
    let forget = move |vault: &Connection| {
        let update = "UPDATE actors SET tag = NULL, key = NULL WHERE actor = ?1 AND store = ?2";
        vault.prepare_cached(update)?.execute(params![actor.0.as_bytes(), store.0.as_bytes()])
    };
    if vault.write(forget).await? == 0 {
        return Ok(false);
    }
    vault.keys.destroyed(KeyOwner::Actor(store, actor));
    vault.purge().await?;
    Ok(true)
}

/// As a copy does: whoever was forgotten since is forgotten here too, and stays so.
pub(super) fn upsert(
    vault: &Connection,
    actor: ActorId,
    store: StoreId,
    tag: Option<[u8; 32]>,
    key: &StoredKey,
) -> rusqlite::Result<()> {
    let insert = "INSERT INTO actors (actor, store, tag, key) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let forget = "INSERT INTO actors (actor, store, tag, key) VALUES (?1, ?2, NULL, NULL)
                  ON CONFLICT (actor) DO UPDATE SET tag = NULL, key = NULL WHERE actors.store = excluded.store";
    let (actor, store) = (actor.0.as_bytes(), store.0.as_bytes());
    match key {
        Some(key) => vault.prepare_cached(insert)?.execute(params![actor, store, tag, key.0]),
        None => vault.prepare_cached(forget)?.execute(params![actor, store]),
    }
    .map(drop)
}
