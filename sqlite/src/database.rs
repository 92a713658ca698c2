//! One SQLite file behind async calls: one connection that writes and a few that read, each used on a blocking thread.
//!
//! What lives here: opening a file that is ours and no newer than this version, with the owner's rights alone, and handing
//! out its connections. What doesn't: tables and statements, which are their users'. The guarantee: calls never block an async
//! thread, and at most [`READERS`] + 1 of them run at a time; the others wait in the order they came. A damaged file of which nothing
//! is needed is moved away, and another one made; any other damage is told as such, for as long as the process lives.

use crate::{Bounds, Checkpointer, Header, Settle, Trouble, connect, files, journal_size_limit, says, trouble};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// When the write-ahead log is copied into the file. What is kept here is small.
const BOUNDS: Bounds = Bounds { pass: 256, begin_anew: 1_024, idle: std::time::Duration::from_secs(1) };
/// Reads at one time.
const READERS: usize = 2;

/// What a file of ours looks like.
pub struct Format {
    /// As messages call it: 'a vault'.
    pub what: &'static str,
    /// In the file's header: whose file it is.
    pub application_id: i32,
    /// Of the tables.
    pub version: i32,
    /// What makes of each earlier version the next one, from the first on.
    pub upgrades: &'static [&'static str],
    pub tables: &'static str,
    /// Of the connection that writes, beside WAL.
    pub settings: &'static str,
    pub other_version: OtherVersion,
    /// What to do about a file that can't be read any more.
    pub if_damaged: &'static str,
}

/// What to do with a file of ours that has another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherVersion {
    Refuse,
    /// Nothing in it is needed: its tables are made anew.
    StartAnew,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Trying again may help.
    Away(String),
    /// The file is not what was written.
    Damaged(String),
}

impl Failure {
    fn of(error: &rusqlite::Error) -> Self {
        match trouble(error) {
            Trouble::Damaged => Failure::Damaged(says(error)),
            Trouble::Full | Trouble::ReadOnly | Trouble::Passing => Failure::Away(says(error)),
        }
    }

    pub fn reason(self) -> String {
        match self {
            Failure::Away(reason) | Failure::Damaged(reason) => reason,
        }
    }
}

/// An open file. Dropping it closes the file once calls under way have ended.
pub struct Database {
    path: PathBuf,
    format: &'static Format,
    // In the order in which they are closed: the last one takes all that is in the write-ahead log into the file, which those that only
    // read can't.
    readers: Pool,
    checkpointer: Checkpointer,
    writer: Pool,
    /// What was met, until the file is made anew.
    damage: Mutex<Option<String>>,
}

impl Database {
    /// Opens the file, and creates it if there is none. Blocks.
    pub fn open(path: &Path, format: &'static Format) -> Result<Self, Failure> {
        let (writer, readers) = match connections(path, format) {
            Err(Failure::Damaged(reason)) if format.other_version == OtherVersion::StartAnew => {
                set_aside(path, format, &reason)?;
                connections(path, format)?
            }
            connections => connections?,
        };
        let unstarted = |error| Failure::Away(format!("no thread can be started: {error}"));
        let checkpointer = Checkpointer::start(path, format.what, BOUNDS).map_err(unstarted)?;
        Ok(Self {
            path: path.to_owned(),
            format,
            writer: Pool::new(vec![writer]),
            readers: Pool::new(readers),
            checkpointer,
            damage: Mutex::default(),
        })
    }

    /// Damage that was met, and that only somebody who restores a backup can mend.
    pub fn damage(&self) -> Option<String> {
        self.damage.lock().clone()
    }

