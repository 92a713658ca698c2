//! How tables come about and change, step by step. Each part of cartlog has steps of its own and notes what was done in a table of
//! its own, so parts can share a database or not.

use crate::error::{DatabaseError, Refusal};
use sqlx::PgConnection;
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use std::sync::Arc;

/// The steps of one part.
pub struct Migrations {
    /// Lower-case letters: names the table of what was done, `<part>_migrations`.
    pub part: &'static str,
    /// Statements, from the first version on. What was released is never changed: another step is added.
    pub steps: &'static [&'static str],
}

/// What becomes of tables at a later step than the last one given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Later {
    Refused,
    LeftAsTheyAre,
}

/// Does what was not done yet. Nodes that start at the same time wait for each other.
pub(crate) async fn run(connection: &mut PgConnection, part: &Migrations, later: Later) -> Result<(), DatabaseError> {
    let step = |(version, sql): (i64, &&'static str)| {
        Migration::new(version, part.part.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations((1..).zip(part.steps).map(step).collect());
    migrator.dangerous_set_table_name(format!("{}_migrations", part.part));
    migrator.set_ignore_missing(later == Later::LeftAsTheyAre);
    // Not through `run`, whose bounds a future that is sent between threads can't meet.
    migrator.run_direct(None, connection, false).await.map_err(|error| trouble(part, error))
}

fn trouble(migrations: &Migrations, error: MigrateError) -> DatabaseError {
    let part = migrations.part;
    let refusal = match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            return DatabaseError::of(format!("preparing the tables of '{part}'"), &error);
        }
        MigrateError::VersionMissing(step) => Refusal::NewerTables { part, step, known: migrations.steps.len() },
        MigrateError::VersionMismatch(step) => Refusal::OtherTables { part, step },
        other => Refusal::Unprepared { part, source: Arc::new(other) },
    };
    refusal.into()
}
