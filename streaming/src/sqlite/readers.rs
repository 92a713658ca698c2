//! A small pool of read-only connections, each used on a blocking thread, so that no query holds up the runtime.

use super::{Failure, schema};
use crate::store::StoreError;
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

pub(super) struct Readers {
    pool: Arc<Pool>,
    /// One permit a connection.
    turns: Arc<Semaphore>,
}

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, readers: usize) -> Self {
        let pool = Pool { path: path.to_owned(), idle: Mutex::default() };
        Self { pool: Arc::new(pool), turns: Arc::new(Semaphore::new(readers)) }
    }

    /// Reads one state of the file, whatever is written meanwhile.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Unavailable("they were closed".to_owned()))?;
        let pool = Arc::clone(&self.pool);
        let reading = tokio::task::spawn_blocking(move || {
            let outcome = pool.read(read);
            drop(turn);
            outcome
        });
        match reading.await {
            Ok(outcome) => outcome.map_err(|failure| failure.when("reading")),
            Err(stopped) => Err(StoreError::Unavailable(format!("a read was stopped: {stopped}"))),
        }
    }
}

impl Pool {
    /// A connection that meets an error is closed; the next read opens another.
    fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let idle = self.idle.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => schema::open_to_read(&self.path)?,
        };
        let tx = connection.transaction()?;
        let value = read(&tx)?;
        tx.finish()?;
        self.idle.lock().push(connection);
        Ok(value)
    }
}
