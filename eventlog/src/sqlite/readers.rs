//! Reading the file on blocking threads, so that no read holds up the runtime.

use super::errors::log_error;
use super::rows::Reader;
use crate::port::LogError;
use parking_lot::Mutex;
use sqlite::{Format, Turns};
use std::path::Path;
use std::sync::Arc;

pub(super) struct Readers {
    readers: Arc<sqlite::Readers<Reader>>,
    turns: Turns,
    /// The first that was met.
    damage: Mutex<Option<String>>,
}

impl Readers {
    pub(super) fn new(path: &Path, format: &Format) -> Self {
        let readers = sqlite::Readers::with(path, format.reader, format.readers, Reader::new);
        Self { readers: Arc::new(readers), turns: Turns::new(format.readers), damage: Mutex::default() }
    }

    /// Damage that anybody met.
    pub(super) fn damage(&self) -> Option<String> {
        self.damage.lock().clone()
    }

    /// Remembers damage, whoever met it.
    pub(super) fn note(&self, error: &LogError) {
        if let LogError::Damaged(reason) = error
            && self.damage.lock().replace(reason.to_string()).is_none()
        {
            let file = self.readers.path().display();
            tracing::error!(%file, %reason, "the event log is damaged: restore a backup of it");
        }
    }

    /// Closes the connections: those in use when they are given back. Reads fail from now on.
    pub(super) fn close(&self) {
        self.turns.close();
        self.readers.close();
    }

    /// Reads with a connection of the pool.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LogError> {
        let readers = Arc::clone(&self.readers);
        let outcome = self.turns.run(move || readers.read(read)).await?;
        outcome.map_err(|error| log_error("reading", error)).inspect_err(|error| self.note(error))
    }
}
