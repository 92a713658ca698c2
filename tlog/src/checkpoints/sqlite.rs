//! Checkpoints in one SQLite file, written through to the disk before a call returns.

use super::{Checkpoints, CheckpointsError, Published};
use async_trait::async_trait;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};
use sqlite::{
    Advice, Bounds, ConnectionMemory, Database, DatabaseError, Format, OtherVersion, Settle, SettleError, Synchronous,
    WhatIsFound,
};
use std::path::Path;
use std::sync::Arc;

const TABLES: &str = "
    CREATE TABLE checkpoints (
        origin TEXT NOT NULL,
        size INTEGER NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (origin, size)
    ) STRICT, WITHOUT ROWID;
";

static FORMAT: Format = Format {
    what: "the log's checkpoints",
    application_id: 0x6363_6b70, // `cckp`
    version: 1,
    upgrades: &[],
    tables: |checkpoints| checkpoints.execute_batch(TABLES),
    other_version: OtherVersion::Refuse,
    synchronous: Synchronous::Full,
    // What is read is shown to strangers, who hold it against us.
    found: WhatIsFound::IsOnDisk,
    pragmas: "",
    bounds: Bounds::SMALL,
    writer: ConnectionMemory::SMALL,
    reader: ConnectionMemory::SMALL,
    readers: 2,
    advice: Advice {
        not_ours: "holds no checkpoints of cartlog; move it away, or choose another data directory",
        other_version: "start the version of cartlog that wrote it, or restore a backup",
        if_damaged: "the log's checkpoints are damaged: restore a backup of them; those that others have kept are as good",
        begun_anew: "",
    },
};

/// Checkpoints in one SQLite file.
pub struct SqliteCheckpoints(Arc<Database>);

impl SqliteCheckpoints {
    /// Opens the file, and creates it if there is none. Blocks.
    ///
    /// # Errors
    /// The file is none of ours, or of a newer version (it is left as it is in both cases), or the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, CheckpointsError> {
        Ok(Self(Arc::new(Database::open(path, &FORMAT)?)))
    }
}

impl From<DatabaseError> for CheckpointsError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Away(reason) => Self::Unavailable(reason.into()),
            DatabaseError::Damaged(reason) | DatabaseError::Refused(reason) => Self::Damaged(reason.into()),
        }
    }
}

impl Settle for SqliteCheckpoints {
    fn settle(&self) -> Result<(), SettleError> {
        self.0.settle()
    }
}

#[async_trait]
impl Checkpoints for SqliteCheckpoints {
    async fn put(&self, published: Published) -> Result<Published, CheckpointsError> {
        let put = move |connection: &Connection| {
            let Published { origin, size, note } = &published;
            let size = integer(*size)?;
            let insert = "INSERT INTO checkpoints (origin, size, note) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            connection.prepare_cached(insert)?.execute(params![origin, size, note])?;
            // Whoever was first.
            let select = "SELECT origin, size, note FROM checkpoints WHERE origin = ?1 AND size = ?2";
            connection.prepare_cached(select)?.query_row(params![origin, size], kept)
        };
        Ok(self.0.write(put).await?)
    }

    async fn latest(&self, origin: &str) -> Result<Option<Published>, CheckpointsError> {
        let origin = origin.to_owned();
        let look = move |connection: &Connection| {
            let select = "SELECT origin, size, note FROM checkpoints WHERE origin = ?1 ORDER BY size DESC LIMIT 1";
            connection.prepare_cached(select)?.query_row([origin], kept).optional()
        };
        Ok(self.0.read(look).await?)
    }

    async fn of_size(&self, origin: &str, size: u64) -> Result<Option<Published>, CheckpointsError> {
        let origin = origin.to_owned();
        let look = move |connection: &Connection| {
            let select = "SELECT origin, size, note FROM checkpoints WHERE origin = ?1 AND size = ?2";
            connection.prepare_cached(select)?.query_row(params![origin, integer(size)?], kept).optional()
        };
        Ok(self.0.read(look).await?)
    }

    async fn list(&self, origin: &str, after: Option<u64>, limit: usize) -> Result<Vec<Published>, CheckpointsError> {
        let origin = origin.to_owned();
        let look = move |connection: &Connection| {
            let select = "SELECT origin, size, note FROM checkpoints
                          WHERE origin = ?1 AND size > ?2 ORDER BY size LIMIT ?3";
            let after = after.map_or(Ok(-1), integer)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            connection.prepare_cached(select)?.query_map(params![origin, after, limit], kept)?.collect()
        };
        Ok(self.0.read(look).await?)
    }
}

/// SQLite's integers are signed.
fn integer(size: u64) -> rusqlite::Result<i64> {
    i64::try_from(size).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Published> {
    let size: i64 = row.get(1)?;
    let size = u64::try_from(size).map_err(|_| Error::IntegralValueOutOfRange(1, size))?;
    Ok(Published { origin: row.get(0)?, size, note: row.get(2)? })
}
