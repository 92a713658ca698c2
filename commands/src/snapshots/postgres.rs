//! Snapshots in PostgreSQL, where all nodes find them.

use super::{Snapshot, SnapshotError, Snapshots};
use ::postgres::{Database, DatabaseError, Migrations, Sessions, SqlxError};
use async_trait::async_trait;
use eventlog::{LogId, StreamName};
use sqlx::postgres::PgRow;
use sqlx::{Row, query};

const TABLES: Migrations = Migrations {
    part: "progress",
    steps: &["CREATE TABLE progress (
        stream text PRIMARY KEY, log_id uuid NOT NULL, format bigint NOT NULL, state bytea NOT NULL
    ) WITH (fillfactor = 50);"],
};

/// What is lost with the server's last moments costs only time.
const SESSION: &[(&str, &str)] = &[("synchronous_commit", "off")];

/// Snapshots in a PostgreSQL database.
pub struct PostgresSnapshots {
    sessions: Sessions,
}

impl PostgresSnapshots {
    /// Makes its table, if there is none.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] if a newer version made it; [`DatabaseError::Unavailable`] while the server is away.
    pub async fn open(database: &Database) -> Result<Self, DatabaseError> {
        database.migrate(&TABLES).await?;
        Ok(Self { sessions: Sessions::new(database, SESSION) })
    }
}

fn kept(error: &sqlx::Error) -> SnapshotError {
    SnapshotError::Store(SqlxError::of(error).into())
}

fn snapshot(row: &PgRow) -> sqlx::Result<Snapshot> {
    let format: i64 = row.try_get(1)?;
    // One that is too large is of no version that there is: it is not used.
    let format = u32::try_from(format).unwrap_or(u32::MAX);
    Ok(Snapshot { log_id: LogId(row.try_get(0)?), format, state: row.try_get(2)? })
}

#[async_trait]
impl Snapshots for PostgresSnapshots {
    async fn load(&self, stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError> {
        let select = "SELECT log_id, format, state FROM progress WHERE stream = $1";
        let found = self.sessions.ask(|| query(select).bind(stream.as_str().to_owned())).await;
        found.and_then(|rows| rows.first().map(snapshot).transpose()).map_err(|error| kept(&error))
    }

    async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let Snapshot { log_id, format, state } = snapshot;
        let upsert = "INSERT INTO progress (stream, log_id, format, state) VALUES ($1, $2, $3, $4)
                      ON CONFLICT (stream) DO UPDATE SET log_id = $2, format = $3, state = $4";
        let save = || {
            query(upsert).bind(stream.as_str().to_owned()).bind(log_id.0).bind(i64::from(format)).bind(state.clone())
        };
        self.sessions.ask(save).await.map(drop).map_err(|error| kept(&error))
    }
}
