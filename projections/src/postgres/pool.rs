//! The connections that rows are read with, and how long anybody waits for one.

use super::statement::Statement;
use super::trouble;
use crate::store::ReadStoreError;
use postgres::{Database, Sessions};
use sqlx::postgres::PgRow;
use tokio::sync::Semaphore;

/// Queries that may wait for a connection; one more is refused as busy.
const WAITING: usize = 512;

/// Ways that read more than they find are not for lists: each goes through an index in the index's order, whatever the statistics
/// say of a table that was just filled.
pub(super) const SESSION: &[(&str, &str)] = &[
    ("default_transaction_read_only", "on"),
    ("enable_seqscan", "off"),
    ("enable_sort", "off"),
    ("enable_incremental_sort", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
    // What is read is mostly in memory: an index is worth its while.
    ("random_page_cost", "1.1"),
    // One store has most of the rows, another few: what is best for the one is not for the other.
    ("plan_cache_mode", "force_custom_plan"),
];

pub(super) struct Readers {
    sessions: Sessions,
    places: Semaphore,
}

impl Readers {
    pub fn new(database: &Database) -> Self {
        let places = database.options().connections as usize + WAITING;
        Self { sessions: Sessions::new(database, SESSION), places: Semaphore::new(places) }
    }

    /// The rows that the statement finds.
    pub async fn rows(&self, statement: Statement) -> Result<Vec<PgRow>, ReadStoreError> {
        let _place = self.places.try_acquire().map_err(|_| ReadStoreError::Busy)?;
        match self.sessions.ask(|| statement.query()).await {
            Ok(rows) => Ok(rows),
            // All connections are in use, and were for long.
            Err(sqlx::Error::PoolTimedOut) if self.sessions.is_exhausted() => Err(ReadStoreError::Busy),
            Err(error) => Err(trouble("reading", &error)),
        }
    }
}
