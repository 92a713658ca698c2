//! Windows in memory that apply a batch store by store, as Redis does, and die between any two steps.

use crate::places::{Place, dead};
use async_trait::async_trait;
use cartlog_streaming::*;
use domain::{StoreId, Timestamp};
use eventlog::{Checkpoint, Position};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use uuid::Uuid;

/// Windows in memory, in one shard a store: each shard's part of a batch is one step, the checkpoint is the last.
#[derive(Default)]
pub struct Sharded {
    sides: Arc<Mutex<[OneSide; 2]>>,
    steps_left: Mutex<Option<u64>>,
}

#[derive(Default)]
struct OneSide {
    state: SideState,
    shards: BTreeMap<StoreId, Shard>,
}

#[derive(Default)]
struct Shard {
    position: Position,
    counts: HashMap<(Bucket, Metric, Uuid), u64>,
    log_ins: HashMap<DayOf, Timestamp>,
}

impl Place for Sharded {
    fn open(&self) -> Arc<dyn WindowStore> {
        Arc::new(Sharded { sides: Arc::clone(&self.sides), steps_left: Mutex::new(None) })
    }

    fn open_to_crash(&self, steps: u64) -> Arc<dyn WindowStore> {
        Arc::new(Sharded { sides: Arc::clone(&self.sides), steps_left: Mutex::new(Some(steps)) })
    }
}

impl Sharded {
    async fn step(&self) -> Result<(), WindowStoreError> {
        // Others may come in between two steps.
        tokio::task::yield_now().await;
        let mut left = self.steps_left.lock();
        match *left {
            Some(0) => Err(dead()),
            Some(steps) => {
                *left = Some(steps - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn sum(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> BTreeMap<Uuid, u64> {
        let sides = self.sides.lock();
        let mut sums = BTreeMap::new();
        let Some(shard) = sides[0].shards.get(&store) else {
            return sums;
        };
        for bucket in cover(span) {
            for (&(at, counted, key), amount) in &shard.counts {
                if (at, counted) == (bucket, metric) {
                    let sum: &mut u64 = sums.entry(key).or_default();
                    *sum = (*sum + amount).min(i64::MAX as u64);
                }
            }
        }
        sums
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::Live => 0,
        Side::Building => 1,
    }
}

fn position(state: &SideState) -> Position {
    state.checkpoint.map_or(Position::START, |checkpoint| checkpoint.position)
}

#[async_trait]
impl WindowStore for Sharded {
    async fn state(&self, side: Side) -> Result<SideState, WindowStoreError> {
        Ok(self.sides.lock()[index(side)].state.clone())
    }

    async fn reached(
        &self,
        side: Side,
        stores: &[StoreId],
        checkpoint: Position,
    ) -> Result<Vec<Position>, WindowStoreError> {
        let sides = self.sides.lock();
        let shard = |store| sides[index(side)].shards.get(store);
        let reached = |store| shard(store).map_or(checkpoint, |shard| shard.position.max(checkpoint));
        Ok(stores.iter().map(reached).collect())
    }

    async fn apply(&self, side: Side, batch: Batch) -> Result<(), WindowStoreError> {
        let foreign = |stored: Checkpoint| stored.log_id != batch.checkpoint.log_id;
        {
            let sides = self.sides.lock();
            let stored = &sides[index(side)].state;
            if position(stored) != batch.after || stored.checkpoint.is_some_and(foreign) {
                return Err(WindowStoreError::Moved(position(stored)));
            }
        }
        for (id, added) in &batch.stores {
            self.step().await?;
            let mut sides = self.sides.lock();
            let shard = sides[index(side)].shards.entry(*id).or_default();
            if shard.position > added.after {
                return Err(WindowStoreError::Moved(shard.position));
            }
            shard.position = batch.checkpoint.position;
            for (cell, amount) in added.counts() {
                let count = shard.counts.entry(cell).or_default();
                *count = count.saturating_add(amount).min(i64::MAX as u64);
            }
            for (of, last) in &added.log_ins {
                let known = shard.log_ins.entry(*of).or_insert(*last);
                *known = (*known).max(*last);
            }
        }
        self.step().await?;
        let mut sides = self.sides.lock();
        let stored = &mut sides[index(side)].state;
        if position(stored) != batch.after {
            return Err(WindowStoreError::Moved(position(stored)));
        }
        stored.checkpoint = Some(batch.checkpoint);
        stored.event_hash = Some(batch.event_hash);
        stored.latest_clock = stored.latest_clock.max(Some(batch.horizon.clock));
        stored.skipped += batch.skipped.len() as u64;
        stored.latest_skipped.extend(batch.skipped);
        let surplus = stored.latest_skipped.len().saturating_sub(SKIPPED_KEPT);
        stored.latest_skipped.drain(..surplus);
        Ok(())
    }

    async fn begin_rebuild(&self) -> Result<(), WindowStoreError> {
        self.sides.lock()[1] = OneSide::default();
        Ok(())
    }

    async fn swap(&self, swap: Swap) -> Result<bool, WindowStoreError> {
        let mut sides = self.sides.lock();
        if swap == Swap::WhenReached && position(&sides[1].state) < position(&sides[0].state) {
            return Ok(false);
        }
        sides.swap(0, 1);
        sides[1] = OneSide::default();
        Ok(true)
    }

    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, WindowStoreError> {
        let mut sums: Vec<(Uuid, u64)> = self.sum(store, metric, span).into_iter().collect();
        sums.sort_by_key(|&(key, sum)| (std::cmp::Reverse(sum), key));
        sums.truncate(n);
        Ok(sums)
    }

    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, WindowStoreError> {
        let sums = self.sum(store, metric, span);
        let total = sums.values().fold(0u64, |total, sum| total.saturating_add(*sum));
        Ok(total.min(i64::MAX as u64))
    }

    async fn log_ins_within(
        &self,
        store: StoreId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<u64, WindowStoreError> {
        let sides = self.sides.lock();
        let log_ins = sides[0].shards.get(&store).into_iter().flat_map(|shard| &shard.log_ins);
        let within = log_ins.filter(|(_, last)| **last > after && **last <= until);
        Ok(within.map(|(of, _)| of.customer).collect::<BTreeSet<_>>().len() as u64)
    }
}
