//! The tree in PostgreSQL: several nodes read it, and the one that leads writes it.
//!
//! What lives here: tables, statements, and growing a tree while this node leads ([`lead`]). What doesn't: what rows mean, and who leads.
//! The guarantee: of two that believe to lead, one writes.

mod lead;
mod tables;
mod write;

use crate::batch::{Batch, NEVER, SpanRow, State, tile_number};
use crate::rules::Rules;
use crate::store::{TreeStore, TreeStoreError};
use ::postgres::{Database, DatabaseError, HeldRole, Sessions, SqlxError, in_time, is_away};
use async_trait::async_trait;
use domain::Timestamp;
use eventlog::{CausedBy, Checkpoint, LogId, Position};
use proof::tree::Frontier;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgPool, Postgres, Row, query};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tables::{READING, TABLES, WRITING, number};
use uuid::Uuid;

/// A batch that takes longer is given up.
const LONGEST: Duration = Duration::from_secs(30);
const COLUMNS_OF_SPANS: &str = "SELECT number, first, latest, places FROM tree_spans";

/// A tree in a PostgreSQL database. Cheap to clone.
///
/// As it is opened it only reads: every write is [`TreeStoreError::Fenced`]. [`Self::leading`] gives the one that writes.
#[derive(Clone)]
pub struct PostgresTree {
    readers: Arc<Sessions>,
    writers: PgPool,
    held: Option<HeldRole>,
}

impl PostgresTree {
    /// Makes the tables, if there are none.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] if a newer version made them; [`DatabaseError::Unavailable`] while the server is away.
    pub async fn open(database: &Database) -> Result<Self, DatabaseError> {
        database.migrate(&TABLES).await?;
        let readers = Arc::new(Sessions::new(database, READING));
        Ok(Self { readers, writers: database.pool(1, WRITING), held: None })
    }

    /// The same tree, to write by what a lease holds of [`postgres::Role::Tree`]. Once another node has taken over, every write is
    /// [`TreeStoreError::Fenced`].
    pub fn leading(&self, held: HeldRole) -> Self {
        Self { held: Some(held), ..self.clone() }
    }

