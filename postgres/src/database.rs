//! Connections: how they are made, what holds for every session, and how long anything may take.

use crate::error::{DatabaseError, Refusal};
use crate::migrations::{self, Later, Migrations};
use crate::time::{answered, in_time};
use crate::url::read;
use crate::{formats, pooler, tables};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;

/// The oldest server: older ones can't end a session that idles outside of a transaction.
const OLDEST_SERVER: i32 = 140_000;
/// Migrations are short; nodes that start together wait for each other.
const PREPARED_WITHIN: Duration = Duration::from_secs(60);
/// A connection that idled for so long is tried before it is used.
const TRIED_AFTER: Duration = Duration::from_secs(1);
/// Statements that a connection keeps prepared: a view has a handful, and a rebuild brings new ones.
const PREPARED: usize = 512;

/// How the database is used.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// What the server lists its sessions under.
    pub application_name: String,
    /// Where the tables are, created if need be; `None`: where the URL says (`options=-csearch_path%3Dshop`), or `public`.
    pub schema: Option<String>,
    /// Connections of a pool at most.
    pub connections: u32,
    /// How long a connection is waited for: a server that is away is told of after that time.
    pub acquire_timeout: Duration,
    /// How long a statement may take, on the server.
    pub statement_timeout: Duration,
    /// After this time the server ends a session that idles within a transaction, so that a node that was cut off lets go of its
    /// locks. Short of the time in which another node shall lead.
    pub idle_in_transaction_timeout: Duration,
    /// The format of the events that are written, and the latest that can be read.
    pub format: i32,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            application_name: "cartlog".to_owned(),
            schema: None,
            connections: 8,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(4),
            format: 1,
        }
    }
}

/// A PostgreSQL database, looked at once and found usable. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    config: Arc<Config>,
}

struct Config {
    connect: PgConnectOptions,
    options: DatabaseOptions,
}

impl Database {
    /// Looks at the server and the schema, and makes the table of who leads.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`] while the server is away: call again. [`DatabaseError::Refused`] when that does not help: also
    /// when a newer version writes to it.
    pub async fn open(url: &str, options: DatabaseOptions) -> Result<Self, DatabaseError> {
        let connect = settings(read(url).map_err(Refusal::from)?, &options)?;
        let database = Self { config: Arc::new(Config { connect, options }) };
        let mut connection = database.reach().await.map_err(|error| DatabaseError::at_first(&error))?;
        let preparing = async {
            database.look_at(&mut connection).await?;
            formats::check(&mut connection, database.options().format, PREPARED_WITHIN).await?;
            migrations::run(&mut connection, &tables::FIRST, Later::LeftAsTheyAre).await
        };
        answered(PREPARED_WITHIN, "looking at it", preparing).await?;
        Ok(database)
    }

    /// Whether the URL and the options can be used, asking no server.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`]; the message never shows the URL.
    pub fn check(url: &str, options: &DatabaseOptions) -> Result<(), DatabaseError> {
        settings(read(url).map_err(Refusal::from)?, options).map(drop)
    }

    /// A connection that no pool knows.
    pub async fn connect(&self) -> Result<PgConnection, DatabaseError> {
        self.reach().await.map_err(|error| DatabaseError::of("connecting", &error))
    }

    async fn reach(&self) -> sqlx::Result<PgConnection> {
        in_time(self.config.options.acquire_timeout, self.config.connect.connect()).await
    }

    /// A pool of connections, made when they are needed, each with these settings of its session beside those that all have.
    pub fn pool(&self, connections: u32, session: &[(&str, &str)]) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(self.config.options.acquire_timeout)
            // Costs a round trip: only where the server may have gone away meanwhile.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRIED_AFTER {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.config.connect.clone().options(session.iter().copied()))
    }

    /// Brings the tables of a part of cartlog to this version.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] if a newer version made them: they are left as they are.
    pub async fn migrate(&self, part: &Migrations) -> Result<(), DatabaseError> {
        let mut connection = self.connect().await?;
        answered(PREPARED_WITHIN, "preparing tables", migrations::run(&mut connection, part, Later::Refused)).await
    }

    pub fn options(&self) -> &DatabaseOptions {
        &self.config.options
    }

    async fn look_at(&self, connection: &mut PgConnection) -> Result<(), DatabaseError> {
        let asking = |error: sqlx::Error| DatabaseError::of("looking at it", &error);
        let version = "SELECT current_setting('server_version_num')::int4, current_setting('server_version')";
        let (number, version): (i32, String) =
            sqlx::query_as(version).fetch_one(&mut *connection).await.map_err(asking)?;
        if number < OLDEST_SERVER {
            return Err(Refusal::ServerTooOld { version }.into());
        }
        pooler::refuse(connection).await?;
        self.make_schema(connection).await
    }

    /// Makes the schema if there is none. Two nodes may do so at once.
    async fn make_schema(&self, connection: &mut PgConnection) -> Result<(), DatabaseError> {
        let Some(schema) = &self.config.options.schema else { return has_schema(connection).await };
        if is_there(connection, schema).await? {
            return Ok(());
        }
        let create = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        match sqlx::query(create).execute(&mut *connection).await {
            Ok(_) => Ok(()),
            // The other one was faster.
            Err(_) if is_there(connection, schema).await? => Ok(()),
            Err(error) => Err(DatabaseError::of("making the schema", &error)),
        }
    }
}

async fn is_there(connection: &mut PgConnection, schema: &str) -> Result<bool, DatabaseError> {
    let select = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    let looking = sqlx::query_scalar(select).bind(schema).fetch_one(connection).await;
    looking.map_err(|error| DatabaseError::of("looking for the schema", &error))
}

async fn has_schema(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let select = "SELECT current_schema()::text";
    let schema: Result<Option<String>, _> = sqlx::query_scalar(select).fetch_one(connection).await;
    match schema {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Refusal::NoSchema.into()),
        Err(error) => Err(DatabaseError::of("looking for the schema", &error)),
    }
}

/// What holds for every session.
fn settings(connect: PgConnectOptions, options: &DatabaseOptions) -> Result<PgConnectOptions, DatabaseError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let mut settings = vec![
        pooler::mark(),
        ("statement_timeout", milliseconds(options.statement_timeout)),
        ("idle_in_transaction_session_timeout", milliseconds(options.idle_in_transaction_timeout)),
        // A node that is cut off is noticed by the server, also while it only waits for it.
        ("tcp_keepalives_idle", "5".to_owned()),
        ("tcp_keepalives_interval", "1".to_owned()),
        ("tcp_keepalives_count", "4".to_owned()),
        ("tcp_user_timeout", "5000".to_owned()),
        // What is there already need not be told each time that it was not made.
        ("client_min_messages", "warning".to_owned()),
        // Statements are short: compiling one takes longer than it does.
        ("jit", "off".to_owned()),
    ];
    if let Some(schema) = &options.schema {
        if !is_plain(schema) {
            return Err(Refusal::SchemaName.into());
        }
        settings.push(("search_path", schema.clone()));
    }
    Ok(connect
        .application_name(&options.application_name)
        .statement_cache_capacity(PREPARED)
        .disable_statement_logging()
        .options(settings))
}

/// Whether the name means the same with and without quotes. Words that SQL keeps for itself are refused by the server.
fn is_plain(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let is_first = |letter: char| !letter.is_ascii_digit();
    name.len() <= 40 && name.chars().all(is_plain) && name.chars().next().is_some_and(is_first)
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The connection's settings hold the password.
        f.debug_struct("Database").field("options", &self.config.options).finish_non_exhaustive()
    }
}
