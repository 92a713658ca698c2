//! The connections that rows are read with, and how long anybody waits for one.

use super::statement::Statement;
use super::trouble;
use crate::store::StoreError;
use postgres::{Database, in_time};
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Queries that may wait for a connection; one more is refused as busy.
const WAITING: usize = 512;
/// A server that restarted has closed all connections, and each says so only when it is used.
const TRIES: usize = 3;
/// The server ends a statement in time; one that says nothing for longer is cut off.
const GRACE: Duration = Duration::from_secs(2);

/// Ways that read more than they find are not for lists: each goes through an index in the index's order, whatever the statistics
/// say of a table that was just filled.
const SESSION: &[(&str, &str)] = &[
    ("default_transaction_read_only", "on"),
    ("enable_seqscan", "off"),
    ("enable_sort", "off"),
    ("enable_incremental_sort", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

pub(super) struct Readers {
    pool: PgPool,
    places: Semaphore,
    limit: Duration,
}

impl Readers {
    pub fn new(database: &Database) -> Self {
        let options = database.options();
        Self {
            pool: database.pool(options.connections, SESSION),
            places: Semaphore::new(options.connections as usize + WAITING),
            limit: options.statement_timeout + GRACE,
        }
    }

    /// The rows that the statement finds.
    pub async fn rows(&self, statement: Statement) -> Result<Vec<PgRow>, StoreError> {
        let _place = self.places.try_acquire().map_err(|_| StoreError::Busy)?;
        let mut tries = 1;
        loop {
            match self.ask(&statement).await {
                Err(error) if tries < TRIES && is_closed(&error) => tries += 1,
                // All connections are in use, and were for long.
                Err(sqlx::Error::PoolTimedOut) if self.pool.size() > 0 && self.pool.num_idle() == 0 => {
                    return Err(StoreError::Busy);
                }
                outcome => return outcome.map_err(|error| trouble("reading", &error)),
            }
        }
    }

    async fn ask(&self, statement: &Statement) -> sqlx::Result<Vec<PgRow>> {
        let mut connection = self.pool.acquire().await?;
        let answer = in_time(self.limit, statement.query().fetch_all(&mut *connection)).await;
        if matches!(answer, Err(sqlx::Error::Io(_))) {
            // Nobody else shall wait for what it may still say.
            drop(connection.detach());
        }
        answer
    }

    #[cfg(test)]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// Whether the connection was closed while nobody used it.
fn is_closed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => !matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::ConnectionRefused),
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|state| state == "57P01"),
        _ => false,
    }
}