    /// The rows that the statement finds.
    async fn rows(
        &self,
        statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, TreeStoreError> {
        self.readers.ask(statement).await.map_err(|error| trouble("reading", &error))
    }

    async fn all<T>(
        &self,
        statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
        read: impl Fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Vec<T>, TreeStoreError> {
        let rows = self.rows(statement).await?;
        rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(|error| trouble("reading", &error))
    }

    /// A connection that failed is not used again: whatever it was in the middle of ends with it.
    async fn change(&self, what: Change<'_>) -> Result<(), TreeStoreError> {
        let held = self.held.as_ref().ok_or(TreeStoreError::Fenced)?;
        let mut connection = self.writers.acquire().await.map_err(|error| trouble("connecting", &error))?;
        let changing = async {
            Ok(match what {
                Change::Write(batch) => write::batch(&mut connection, held, batch).await,
                Change::Clear => write::clear(&mut connection, held).await,
            })
        };
        let outcome = in_time(LONGEST, changing).await.unwrap_or_else(|error| Err(trouble("writing", &error)));
        if matches!(outcome, Err(TreeStoreError::Unavailable(_))) {
            drop(connection.detach());
        }
        outcome
    }
}

enum Change<'b> {
    Write(&'b Batch),
    Clear,
}

/// What a failure of PostgreSQL means.
fn trouble(doing: &'static str, error: &sqlx::Error) -> TreeStoreError {
    let reason = CausedBy::of(doing, SqlxError::of(error));
    if is_away(error) { TreeStoreError::Unavailable(reason) } else { TreeStoreError::Damaged(reason) }
}

#[async_trait]
impl TreeStore for PostgresTree {
    async fn state(&self) -> Result<Option<State>, TreeStoreError> {
        let select = "SELECT leaf_version, categories, log_id, position, event_id, frontier, latest FROM tree_state
                      WHERE one = 1";
        Ok(self.all(|| query(select), of_state).await?.pop())
    }

    async fn write(&self, batch: Batch) -> Result<(), TreeStoreError> {
        self.change(Change::Write(&batch)).await
    }

    async fn clear(&self) -> Result<(), TreeStoreError> {
        self.change(Change::Clear).await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeStoreError> {
        let select =
            "SELECT hashes FROM tree_tiles WHERE tile = $1 UNION ALL SELECT hashes FROM tree_edge WHERE tile = $1";
        Ok(self.all(|| query(select).bind(tile_number(level, index)), |row| row.try_get(0)).await?.pop())
    }

    async fn span(&self, span: u64) -> Result<Option<SpanRow>, TreeStoreError> {
        self.one_span("WHERE number = $1", number(span)).await
    }

    async fn span_at(&self, position: Position) -> Result<Option<SpanRow>, TreeStoreError> {
        self.one_span("WHERE first <= $1 ORDER BY first DESC LIMIT 1", number(position.0)).await
    }

    async fn span_after(&self, time: Timestamp) -> Result<Option<SpanRow>, TreeStoreError> {
        self.one_span("WHERE latest > $1 ORDER BY latest, number LIMIT 1", time.as_millis()).await
    }

    async fn stores(&self, stores: Vec<Uuid>) -> Result<Vec<Option<Vec<u8>>>, TreeStoreError> {
        let select = "SELECT store, kept FROM tree_stores WHERE store = ANY ($1)";
        let asking = || query(select).bind(stores.clone());
        let found = self.all(asking, |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
        let mut found: HashMap<Uuid, Vec<u8>> = found.into_iter().collect();
        Ok(stores.iter().map(|store| found.remove(store)).collect())
    }

    async fn chunks(&self, store: Uuid, numbers: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError> {
        let select =
            "SELECT indexes FROM tree_chunks WHERE store = $1 AND number >= $2 AND number < $3 ORDER BY number";
        let (start, end) = (number(numbers.start), number(numbers.end));
        self.all(|| query(select).bind(store).bind(start).bind(end), |row| row.try_get(0)).await
    }

    async fn filters(&self, blocks: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError> {
        let select = "SELECT bits FROM tree_filters WHERE block >= $1 AND block < $2 ORDER BY block";
        let (start, end) = (number(blocks.start), number(blocks.end));
        self.all(|| query(select).bind(start).bind(end), |row| row.try_get(0)).await
    }
}

impl PostgresTree {
    async fn one_span(&self, which: &'static str, parameter: i64) -> Result<Option<SpanRow>, TreeStoreError> {
        let select = format!("{COLUMNS_OF_SPANS} {which}");
        let asking = || query(sqlx::AssertSqlSafe(select.clone())).bind(parameter);
        Ok(self.all(asking, of_span).await?.pop())
    }
}

fn of_state(row: &PgRow) -> sqlx::Result<State> {
    let categories: String = row.try_get(1)?;
    let frontier = Frontier::from_bytes(row.try_get(5)?);
    Ok(State {
        rules: Rules {
            leaf_version: row.try_get::<i32, _>(0)?.unsigned_abs(),
            categories: categories.split(',').map(str::to_owned).collect(),
        },
        checkpoint: Checkpoint {
            log_id: LogId(row.try_get(2)?),
            position: Position(row.try_get::<i64, _>(3)?.unsigned_abs()),
            event_id: row.try_get(4)?,
        },
        frontier: frontier.map_err(|error| sqlx::Error::Decode(error.into()))?,
        latest: row.try_get::<Option<i64>, _>(6)?.map(Timestamp::from_millis),
    })
}

fn of_span(row: &PgRow) -> sqlx::Result<SpanRow> {
    let latest: i64 = row.try_get(2)?;
    Ok(SpanRow {
        number: row.try_get::<i64, _>(0)?.unsigned_abs(),
        first: Position(row.try_get::<i64, _>(1)?.unsigned_abs()),
        latest: (latest != NEVER).then(|| Timestamp::from_millis(latest)),
        places: row.try_get(3)?,
    })
}
