//! What moves the windows: applying a batch, dropping what has expired, and the two ends of a rebuild. Each is one
//! transaction.

use super::at_most_i64;
use super::schema::{self, Slot};
use crate::batch::{Batch, Horizon};
use crate::bucket::{Bucket, Granularity};
use crate::metric::Metric;
use crate::store::{SKIPPED_KEPT, Side, Swap};
use domain::StoreId;
use eventlog::Position;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use uuid::Uuid;

/// How many rows of each kind (minutes, hours, days, log-ins) a batch drops at most: more than its 1,000 events can add,
/// and few enough that no batch is slow after a long pause.
pub(super) const PRUNED_ROWS: i64 = 2_000;

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// What became of a batch.
pub(super) enum Applied {
    Done,
    /// The side is not where the batch builds on, but there.
    Moved(Position),
}

/// Adds the batch and moves the checkpoint, if the side is where the batch builds on.
pub(super) fn apply(connection: &mut Connection, side: Side, batch: &Batch) -> rusqlite::Result<Applied> {
    let tx = begin(connection)?;
    let slot = schema::slot(&tx, side)?;
    let stored = schema::checkpoint(&tx, slot)?;
    let position = stored.map_or(Position::START, |checkpoint| checkpoint.position);
    let same_log = stored.is_none_or(|checkpoint| checkpoint.log_id == batch.checkpoint.log_id);
    if position != batch.after || !same_log {
        return Ok(Applied::Moved(position));
    }
    add_counts(&tx, slot, batch)?;
    add_log_ins(&tx, slot, batch)?;
    add_skipped(&tx, slot, batch)?;
    move_checkpoint(&tx, slot, batch)?;
    prune(&tx, slot, batch.horizon)?;
    tx.commit()?;
    Ok(Applied::Done)
}

fn add_counts(tx: &Transaction<'_>, slot: Slot, batch: &Batch) -> rusqlite::Result<()> {
    let mut counts: Vec<(Bucket, Metric, StoreId, Uuid, u64)> = Vec::new();
    for (&store, added) in &batch.stores {
        let of_store = added.counts().into_iter();
        counts.extend(of_store.map(|((bucket, metric, key), amount)| (bucket, metric, store, key, amount)));
    }
    // In the order of the table's key: neighbours stand in the same page.
    counts.sort_unstable();
    let mut upsert = tx.prepare_cached(&format!(
        "INSERT INTO buckets_{} (granularity, start, metric, store, key, amount) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET amount = min(amount, {} - excluded.amount) + excluded.amount",
        slot.0,
        i64::MAX
    ))?;
    for (bucket, metric, store, key, amount) in counts {
        upsert.execute(params![
            bucket.granularity.minutes(),
            bucket.start.0,
            metric as i64,
            store.0.as_bytes(),
            key.as_bytes(),
            at_most_i64(amount),
        ])?;
    }
    Ok(())
}

fn add_log_ins(tx: &Transaction<'_>, slot: Slot, batch: &Batch) -> rusqlite::Result<()> {
    let mut upsert = tx.prepare_cached(&format!(
        "INSERT INTO log_ins_{} (store, day, customer, last_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET last_ms = excluded.last_ms WHERE excluded.last_ms > last_ms",
        slot.0
    ))?;
    for (store, added) in &batch.stores {
        for (of, last) in &added.log_ins {
            upsert.execute(params![store.0.as_bytes(), of.day, of.customer.0.as_bytes(), last.as_millis()])?;
        }
    }
    Ok(())
}

fn add_skipped(tx: &Transaction<'_>, slot: Slot, batch: &Batch) -> rusqlite::Result<()> {
    if batch.skipped.is_empty() {
        return Ok(());
    }
    let mut insert = tx.prepare_cached(&format!(
        "INSERT INTO skipped_{} (position, stream, event_type, reason) VALUES (?1, ?2, ?3, ?4)",
        slot.0
    ))?;
    let latest = batch.skipped.len().saturating_sub(SKIPPED_KEPT);
    for skipped in &batch.skipped[latest..] {
        insert.execute(params![at_most_i64(skipped.position.0), skipped.stream, skipped.event_type, skipped.reason])?;
    }
    tx.prepare_cached("UPDATE sides SET skipped = skipped + ?2 WHERE slot = ?1")?
        .execute(params![slot.0, at_most_i64(batch.skipped.len() as u64)])?;
    tx.prepare_cached(&format!(
        "DELETE FROM skipped_{0} WHERE position NOT IN
         (SELECT position FROM skipped_{0} ORDER BY position DESC LIMIT ?1)",
        slot.0
    ))?
    .execute([SKIPPED_KEPT as i64])?;
    Ok(())
}

