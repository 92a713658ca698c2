//! Windows in Redis, for several nodes: Redis 6 to 8, Valkey, or a cluster of either.
//!
//! What lives here: [`RedisWindows`]. Each store's part of a batch is one script over keys that share the store's hash tag, with
//! the position it reached in it; the checkpoint of all stores moves after them, by another script. Whatever dies in between,
//! a part that was counted is not counted again. What doesn't live here: what is counted (`metric`), who brings the events
//! (`worker`).
//!
//! **Loss.** Replication in Redis is asynchronous, and nothing here is the only copy: what a failover, a restart without
//! persistence or a FLUSHALL takes is noticed, and counted anew from the log beside an answer that says so. A generation of
//! windows has a name that nobody can guess and that is never used again, so what is left of a lost one can't mix with the next.
//!
//! **Size.** Buckets expire by themselves when no window reaches back to them ([`BUCKETS_KEPT`]), also those of generations
//! that were replaced. A query for the largest reads all that was counted in the window: exact sums of 64 bits are beyond what
//! Redis adds up itself.

mod connection;
mod keys;
mod scripts;
mod sums;
mod target;

use crate::batch::{Batch, LOG_INS_KEPT, Skipped, StoreBatch, day_of};
use crate::bucket::Minute;
use crate::metric::Metric;
use crate::store::{SKIPPED_KEPT, Side, SideState, Swap, WindowStore, WindowStoreError};
use crate::sums::{largest, total};
use async_trait::async_trait;
use chrono::TimeDelta;
use connection::{Connection, Servers, trouble};
use domain::{StoreId, Timestamp};
use eventlog::chain::EventHash;
use eventlog::{CausedBy, Checkpoint, LogId, Position};
use futures::{StreamExt, TryStreamExt, stream};
use keys::Names;
use redis::AsyncCommands;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Parts of a batch, or positions of stores, that are under way at a time.
const AT_ONCE: usize = 32;
/// How often the worker looks whether all is still there.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// How long one call may take in all: many commands, each with a limit of its own.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// How long the position of a store's part is kept: longer than anything that was counted with it.
const POSITIONS_KEPT: TimeDelta = TimeDelta::days(10);
/// A part that was counted this long ago is taken for lost when its position is gone; later, for expired.
const MISSED_WITHIN: TimeDelta = TimeDelta::days(9);

/// As they stand in the state: see [`keys::checkpoint_fields`].
type CheckpointFields = (Option<String>, Option<String>, Option<String>, Option<String>, Option<i64>);

/// Windows in Redis.
pub struct RedisWindows {
    servers: Servers,
    names: Names,
    looked_at_every: Duration,
    answered_within: Duration,
    /// It has answered once: so it is spoken to as it wants to be.
    has_answered: AtomicBool,
}

impl RedisWindows {
    /// Windows at the URL: `redis://` or `rediss://` for one server, `redis-cluster://` or `rediss-cluster://` with its nodes
    /// (`host:port,host:port`) for a cluster; with TLS, `?ssl_ca_certs=`, `ssl_certfile` and `ssl_keyfile` name files in PEM. Its keys begin with the namespace. Nothing is connected yet: opening works while
    /// Redis is away. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`WindowStoreError::Damaged`] when it is no such URL; the message never shows it.
    pub fn open(url: &str, namespace: &str) -> Result<Self, WindowStoreError> {
        Ok(Self {
            servers: Servers::of(url)?,
            names: Names::in_namespace(namespace),
            looked_at_every: LOOKED_AT_EVERY,
            answered_within: ANSWERED_WITHIN,
            has_answered: AtomicBool::new(false),
        })
    }

