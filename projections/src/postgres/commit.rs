//! The writing connections, and the transaction around whatever is written: fenced by the epochs of whoever leads, and settled when
//! its outcome was lost.

use super::fence::{Epochs, fence};
use super::generations::{self, Dropped};
use super::trouble;
use super::values::number;
use super::write::Writer;
use crate::store::*;
use eventlog::{Checkpoint, LogId, Position};
use postgres::{Database, in_time, is_away};
use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Row};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// One for the worker, one for a rebuild beside it, one to look what became of a batch.
const CONNECTIONS: u32 = 3;
/// A batch of a filling takes seconds at most; one that takes longer is given up.
const LONGEST: Duration = Duration::from_secs(60);
/// How long it is tried to find out whether a batch was written.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);
const SETTLE_PAUSE: Duration = Duration::from_millis(200);
const DROP_PAUSE: Duration = Duration::from_millis(500);
const DROP_TRIES: u32 = 60;
/// A batch need not be on disk once it is committed: the checkpoint is written with it, so what a server that crashed has lost is
/// folded again. Rows are found by their keys, whatever the statistics say of a table that is being filled.
const SESSION: &[(&str, &str)] = &[
    ("synchronous_commit", "off"),
    ("statement_timeout", "60000"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

pub(super) struct Committer {
    pool: PgPool,
}

/// Why a transaction did not come to its end.
enum Failed {
    /// Nothing was written.
    Before(ReadStoreError),
    /// Whether it was written can't be told by what the server said.
    Unknown(sqlx::Error),
}

impl From<ReadStoreError> for Failed {
    fn from(error: ReadStoreError) -> Self {
        Self::Before(error)
    }
}

impl Committer {
    pub fn new(database: &Database) -> Self {
        Self { pool: database.pool(CONNECTIONS, SESSION) }
    }

    async fn connection(&self) -> Result<PoolConnection<Postgres>, ReadStoreError> {
        self.pool.acquire().await.map_err(|error| trouble("connecting", &error))
    }

    /// Writes the batch, as whoever leads by these epochs.
    pub async fn commit(&self, held: &Epochs, commit: &Commit) -> Result<(), ReadStoreError> {
        if commit.tables.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        #[expect(clippy::disallowed_methods, reason = "a mark that no other commit has; it is only ever compared")]
        let mark = Uuid::new_v4();
        // Dropped in the middle, a transaction is never committed: its connection is closed with it.
        let written = in_time(LONGEST, async { Ok(write(&mut connection, held, commit, mark).await) }).await;
        match written.unwrap_or_else(|error| Err(Failed::Unknown(error))) {
            Ok(()) => Ok(()),
            Err(Failed::Before(error)) => {
                if matches!(error, ReadStoreError::Unavailable(_)) {
                    drop(connection.detach());
                }
                Err(error)
            }
            Err(Failed::Unknown(error)) => {
                drop(connection.detach());
                self.settle(commit, mark, &error).await
            }
        }
    }

    /// Looks whether the batch was written whose answer was lost.
    async fn settle(&self, commit: &Commit, mark: Uuid, lost: &sqlx::Error) -> Result<(), ReadStoreError> {
        let until = Instant::now() + SETTLED_WITHIN;
        loop {
            match self.is_written(commit, mark).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(trouble("writing", lost)),
                Err(error) if Instant::now() >= until => {
                    tracing::warn!(%error, "whether a batch was written can't be told: the views are read anew");
                    return Err(ReadStoreError::Fenced);
                }
                Err(_) => tokio::time::sleep(SETTLE_PAUSE).await,
            }
        }
    }

    /// Waits for the transaction, should it still be under way: it holds these rows.
    async fn is_written(&self, commit: &Commit, mark: Uuid) -> Result<bool, ReadStoreError> {
        let mut connection = self.connection().await?;
        let (views, generations) = names(commit);
        let select = "SELECT g.written FROM views_generations g
                      JOIN unnest($1::text[], $2::int4[]) AS n (view, generation) USING (view, generation) FOR UPDATE OF g";
        let asking = sqlx::query_scalar(select).bind(views).bind(generations).fetch_all(&mut *connection);
        let marks: Vec<Option<Uuid>> = match in_time(LONGEST, asking).await {
            Ok(marks) => marks,
            Err(error) => {
                drop(connection.detach());
                return Err(trouble("looking whether it was written", &error));
            }
        };
        Ok(!marks.is_empty() && marks.iter().all(|written| *written == Some(mark)))
    }

    /// Begins an empty generation. One whose answer was lost is found by whoever looks for what was begun.
    pub async fn create(
        &self,
        held: &Epochs,
        view: &'static ViewDeclaration,
        checkpoint: Checkpoint,
    ) -> Result<Table, ReadStoreError> {
        let mut connection = self.connection().await?;
        let created =
            in_time(LONGEST, async { Ok(generations::create(&mut connection, held, view, checkpoint).await) }).await;
        done(connection, created, "making tables")
    }

    /// Done twice, it is the same: so it is done again until it is known to be done.
    pub async fn swap(&self, held: &Epochs, tables: &[Table]) -> Result<(), ReadStoreError> {
        let until = Instant::now() + SETTLED_WITHIN;
        loop {
            match self.try_swap(held, tables).await {
                Err(ReadStoreError::Unavailable(_)) if Instant::now() < until => tokio::time::sleep(SETTLE_PAUSE).await,
                Err(ReadStoreError::Unavailable(reason)) => {
                    tracing::warn!(%reason, "which generations answer can't be told: the views are read anew");
                    return Err(ReadStoreError::Fenced);
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_swap(&self, held: &Epochs, tables: &[Table]) -> Result<(), ReadStoreError> {
        let mut connection = self.connection().await?;
        let swapped = in_time(LONGEST, async { Ok(generations::swap(&mut connection, held, tables).await) }).await;
        done(connection, swapped, "swapping views")
    }

    /// Forgets what was seen of all streams.
    pub async fn forget_tips(&self, held: &Epochs) -> Result<(), ReadStoreError> {
        let mut connection = self.connection().await?;
        let forgotten = in_time(LONGEST, async { Ok(forget(&mut connection, held).await) }).await;
        done(connection, forgotten, "forgetting what was seen")
    }

    /// Retires what answers in that version of the view.
    pub async fn retire(&self, held: &Epochs, view: &str, version: u32) -> Result<(), ReadStoreError> {
        let mut connection = self.connection().await?;
        let retiring = async { Ok(generations::retire(&mut connection, held, view, version).await) };
        let retired = in_time(LONGEST, retiring).await;
        done(connection, retired, "retiring views")
    }

    /// Drops the generation as soon as nobody reads it; those that come to read it meanwhile need not wait for those that do.
    pub async fn drop_generation(&self, held: &Epochs, view: &str, generation: u32) -> Result<(), ReadStoreError> {
        let mut tries = 1;
        loop {
            let mut connection = self.connection().await?;
            let dropping = async { Ok(generations::drop_tables(&mut connection, held, view, generation).await) };
            let dropped = in_time(LONGEST, dropping).await;
            match done(connection, dropped, "dropping tables")? {
                Dropped::Gone => return Ok(()),
                Dropped::InUse(_) if tries < DROP_TRIES => tries += 1,
                Dropped::InUse(error) => return Err(ReadStoreError::Unavailable(error.into())),
            }
            tokio::time::sleep(DROP_PAUSE).await;
        }
    }
}

async fn forget(connection: &mut PgConnection, held: &Epochs) -> Result<(), ReadStoreError> {
    let doing = |error: sqlx::Error| trouble("forgetting what was seen", &error);
    let mut transaction = connection.begin().await.map_err(doing)?;
    fence(&mut transaction, held).await?;
    sqlx::query("TRUNCATE views_tips").execute(&mut *transaction).await.map_err(doing)?;
    transaction.commit().await.map_err(doing)
}

/// What came of it in time. A connection that failed is not used again: whatever it was in the middle of ends with it.
fn done<T>(
    connection: PoolConnection<Postgres>,
    outcome: sqlx::Result<Result<T, ReadStoreError>>,
    doing: &'static str,
) -> Result<T, ReadStoreError> {
    let outcome = outcome.unwrap_or_else(|error| Err(trouble(doing, &error)));
    if matches!(outcome, Err(ReadStoreError::Unavailable(_))) {
        drop(connection.detach());
    }
    outcome
}

async fn write(connection: &mut PgConnection, held: &Epochs, commit: &Commit, mark: Uuid) -> Result<(), Failed> {
    let writing = |error: sqlx::Error| Failed::Before(trouble("writing", &error));
    let mut transaction = connection.begin().await.map_err(writing)?;
    fence(&mut transaction, held).await?;
    move_checkpoints(&mut transaction, commit, mark).await?;
    for changes in &commit.tables {
        Writer::new(&mut transaction, changes.table).write(changes).await.map_err(writing)?;
    }
    keep(&mut transaction, &commit.tips).await.map_err(writing)?;
    // To whoever listens, so that it looks; nobody relies on it.
    let notify = "SELECT pg_notify('cartlog_views', current_schema() || ' ' || $1::text)";
    sqlx::query(notify).bind(number(commit.checkpoint.position)).execute(&mut *transaction).await.map_err(writing)?;
    transaction.commit().await.map_err(|error| match is_away(&error) {
        true => Failed::Unknown(error),
        false => Failed::Before(trouble("writing", &error)),
    })
}

async fn move_checkpoints(transaction: &mut PgConnection, commit: &Commit, mark: Uuid) -> Result<(), ReadStoreError> {
    let writing = |error: sqlx::Error| trouble("writing", &error);
    let (views, generations) = names(commit);
    let update = "UPDATE views_generations g SET log_id = $3, position = $4, event_id = $5, written = $6,
                      seen_hash = coalesce($8, g.seen_hash), seen_position = CASE WHEN $8 IS NULL THEN g.seen_position ELSE $4 END
                  FROM unnest($1::text[], $2::int4[]) AS n (view, generation)
                  WHERE g.view = n.view AND g.generation = n.generation AND g.position = $7";
    let moved = sqlx::query(update)
        .bind(&views)
        .bind(&generations)
        .bind(commit.checkpoint.log_id.0)
        .bind(number(commit.checkpoint.position))
        .bind(commit.checkpoint.event_id)
        .bind(mark)
        .bind(number(commit.before))
        .bind(commit.event_hash.map(|hash| hash.as_bytes().to_vec()))
        .execute(&mut *transaction)
        .await
        .map_err(writing)?;
    if moved.rows_affected() == commit.tables.len() as u64 {
        return Ok(());
    }
    let select = "SELECT g.log_id, g.position FROM views_generations g
                  JOIN unnest($1::text[], $2::int4[]) AS n (view, generation) USING (view, generation)
                  WHERE g.position <> $3 AND written IS DISTINCT FROM $4";
    let elsewhere = sqlx::query(select)
        .bind(views)
        .bind(generations)
        .bind(number(commit.before))
        .bind(mark)
        .fetch_all(&mut *transaction)
        .await
        .map_err(writing)?;
    let mut set_back = false;
    for row in elsewhere {
        let log_id = LogId(row.try_get(0).map_err(writing)?);
        let position = Position(row.try_get::<i64, _>(1).map_err(writing)?.unsigned_abs());
        set_back |= log_id == commit.checkpoint.log_id && position < commit.before;
    }
    Err(elsewhere_than(commit.before, set_back))
}

/// Last, as a rebuild beside the worker may want the same rows; and both in one order, so that neither waits for the other for ever.
async fn keep(transaction: &mut PgConnection, tips: &[Tip]) -> sqlx::Result<()> {
    if tips.is_empty() {
        return Ok(());
    }
    let mut tips: Vec<&Tip> = tips.iter().collect();
    tips.sort_unstable_by(|one, other| one.stream.as_str().cmp(other.stream.as_str()));
    // One that a rebuild comes by again stays what it was when the event was new.
    let upsert = "INSERT INTO views_tips AS t SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[], $4::bytea[])
                  ON CONFLICT (stream) DO UPDATE
                  SET revision = excluded.revision, position = excluded.position, hash = excluded.hash
                  WHERE excluded.position > t.position";
    sqlx::query(upsert)
        .bind(tips.iter().map(|tip| tip.stream.as_str()).collect::<Vec<_>>())
        .bind(tips.iter().map(|tip| tip.revision as i64).collect::<Vec<_>>())
        .bind(tips.iter().map(|tip| number(tip.position)).collect::<Vec<_>>())
        .bind(tips.iter().map(|tip| tip.hash.as_bytes().to_vec()).collect::<Vec<_>>())
        .execute(transaction)
        .await
        .map(drop)
}

/// A generation is not where the batch begins.
fn elsewhere_than(before: Position, set_back: bool) -> ReadStoreError {
    if set_back {
        // As after a crash of the server, which need not have had the last batches on disk: what is in memory is ahead of it.
        tracing::warn!(%before, "the database was set back to before the last batch: the views are read anew");
        return ReadStoreError::Fenced;
    }
    ReadStoreError::Damaged(Flaw::Elsewhere { view: "a view", before }.into())
}

fn names(commit: &Commit) -> (Vec<String>, Vec<i32>) {
    commit.tables.iter().map(|changes| (changes.table.view.name.to_owned(), changes.table.generation as i32)).unzip()
}
