//! A schema for each test: nothing that another test does is seen in it.

use crate::{Database, DatabaseOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const VARIABLE: &str = "CARTLOG_TEST_POSTGRES";
static NUMBERS: AtomicU32 = AtomicU32::new(0);

/// Where the tests' PostgreSQL is.
///
/// # Panics
/// Without it, naming the command that starts one.
pub fn url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} names no PostgreSQL; run: tests/services up && eval \"$(tests/services env)\"")
    })
}

/// A schema that no other test has. Dropped with this.
pub struct Scratch {
    pub schema: String,
}

impl Default for Scratch {
    #[allow(clippy::disallowed_methods, reason = "a name that no earlier run has left behind")]
    fn default() -> Self {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_nanos();
        Self { schema: format!("test_{now:x}_{}_{number}", std::process::id()) }
    }
}

impl Scratch {
    /// What the database is opened with: in this schema, and known by its name.
    pub fn options(&self) -> DatabaseOptions {
        DatabaseOptions {
            schema: Some(self.schema.clone()),
            application_name: self.schema.clone(),
            ..DatabaseOptions::default()
        }
    }

    /// The database with this schema; made with the first call.
    pub async fn database(&self) -> Database {
        Database::open(&url(), self.options()).await.expect("the tests' PostgreSQL")
    }

    /// Does statements behind the back of whatever is tested.
    pub async fn execute(&self, sql: &str) {
        let mut connection = self.connection().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("executed");
    }

    /// The first column of what is found, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = self.connection().await;
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.expect("found");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// A connection in this schema.
    pub async fn connection(&self) -> PgConnection {
        self.database().await.connect().await.expect("connected")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Without a server there is nothing to drop, and the test has said so already.
        let Ok(url) = std::env::var(VARIABLE) else { return };
        let drop_all = AssertSqlSafe(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{0}' AND pid <> pg_backend_pid();
             DROP SCHEMA IF EXISTS {0} CASCADE",
            self.schema
        ));
        // On a thread of its own: a test's runtime may be at its end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await?;
                sqlx::raw_sql(drop_all).execute(&mut connection).await.map(drop)
            })
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("the schema {} stays: {error}", self.schema);
        }
    }
}