    /// Whether the URL can be used, asking no server. To be called within a tokio runtime.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check(url: &str) -> Result<(), WindowStoreError> {
        Servers::of(url).map(drop)
    }

    /// The same, looked at so often by the worker; every second otherwise.
    pub fn looked_at(self, every: Duration) -> Self {
        Self { looked_at_every: every, ..self }
    }

    /// The same, with a call given up that takes longer in all; 30 seconds otherwise.
    pub fn answered_within(self, within: Duration) -> Self {
        Self { answered_within: within, ..self }
    }

    async fn connection(&self) -> Result<Connection, WindowStoreError> {
        self.servers.connection().await
    }

    /// One call, however many commands it takes, and however slowly each of them is answered. What was given up may have been done,
    /// or may be yet: whoever goes on reads first up to where it is.
    async fn in_all<T>(
        &self,
        doing: &'static str,
        call: impl Future<Output = Result<T, WindowStoreError>> + Send,
    ) -> Result<T, WindowStoreError> {
        let within = self.answered_within;
        match tokio::time::timeout(within, call).await {
            Ok(Err(WindowStoreError::Unavailable(reason))) if !self.has_answered.load(Ordering::Relaxed) => {
                let hint = self.servers.other_way(&reason.to_string());
                Err(WindowStoreError::Unavailable(NeverAnswered { reason, hint }.into()))
            }
            Ok(outcome) => {
                self.has_answered.store(true, Ordering::Relaxed);
                outcome
            }
            Err(_) => Err(WindowStoreError::Unavailable(CausedBy::of(doing, NotDone(within)))),
        }
    }

    /// The generation that stands on the side; `None`: there is none.
    async fn generation(&self, connection: &mut Connection, side: Side) -> Result<Option<String>, WindowStoreError> {
        let state = self.names.state();
        let found = connection::again(connection, |mut connection| {
            let state = state.clone();
            async move { connection.hget(state, keys::side(side)).await }
        });
        found.await.map_err(|error| trouble("reading which windows are live", &error))
    }

    /// The generation that answers. Without one nothing may be answered: its sums would be too small.
    async fn live(&self, connection: &mut Connection) -> Result<String, WindowStoreError> {
        let live = self.generation(connection, Side::Live).await?;
        live.ok_or_else(|| WindowStoreError::Unavailable(CountedAnew.into()))
    }

    /// The generation's checkpoint, its event's hash, and its latest clock.
    async fn checkpoint(
        &self,
        connection: &mut Connection,
        generation: &str,
    ) -> Result<(Option<Checkpoint>, Option<EventHash>, Option<Timestamp>), WindowStoreError> {
        let (state, fields) = (self.names.state(), keys::checkpoint_fields(generation));
        let read = connection::again(connection, |mut connection| {
            let (state, fields) = (state.clone(), fields.clone());
            async move { connection.hmget::<_, _, CheckpointFields>(state, &fields).await }
        });
        let stored = read.await.map_err(|error| trouble("reading the checkpoint", &error))?;
        let (Some(log_id), Some(position), Some(event_id), hash, clock_ms) = stored else {
            return Ok((None, None, None));
        };
        // Of another event: a node of an earlier version has moved on since.
        let hash = hash.as_deref().and_then(|hash| hash.strip_prefix(event_id.as_str())).map(str::trim_start);
        let read = |hash: &str| {
            hash.parse().map_err(|error: <EventHash as FromStr>::Err| keys::stored_as(hash, "a hash", error))
        };
        let event_hash = hash.map(read).transpose()?;
        let (log_id, event_id) = (LogId(uuid(&log_id)?), uuid(&event_id)?);
        let checkpoint = Checkpoint { log_id, position: keys::read_position(&position)?, event_id };
        Ok((Some(checkpoint), event_hash, clock_ms.map(Timestamp::from_millis)))
    }

    async fn sums(
        &self,
        connection: &mut Connection,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
    ) -> Result<HashMap<Uuid, i64>, WindowStoreError> {
        let generation = self.live(connection).await?;
        let keys = self.names.of_store(&generation, store);
        match sums::read(connection, &keys, metric, span).await? {
            Some(sums) => Ok(sums),
            None => Err(self.has_lost(connection, store, &generation).await?),
        }
    }

    /// Something of the store's is gone that has not expired: nothing is answered from the generation any more. What to say.
    async fn has_lost(
        &self,
        connection: &mut Connection,
        store: StoreId,
        generation: &str,
    ) -> Result<WindowStoreError, WindowStoreError> {
        tracing::error!(
            %store,
            "the windows in Redis have lost what was counted; they are counted anew from the log. See that maxmemory-policy is noeviction"
        );
        scripts::give_up(connection, &self.names, Side::Live, generation)
            .await
            .map_err(|error| trouble("giving up windows that have lost something", &error))?;
        Ok(WindowStoreError::Unavailable(CountedAnew.into()))
    }

    /// Counts one store's part.
    async fn apply_part(
        &self,
        generation: &str,
        side: Side,
        batch: &Batch,
        store: StoreId,
        added: &StoreBatch,
        recorded: Option<String>,
    ) -> Result<(), WindowStoreError> {
        let mut connection = self.connection().await?;
        let keys = self.names.of_store(generation, store);
        let now = batch.horizon.clock;
        let part = scripts::StoreBatch {
            keys: &keys,
            after: added.after,
            position: batch.checkpoint.position,
            recorded: recorded.as_deref().and_then(|recorded| keys::missed(recorded, now, MISSED_WITHIN)),
            counts: added.counts(),
            log_ins: &added.log_ins,
            now,
        };
        match part.apply(&mut connection).await.map_err(|error| trouble("counting", &error))? {
            scripts::Applied::Done => Ok(()),
            scripts::Applied::Moved(position) => Err(WindowStoreError::Moved(keys::read_position(&position)?)),
            scripts::Applied::Lost => {
                tracing::warn!(%store, "the windows in Redis have lost what was counted; counting anew from the log");
                scripts::give_up(&mut connection, &self.names, side, generation)
                    .await
                    .map_err(|error| trouble("giving up windows that have lost something", &error))?;
                Err(WindowStoreError::Moved(Position::START))
            }
        }
    }
}

