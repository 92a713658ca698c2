//! Who leads, where one node must do the work of all.
//!
//! A node leads while a connection of its own holds an advisory lock: PostgreSQL lets go of it as soon as the session ends, and
//! ends the session when it has heard nothing for a while. So leading is only a hint of who should work, and two nodes may
//! believe it for a moment; what keeps them apart is the epoch. Each leader gets one that is larger than all before, in the table
//! `leaders`, and whatever a leader writes is checked against it in the same transaction.
//!
//! A node may ask for several roles at once. It leads in those that are free, and takes the others once they are: so nodes of two
//! versions share what both know, and each leads alone in what only it knows.

use crate::database::Database;
use crate::error::{DatabaseError, Refusal};
use crate::formats;
use crate::locks::try_locks;
use crate::pooler;
use crate::time::{answered, in_time};
use rand::RngExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::borrow::Cow;
use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What is led.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Filling one view, in one version: nodes of two versions fill what each of them knows.
    View { name: Cow<'static, str>, version: u32 },
    /// Forwarding the log, and the metric windows.
    Stream,
    /// What falls due, and reactions that a request left undone.
    Work,
    /// Building the log's tree.
    Tree,
}

impl Role {
    /// Stable: stands in the table.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Role::View { name, version } => format!("view {name} {version}").into(),
            Role::Stream => "stream".into(),
            Role::Work => "work".into(),
            Role::Tree => "tree".into(),
        }
    }
}

/// What a node leads in. Whatever it writes in the role is checked against the epoch, which is larger than that of any leader
/// before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    pub role: Role,
    pub epoch: i64,
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
pub enum LeadershipStatus {
    /// It has not yet tried.
    New,
    /// Another one leads; its name, where one is known.
    Waiting { leader: Option<String> },
    /// It leads in these; others lead in so many more that it asked for.
    Leading { held: Vec<HeldRole>, others: usize },
    /// It can't try; why.
    Hindered(DatabaseError),
}

/// A node that leads in its roles as soon as nobody else does.
pub struct Candidate {
    database: Database,
    roles: Arc<[Role]>,
    node: Arc<str>,
    pace: Pace,
    /// The one that holds the locks once they are to be had.
    connection: Option<PgConnection>,
    standing: Arc<LeadershipReport>,
}

impl Candidate {
    /// `node`: the name that others see. Roles that it asks for together are led by one node, but for those of which another one
    /// knows that this one doesn't ask for.
    pub fn new(database: Database, roles: impl IntoIterator<Item = Role>, node: &str) -> Self {
        let (roles, node): (Arc<[Role]>, Arc<str>) = (roles.into_iter().collect(), node.into());
        let standing =
            Arc::new(LeadershipReport { now: watch::Sender::new(LeadershipStatus::New), node: Arc::clone(&node) });
        Self { database, roles, node, pace: Pace::default(), connection: None, standing }
    }

    pub fn pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// How it stands, now and from now on.
    pub fn standing(&self) -> watch::Receiver<LeadershipStatus> {
        self.standing.now.subscribe()
    }

    /// Waits until it leads in at least one of its roles, also while the server is away. Dropped before that, it has done nothing
    /// that the next call does not go on from. Called while an earlier lease lasts, it waits for that one's end.
    pub async fn lead(&mut self) -> Lease {
        loop {
            match self.attempt().await {
                Ok(Ok(lease)) => return lease,
                Ok(Err(leader)) => self.standing.stands(&self.roles, LeadershipStatus::Waiting { leader }),
                // Perhaps half of what was asked was done: the end of the session, which went with the attempt, undoes it.
                Err(error) => self.standing.stands(&self.roles, LeadershipStatus::Hindered(error)),
            }
            // Candidates that started together need not try together.
            #[expect(clippy::disallowed_methods, reason = "chance in a pause alone")]
            let jitter = rand::rng().random_range(0.9..1.1);
            tokio::time::sleep(self.pace.poll.mul_f64(jitter)).await;
        }
    }

    /// Tries once; gives who leads otherwise.
    async fn attempt(&mut self) -> Result<Result<Lease, Option<String>>, DatabaseError> {
        let limit = self.database.options().statement_timeout;
        // In hand while something is asked: whoever drops this attempt drops the connection, and with it the locks.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => answered(limit, "preparing to lead", self.connect()).await?,
        };
        let terms =
            LeaseTerms { node: Arc::clone(&self.node), format: self.database.options().format, pace: self.pace, limit };
        let taken = terms.take(&mut connection, &self.roles).await?;
        if taken.held.is_empty() {
            self.connection = Some(connection);
            return Ok(Err(taken.leader));
        }
        Ok(Ok(Lease::hold(connection, terms, Arc::clone(&self.roles), taken.held, Arc::clone(&self.standing))))
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
}

