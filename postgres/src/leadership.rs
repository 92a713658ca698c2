//! Who leads, where one node must do the work of all.
//!
//! A node leads while a connection of its own holds an advisory lock: PostgreSQL lets go of it as soon as the session ends, and
//! ends the session when it has heard nothing for a while. So leading is only a hint of who should work, and two nodes may
//! believe it for a moment; what keeps them apart is the epoch. Each leader gets one that is larger than all before, in the table
//! `leaders`, and whatever a leader writes is checked against it in the same transaction.

use crate::database::{Database, answered, in_time};
use crate::error::DatabaseError;
use crate::formats;
use crate::migrations::Migrations;
use crate::pooler;
use rand::RngExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::mem::discriminant;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

const LEADERS: &str = "CREATE TABLE leaders (
                  role text PRIMARY KEY, epoch bigint NOT NULL, node text NOT NULL, since timestamptz NOT NULL
              )";
/// The table with which every database begins.
pub(crate) const FIRST_TABLES: Migrations = Migrations { part: "leaders", steps: &[LEADERS] };
/// With the one that comes with the first announcement. Versions that know of no formats refuse to open a database that has it.
pub(crate) const TABLES: Migrations = Migrations {
    part: "leaders",
    steps: &[
        LEADERS,
        "CREATE TABLE formats (format integer PRIMARY KEY, announced_at timestamptz NOT NULL DEFAULT now())",
    ],
};

/// What is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Filling the views.
    Views,
    /// Forwarding the log, and the metric windows.
    Stream,
    /// What falls due, and reactions that a request left undone.
    Work,
}

impl Role {
    pub(crate) const ALL: [Role; 3] = [Role::Views, Role::Stream, Role::Work];

    /// Stable: stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Role::Views => "views",
            Role::Stream => "stream",
            Role::Work => "work",
        }
    }
}

/// How fast a leader that is gone is noticed. By default another leads within 5 s.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often a candidate tries, about.
    pub poll: Duration,
    /// How often a leader says that it is there.
    pub heartbeat: Duration,
    /// How long it waits for the answer, before it takes the lead for lost.
    pub patience: Duration,
    /// After this time without a heartbeat the server lets others lead.
    pub silence: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(500),
            heartbeat: Duration::from_secs(1),
            patience: Duration::from_secs(2),
            silence: Duration::from_secs(3),
        }
    }
}

/// How a candidate stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not yet tried.
    New,
    /// Another one leads; its name, where one is known.
    Waiting {
        leader: Option<String>,
    },
    Leading {
        epoch: i64,
    },
    /// It can't try; why.
    Hindered(DatabaseError),
}

/// A node that leads in a role as soon as nobody else does.
pub struct Candidate {
    database: Database,
    role: Role,
    node: String,
    pace: Pace,
    /// The one that holds the lock once it is to be had.
    connection: Option<PgConnection>,
    standing: watch::Sender<Standing>,
}

impl Candidate {
    /// `node`: the name that others see.
    pub fn new(database: Database, role: Role, node: impl Into<String>) -> Self {
        let standing = watch::Sender::new(Standing::New);
        Self { database, role, node: node.into(), pace: Pace::default(), connection: None, standing }
    }

    pub fn pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// How it stands, now and from now on.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Waits until it leads, also while the server is away. Dropped before that, it has done nothing that the next call does not
    /// go on from. Called while an earlier lease lasts, it waits for that one's end.
    pub async fn lead(&mut self) -> Lease {
        loop {
            match self.attempt().await {
                Ok(Ok(lease)) => return lease,
                Ok(Err(leader)) => self.stands(Standing::Waiting { leader }),
                // Perhaps half of what was asked was done: the end of the session, which went with the attempt, undoes it.
                Err(error) => self.stands(Standing::Hindered(error)),
            }
            // Candidates that started together need not try together.
            let jitter = rand::rng().random_range(0.9..1.1);
            tokio::time::sleep(self.pace.poll.mul_f64(jitter)).await;
        }
    }