/// What one server says of itself, or each of a cluster.
fn policies(said: &redis::Value) -> Vec<String> {
    let of = |text: &str| {
        let policy = text.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
        policy.map(|policy| policy.trim().to_owned()).into_iter().collect()
    };
    match said {
        redis::Value::BulkString(text) => of(&String::from_utf8_lossy(text)),
        redis::Value::SimpleString(text) | redis::Value::VerbatimString { text, .. } => of(text),
        redis::Value::Array(all) => all.iter().flat_map(policies).collect(),
        redis::Value::Map(of_nodes) => of_nodes.iter().flat_map(|(_, said)| policies(said)).collect(),
        _ => Vec::new(),
    }
}

/// Up to where a store's events were counted.
async fn position_of(connection: Connection, key: String) -> Result<Position, WindowStoreError> {
    let read = connection::again(&connection, |mut connection| {
        let key = key.clone();
        async move { connection.get::<_, Option<String>>(key).await }
    });
    let stored = read.await.map_err(|error| trouble("reading a store's position", &error))?;
    stored.as_deref().map_or(Ok(Position::START), keys::read_position)
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("they are being counted anew from the log")]
struct CountedAnew;

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not done after {0:?}; it may have been, or be yet")]
struct NotDone(Duration);

/// With what may be wrong with the way to a server that never answered.
#[derive(Debug, thiserror::Error)]
#[error("{reason}{hint}")]
struct NeverAnswered {
    #[source]
    reason: CausedBy,
    hint: &'static str,
}

fn uuid(text: &str) -> Result<Uuid, WindowStoreError> {
    Uuid::parse_str(text).map_err(|error| keys::stored_as(text, "an id", error))
}

#[async_trait]
impl WindowStore for RedisWindows {
    fn looked_at_every(&self) -> Option<Duration> {
        Some(self.looked_at_every)
    }

    async fn evicts(&self) -> Result<Option<String>, WindowStoreError> {
        self.in_all("asking for the policy of eviction", async {
            let connection = self.connection().await?;
            let asked = connection::again(&connection, |mut connection| async move {
                redis::cmd("INFO").arg("memory").query_async::<redis::Value>(&mut connection).await
            });
            let said = asked.await.map_err(|error| trouble("asking for the policy of eviction", &error))?;
            let policies = policies(&said);
            Ok(policies.into_iter().find(|policy| policy != "noeviction"))
        })
        .await
    }

    async fn has(&self, side: Side) -> Result<bool, WindowStoreError> {
        self.in_all("reading which windows there are", async {
            let mut connection = self.connection().await?;
            Ok(self.generation(&mut connection, side).await?.is_some())
        })
        .await
    }

    async fn state(&self, side: Side) -> Result<SideState, WindowStoreError> {
        self.in_all("reading how far it is", async {
            let mut connection = self.connection().await?;
            let Some(generation) = self.generation(&mut connection, side).await? else {
                return Ok(SideState::default());
            };
            let (checkpoint, event_hash, latest_clock) = self.checkpoint(&mut connection, &generation).await?;
            let (state, field) = (self.names.state(), keys::skipped_field(&generation));
            let list = self.names.skipped(&generation);
            let read = connection::again(&connection, |mut connection| {
                let (state, field, list) = (state.clone(), field.clone(), list.clone());
                async move {
                    let skipped: Option<u64> = connection.hget(state, field).await?;
                    let latest: Vec<String> = connection.lrange(list, 0, -1).await?;
                    Ok((skipped, latest))
                }
            });
            let (skipped, latest) = read.await.map_err(|error| trouble("reading what was skipped", &error))?;
            let latest_skipped = latest.iter().map(|text| read_skipped(text)).collect::<Result<_, _>>()?;
            let skipped = skipped.unwrap_or_default();
            Ok(SideState { checkpoint, event_hash, latest_clock, skipped, latest_skipped })
        })
        .await
    }

    async fn reached(
        &self,
        side: Side,
        stores: &[StoreId],
        checkpoint: Position,
    ) -> Result<Vec<Position>, WindowStoreError> {
        self.in_all("reading the stores' positions", async {
            let mut connection = self.connection().await?;
            let Some(generation) = self.generation(&mut connection, side).await? else {
                return Ok(vec![checkpoint; stores.len()]);
            };
            let mut reached = Vec::with_capacity(stores.len());
            for store in stores {
                reached.push(position_of(connection.clone(), self.names.of_store(&generation, *store).position()));
            }
            let reached: Vec<Position> = stream::iter(reached).buffered(AT_ONCE).try_collect().await?;
            Ok(reached.into_iter().map(|position| position.max(checkpoint)).collect())
        })
        .await
    }

