//! A pool that is asked by statements that may be asked twice.

use crate::database::Database;
use crate::time::in_time;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgPool, Postgres};
use std::io::ErrorKind;
use std::time::Duration;

/// A server that restarted has closed all connections, and each says so only when it is used.
const TRIES: usize = 3;
/// The server ends a statement in time; one that says nothing for longer is cut off.
const GRACE: Duration = Duration::from_secs(2);

/// Connections for statements of which each stands for itself, and changes nothing when it is done again: reads, and writes like
/// 'put unless it is there'.
pub struct Sessions {
    pool: PgPool,
    limit: Duration,
}

impl Sessions {
    /// As many as the database's options say, each with these settings.
    pub fn new(database: &Database, settings: &[(&str, &str)]) -> Self {
        let options = database.options();
        Self { pool: database.pool(options.connections, settings), limit: options.statement_timeout + GRACE }
    }

    /// Asks, and gives all rows. On an error, whether the statement was done is not known.
    pub async fn ask(&self, query: impl Fn() -> Query<'static, Postgres, PgArguments>) -> sqlx::Result<Vec<PgRow>> {
        let mut tries = 1;
        loop {
            match self.ask_once(query()).await {
                Err(error) if tries < TRIES && is_closed(&error) => tries += 1,
                outcome => return outcome,
            }
        }
    }

    /// Whether all connections there may be are in use.
    pub fn is_exhausted(&self) -> bool {
        self.pool.size() >= self.pool.options().get_max_connections() && self.pool.num_idle() == 0
    }

    async fn ask_once(&self, query: Query<'static, Postgres, PgArguments>) -> sqlx::Result<Vec<PgRow>> {
        let mut asked = Session(Some(self.pool.acquire().await?));
        let answer = match &mut asked.0 {
            Some(connection) => in_time(self.limit, query.fetch_all(&mut **connection)).await,
            None => Err(sqlx::Error::WorkerCrashed),
        };
        if !matches!(answer, Err(sqlx::Error::Io(_))) {
            drop(asked.0.take());
        }
        answer
    }
}

/// A connection that was asked something. Dropped before the answer came, also because nobody waits for it any more, it leaves the
/// pool: nobody else shall wait for what it may still say, and a server that has gone away without a word never says it.
struct Session(Option<PoolConnection<Postgres>>);

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// Whether the connection was closed while nobody used it.
fn is_closed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => !matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::ConnectionRefused),
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|state| state.starts_with("57P")),
        _ => false,
    }
}
