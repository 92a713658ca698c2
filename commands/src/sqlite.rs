//! One SQLite file behind async calls: one connection that writes and a few that read, each used on a blocking thread.
//!
//! What lives here: opening a file that is ours and no newer than this version, with the owner's rights alone, and handing
//! out its connections. What doesn't: tables and statements, which are their users'. The guarantee: calls never block an async
//! thread, and at most [`READERS`] + 1 of them run at a time; the others wait in the order they came.

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Reads at one time.
const READERS: usize = 2;

/// What a file of ours looks like.
pub(crate) struct Format {
    /// As messages call it: 'a vault'.
    pub what: &'static str,
    /// In the file's header: whose file it is.
    pub application_id: i32,
    /// Of the tables.
    pub version: i32,
    pub tables: &'static str,
    /// Of the connection that writes, beside WAL.
    pub settings: &'static str,
    pub other_version: OtherVersion,
    /// What to do about a file that can't be read any more.
    pub if_damaged: &'static str,
}

/// What to do with a file of ours that has another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherVersion {
    Refuse,
    /// Nothing in it is needed: its tables are made anew.
    StartAnew,
}

/// An open file. Dropping it closes the file once calls under way have ended.
pub(crate) struct Database {
    writer: Pool,
    readers: Pool,
}

impl Database {
    /// Opens the file, and creates it if there is none. Blocks.
    pub(crate) fn open(path: &Path, format: &Format) -> Result<Self, String> {
        let trouble = |error: &dyn std::fmt::Display| format!("opening {}: {error}", path.display());
        create_file(path).map_err(|error| trouble(&error))?;
        let told = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                format!("{}; {}", trouble(&error), format.if_damaged)
            }
            _ => trouble(&error),
        };
        let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(told)?;
        let found = Found::of(&writer).map_err(told)?;
        let make = found.check(path, format)?;
        set_up(&writer, format, make).map_err(told)?;
        sync_directory(path).map_err(|error| trouble(&error))?;
        let readers = (0..READERS).map(|_| connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY));
        let readers = readers.collect::<Result<Vec<_>, _>>().map_err(|error| trouble(&error))?;
        Ok(Self { writer: Pool::new(vec![writer]), readers: Pool::new(readers) })
    }

    /// Runs the work in one transaction on the connection that writes: all of it is kept, or nothing.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let in_transaction = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        };
        self.writer.run(in_transaction).await
    }

    /// Takes what was overwritten out of the write-ahead log as well, where readers allow it. Whether they did.
    pub(crate) async fn purge(&self) -> Result<bool, String> {
        let truncate = |connection: &mut Connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        };
        self.writer.run(truncate).await.map(|busy| busy == 0)
    }

    /// Runs the work on a connection that reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        self.readers.run(|connection| work(connection)).await
    }
}

/// Connections, and as many turns.
struct Pool {
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Pool {
    fn new(connections: Vec<Connection>) -> Self {
        Self { turns: Arc::new(Semaphore::new(connections.len())), idle: Arc::new(Mutex::new(connections)) }
    }

    /// Once begun, the work runs to its end, also when nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| error.to_string())?;
        let idle = Arc::clone(&self.idle);
        let run = move || {
            let _turn = turn;
            let mut taken = Taken::from(&idle).ok_or("no connection is left")?;
            taken.connection().ok_or("no connection is left").map(work)?.map_err(|error| error.to_string())
        };
        tokio::task::spawn_blocking(run).await.map_err(|error| error.to_string())?
    }
}

/// A connection in use; goes back also when its user panics, before the turn ends.
struct Taken<'a> {
    idle: &'a Mutex<Vec<Connection>>,
    connection: Option<Connection>,
}

impl<'a> Taken<'a> {
    fn from(idle: &'a Mutex<Vec<Connection>>) -> Option<Self> {
        let connection = idle.lock().pop()?;
        Some(Self { idle, connection: Some(connection) })
    }

    fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.idle.lock().extend(self.connection.take());
    }
}

/// Creates the file where there is none, for its owner alone; SQLite gives the files beside it the same rights.
fn create_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// What kind of file was found.
struct Found {
    application_id: i32,
    version: i32,
    tables: i64,
}

/// What has to be made in a file that was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Make {
    Nothing,
    Tables,
    /// The tables there go first.
    TablesAnew,
}

impl Found {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            application_id: connection.query_row("PRAGMA application_id", [], |row| row.get(0))?,
            version: connection.query_row("PRAGMA user_version", [], |row| row.get(0))?,
            tables: connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        })
    }

    /// Refuses a file that isn't ours, or that only another version understands, with what to do about it.
    fn check(&self, path: &Path, format: &Format) -> Result<Make, String> {
        let (path, what) = (path.display(), format.what);
        if self.application_id == 0 && self.version == 0 && self.tables == 0 {
            return Ok(Make::Tables);
        }
        if self.application_id != format.application_id {
            return Err(format!("{path} is not {what} of cartlog; move it away, or choose another data directory"));
        }
        if self.version == format.version {
            return Ok(Make::Nothing);
        }
        match format.other_version {
            OtherVersion::StartAnew => Ok(Make::TablesAnew),
            OtherVersion::Refuse => Err(format!(
                "{path} has format {}, and this version reads format {}; start the version of cartlog that wrote it, \
                 or restore a backup",
                self.version, format.version
            )),
        }
    }
}

fn set_up(connection: &Connection, format: &Format, make: Make) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;")?;
    connection.execute_batch(format.settings)?;
    if make == Make::Nothing {
        return settle(connection);
    }
    let transaction = connection.unchecked_transaction()?;
    if make == Make::TablesAnew {
        drop_tables(&transaction)?;
    }
    transaction.execute_batch(format.tables)?;
    let (application_id, version) = (format.application_id, format.version);
    transaction
        .execute_batch(&format!("PRAGMA application_id = {application_id}; PRAGMA user_version = {version};"))?;
    transaction.commit()
}

/// Makes sure that what is found is on the disk. After a kill or a failed sync, SQLite finds in the write-ahead log what was
/// written but never synced: before anybody reads a key there and builds on it, it is copied into the file, and that is synced.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn drop_tables(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let names: Vec<String> =
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    names.iter().try_for_each(|name| connection.execute_batch(&format!("DROP TABLE \"{name}\"")))
}

/// So that a new file's name is on the disk as well as its content.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
