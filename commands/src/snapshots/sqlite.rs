//! Snapshots in one SQLite file. It may be deleted at any time: everything in it can be had again from the log.

use super::{Snapshot, SnapshotError, Snapshots};
use async_trait::async_trait;
use eventlog::{LogId, StreamName};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sqlite::{
    Advice, Bounds, ConnectionMemory, Database, DatabaseError, Format, OtherVersion, Settle, SettleError, Synchronous,
    WhatIsFound,
};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// One row a stream, so that the file grows with the number of long streams, never with their length.
const TABLES: &str = "
    CREATE TABLE snapshots (
        stream TEXT PRIMARY KEY, log_id BLOB NOT NULL, format INTEGER NOT NULL, state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

static FORMAT: Format = Format {
    what: "a file of snapshots",
    application_id: 0x6373_6e70, // `csnp`
    version: 1,
    upgrades: &[],
    tables: |file| file.execute_batch(TABLES),
    other_version: OtherVersion::StartAnew,
    // A power cut may lose the last ones, which costs only time.
    synchronous: Synchronous::Normal,
    found: WhatIsFound::MayBeLost,
    pragmas: "",
    bounds: Bounds::SMALL,
    writer: ConnectionMemory::SMALL,
    reader: ConnectionMemory::SMALL,
    readers: 2,
    advice: Advice {
        not_ours: "is not a file of snapshots of cartlog; move it away, or choose another data directory",
        other_version: "start the version of cartlog that wrote it",
        if_damaged: "it holds only what saves time: stop cartlog, move it, its -wal and its -shm away together, and it is made anew",
        begun_anew: "a file of snapshots is damaged: what is left of it is moved away and may be deleted, and it begins anew",
    },
};

/// Snapshots in a file of their own.
pub struct SqliteSnapshots {
    database: Arc<Database>,
}

impl SqliteSnapshots {
    /// Opens the file, and creates it if there is none; one of another version, or that is damaged, starts anew. Blocks.
    ///
    /// # Errors
    /// The file is not of snapshots (it is left as it is), or the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        Ok(Self { database: Arc::new(Database::open(path, &FORMAT)?) })
    }
}

fn kept(error: DatabaseError) -> SnapshotError {
    SnapshotError::Store(error.into())
}

impl Settle for SqliteSnapshots {
    fn settle(&self) -> Result<(), SettleError> {
        self.database.settle()
    }
}

#[async_trait]
impl Snapshots for SqliteSnapshots {
    async fn load(&self, stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError> {
        let stream = stream.clone();
        let read = |row: &Row<'_>| {
            let log_id = LogId(Uuid::from_bytes(row.get(0)?));
            Ok(Snapshot { log_id, format: row.get(1)?, state: row.get(2)? })
        };
        let load = move |connection: &Connection| {
            let select = "SELECT log_id, format, state FROM snapshots WHERE stream = ?1";
            connection.prepare_cached(select)?.query_row(params![stream.as_str()], read).optional()
        };
        self.database.read(load).await.map_err(kept)
    }

    async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let stream = stream.clone();
        let save = move |connection: &Connection| {
            let upsert = "INSERT OR REPLACE INTO snapshots (stream, log_id, format, state) VALUES (?1, ?2, ?3, ?4)";
            let Snapshot { log_id, format, state } = snapshot;
            connection.prepare_cached(upsert)?.execute(params![stream.as_str(), log_id.0.as_bytes(), format, state])
        };
        self.database.write(save).await.map(drop).map_err(kept)
    }
}
