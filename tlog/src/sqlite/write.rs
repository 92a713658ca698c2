//! Writing a batch: one transaction.

use super::at_most_i64;
use super::schema::CLEAR;
use crate::batch::{Batch, NEVER, State, tile_number};
use domain::Timestamp;
use eventlog::{LogId, Position};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use uuid::Uuid;

/// What became of a batch.
pub(super) enum Written {
    Done,
    /// The tree is not where the batch builds on.
    Elsewhere,
}

pub(super) fn batch(connection: &mut Connection, batch: &Batch) -> rusqlite::Result<Written> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_after(&tx, batch.after, batch.state.checkpoint.log_id)? {
        return Ok(Written::Elsewhere);
    }
    tiles(&tx, batch)?;
    spans(&tx, batch)?;
    of_stores(&tx, batch)?;
    state(&tx, &batch.state)?;
    tx.commit()?;
    Ok(Written::Done)
}

pub(super) fn clear(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Without a condition, so that whole pages are freed however many rows there are.
    tx.execute_batch(CLEAR)?;
    tx.commit()
}

fn is_after(tx: &Transaction<'_>, after: Position, log_id: LogId) -> rusqlite::Result<bool> {
    let mut select = tx.prepare_cached("SELECT log_id, position FROM state")?;
    let mut found = select.query([])?;
    let Some(row) = found.next()? else { return Ok(after == Position::START) };
    let (of, position): (_, i64) = (Uuid::from_bytes(row.get(0)?), row.get(1)?);
    Ok(of == log_id.0 && position == at_most_i64(after.0))
}

fn tiles(tx: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT INTO tiles (tile, hashes) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET hashes = excluded.hashes",
    )?;
    for tile in &batch.tiles {
        put.execute(params![tile_number(tile.level, tile.index), tile.hashes])?;
    }
    Ok(())
}

fn spans(tx: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT INTO spans (number, first, latest, places) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET latest = excluded.latest, places = excluded.places",
    )?;
    for span in &batch.spans {
        let latest = span.latest.map_or(NEVER, Timestamp::as_millis);
        put.execute(params![at_most_i64(span.number), at_most_i64(span.first.0), latest, span.places])?;
    }
    let mut put = tx.prepare_cached("INSERT OR REPLACE INTO filters (block, bits) VALUES (?1, ?2)")?;
    for filter in &batch.filters {
        put.execute(params![at_most_i64(filter.block), filter.bits])?;
    }
    Ok(())
}

fn of_stores(tx: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT INTO stores (store, kept) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET kept = excluded.kept",
    )?;
    for (store, kept) in &batch.stores {
        put.execute(params![store.as_bytes(), kept])?;
    }
    let mut put = tx.prepare_cached("INSERT OR REPLACE INTO chunks (store, number, indexes) VALUES (?1, ?2, ?3)")?;
    for chunk in &batch.chunks {
        put.execute(params![chunk.store.as_bytes(), at_most_i64(chunk.number), chunk.indexes])?;
    }
    Ok(())
}

fn state(tx: &Transaction<'_>, state: &State) -> rusqlite::Result<()> {
    let State { rules, checkpoint, frontier, latest } = state;
    let categories: Vec<&str> = rules.categories.iter().map(String::as_str).collect();
    tx.prepare_cached(
        "INSERT OR REPLACE INTO state (one, leaf_version, categories, log_id, position, event_id, frontier, latest)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        rules.leaf_version,
        categories.join(","),
        checkpoint.log_id.0.as_bytes(),
        at_most_i64(checkpoint.position.0),
        checkpoint.event_id.as_bytes(),
        frontier.to_bytes(),
        latest.map(Timestamp::as_millis),
    ])?;
    Ok(())
}