    /// Runs the work in one transaction on the connection that writes: all of it is kept, or nothing.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let database = Arc::clone(self);
        let in_transaction = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            database.checkpointer.after_commit(connection);
            Ok(outcome)
        };
        let outcome = self.writer.run(in_transaction).await;
        self.noted(outcome).await
    }

    /// Takes what was overwritten out of the write-ahead log as well, where readers allow it. Whether they did.
    pub async fn purge(self: &Arc<Self>) -> Result<bool, Failure> {
        let database = Arc::clone(self);
        let truncate = move |connection: &mut Connection| {
            let _copying = database.checkpointer.pause();
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        };
        let outcome = self.writer.run(truncate).await.map(|busy| busy == 0);
        self.noted(outcome).await
    }

    /// Runs the work on a connection that reads.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let outcome = self.readers.run(|connection| work(connection)).await;
        self.noted(outcome).await
    }

    /// Remembers damage, or begins the file anew where nothing in it is needed.
    async fn noted<T>(self: &Arc<Self>, outcome: Result<T, Failure>) -> Result<T, Failure> {
        let Err(Failure::Damaged(reason)) = &outcome else { return outcome };
        match self.format.other_version {
            OtherVersion::StartAnew => self.begin_anew(reason).await,
            OtherVersion::Refuse => {
                if self.damage.lock().replace(reason.clone()).is_none() {
                    let file = self.path.display();
                    tracing::error!(%file, reason, "{} is damaged: restore a backup of it", self.format.what);
                }
            }
        }
        outcome
    }

    /// Waits for all calls under way, closes the file, moves it away and opens another one.
    async fn begin_anew(self: &Arc<Self>, reason: &str) {
        let (Some(_writer), Some(_readers)) = (self.writer.all_turns().await, self.readers.all_turns().await) else {
            return;
        };
        let (database, reason) = (Arc::clone(self), reason.to_owned());
        let anew = move || {
            // What SQLite keeps beside a file it removes when it closes it: before there is another one.
            let mut copying = database.checkpointer.pause();
            drop(std::mem::take(&mut *database.readers.idle.lock()));
            drop(copying.take());
            drop(std::mem::take(&mut *database.writer.idle.lock()));
            set_aside(&database.path, database.format, &reason)?;
            let (writer, readers) = connections(&database.path, database.format)?;
            *database.writer.idle.lock() = vec![writer];
            *database.readers.idle.lock() = readers;
            Ok::<_, Failure>(())
        };
        let outcome =
            tokio::task::spawn_blocking(anew).await.unwrap_or_else(|error| Err(Failure::Away(error.to_string())));
        if let Err(failure) = outcome {
            let (file, reason) = (self.path.display(), failure.reason());
            tracing::error!(%file, reason, "{} can't be begun anew", self.format.what);
        }
    }
}

impl Settle for Database {
    fn settle(&self) -> Result<(), String> {
        self.checkpointer.settle()
    }
}

/// One that writes, and those that read.
fn connections(path: &Path, format: &Format) -> Result<(Connection, Vec<Connection>), Failure> {
    let at = |failure: Failure| match failure {
        Failure::Away(reason) => Failure::Away(format!("opening {}: {reason}", path.display())),
        Failure::Damaged(reason) => {
            Failure::Damaged(format!("opening {}: {reason}; {}", path.display(), format.if_damaged))
        }
    };
    let disk = |error: std::io::Error| at(Failure::Away(error.to_string()));
    let sqlite = |error: rusqlite::Error| at(Failure::of(&error));
    files::make_private(path).map_err(disk)?;
    let writer = configured(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sqlite)?;
    let found = Header::of(&writer).map_err(sqlite)?;
    let make = make(found, path, format)?;
    set_up(&writer, format, make).map_err(sqlite)?;
    files::sync_directory(path).map_err(disk)?;
    let readers = (0..READERS).map(|_| configured(path, OpenFlags::SQLITE_OPEN_READ_ONLY));
    let readers = readers.collect::<Result<Vec<_>, _>>().map_err(sqlite)?;
    Ok((writer, readers))
}