/// How a candidate stands, for others to see and for the log.
struct LeadershipReport {
    now: watch::Sender<LeadershipStatus>,
    node: Arc<str>,
}

impl LeadershipReport {
    /// Says so once, not at every try: a server that is away fails now in this way, now in that.
    fn stands(&self, asked: &[Role], now: LeadershipStatus) {
        let was_told = match (&*self.now.borrow(), &now) {
            (LeadershipStatus::Hindered(before), LeadershipStatus::Hindered(now)) => {
                discriminant(before) == discriminant(now)
            }
            (before, now) => before == now,
        };
        if was_told {
            self.now.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
            return;
        }
        let node = &*self.node;
        match &now {
            LeadershipStatus::New => {}
            LeadershipStatus::Waiting { leader } => {
                tracing::info!(role = listed(asked), node, leader = leader.as_deref(), "another node leads")
            }
            LeadershipStatus::Leading { held, others } => {
                let roles: Vec<Role> = held.iter().map(|held| held.role.clone()).collect();
                let epoch = held.iter().map(|held| held.epoch).max();
                tracing::info!(role = listed(&roles), node, epoch, led_by_others = others, "this node leads");
            }
            LeadershipStatus::Hindered(error) => {
                tracing::warn!(role = listed(asked), node, %error, "can't ask for the lead; trying again")
            }
        }
        self.now.send_replace(now);
    }
}

/// The roles in a log line: all views are many.
fn listed(roles: &[Role]) -> String {
    match roles {
        [] => "none".to_owned(),
        [role] => role.name().into_owned(),
        [first, others @ ..] => format!("{} and {} more", first.name(), others.len()),
    }
}

/// By what a node takes and keeps the lead.
struct LeaseTerms {
    node: Arc<str>,
    /// The latest format that it reads.
    format: i32,
    pace: Pace,
    /// Of a statement that may have to wait.
    limit: Duration,
}

/// What came of asking.
struct Taken {
    held: Vec<HeldRole>,
    /// Of one of the roles that others lead in.
    leader: Option<String>,
}

impl LeaseTerms {
    /// Takes the lead in those roles in which nobody leads.
    async fn take(&self, connection: &mut PgConnection, roles: &[Role]) -> Result<Taken, DatabaseError> {
        formats::check(connection, self.format, self.pace.patience).await?;
        let names: Vec<String> = roles.iter().map(|role| role.name().into_owned()).collect();
        let locked = in_time(self.pace.patience, try_locks(connection, &names)).await;
        let locked = locked.map_err(|error| DatabaseError::of("asking for the lead", &error))?;
        let free: Vec<&str> = locked.iter().filter(|lock| lock.is_ours).map(|lock| lock.role.as_str()).collect();
        let leader = locked.iter().filter(|lock| !lock.is_ours).find_map(|lock| lock.leader.clone());
        if free.is_empty() {
            return Ok(Taken { held: Vec::new(), leader });
        }
        // Waits for what the leader before has in flight: the rows are locked until that is written, or given up.
        let taking = take_over(connection, &free, &self.node);
        let epochs = in_time(self.limit, taking).await.map_err(|error| DatabaseError::of("taking the lead", &error))?;
        let epoch_of = |role: &Role| {
            let name = role.name();
            let epoch = epochs.iter().find(|(taken, _)| *taken == *name).map(|(_, epoch)| *epoch)?;
            Some(HeldRole { role: role.clone(), epoch })
        };
        Ok(Taken { held: roles.iter().filter_map(epoch_of).collect(), leader })
    }
}

async fn take_over(connection: &mut PgConnection, roles: &[&str], node: &str) -> sqlx::Result<Vec<(String, i64)>> {
    let upsert = "INSERT INTO leaders AS l (role, epoch, node, since) SELECT r.role, 1, $2, now() FROM unnest($1::text[]) AS r (role)
                  ON CONFLICT (role) DO UPDATE SET epoch = l.epoch + 1, node = excluded.node, since = excluded.since
                  RETURNING role, epoch";
    sqlx::query_as(upsert).bind(roles).bind(node).fetch_all(connection).await
}

/// The lead, until it is lost or dropped. Dropping it gives it back at once.
pub struct Lease {
    held: watch::Receiver<Vec<HeldRole>>,
    lost: CancellationToken,
    _held: DropGuard,
}

