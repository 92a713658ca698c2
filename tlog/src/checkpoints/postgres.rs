//! Checkpoints in PostgreSQL. Any node may put one, as the first of its size stays: which one that is was settled in the vault before.

use super::{Checkpoints, CheckpointsError, Published};
use ::postgres::{Database, DatabaseError, Migrations, Sessions, SqlxError, is_away};
use async_trait::async_trait;
use eventlog::CausedBy;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row, query};

const TABLES: Migrations = Migrations {
    part: "checkpoints",
    steps: &["
        CREATE TABLE checkpoints (
            origin text COLLATE \"C\" NOT NULL, size bigint NOT NULL, note text NOT NULL, PRIMARY KEY (origin, size)
        );"],
};

/// What is answered is durable, whatever the server's own settings say.
const SESSION: &[(&str, &str)] = &[("synchronous_commit", "on")];

/// Checkpoints in a PostgreSQL database.
pub struct PostgresCheckpoints {
    sessions: Sessions,
}

impl PostgresCheckpoints {
    /// Makes the table, if there is none.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] if a newer version made it; [`DatabaseError::Unavailable`] while the server is away.
    pub async fn open(database: &Database) -> Result<Self, DatabaseError> {
        database.migrate(&TABLES).await?;
        Ok(Self { sessions: Sessions::new(database, SESSION) })
    }

    /// Every statement here can be done twice.
    async fn ask(
        &self,
        statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<Published>, CheckpointsError> {
        let rows = self.sessions.ask(statement).await.map_err(|error| trouble(&error))?;
        rows.iter().map(kept).collect::<sqlx::Result<_>>().map_err(|error| trouble(&error))
    }
}

#[async_trait]
impl Checkpoints for PostgresCheckpoints {
    async fn put(&self, published: Published) -> Result<Published, CheckpointsError> {
        let size = integer(published.size)?;
        let insert = "INSERT INTO checkpoints VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING origin, size, note";
        let put = || query(insert).bind(published.origin.clone()).bind(size).bind(published.note.clone());
        if let Some(kept) = self.ask(put).await?.pop() {
            return Ok(kept);
        }
        // Whoever was first; none ever goes.
        Ok(self.of_size(&published.origin, published.size).await?.unwrap_or(published))
    }

    async fn latest(&self, origin: &str) -> Result<Option<Published>, CheckpointsError> {
        let select = "SELECT origin, size, note FROM checkpoints WHERE origin = $1 ORDER BY size DESC LIMIT 1";
        Ok(self.ask(|| query(select).bind(origin.to_owned())).await?.pop())
    }

    async fn of_size(&self, origin: &str, size: u64) -> Result<Option<Published>, CheckpointsError> {
        let select = "SELECT origin, size, note FROM checkpoints WHERE origin = $1 AND size = $2";
        let size = integer(size)?;
        Ok(self.ask(|| query(select).bind(origin.to_owned()).bind(size)).await?.pop())
    }

    async fn list(&self, origin: &str, after: Option<u64>, limit: usize) -> Result<Vec<Published>, CheckpointsError> {
        let select =
            "SELECT origin, size, note FROM checkpoints WHERE origin = $1 AND size > $2 ORDER BY size LIMIT $3";
        let after = after.map_or(Ok(-1), integer)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.ask(|| query(select).bind(origin.to_owned()).bind(after).bind(limit)).await
    }
}

fn trouble(error: &sqlx::Error) -> CheckpointsError {
    let reason = CausedBy::of("the checkpoints in PostgreSQL", SqlxError::of(error));
    if is_away(error) { CheckpointsError::Unavailable(reason) } else { CheckpointsError::Damaged(reason) }
}

/// PostgreSQL's integers are signed.
fn integer(size: u64) -> Result<i64, CheckpointsError> {
    i64::try_from(size).map_err(|error| CheckpointsError::Damaged(CausedBy::of("a checkpoint of no log", error)))
}

fn kept(row: &PgRow) -> sqlx::Result<Published> {
    let size: i64 = row.try_get(1)?;
    let size = u64::try_from(size).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Published { origin: row.try_get(0)?, size, note: row.try_get(2)? })
}
