//! Connections that read one file, kept for who reads next.

use crate::ConnectionMemory;
use crate::open::open_to_read;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Connections that read one file. `R` is what reads: a connection, with whatever its user keeps beside it.
pub struct Readers<R = Connection> {
    path: PathBuf,
    memory: ConnectionMemory,
    reader: fn(Connection) -> R,
    most: usize,
    /// `None` once they are closed.
    idle: Mutex<Option<Vec<R>>>,
}

impl Readers {
    /// At most so many are kept while nobody uses them.
    pub fn new(path: &Path, memory: ConnectionMemory, most: usize) -> Self {
        Self::with(path, memory, most, |connection| connection)
    }
}

impl<R> Readers<R> {
    /// As [`Readers::new`], with what is made of each connection.
    pub fn with(path: &Path, memory: ConnectionMemory, most: usize, reader: fn(Connection) -> R) -> Self {
        Self { path: path.to_owned(), memory, reader, most, idle: Mutex::new(Some(Vec::new())) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads, on the calling thread. A connection that met an error is closed; the next read opens another.
    ///
    /// # Errors
    /// SQLite's, of opening or of reading.
    pub fn read<T>(&self, read: impl FnOnce(&mut R) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = self.idle.lock().as_mut().and_then(Vec::pop);
        let mut reader = match idle {
            Some(reader) => reader,
            None => (self.reader)(open_to_read(&self.path, self.memory)?),
        };
        let value = read(&mut reader)?;
        match self.idle.lock().as_mut() {
            Some(idle) if idle.len() < self.most => idle.push(reader),
            Some(_) | None => {}
        }
        Ok(value)
    }

    /// Closes the connections: those in use when they are given back.
    pub fn close(&self) {
        self.idle.lock().take();
    }
}