fn move_checkpoint(tx: &Transaction<'_>, slot: Slot, batch: &Batch) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE sides SET log_id = ?2, position = ?3, event_id = ?4, event_hash = ?6,
                latest_clock_ms = max(ifnull(latest_clock_ms, ?5), ?5) WHERE slot = ?1",
    )?
    .execute(params![
        slot.0,
        batch.checkpoint.log_id.0.as_bytes(),
        at_most_i64(batch.checkpoint.position.0),
        batch.checkpoint.event_id.as_bytes(),
        batch.horizon.clock.as_millis(),
        batch.event_hash.as_bytes(),
    ])?;
    Ok(())
}

/// Drops what has expired, a limited number of rows at a time.
fn prune(tx: &Transaction<'_>, slot: Slot, horizon: Horizon) -> rusqlite::Result<()> {
    let mut buckets = tx.prepare_cached(&format!(
        "DELETE FROM buckets_{0} WHERE (granularity, start, metric, store, key) IN
         (SELECT granularity, start, metric, store, key FROM buckets_{0}
          WHERE granularity = ?1 AND start <= ?2 LIMIT ?3)",
        slot.0
    ))?;
    for granularity in Granularity::ALL {
        let minutes = granularity.minutes();
        buckets.execute(params![minutes, horizon.buckets.plus(-minutes).0, PRUNED_ROWS])?;
    }
    let mut log_ins = tx.prepare_cached(&format!(
        "DELETE FROM log_ins_{0} WHERE (store, day, customer) IN
         (SELECT store, day, customer FROM log_ins_{0} WHERE last_ms < ?1 LIMIT ?2)",
        slot.0
    ))?;
    log_ins.execute(params![horizon.log_ins.as_millis(), PRUNED_ROWS])?;
    Ok(())
}

/// Empties the side that is built.
pub(super) fn begin_rebuild(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = begin(connection)?;
    let slot = schema::slot(&tx, Side::Building)?;
    empty(&tx, slot)?;
    tx.commit()
}

/// Puts the side that was built in the live one's place, and empties the other.
pub(super) fn swap(connection: &mut Connection, swap: Swap) -> rusqlite::Result<bool> {
    let tx = begin(connection)?;
    let [live, built] = [schema::slot(&tx, Side::Live)?, schema::slot(&tx, Side::Building)?];
    let position = |slot| -> rusqlite::Result<Position> {
        let checkpoint = schema::checkpoint(&tx, slot)?;
        Ok(checkpoint.map_or(Position::START, |checkpoint| checkpoint.position))
    };
    let reached = match swap {
        Swap::Now => true,
        Swap::WhenReached => position(built)? >= position(live)?,
    };
    if !reached {
        return Ok(false);
    }
    // Through a third value, as each stands once.
    let mut set = tx.prepare_cached("UPDATE sides SET live = ?2 WHERE slot = ?1")?;
    for (slot, value) in [(live, 2), (built, 1), (live, 0)] {
        set.execute([slot.0, value])?;
    }
    drop(set);
    empty(&tx, live)?;
    tx.commit()?;
    Ok(true)
}

/// A `DELETE` without a condition frees whole pages, however many rows there are.
fn empty(tx: &Transaction<'_>, slot: Slot) -> rusqlite::Result<()> {
    let Slot(number) = slot;
    tx.execute_batch(&format!(
        "DELETE FROM buckets_{number}; DELETE FROM log_ins_{number}; DELETE FROM skipped_{number};
         UPDATE sides SET log_id = NULL, position = 0, event_id = NULL, event_hash = NULL, skipped = 0,
             latest_clock_ms = NULL WHERE slot = {number};"
    ))?;
    Ok(())
}