    /// Tries once; gives who leads otherwise.
    async fn attempt(&mut self) -> Result<Result<Lease, Option<String>>, DatabaseError> {
        let limit = self.database.options().statement_timeout;
        // In hand while something is asked: whoever drops this attempt drops the connection, and with it the lock.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => answered(limit, "preparing to lead", self.connect()).await?,
        };
        let role = self.role.name();
        formats::check(&mut connection, self.database.options().format, self.pace.patience).await?;
        let trying = try_lock(&mut connection, role);
        let (is_ours, leader) = in_time(self.pace.patience, trying)
            .await
            .map_err(|error| DatabaseError::of("asking for the lead", &error))?;
        if !is_ours {
            self.connection = Some(connection);
            return Ok(Err(leader));
        }
        // Waits for what the leader before has in flight: the row is locked until that is written, or given up.
        let taking = take_over(&mut connection, role, &self.node);
        let epoch = in_time(limit, taking).await.map_err(|error| DatabaseError::of("taking the lead", &error))?;
        self.stands(Standing::Leading { epoch });
        Ok(Ok(Lease::hold(connection, epoch, role, self.pace)))
    }

    /// A connection that the server ends when it hears nothing.
    async fn connect(&self) -> Result<PgConnection, DatabaseError> {
        let mut connection = self.database.connect().await?;
        let mut other = self.database.connect().await?;
        pooler::refuse(&mut connection).await?;
        pooler::refuse_shared(&mut connection, &mut other).await?;
        let set = AssertSqlSafe(format!("SET idle_session_timeout = {}", self.pace.silence.as_millis()));
        let setting = sqlx::query(set).execute(&mut connection);
        setting.await.map_err(|error| DatabaseError::of("preparing to lead", &error))?;
        Ok(connection)
    }

    /// Says so once, not at every try: a server that is away fails now in this way, now in that.
    fn stands(&self, now: Standing) {
        let was_told = match (&*self.standing.borrow(), &now) {
            (Standing::Hindered(before), Standing::Hindered(now)) => discriminant(before) == discriminant(now),
            (before, now) => before == now,
        };
        if was_told {
            self.standing.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
            return;
        }
        let (role, node) = (self.role.name(), self.node.as_str());
        match &now {
            Standing::New => {}
            Standing::Waiting { leader } => {
                tracing::info!(role, node, leader = leader.as_deref(), "another node leads")
            }
            Standing::Leading { epoch } => tracing::info!(role, node, epoch, "this node leads"),
            Standing::Hindered(error) => tracing::warn!(role, node, %error, "can't ask for the lead; trying again"),
        }
        self.standing.send_replace(now);
    }
}

pub(crate) async fn try_lock(connection: &mut PgConnection, role: &str) -> sqlx::Result<(bool, Option<String>)> {
    // Locks are the whole database's: the schema is part of the key, and so is whose lock it is.
    let select = "SELECT pg_try_advisory_lock(hashtextextended('cartlog/' || current_schema() || '/' || $1, 0)),
                         (SELECT node FROM leaders WHERE role = $1)";
    sqlx::query_as(select).bind(role).fetch_one(connection).await
}

async fn take_over(connection: &mut PgConnection, role: &str, node: &str) -> sqlx::Result<i64> {
    let upsert = "INSERT INTO leaders AS l (role, epoch, node, since) VALUES ($1, 1, $2, now())
                  ON CONFLICT (role) DO UPDATE SET epoch = l.epoch + 1, node = excluded.node, since = excluded.since
                  RETURNING epoch";
    sqlx::query_scalar(upsert).bind(role).bind(node).fetch_one(connection).await
}

/// The lead, until it is lost or dropped. Dropping it gives it back at once.
pub struct Lease {
    epoch: i64,
    lost: CancellationToken,
    _held: DropGuard,
}

impl Lease {
    /// Larger than that of any leader before. What is written in this role is checked against it.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Cancelled once another node may lead.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    fn hold(connection: PgConnection, epoch: i64, role: &'static str, pace: Pace) -> Self {
        let (lost, dropped) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(keep(connection, role, epoch, pace, lost.clone(), dropped.clone()));
        Self { epoch, lost, _held: dropped.drop_guard() }
    }
}

/// Says that it is there, again and again, until it gets no answer or nobody wants the lead any more.
async fn keep(
    mut connection: PgConnection,
    role: &'static str,
    epoch: i64,
    pace: Pace,
    lost: CancellationToken,
    dropped: CancellationToken,
) {
    // Also when this task ends with its runtime.
    let _lost = lost.drop_guard();
    while dropped.run_until_cancelled(tokio::time::sleep(pace.heartbeat)).await.is_some() {
        // Of a session that still is, the lock still is. Somebody who wrote to the table all the same is told too.
        let beat =
            sqlx::query_scalar("SELECT epoch FROM leaders WHERE role = $1").bind(role).fetch_one(&mut connection);
        match in_time(pace.patience, beat).await {
            Ok(current) if epoch == current => {}
            Ok(current) => {
                tracing::warn!(role, epoch, current, "another node took the lead");
                return;
            }
            Err(error) => {
                let error = DatabaseError::of("saying that this node leads", &error);
                tracing::warn!(role, epoch, %error, "the lead is lost");
                return;
            }
        }
    }
    // Lets go of the lock at once; if this does not get through, the session's end does it.
    let _ = tokio::time::timeout(pace.patience, connection.close()).await;
}