    async fn apply(&self, side: Side, batch: Batch) -> Result<(), WindowStoreError> {
        self.in_all("counting", async {
            let mut connection = self.connection().await?;
            let counting = |error: redis::RedisError| trouble("counting", &error);
            // Only whoever begins at the start may make a side: one that was there and is gone must not answer with a part.
            let generation = match batch.after {
                Position::START => Some(scripts::begin(&mut connection, &self.names, side).await.map_err(counting)?),
                _ => self.generation(&mut connection, side).await?,
            };
            let Some(generation) = generation else { return Err(WindowStoreError::Moved(Position::START)) };
            let (stored, _, _) = self.checkpoint(&mut connection, &generation).await?;
            let position = stored.map_or(Position::START, |checkpoint| checkpoint.position);
            let same_log = stored.is_none_or(|checkpoint| checkpoint.log_id == batch.checkpoint.log_id);
            if position != batch.after || !same_log {
                return Err(WindowStoreError::Moved(position));
            }
            let stores: Vec<StoreId> = batch.stores.keys().copied().collect();
            let recorded =
                scripts::recorded(&mut connection, &self.names, &generation, &stores).await.map_err(counting)?;
            let mut parts = Vec::with_capacity(stores.len());
            for ((store, added), recorded) in batch.stores.iter().zip(recorded) {
                parts.push(self.apply_part(&generation, side, &batch, *store, added, recorded));
            }
            stream::iter(parts).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            let moved =
                scripts::Move { names: &self.names, generation: &generation, side, batch: &batch, stores: &stores };
            match moved.run(&mut connection).await.map_err(counting)? {
                None => Ok(()),
                Some(position) => Err(WindowStoreError::Moved(keys::read_position(&position)?)),
            }
        })
        .await
    }

    async fn begin_rebuild(&self) -> Result<(), WindowStoreError> {
        self.in_all("beginning a rebuild", async {
            let mut connection = self.connection().await?;
            scripts::begin_rebuild(&mut connection, &self.names)
                .await
                .map_err(|error| trouble("beginning a rebuild", &error))
        })
        .await
    }

    async fn swap(&self, swap: Swap) -> Result<bool, WindowStoreError> {
        self.in_all("swapping", async {
            let mut connection = self.connection().await?;
            scripts::swap(&mut connection, &self.names, swap).await.map_err(|error| trouble("swapping", &error))
        })
        .await
    }

    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, WindowStoreError> {
        self.in_all("reading the largest", async {
            let mut connection = self.connection().await?;
            Ok(largest(self.sums(&mut connection, store, metric, span).await?, n))
        })
        .await
    }

    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, WindowStoreError> {
        self.in_all("reading a sum", async {
            let mut connection = self.connection().await?;
            Ok(total(&self.sums(&mut connection, store, metric, span).await?))
        })
        .await
    }

    async fn log_ins_within(
        &self,
        store: StoreId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<u64, WindowStoreError> {
        self.in_all("counting log-ins", async {
            let mut connection = self.connection().await?;
            let generation = self.live(&mut connection).await?;
            let keys = self.names.of_store(&generation, store);
            let mut look = redis::pipe();
            look.atomic();
            for day in day_of(after)..=day_of(until) {
                look.exists(keys.log_ins(day)).exists(keys.has_log_ins(day));
                look.zrangebyscore(keys.log_ins(day), format!("({}", after.as_millis()), until.as_millis());
            }
            let found = connection::again(&connection, |mut connection| {
                let look = look.clone();
                async move { look.query_async::<Vec<(bool, bool, Vec<Vec<u8>>)>>(&mut connection).await }
            });
            let days = found.await.map_err(|error| trouble("counting log-ins", &error))?;
            if days.iter().any(|(there, was_there, _)| there != was_there) {
                return Err(self.has_lost(&mut connection, store, &generation).await?);
            }
            // Once, though on several days.
            let customers: HashSet<Vec<u8>> = days.into_iter().flat_map(|(_, _, customers)| customers).collect();
            Ok(customers.len() as u64)
        })
        .await
    }
}

/// As it stands in the list of skipped events.
fn write_skipped(skipped: &Skipped) -> String {
    serde_json::json!([skipped.position.0, skipped.stream, skipped.event_type, skipped.reason]).to_string()
}

fn read_skipped(text: &str) -> Result<Skipped, WindowStoreError> {
    let read: Result<(u64, String, String, String), _> = serde_json::from_str(text);
    let (position, stream, event_type, reason) =
        read.map_err(|error| WindowStoreError::Damaged(CausedBy::of("a skipped event can't be read", error)))?;
    Ok(Skipped { position: Position(position), stream, event_type, reason })
}
