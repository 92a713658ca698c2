//! Giving room back to the disk: a rebuild leaves the file with as much room in it as the views take.

use super::{schema, trouble};
use crate::store::ReadStoreError;
use eventlog::CausedBy;
use rusqlite::{Connection, OpenFlags};
use sqlite::{connect, files};
use std::io::Read;
use std::path::Path;

/// Pages that are given back at once, so that batches come in between.
const AT_ONCE: i64 = 500;
/// Free pages that stay for what comes next.
const STAY_FREE: i64 = 256;
/// A file of a version before can give nothing back until it is written anew: that is done where at least so many of its pages are
/// free, and a third of all.
const WORTH_WHILE: i64 = 4_096;

/// Why a file was not written anew.
#[derive(Debug, thiserror::Error)]
enum CompactError {
    #[error("its write-ahead log can't be emptied")]
    LogStays,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Disk(#[from] std::io::Error),
}

fn number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Gives a piece back; whether there may be more.
pub(super) fn give_back(connection: &Connection) -> Result<bool, ReadStoreError> {
    let give = || -> rusqlite::Result<bool> {
        let free = number(connection, "freelist_count")?;
        if free <= STAY_FREE {
            return Ok(false);
        }
        connection.execute_batch(&format!("PRAGMA incremental_vacuum({})", AT_ONCE.min(free - STAY_FREE)))?;
        // Less is free, or the file can't give anything back.
        Ok(number(connection, "freelist_count")? < free)
    };
    give().map_err(|error| trouble("giving room back", error))
}

/// Writes a file that can give nothing back, and has much to give, anew. Nobody has it open. Interrupted, the file is as it was.
pub(super) fn if_worth_while(path: &Path) -> Result<(), ReadStoreError> {
    // A file that is not there, or that has no header, is left to whoever opens it.
    if !is_worth_while(path).unwrap_or(false) {
        return Ok(());
    }
    let anew = files::beside(path, "-compact");
    let unmoved = |error| ReadStoreError::Unavailable(CausedBy::of(path.display().to_string(), error));
    files::remove(&anew).map_err(unmoved)?;
    match write_anew(path, &anew).map_err(CompactError::from).and_then(|()| put(&anew, path)) {
        Ok(()) => {
            tracing::info!(file = %path.display(), "the file of the views was written anew, without the room it had left")
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "the file of the views keeps the room that it has left");
            files::remove(&anew).map_err(unmoved)?;
        }
    }
    Ok(())
}

/// By the file's header alone (SQLite's file format, 1.3): it costs every start a look.
fn is_worth_while(path: &Path) -> std::io::Result<bool> {
    let mut header = [0; 100];
    std::fs::File::open(path)?.read_exact(&mut header)?;
    let number =
        |at: usize| i64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
    let [all, free, gives_back, application_id] = [number(28), number(36), number(52), number(68)];
    let is_ours =
        header.starts_with(b"SQLite format 3\0") && application_id == i64::from(schema::FORMAT.application_id);
    Ok(is_ours && gives_back == 0 && free >= WORTH_WHILE && free * 3 >= all)
}

fn write_anew(path: &Path, anew: &Path) -> rusqlite::Result<()> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.execute("VACUUM INTO ?1", [anew.to_string_lossy()]).map(drop)?;
    connection.close().map_err(|(_, error)| error)
}

fn put(anew: &Path, path: &Path) -> Result<(), CompactError> {
    // Closing the last connection has left nothing beside the file: what stands there would be taken for the new file's.
    if std::fs::metadata(files::beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        return Err(CompactError::LogStays);
    }
    std::fs::File::open(anew)?.sync_all()?;
    std::fs::rename(anew, path)?;
    Ok(files::sync_directory(path)?)
}
