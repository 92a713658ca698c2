//! A small pool of read-only connections, each used on a blocking thread, so that no read holds up the runtime.

use super::errors::log_error;
use super::rows::Reader;
use super::schema::open_to_read;
use crate::port::LogError;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

pub(super) struct Readers {
    pool: Arc<Pool>,
    /// One permit a connection.
    turns: Arc<Semaphore>,
    /// The first that was met.
    damage: Mutex<Option<String>>,
}

struct Pool {
    path: PathBuf,
    /// `None` once the log is closed.
    idle: Mutex<Option<Vec<Reader>>>,
}

impl Readers {
    pub(super) fn new(path: &Path, readers: usize) -> Self {
        let pool = Pool { path: path.to_owned(), idle: Mutex::new(Some(Vec::new())) };
        Self { pool: Arc::new(pool), turns: Arc::new(Semaphore::new(readers.max(1))), damage: Mutex::default() }
    }

    /// Damage that anybody met.
    pub(super) fn damage(&self) -> Option<String> {
        self.damage.lock().clone()
    }

    /// Remembers damage, whoever met it.
    pub(super) fn note(&self, error: &LogError) {
        if let LogError::Damaged(reason) = error
            && self.damage.lock().replace(reason.clone()).is_none()
        {
            tracing::error!(file = %self.pool.path.display(), reason, "the event log is damaged: restore a backup of it");
        }
    }

    /// Closes the connections: those in use when they are given back. Reads fail from now on.
    pub(super) fn close(&self) {
        self.turns.close();
        self.pool.idle.lock().take();
    }

    /// Reads with a connection of the pool. One that met an error is closed; the next read opens another.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LogError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| LogError::Unavailable("it was closed".to_owned()))?;
        let pool = Arc::clone(&self.pool);
        let reading = tokio::task::spawn_blocking(move || {
            let outcome = pool.read(read);
            drop(turn);
            outcome
        });
        match reading.await {
            Ok(outcome) => outcome.map_err(|error| log_error("reading", &error)).inspect_err(|error| self.note(error)),
            Err(stopped) => Err(LogError::Unavailable(format!("a read was stopped: {stopped}"))),
        }
    }
}

impl Pool {
    fn read<T>(&self, read: impl FnOnce(&mut Reader) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = self.idle.lock().as_mut().and_then(Vec::pop);
        let mut reader = match idle {
            Some(reader) => reader,
            None => Reader::new(open_to_read(&self.path)?),
        };
        let value = read(&mut reader)?;
        if let Some(idle) = self.idle.lock().as_mut() {
            idle.push(reader);
        }
        Ok(value)
    }
}
