//! How generations come, answer and go: each step a transaction of whoever leads, on disk before it is told.

use super::fence::{Epochs, fence};
use super::values::number;
use super::{schema, trouble};
use crate::store::*;
use eventlog::Checkpoint;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A table that is to be dropped lets nobody in while it waits for those that still read it: for so long, then they come first.
const DROP_WAIT: &str = "SET LOCAL lock_timeout = '200ms'";
/// Makes what a transaction did durable with its end, and with it all that was committed before.
const DURABLE: &str = "SET LOCAL synchronous_commit = on";

/// What came of dropping tables.
pub(super) enum Dropped {
    Gone,
    /// Somebody reads it still.
    InUse(StillRead),
}

/// Begins an empty generation.
pub(super) async fn create(
    connection: &mut PgConnection,
    held: &Epochs,
    view: &'static ViewDeclaration,
    checkpoint: Checkpoint,
) -> Result<Table, ReadStoreError> {
    let doing = |error: sqlx::Error| trouble("making tables", &error);
    let mut transaction = connection.begin().await.map_err(doing)?;
    sqlx::query(DURABLE).execute(&mut *transaction).await.map_err(doing)?;
    fence(&mut transaction, held).await?;
    let next = "INSERT INTO views_numbers AS n VALUES ($1, 1)
                ON CONFLICT (view) DO UPDATE SET last_generation = n.last_generation + 1 RETURNING last_generation";
    let generation: i32 = sqlx::query_scalar(next).bind(view.name).fetch_one(&mut *transaction).await.map_err(doing)?;
    let table = Table { view, generation: generation.unsigned_abs() };
    sqlx::raw_sql(AssertSqlSafe(schema::layout(table))).execute(&mut *transaction).await.map_err(doing)?;
    sqlx::query("INSERT INTO views_generations VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(view.name)
        .bind(generation)
        .bind(view.version as i32)
        .bind(schema::FILLING)
        .bind(checkpoint.log_id.0)
        .bind(number(checkpoint.position))
        .bind(checkpoint.event_id)
        .execute(&mut *transaction)
        .await
        .map_err(doing)?;
    transaction.commit().await.map_err(doing)?;
    Ok(table)
}

/// Makes these the ones that answer, of their version: nodes of another one may answer from theirs.
pub(super) async fn swap(connection: &mut PgConnection, held: &Epochs, tables: &[Table]) -> Result<(), ReadStoreError> {
    let doing = |error: sqlx::Error| trouble("swapping views", &error);
    let mut transaction = connection.begin().await.map_err(doing)?;
    sqlx::query(DURABLE).execute(&mut *transaction).await.map_err(doing)?;
    fence(&mut transaction, held).await?;
    for table in tables {
        let swap = "UPDATE views_generations SET state = CASE generation WHEN $2 THEN $3 ELSE $4 END
                    WHERE view = $1 AND (generation = $2 OR (state = $3 AND version = $5))";
        sqlx::query(swap)
            .bind(table.view.name)
            .bind(table.generation as i32)
            .bind(schema::LIVE)
            .bind(schema::RETIRED)
            .bind(table.view.version as i32)
            .execute(&mut *transaction)
            .await
            .map_err(doing)?;
    }
    transaction.commit().await.map_err(doing)
}

/// Whatever answered in that version of the view does so no more: it may be dropped.
pub(super) async fn retire(
    connection: &mut PgConnection,
    held: &Epochs,
    view: &str,
    version: u32,
) -> Result<(), ReadStoreError> {
    let doing = |error: sqlx::Error| trouble("retiring views", &error);
    let mut transaction = connection.begin().await.map_err(doing)?;
    sqlx::query(DURABLE).execute(&mut *transaction).await.map_err(doing)?;
    fence(&mut transaction, held).await?;
    let retire = "UPDATE views_generations SET state = $3 WHERE view = $1 AND version = $2 AND state = $4";
    let retire = sqlx::query(retire).bind(view).bind(version as i32).bind(schema::RETIRED).bind(schema::LIVE);
    retire.execute(&mut *transaction).await.map_err(doing)?;
    transaction.commit().await.map_err(doing)
}

/// Drops the generation, unless somebody reads it still.
pub(super) async fn drop_tables(
    connection: &mut PgConnection,
    held: &Epochs,
    view: &str,
    generation: u32,
) -> Result<Dropped, ReadStoreError> {
    let doing = |error: sqlx::Error| trouble("dropping tables", &error);
    let mut transaction = connection.begin().await.map_err(doing)?;
    sqlx::query(DURABLE).execute(&mut *transaction).await.map_err(doing)?;
    sqlx::query(DROP_WAIT).execute(&mut *transaction).await.map_err(doing)?;
    fence(&mut transaction, held).await?;
    let delete = "DELETE FROM views_generations WHERE view = $1 AND generation = $2 AND state <> $3";
    let delete = sqlx::query(delete).bind(view).bind(generation as i32).bind(schema::LIVE);
    if delete.execute(&mut *transaction).await.map_err(doing)?.rows_affected() == 0 {
        return Ok(Dropped::Gone);
    }
    let forget = sqlx::query("DELETE FROM views_parked WHERE view = $1 AND generation = $2");
    forget.bind(view).bind(generation as i32).execute(&mut *transaction).await.map_err(doing)?;
    // The name was written from a declaration, by this program or another version of it.
    let name = schema::named(view, generation);
    for beside in schema::BESIDE.into_iter().chain([""]) {
        let drop = AssertSqlSafe(format!("DROP TABLE IF EXISTS \"{name}{beside}\""));
        match sqlx::query(drop).execute(&mut *transaction).await {
            Ok(_) => {}
            Err(error) if is_locked(&error) => {
                // At once: whoever wants to read the other tables waits for it.
                transaction.rollback().await.map_err(doing)?;
                return Ok(Dropped::InUse(StillRead(format!("{name}{beside}"))));
            }
            Err(error) => return Err(doing(error)),
        }
    }
    transaction.commit().await.map_err(doing)?;
    Ok(Dropped::Gone)
}

/// A table that somebody reads.
#[derive(Debug, thiserror::Error)]
#[error("{0} is still read")]
pub(super) struct StillRead(String);

/// One of the locks was not to be had in time.
fn is_locked(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|refusal| refusal.code()).is_some_and(|state| state == "55P03")
}
