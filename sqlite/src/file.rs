//! An open file with its connections, which can be closed, and another one put in its place, while others use it.

use crate::{Checkpointer, Format, OpenError, Opened, ReadError, Readers, Settle, SettleError, Stopped, files, open};
use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// A file with one connection that writes and some that read. Dropping it closes the file.
pub struct File {
    path: PathBuf,
    format: &'static Format,
    /// Whoever reads or writes holds it shared; alone, who puts another file there. `None`: it is closed.
    connections: RwLock<Option<Connections>>,
}

/// In the order in which they are closed: the last one takes all that is in the write-ahead log into the file, which those that
/// only read can't.
struct Connections {
    readers: Readers,
    checkpointer: Checkpointer,
    writer: Mutex<Connection>,
}

impl Connections {
    fn open(path: &Path, format: &Format) -> Result<Self, OpenError> {
        let Opened { connection, .. } = open(path, format)?;
        let checkpointer = Checkpointer::start(path, format.what, format.bounds).map_err(OpenError::Thread)?;
        let readers = Readers::new(path, format.reader, format.readers);
        Ok(Self { readers, checkpointer, writer: Mutex::new(connection) })
    }
}

impl File {
    /// Opens the file, and creates it if there is none. Blocks.
    ///
    /// # Errors
    /// As of [`open`].
    pub fn open(path: &Path, format: &'static Format) -> Result<Self, OpenError> {
        let connections = RwLock::new(Some(Connections::open(path, format)?));
        Ok(Self { path: path.to_owned(), format, connections })
    }

    /// As [`Self::open`]; a file that is damaged is moved away, and another one made. Whether that was so.
    ///
    /// # Errors
    /// As of [`open`], but for damage.
    pub fn open_or_begin_anew(path: &Path, format: &'static Format) -> Result<(Self, bool), OpenError> {
        match Self::open(path, format) {
            Err(error) if error.is_damage() => {
                moved_away(path, format, files::set_aside(path), &error.to_string())?;
                Ok((Self::open(path, format)?, true))
            }
            opened => Ok((opened?, false)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads, on the calling thread. A connection that met an error is closed.
    ///
    /// # Errors
    /// SQLite's, or the file is closed.
    pub fn read<T>(&self, read: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, ReadError> {
        self.with(|connections| connections.readers.read(read))?.map_err(ReadError::Sqlite)
    }

    /// Works with the connection that writes, on the calling thread. What is committed counts against the bound of the write-ahead log.
    ///
    /// # Errors
    /// The file is closed.
    pub fn write<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Result<T, Stopped> {
        self.with(|connections| {
            let mut writer = connections.writer.lock();
            let outcome = work(&mut writer);
            connections.checkpointer.after_commit(&writer);
            outcome
        })
    }

    /// Takes what was overwritten out of the write-ahead log as well, where readers allow it. Whether they did.
    ///
    /// # Errors
    /// SQLite's, or the file is closed.
    pub fn purge(&self) -> Result<bool, ReadError> {
        let truncate = |connections: &Connections| {
            let writer = connections.writer.lock();
            let _copying = connections.checkpointer.pause();
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        };
        self.with(truncate)?.map(|is_busy| !is_busy).map_err(ReadError::Sqlite)
    }

    pub fn close(&self) {
        drop(self.connections.write().take());
    }

    /// Closes the file, moves it away, and opens a new one in its place. Whoever reads or writes waits.
    ///
    /// # Errors
    /// The disk's: then nothing is open.
    pub fn begin_anew(&self, reason: &str) -> Result<(), OpenError> {
        self.replace(reason, files::set_aside)
    }

    /// As [`Self::begin_anew`], with another file in its place, which nobody has open.
    ///
    /// # Errors
    /// The disk's: then nothing is open.
    pub fn replace_by(&self, other: &Path, reason: &str) -> Result<(), OpenError> {
        self.replace(reason, |path| files::replace(path, other))
    }

    /// Nobody has the one before open when the other one is put there: SQLite removes what stands beside a file when it closes it.
    fn replace(&self, reason: &str, put: impl FnOnce(&Path) -> std::io::Result<PathBuf>) -> Result<(), OpenError> {
        let mut connections = self.connections.write();
        drop(connections.take());
        moved_away(&self.path, self.format, put(&self.path), reason)?;
        *connections = Some(Connections::open(&self.path, self.format)?);
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&Connections) -> T) -> Result<T, Stopped> {
        self.connections.read().as_ref().map(work).ok_or(Stopped::FileClosed)
    }
}

impl Settle for File {
    fn settle(&self) -> Result<(), SettleError> {
        self.with(|connections| connections.checkpointer.settle()).unwrap_or(Ok(()))
    }
}

fn moved_away(path: &Path, format: &Format, moved: std::io::Result<PathBuf>, reason: &str) -> Result<(), OpenError> {
    let aside = moved.map_err(|error| OpenError::Stuck { path: path.to_owned(), error })?;
    tracing::error!(file = %path.display(), moved_to = %aside.display(), reason, "{}", format.advice.begun_anew);
    Ok(())
}
