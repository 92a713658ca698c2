//! Which formats of events the nodes that share a database may write, so that a node of an earlier version is refused rather than
//! meet what it can't read.
//!
//! What a format is, whoever writes events knows. Whoever is about to write those of a new one announces it; from then on earlier
//! versions can't open the database, and one that still runs does not lead any more.

use crate::database::Database;
use crate::error::{DatabaseError, Refusal};
use crate::locks::try_locks;
use crate::migrations::{self, Later};
use crate::time::in_time;
use crate::{formats, tables};
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::Instant;

/// How long nodes of an earlier version are waited for: longer than one that was killed keeps its leads.
const ENDED_WITHIN: Duration = Duration::from_secs(10);
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(500);

impl Database {
    /// Says that events of [`DatabaseOptions::format`](crate::DatabaseOptions::format) may be written from now on. Announced already: nothing
    /// happens.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] while nodes of an earlier version run: they would meet events that they can't read. Nothing was
    /// changed then.
    pub async fn announce(&self) -> Result<(), DatabaseError> {
        let until = Instant::now() + ENDED_WITHIN;
        loop {
            match self.try_to_announce().await? {
                None => return Ok(()),
                Some(role) if Instant::now() >= until => return Err(earlier_nodes_run(role)),
                Some(_) => tokio::time::sleep(TRIED_AGAIN_AFTER).await,
            }
        }
    }

    /// A role in which a node leads that knows no later format than the one announced so far; `None`: it is announced.
    async fn try_to_announce(&self) -> Result<Option<String>, DatabaseError> {
        let (format, limit) = (self.options().format, self.options().statement_timeout);
        // The locks are this session's, so they end with it, however that ends.
        let mut connection = self.connect().await?;
        if formats::check(&mut connection, format, limit).await? == Some(format) {
            return Ok(None);
        }
        // One that begins to lead in a role that nobody has led in yet finds the new format with its next heartbeat.
        let trying = async {
            let roles = roles(&mut connection).await?;
            try_locks(&mut connection, &roles).await
        };
        let locks = in_time(limit, trying).await.map_err(|error| DatabaseError::of("announcing", &error))?;
        if let Some(led) = locks.into_iter().find(|lock| !lock.is_ours) {
            return Ok(Some(led.role));
        }
        migrations::run(&mut connection, &tables::ALL, Later::Refused).await?;
        let insert = sqlx::query("INSERT INTO formats (format) VALUES ($1) ON CONFLICT DO NOTHING").bind(format);
        let inserting = insert.execute(&mut connection);
        in_time(limit, inserting).await.map_err(|error| DatabaseError::of("announcing", &error))?;
        Ok(None)
    }
}

/// All that somebody has led in.
async fn roles(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT role FROM leaders ORDER BY role").fetch_all(connection).await
}

fn earlier_nodes_run(role: String) -> DatabaseError {
    Refusal::EarlierNodesRun { role }.into()
}
