//! The file with its connections, which can be closed, and another one put in its place, while the store lives.

use super::pool::Connections;
use super::{schema, trouble};
use crate::store::StoreError;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OpenFlags};
use sqlite::Checkpointer;
use std::path::{Path, PathBuf};

pub(super) struct File {
    path: PathBuf,
    /// Whoever reads or writes holds it shared; alone, who puts another file there. `None`: it is closed.
    opened: RwLock<Option<Opened>>,
}

/// In the order in which they are closed: the last one takes all that is in the write-ahead log into the file, which those that
/// only read can't.
struct Opened {
    connections: Connections,
    checkpointer: Checkpointer,
    writer: Mutex<Connection>,
}

impl Opened {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let unmade = |error| StoreError::Unavailable(format!("opening {}: {error}", path.display()));
        sqlite::files::make_private(path).map_err(unmade)?;
        let opened = sqlite::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
        let writer = opened.map_err(|error| trouble("opening it", &error))?;
        schema::prepare(&writer)?;
        let unstarted = |error| StoreError::Unavailable(format!("no thread can be started: {error}"));
        let checkpointer = Checkpointer::start(path, "the views", schema::bounds()).map_err(unstarted)?;
        Ok(Self { writer: Mutex::new(writer), connections: Connections::new(path), checkpointer })
    }
}

impl File {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { path: path.to_owned(), opened: RwLock::new(Some(Opened::open(path)?)) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.with(|opened| opened.connections.read(read))
    }

    /// With the connection that writes. What it commits is counted against the bound of the write-ahead log.
    pub fn write<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.with(|opened| {
            let mut writer = opened.writer.lock();
            let outcome = work(&mut writer);
            opened.checkpointer.after_commit(&writer);
            outcome
        })
    }

    pub fn settle(&self) -> Result<(), String> {
        self.opened.read().as_ref().map_or(Ok(()), |opened| opened.checkpointer.settle())
    }

    pub fn close(&self) {
        drop(self.opened.write().take());
    }

    /// Closes the file, has another one put at its path, and opens that. While whoever reads waits, so that nobody has the one
    /// before open: SQLite removes what stands beside a file when it closes it.
    pub fn replace(&self, put: impl FnOnce(&Path) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut opened = self.opened.write();
        drop(opened.take());
        put(&self.path)?;
        *opened = Some(Opened::open(&self.path)?);
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let opened = self.opened.read();
        work(opened.as_ref().ok_or_else(|| StoreError::Unavailable("its file is closed".to_owned()))?)
    }
}
