//! The keys in a vault's file while another process may be writing to it: they are read, and nothing of it is changed.

use super::FORMAT;
use super::keys::stored_key;
use crate::VaultError;
use crate::key_cache::KeyOwner;
use async_trait::async_trait;
use domain::{ActorId, CustomerId, StoreId};
use eventlog::CausedBy;
use journal::{Keys, KeysError, SealingKey};
use parking_lot::Mutex;
use rusqlite::Connection;
use sqlite::SqliteError;
use std::path::Path;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it is only looked at here")]
struct OnlyLookedAt;

/// People's keys in one SQLite file, to look at. None is ever made.
pub struct SqliteKeys(Arc<Mutex<Connection>>);

impl SqliteKeys {
    /// Opens the file of a vault of this version or an earlier one. Blocks.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if it is none, or is of a newer version; [`VaultError::Away`] if there is none, or the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        Ok(Self(Arc::new(Mutex::new(sqlite::look(path, &FORMAT)?))))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, KeysError> {
        let connection = Arc::clone(&self.0);
        let reading = tokio::task::spawn_blocking(move || work(&connection.lock()));
        let read = reading.await.map_err(|error| KeysError::Away(CausedBy::of("a read was stopped", error)))?;
        read.map_err(|error| KeysError::Away(SqliteError::from(error).into()))
    }
}

#[async_trait]
impl Keys for SqliteKeys {
    async fn key_or_new(&self, _customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        Err(KeysError::Away(OnlyLookedAt.into()))
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let wanted: Vec<_> = customers.iter().map(|customer| KeyOwner::Customer(*customer)).collect();
        self.read(move |vault| read_keys(vault, &wanted)).await
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let wanted: Vec<_> = actors.iter().map(|actor| KeyOwner::Actor(store, *actor)).collect();
        let look = move |vault: &Connection| match has_actors(vault)? {
            true => read_keys(vault, &wanted),
            false => Ok(wanted.iter().map(|_| None).collect()),
        };
        self.read(look).await
    }
}

fn read_keys(vault: &Connection, owners: &[KeyOwner]) -> rusqlite::Result<Vec<Option<SealingKey>>> {
    owners.iter().map(|owner| stored_key(vault, *owner).map(Option::flatten)).collect()
}

/// A file of an earlier version has none, and is not upgraded by whoever only looks; asked each time, as its server may do so meanwhile.
fn has_actors(vault: &Connection) -> rusqlite::Result<bool> {
    vault.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'actors'")?.exists([])
}
