//! How long anything may take: a server that the network cut off says nothing at all.

use crate::error::DatabaseError;
use std::time::Duration;

/// The outcome, or an error that says that it took too long: a server that the network cut off says nothing at all. What becomes
/// of the work is then unknown, and its connection must not be used any more.
pub async fn in_time<T>(limit: Duration, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "it did not answer in time"))),
    }
}

/// The outcome, or that the server said nothing for so long.
pub(crate) async fn answered<T>(
    limit: Duration,
    doing: &'static str,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    let outcome = in_time(limit, async { Ok(work.await) }).await;
    outcome.unwrap_or_else(|error| Err(DatabaseError::of(doing, &error)))
}
