//! Which format of events the nodes that share a database may write, as it was announced.

use crate::error::{DatabaseError, Refusal};
use crate::time::in_time;
use sqlx::PgConnection;
use std::time::Duration;

/// The newest format that was announced.
///
/// # Errors
/// [`DatabaseError::Refused`] if it is later than the one given, which is the latest that this program reads.
pub(crate) async fn check(
    connection: &mut PgConnection,
    format: i32,
    limit: Duration,
) -> Result<Option<i32>, DatabaseError> {
    let newest = in_time(limit, newest(connection)).await;
    match newest.map_err(|error| DatabaseError::of("looking for its format", &error))? {
        Some(newest) if newest > format => Err(Refusal::NewerFormat { written: newest, read: format }.into()),
        newest => Ok(newest),
    }
}

async fn newest(connection: &mut PgConnection) -> sqlx::Result<Option<i32>> {
    let is_there: bool =
        sqlx::query_scalar("SELECT to_regclass('formats') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !is_there {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(format) FROM formats").fetch_one(connection).await
}