fn set_aside(path: &Path, format: &Format, reason: &str) -> Result<(), Failure> {
    let stuck = |error| Failure::Away(format!("{} can't be moved away: {error}", path.display()));
    let aside = files::set_aside(path).map_err(stuck)?;
    let (file, moved_to) = (path.display(), aside.display());
    tracing::error!(
        %file, %moved_to, reason,
        "{} is damaged: what is left of it is moved away and may be deleted, and it begins anew", format.what
    );
    Ok(())
}

/// Connections, and as many turns.
struct Pool {
    all: u32,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Pool {
    fn new(connections: Vec<Connection>) -> Self {
        let turns = Arc::new(Semaphore::new(connections.len()));
        Self { all: u32::try_from(connections.len()).unwrap_or(1), turns, idle: Arc::new(Mutex::new(connections)) }
    }

    /// Once begun, the work runs to its end, also when nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        const NONE_LEFT: &str = "no connection is left";
        let stopped = |error: &dyn std::fmt::Display| Failure::Away(error.to_string());
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| stopped(&error))?;
        let idle = Arc::clone(&self.idle);
        let run = move || {
            let _turn = turn;
            let mut taken = Taken::from(&idle).ok_or_else(|| Failure::Away(NONE_LEFT.to_owned()))?;
            let connection = taken.connection().ok_or_else(|| Failure::Away(NONE_LEFT.to_owned()))?;
            work(connection).map_err(|error| Failure::of(&error))
        };
        tokio::task::spawn_blocking(run).await.map_err(|error| stopped(&error))?
    }

    /// Once nobody uses any of the connections, until what it gives is dropped.
    async fn all_turns(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_many_owned(self.all).await.ok()
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

fn configured(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = connect(path, flags)?;
    connection.execute_batch("PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// What has to be made in a file that was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Make {
    Nothing,
    Tables,
    /// The tables there go first.
    TablesAnew,
    /// What later versions have beyond this one.
    Upgrade(usize),
}

/// Refuses a file that isn't ours, or that only another version understands, with what to do about it.
fn make(found: Header, path: &Path, format: &Format) -> Result<Make, Failure> {
    let (path, what) = (path.display(), format.what);
    if found.is_new() {
        return Ok(Make::Tables);
    }
    let refused = |reason| Err(Failure::Away(reason));
    if found.application_id != i64::from(format.application_id) {
        return refused(format!("{path} is not {what} of cartlog; move it away, or choose another data directory"));
    }
    if found.version == i64::from(format.version) {
        return Ok(Make::Nothing);
    }
    let earlier = usize::try_from(found.version).ok().filter(|known| (1..=format.upgrades.len()).contains(known));
    match (format.other_version, earlier) {
        (OtherVersion::StartAnew, _) => Ok(Make::TablesAnew),
        (OtherVersion::Refuse, Some(earlier)) => Ok(Make::Upgrade(earlier)),
        (OtherVersion::Refuse, None) => refused(format!(
            "{path} has format {}, and this version reads format {}; start the version of cartlog that wrote it, \
             or restore a backup",
            found.version, format.version
        )),
    }
}

fn set_up(connection: &Connection, format: &Format, make: Make) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;")?;
    connection.execute_batch(format.settings)?;
    connection.pragma_update(None, "journal_size_limit", journal_size_limit(BOUNDS))?;
    Checkpointer::watch(connection);
    if make == Make::Nothing {
        return settle(connection);
    }
    let transaction = connection.unchecked_transaction()?;
    if make == Make::TablesAnew {
        drop_tables(&transaction)?;
    }
    match make {
        Make::Upgrade(from) => {
            format.upgrades.iter().skip(from - 1).try_for_each(|step| transaction.execute_batch(step))?
        }
        Make::Nothing | Make::Tables | Make::TablesAnew => transaction.execute_batch(format.tables)?,
    }
    let (application_id, version) = (format.application_id, format.version);
    transaction
        .execute_batch(&format!("PRAGMA application_id = {application_id}; PRAGMA user_version = {version};"))?;
    transaction.commit()?;
    settle(connection)
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