impl Lease {
    /// What it leads in: more and more, as others give up what it asked for too.
    pub fn held(&self) -> watch::Receiver<Vec<HeldRole>> {
        self.held.clone()
    }

    /// Cancelled once another node may lead.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    fn hold(
        connection: PgConnection,
        terms: LeaseTerms,
        asked: Arc<[Role]>,
        held: Vec<HeldRole>,
        standing: Arc<LeadershipReport>,
    ) -> Self {
        let (lost, dropped) = (CancellationToken::new(), CancellationToken::new());
        let (sender, receiver) = watch::channel(held.clone());
        let keeper = Keeper { connection, terms, asked, held: sender, standing };
        keeper.tell(held);
        tokio::spawn(keeper.keep(lost.clone(), dropped.clone()));
        Self { held: receiver, lost, _held: dropped.drop_guard() }
    }
}

/// Keeps what is led.
struct Keeper {
    connection: PgConnection,
    terms: LeaseTerms,
    asked: Arc<[Role]>,
    held: watch::Sender<Vec<HeldRole>>,
    standing: Arc<LeadershipReport>,
}

impl Keeper {
    /// Says that it is there, again and again, until it gets no answer or nobody wants the lead any more.
    async fn keep(mut self, lost: CancellationToken, dropped: CancellationToken) {
        // Also when this task ends with its runtime.
        let _lost = lost.drop_guard();
        while dropped.run_until_cancelled(tokio::time::sleep(self.terms.pace.heartbeat)).await.is_some() {
            if let Err(error) = self.beat().await {
                tracing::warn!(role = listed(&self.asked), %error, "the lead is lost");
                return;
            }
        }
        // Lets go of the locks at once; if this does not get through, the session's end does it.
        let _ = tokio::time::timeout(self.terms.pace.patience, self.connection.close()).await;
    }

    /// Of a session that still is, the locks still are. Somebody who wrote to the table all the same is told too, and a version that
    /// can't read any more what is written.
    async fn beat(&mut self) -> Result<(), DatabaseError> {
        let LeaseTerms { format, pace, .. } = self.terms;
        formats::check(&mut self.connection, format, pace.patience).await?;
        let held = self.held.borrow().clone();
        let names: Vec<String> = held.iter().map(|held| held.role.name().into_owned()).collect();
        let epochs: Vec<i64> = held.iter().map(|held| held.epoch).collect();
        let count =
            "SELECT count(*) FROM leaders JOIN unnest($1::text[], $2::int8[]) AS h (role, epoch) USING (role, epoch)";
        let beat = sqlx::query_scalar::<_, i64>(count).bind(names).bind(epochs).fetch_one(&mut self.connection);
        let ours = in_time(pace.patience, beat).await;
        let ours = ours.map_err(|error| DatabaseError::of("saying that this node leads", &error))?;
        if ours != held.len() as i64 {
            return Err(Refusal::LeadTaken.into());
        }
        self.ask_for_more(held).await
    }

    async fn ask_for_more(&mut self, mut held: Vec<HeldRole>) -> Result<(), DatabaseError> {
        let is_held = |role: &&Role| held.iter().any(|held| held.role == **role);
        let others: Vec<Role> = self.asked.iter().filter(|role| !is_held(role)).cloned().collect();
        if others.is_empty() {
            return Ok(());
        }
        let more = self.terms.take(&mut self.connection, &others).await?.held;
        if !more.is_empty() {
            held.extend(more);
            // Whoever is woken by what it leads in finds its standing to be the same.
            self.tell(held.clone());
            self.held.send_replace(held);
        }
        Ok(())
    }

    fn tell(&self, held: Vec<HeldRole>) {
        let others = self.asked.len() - held.len();
        self.standing.stands(&self.asked, LeadershipStatus::Leading { held, others });
    }
}

/// Nobody leads in a role, and nobody can as long as this is there.
pub struct Unled {
    _connection: PgConnection,
}

impl Database {
    /// Keeps everybody from leading in the role; `None`: somebody leads.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`] while the server is away.
    pub async fn unled(&self, role: &Role) -> Result<Option<Unled>, DatabaseError> {
        let asking = async {
            let mut connection = self.connect().await?;
            let locked = try_locks(&mut connection, &[role.name().into_owned()]).await;
            let locked = locked.map_err(|error| DatabaseError::of("asking who leads", &error))?;
            Ok(locked.iter().any(|lock| lock.is_ours).then_some(Unled { _connection: connection }))
        };
        answered(self.options().statement_timeout, "asking who leads", asking).await
    }
}
