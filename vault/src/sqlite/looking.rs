//! The keys in a vault's file while another process may be writing to it: they are read, and nothing of it is changed.

use super::FORMAT;
use super::keys::stored_key;
use crate::VaultError;
use async_trait::async_trait;
use domain::CustomerId;
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

/// Customers' keys in one SQLite file, to look at. None is ever made.
pub struct SqliteKeys(Arc<Mutex<Connection>>);

impl SqliteKeys {
    /// Opens the file of a vault of this version or an earlier one. Blocks.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if it is none, or is of a newer version; [`VaultError::Away`] if there is none, or the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        Ok(Self(Arc::new(Mutex::new(sqlite::look(path, &FORMAT)?))))
    }
}

#[async_trait]
impl Keys for SqliteKeys {
    async fn key_or_new(&self, _customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        Err(KeysError::Away(OnlyLookedAt.into()))
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let (connection, wanted) = (Arc::clone(&self.0), customers.to_vec());
        let reading = tokio::task::spawn_blocking(move || {
            let connection = connection.lock();
            wanted.iter().map(|customer| stored_key(&connection, *customer).map(Option::flatten)).collect()
        });
        let read: rusqlite::Result<Vec<_>> =
            reading.await.map_err(|error| KeysError::Away(CausedBy::of("a read was stopped", error)))?;
        read.map_err(|error| KeysError::Away(SqliteError::from(error).into()))
    }
}
