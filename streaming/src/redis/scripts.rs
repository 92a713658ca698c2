//! What moves the windows, each a script: all of it happens or nothing, and nobody sees the middle.

use super::connection::Connection;
use super::keys::{self, Names, StoreKeys};
use super::{LOG_INS_KEPT, POSITIONS_KEPT, SKIPPED_KEPT, write_skipped};
use crate::batch::{BUCKETS_KEPT, Batch, DayOf};
use crate::bucket::{Bucket, Granularity, Minute};
use crate::metric::Metric;
use crate::store::{Side, Swap};
use chrono::TimeDelta;
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::Position;
use redis::{AsyncCommands, RedisResult, Script};
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use uuid::Uuid;

/// What would expire so soon anyway is not said to be lost: the clocks of nodes differ.
const EXPIRES_SOON: TimeDelta = TimeDelta::hours(1);

/// A generation's name: new, and never used again.
#[expect(clippy::disallowed_methods, reason = "a name that no other generation has; it is only ever compared")]
fn fresh() -> String {
    Uuid::new_v4().simple().to_string()
}

macro_rules! script {
    ($name:ident, $file:literal) => {
        static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));
    };
}

script!(BEGIN, "begin.lua");
script!(APPLY, "apply.lua");
script!(MOVE, "move.lua");
script!(GIVE_UP, "give_up.lua");
script!(BEGIN_REBUILD, "begin_rebuild.lua");
script!(SWAP, "swap.lua");

/// The generation that stands on the side; a new one, if there is none.
pub(super) async fn begin(connection: &mut Connection, names: &Names, side: Side) -> RedisResult<String> {
    BEGIN.key(names.state()).arg(keys::side(side)).arg(fresh()).invoke_async(connection).await
}

/// What is recorded of each store's last part.
pub(super) async fn recorded(
    connection: &mut Connection,
    names: &Names,
    generation: &str,
    stores: &[StoreId],
) -> RedisResult<Vec<Option<String>>> {
    if stores.is_empty() {
        return Ok(Vec::new());
    }
    let fields: Vec<&[u8]> = stores.iter().map(|store| store.0.as_bytes().as_slice()).collect();
    connection.hmget(names.stores(generation), fields).await
}

/// One store's part of a batch.
pub(super) struct StoreBatch<'a> {
    pub keys: &'a StoreKeys,
    pub after: Position,
    pub position: Position,
    /// The position that the store's own keys must know of.
    pub recorded: Option<String>,
    pub counts: HashMap<(Bucket, Metric, Uuid), u64>,
    pub log_ins: &'a HashMap<DayOf, Timestamp>,
    /// By the batch's clock.
    pub now: Timestamp,
}

/// What became of a part.
pub(super) enum Applied {
    Done,
    /// The store's events are counted up to there already.
    Moved(String),
    /// What was counted before is gone.
    Lost,
}

