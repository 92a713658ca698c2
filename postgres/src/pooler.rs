//! Poolers between us and the server. One that gives a session's statements to whichever connection is free loses what a session
//! has: its settings, its advisory locks, its prepared statements.

use crate::error::{DatabaseError, Refusal};
use sqlx::{Connection, PgConnection};

/// A setting that the server knows nothing of, and keeps for the session that came with it.
const MARK: &str = "cartlog.session";
const MARKED: &str = "ours";

pub(crate) fn mark() -> (&'static str, String) {
    (MARK, MARKED.to_owned())
}

/// Refuses a connection that does not have the settings that it was made with.
pub(crate) async fn refuse(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let mark: Result<Option<String>, _> =
        sqlx::query_scalar("SELECT current_setting($1, true)").bind(MARK).fetch_one(connection).await;
    match mark {
        Ok(Some(mark)) if mark == MARKED => Ok(()),
        Ok(_) => Err(Refusal::Pooled.into()),
        Err(error) => Err(DatabaseError::of("looking for a pooler", &error)),
    }
}

/// Refuses a connection that is not one session: while the other one is within a transaction, and so keeps whatever session it
/// got, this one must still be the session that it was, and not the other's.
pub(crate) async fn refuse_shared(one: &mut PgConnection, other: &mut PgConnection) -> Result<(), DatabaseError> {
    match is_shared(one, other).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(Refusal::Pooled.into()),
        Err(error) => Err(DatabaseError::of("looking for a pooler", &error)),
    }
}

async fn is_shared(one: &mut PgConnection, other: &mut PgConnection) -> sqlx::Result<bool> {
    let select = "SELECT pg_backend_pid()";
    let before: i32 = sqlx::query_scalar(select).fetch_one(&mut *one).await?;
    let mut holding = other.begin().await?;
    let held: i32 = sqlx::query_scalar(select).fetch_one(&mut *holding).await?;
    let after: i32 = sqlx::query_scalar(select).fetch_one(&mut *one).await?;
    holding.rollback().await?;
    Ok(before == held || before != after)
}
