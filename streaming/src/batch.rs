//! Events folded in memory, before anything is stored: many events that touch one product in one minute are one increment.
//!
//! Pure. What doesn't live here: who brings the events (`worker`), where increments go (`store`).

use crate::bucket::{Bucket, Granularity, Minute};
use crate::metric::{Increment, Metric, increment};
use chrono::TimeDelta;
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, LogId, Position};
use journal::{Delivery, Envelope};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// How long buckets are kept: the longest window, and a day for clocks that differ or step back.
pub const BUCKETS_KEPT: TimeDelta = TimeDelta::days(8);
/// How long a customer's last log-in of a day is kept: the 24 h it counts, and a day for clocks that differ or step back.
pub const LOG_INS_KEPT: TimeDelta = TimeDelta::hours(48);
/// How far a clock may step back and still find all that its windows ask for: what is kept beyond them, less a minute for theirs.
pub const MAY_STEP_BACK: TimeDelta = TimeDelta::minutes(24 * 60 - 1);

/// From when on counts matter. What is older is neither stored nor kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The clock that says so.
    pub clock: Timestamp,
    /// Buckets that end after the beginning of this minute.
    pub buckets: Minute,
    /// Log-ins at this moment or later.
    pub log_ins: Timestamp,
}

impl Horizon {
    pub fn at(now: Timestamp) -> Self {
        Self { clock: now, buckets: Minute::of(now.minus(BUCKETS_KEPT)), log_ins: now.minus(LOG_INS_KEPT) }
    }
}

/// What a stretch of the log adds to the windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The position of the checkpoint that the batch builds on.
    pub after: Position,
    /// The last event of the batch, whether it counts or not.
    pub checkpoint: Checkpoint,
    /// Of that event, as it was read.
    pub event_hash: EventHash,
    pub stores: BTreeMap<StoreId, StoreBatch>,
    /// The events that could not be read, oldest first.
    pub skipped: Vec<Skipped>,
    pub horizon: Horizon,
}

/// What it adds to those of one store: the events after `after`, up to the batch's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreBatch {
    /// Up to where the store's events were counted before.
    pub after: Position,
    /// How much, by minute. Longer buckets follow from it: see [`StoreBatch::counts`].
    pub minutes: HashMap<Cell, u64>,
    /// The last log-in of each customer on each day: one that a clock stamped far ahead hides none that is due before it.
    pub log_ins: HashMap<DayOf, Timestamp>,
}

/// A customer on a day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayOf {
    /// In whole days since 1970.
    pub day: i64,
    pub customer: CustomerId,
}

/// The day (UTC) that the moment is in, in whole days since 1970.
pub fn day_of(time: Timestamp) -> i64 {
    Minute::of(time).0.div_euclid(Granularity::Day.minutes())
}

/// What is counted, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub minute: Minute,
    pub metric: Metric,
    /// The thing that the metric counts by; nil where it counts by none.
    pub key: Uuid,
}

/// An event that could not be read and so did not count. A rebuild tries it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub position: Position,
    pub stream: String,
    pub event_type: String,
    pub reason: String,
}

impl Batch {
    /// Folds events that follow one another in the log. `reached` says up to where the events of a store were counted
    /// before, where that is later than `after`. `None` without events.
    pub fn fold(
        log_id: LogId,
        after: Position,
        events: &[Delivery],
        reached: &HashMap<StoreId, Position>,
        horizon: Horizon,
    ) -> Option<Self> {
        let last = events.last()?;
        let mut batch = Self {
            after,
            checkpoint: Checkpoint { log_id, position: last.position(), event_id: last.id() },
            event_hash: last.hash(),
            stores: BTreeMap::new(),
            skipped: Vec::new(),
            horizon,
        };
        events.iter().for_each(|event| batch.add(event, reached));
        Some(batch)
    }

    fn add(&mut self, event: &Delivery, reached: &HashMap<StoreId, Position>) {
        match event {
            Delivery::Unreadable(unreadable) => self.skipped.push(Skipped {
                position: unreadable.position,
                stream: unreadable.stream.to_string(),
                event_type: unreadable.event_type.to_string(),
                reason: unreadable.reason.to_string(),
            }),
            Delivery::Event(envelope) => match increment(envelope) {
                Ok(None) => {}
                Ok(Some(increment)) => self.count(envelope, increment, reached),
                Err(misplaced) => self.skipped.push(Skipped {
                    position: envelope.position,
                    stream: envelope.stream.to_string(),
                    event_type: envelope.event.event_type().to_owned(),
                    reason: misplaced.to_string(),
                }),
            },
        }
    }

    fn count(&mut self, envelope: &Envelope, increment: Increment, reached: &HashMap<StoreId, Position>) {
        let (id, at) = (envelope.metadata.store_id, envelope.metadata.occurred_at);
        let store = self.stores.entry(id).or_insert_with(|| StoreBatch {
            after: reached.get(&id).copied().unwrap_or(self.after).max(self.after),
            minutes: HashMap::new(),
            log_ins: HashMap::new(),
        });
        if envelope.position > store.after {
            store.add(increment, at, self.horizon);
        }
    }
}

impl StoreBatch {
    fn add(&mut self, increment: Increment, at: Timestamp, horizon: Horizon) {
        match increment {
            Increment::Count { metric, key, amount } => {
                let minute = Minute::of(at);
                // Its day may not be over yet, but no window reaches back to it any more.
                if minute >= horizon.buckets {
                    let cell = Cell { minute, metric, key };
                    let count = self.minutes.entry(cell).or_default();
                    *count = count.saturating_add(amount);
                }
            }
            Increment::LogIn(customer) if at >= horizon.log_ins => {
                let last = self.log_ins.entry(DayOf { day: day_of(at), customer }).or_insert(at);
                *last = at.max(*last);
            }
            Increment::LogIn(_) => {}
        }
    }

    /// How much to add to which bucket: each minute, and the hours and days that they are in.
    pub fn counts(&self) -> HashMap<(Bucket, Metric, Uuid), u64> {
        let mut counts = HashMap::with_capacity(self.minutes.len() * Granularity::ALL.len());
        for (cell, amount) in &self.minutes {
            for granularity in Granularity::ALL {
                let bucket = Bucket::of(granularity, cell.minute);
                let count: &mut u64 = counts.entry((bucket, cell.metric, cell.key)).or_default();
                *count = count.saturating_add(*amount);
            }
        }
        counts
    }
}