impl StoreBatch<'_> {
    pub(super) async fn apply(&self, connection: &mut Connection) -> RedisResult<Applied> {
        let mut buckets: BTreeMap<(Bucket, Metric), Vec<(Uuid, u64)>> = BTreeMap::new();
        for (&(bucket, metric, key), &amount) in &self.counts {
            buckets.entry((bucket, metric)).or_default().push((key, amount));
        }
        let mut days: BTreeMap<i64, Vec<(CustomerId, Timestamp)>> = BTreeMap::new();
        for (&DayOf { day, customer }, &last) in self.log_ins {
            days.entry(day).or_default().push((customer, last));
        }
        let mut call = APPLY.prepare_invoke();
        call.key(self.keys.position());
        call.arg(keys::position(self.after)).arg(keys::position(self.position));
        call.arg(self.recorded.as_deref().unwrap_or_default());
        call.arg(POSITIONS_KEPT.num_seconds()).arg(days.len()).arg(EXPIRES_SOON.num_seconds());
        for (day, log_ins) in days {
            let day_ends = day_end(day);
            call.key(self.keys.log_ins(day)).key(self.keys.has_log_ins(day));
            call.arg(self.seconds_left(day_ends, LOG_INS_KEPT)).arg(log_ins.len());
            for (customer, last) in log_ins {
                call.arg(customer.0.as_bytes().as_slice()).arg(last.as_millis());
            }
        }
        for ((bucket, metric), counts) in buckets {
            let (day, bit) = keys::place(bucket);
            call.key(self.keys.bucket(bucket, metric)).key(self.keys.there(day, metric));
            call.arg(self.seconds_left(bucket.end(), BUCKETS_KEPT));
            call.arg(self.seconds_left(day_end(day), BUCKETS_KEPT)).arg(bit).arg(counts.len());
            for (key, amount) in counts {
                call.arg(key.as_bytes().as_slice()).arg(amount.min(i64::MAX as u64));
            }
        }
        let outcome: (String, String) = call.invoke_async(connection).await?;
        Ok(match outcome.0.as_str() {
            "moved" => Applied::Moved(outcome.1),
            "lost" => Applied::Lost,
            _ => Applied::Done,
        })
    }

    /// Until no window reaches back to what ended then.
    fn seconds_left(&self, end: Minute, kept: TimeDelta) -> i64 {
        let ends = end.start().plus(kept);
        (ends.as_millis() - self.now.as_millis()).div_euclid(1_000).max(1)
    }
}

fn day_end(day: i64) -> Minute {
    Minute((day + 1).saturating_mul(Granularity::Day.minutes()))
}

/// The end of a batch: its checkpoint.
pub(super) struct Move<'a> {
    pub names: &'a Names,
    pub generation: &'a str,
    pub side: Side,
    pub batch: &'a Batch,
    pub stores: &'a [StoreId],
}

impl Move<'_> {
    /// `Some`: the generation is at another position, or no longer on the side.
    pub(super) async fn run(&self, connection: &mut Connection) -> RedisResult<Option<String>> {
        let Batch { after, checkpoint, event_hash, skipped, horizon, .. } = self.batch;
        let now = horizon.clock;
        let mut call = MOVE.prepare_invoke();
        call.key(self.names.state()).key(self.names.skipped(self.generation)).key(self.names.stores(self.generation));
        call.arg(keys::side(self.side)).arg(self.generation).arg(keys::position(*after));
        call.arg(checkpoint.log_id.to_string()).arg(keys::position(checkpoint.position));
        call.arg(checkpoint.event_id.to_string()).arg(keys::record(checkpoint.position, now));
        call.arg(POSITIONS_KEPT.num_seconds()).arg(SKIPPED_KEPT).arg(self.stores.len());
        call.arg(now.as_millis()).arg(event_hash.to_string());
        for store in self.stores {
            call.arg(store.0.as_bytes().as_slice());
        }
        for skipped in skipped {
            call.arg(write_skipped(skipped));
        }
        call.invoke_async(connection).await
    }
}

/// Takes a generation that has lost something from its side.
pub(super) async fn give_up(
    connection: &mut Connection,
    names: &Names,
    side: Side,
    generation: &str,
) -> RedisResult<()> {
    GIVE_UP.key(names.state()).arg(keys::side(side)).arg(generation).invoke_async(connection).await
}

/// Begins an empty generation, in the place of one that is being built.
pub(super) async fn begin_rebuild(connection: &mut Connection, names: &Names) -> RedisResult<()> {
    BEGIN_REBUILD.key(names.state()).arg(fresh()).invoke_async(connection).await
}

/// Puts what was built in the live one's place. It is there already: done.
pub(super) async fn swap(connection: &mut Connection, names: &Names, swap: Swap) -> RedisResult<bool> {
    let when = match swap {
        Swap::WhenReached => "when reached",
        Swap::Now => "now",
    };
    SWAP.key(names.state()).arg(when).invoke_async(connection).await
}
