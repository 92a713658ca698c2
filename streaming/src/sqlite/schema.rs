//! The file: its tables, its settings, whether it is ours to open, and what it says of its two sides.

use super::{Failure, unsigned};
use crate::store::{Side, SideState, StoreError};
use crate::{Skipped, store::SKIPPED_KEPT};
use domain::Timestamp;
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, LogId, Position};
use rusqlite::{Connection, OpenFlags, Row, Transaction};
use sqlite::{Bounds, Checkpointer, Header, connect, files, journal_size_limit};
use std::path::Path;
use uuid::Uuid;

/// `cwin`, as it stands in the file's header: this SQLite file holds windows of ours.
const APPLICATION_ID: i64 = 0x6377_696e;
/// The version of the tables below and of what is counted in them. A change of either raises it, and the file is filled
/// again from the log, if it can't be brought to this one.
const VERSION: i64 = 3;
/// What is counted as today, but in tables without [`SINCE_COUNTED`].
const COUNTED_AS_TODAY: i64 = 2;
const SINCE_COUNTED: &str = "ALTER TABLE sides ADD COLUMN event_hash BLOB;";

/// One of the two sets of tables, of which one is live and the other free for a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub i64);

/// Which slot is live is one column, so that the swap after a rebuild changes two rows, whatever the tables hold.
const SIDES: &str = "
    CREATE TABLE sides (
        slot INTEGER PRIMARY KEY,
        live INTEGER NOT NULL UNIQUE,
        log_id BLOB, -- null: nothing was applied yet
        position INTEGER NOT NULL DEFAULT 0,
        event_id BLOB,
        event_hash BLOB, -- as it was counted
        skipped INTEGER NOT NULL DEFAULT 0,
        latest_clock_ms INTEGER -- milliseconds since 1970
    ) STRICT;
    INSERT INTO sides (slot, live) VALUES (0, 1), (1, 0);
";

/// The key of `buckets` begins with the time: what is added comes last, what expires goes first, each in a few pages.
fn tables(slot: Slot) -> String {
    let Slot(slot) = slot;
    format!(
        "CREATE TABLE buckets_{slot} (
            granularity INTEGER NOT NULL, -- minutes
            start INTEGER NOT NULL, -- minutes since 1970
            metric INTEGER NOT NULL,
            store BLOB NOT NULL,
            key BLOB NOT NULL,
            amount INTEGER NOT NULL,
            PRIMARY KEY (granularity, start, metric, store, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE log_ins_{slot} (
            store BLOB NOT NULL,
            day INTEGER NOT NULL, -- days since 1970
            customer BLOB NOT NULL,
            last_ms INTEGER NOT NULL, -- of the day, in milliseconds since 1970
            PRIMARY KEY (store, day, customer)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX log_ins_{slot}_by_time ON log_ins_{slot} (last_ms);
        CREATE TABLE skipped_{slot} (
            position INTEGER PRIMARY KEY,
            stream TEXT NOT NULL,
            event_type TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;"
    )
}

/// When the write-ahead log is copied into the file. It holds counts, which are small.
pub(super) const BOUNDS: Bounds = Bounds { pass: 500, begin_anew: 2_000, idle: std::time::Duration::from_secs(1) };

/// Opens the file to write, and creates the tables if it is new or of an older version.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, StoreError> {
    let unmade = |error| StoreError::Unavailable(format!("opening {}: {error}", path.display()));
    files::make_private(path).map_err(unmade)?;
    let open = || -> Result<Connection, Failure> {
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let found = Header::of(&connection)?;
        if !found.is_new() {
            check(path, found)?;
        }
        let limit = journal_size_limit(BOUNDS);
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA journal_size_limit = {limit};
             PRAGMA cache_size = -8192;
             PRAGMA temp_store = MEMORY;"
        ))?;
        if found.is_new() || found.version < COUNTED_AS_TODAY {
            create(&mut connection)?;
        } else if found.version == COUNTED_AS_TODAY {
            let tx = connection.transaction()?;
            tx.execute_batch(SINCE_COUNTED)?;
            tx.pragma_update(None, "user_version", VERSION)?;
            tx.commit()?;
        }
        Checkpointer::watch(&connection);
        Ok(connection)
    };
    open().map_err(|failure| failure.when(&format!("opening {}", path.display())))
}

/// Opens the file to read.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// Refuses a file that isn't ours, or that only a newer version understands, with what to do about it.
fn check(path: &Path, found: Header) -> Result<(), StoreError> {
    let (path, version) = (path.display(), found.version);
    if found.application_id != APPLICATION_ID {
        return Err(StoreError::Foreign(format!(
            "{path} holds no windows of cartlog; move it away, or choose another data directory"
        )));
    }
    if version > VERSION {
        return Err(StoreError::Foreign(format!(
            "{path} has format {version}, and this version reads format {VERSION}; start the version of cartlog that \
             wrote it, or delete the file: it is filled again from the log"
        )));
    }
    Ok(())
}

/// Creates the tables, in place of any others.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction()?;
    let old: Vec<String> = tx
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in old {
        tx.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    tx.execute_batch(SIDES)?;
    tx.execute_batch(&tables(Slot(0)))?;
    tx.execute_batch(&tables(Slot(1)))?;
    tx.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"))?;
    tx.commit()
}

/// Which slot is this side now.
pub(super) fn slot(tx: &Transaction<'_>, side: Side) -> rusqlite::Result<Slot> {
    let live = side == Side::Live;
    tx.prepare_cached("SELECT slot FROM sides WHERE live = ?1")?.query_row([live], |row| row.get(0).map(Slot))
}

/// The slot's checkpoint; `None`: nothing was applied to it yet.
pub(super) fn checkpoint(tx: &Transaction<'_>, slot: Slot) -> rusqlite::Result<Option<Checkpoint>> {
    tx.prepare_cached("SELECT log_id, event_id, position FROM sides WHERE slot = ?1")?.query_row([slot.0], |row| {
        let (Some(log_id), Some(event_id)) = (uuid(row, 0)?, uuid(row, 1)?) else {
            return Ok(None);
        };
        Ok(Some(Checkpoint { log_id: LogId(log_id), position: position(row, 2)?, event_id }))
    })
}

pub(super) fn state(tx: &Transaction<'_>, side: Side) -> Result<SideState, Failure> {
    let slot = slot(tx, side)?;
    let (skipped, latest_clock, event_hash) = tx
        .prepare_cached("SELECT skipped, latest_clock_ms, event_hash FROM sides WHERE slot = ?1")?
        .query_row([slot.0], |row| {
            let latest_clock = row.get::<_, Option<i64>>(1)?.map(Timestamp::from_millis);
            Ok((unsigned(row, 0)?, latest_clock, row.get::<_, Option<[u8; 32]>>(2)?.map(EventHash::from)))
        })?;
    let sql =
        format!("SELECT position, stream, event_type, reason FROM skipped_{} ORDER BY position DESC LIMIT ?1", slot.0);
    let mut latest = tx
        .prepare_cached(&sql)?
        .query_map([SKIPPED_KEPT as i64], |row| {
            Ok(Skipped {
                position: position(row, 0)?,
                stream: row.get(1)?,
                event_type: row.get(2)?,
                reason: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    latest.reverse();
    Ok(SideState { checkpoint: checkpoint(tx, slot)?, event_hash, latest_clock, skipped, latest_skipped: latest })
}

fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(Uuid::from_bytes))
}

fn position(row: &Row<'_>, column: usize) -> rusqlite::Result<Position> {
    unsigned(row, column).map(Position)
}
