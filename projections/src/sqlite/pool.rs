//! On which threads the file is read.

use super::trouble;
use crate::store::ReadStoreError;
use rusqlite::Connection;
use sqlite::{File, ReadError, Turns};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Queries that run at once on threads of their own, and that may wait for their turn; one more is refused as busy.
const HEAVY_AT_ONCE: usize = 4;
const HEAVY_WAITING: usize = 512;

pub(super) struct Pool {
    file: Arc<File>,
    turns: Turns,
    places: Semaphore,
}

impl Pool {
    pub fn new(file: Arc<File>) -> Self {
        Self { file, turns: Turns::new(HEAVY_AT_ONCE), places: Semaphore::new(HEAVY_AT_ONCE + HEAVY_WAITING) }
    }

    /// Reads on the calling thread: for what takes microseconds.
    pub fn inline<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, ReadStoreError> {
        read(&self.file, query)
    }

    /// Reads on a thread for blocking work: for what can take milliseconds.
    pub async fn heavy<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadStoreError> {
        let _place = self.places.try_acquire().map_err(|_| ReadStoreError::Busy)?;
        let file = Arc::clone(&self.file);
        self.turns.run(move || read(&file, query)).await?
    }
}

fn read<T>(file: &File, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, ReadStoreError> {
    file.read(|connection| query(connection)).map_err(|error| match error {
        ReadError::Stopped(stopped) => stopped.into(),
        ReadError::Sqlite(error) => trouble("reading", error),
    })
}
