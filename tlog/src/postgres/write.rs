//! Writing a batch: one transaction, fenced by the lead, and done only where the tree stands where the batch builds on.
//!
//! When a commit's answer was lost, nobody knows whether the tree has moved. Whoever goes on reads where it stands; should the
//! transaction still be under way, the next one waits for its row and then finds the tree elsewhere.

use super::tables::{CLEAR, number};
use super::trouble;
use crate::batch::{Batch, NEVER, State, TileRow, tile_number};
use crate::store::TreeStoreError;
use domain::Timestamp;
use eventlog::Position;
use postgres::HeldRole;
use sqlx::{Connection, PgConnection, query, raw_sql};
use uuid::Uuid;

pub(super) async fn batch(connection: &mut PgConnection, held: &HeldRole, batch: &Batch) -> Result<(), TreeStoreError> {
    let writing = |error: sqlx::Error| trouble("writing", &error);
    let mut transaction = connection.begin().await.map_err(writing)?;
    fence(&mut transaction, held).await?;
    if !move_on(&mut transaction, batch.after, &batch.state).await.map_err(writing)? {
        return Err(TreeStoreError::Moved(batch.after));
    }
    rows(&mut transaction, batch).await.map_err(writing)?;
    transaction.commit().await.map_err(writing)
}

pub(super) async fn clear(connection: &mut PgConnection, held: &HeldRole) -> Result<(), TreeStoreError> {
    let clearing = |error: sqlx::Error| trouble("taking it away", &error);
    let mut transaction = connection.begin().await.map_err(clearing)?;
    fence(&mut transaction, held).await?;
    raw_sql(CLEAR).execute(&mut *transaction).await.map_err(clearing)?;
    transaction.commit().await.map_err(clearing)
}

/// Only who leads by that epoch goes on; and until this transaction ends, no other one can take over.
async fn fence(transaction: &mut PgConnection, held: &HeldRole) -> Result<(), TreeStoreError> {
    let select = "SELECT 1 FROM leaders WHERE role = $1 AND epoch = $2 FOR SHARE";
    let leads = query(select).bind(held.role.name().into_owned()).bind(held.epoch).fetch_optional(transaction).await;
    match leads.map_err(|error| trouble("looking who leads", &error))? {
        Some(_) => Ok(()),
        None => Err(TreeStoreError::Fenced),
    }
}

/// Whether the tree stood there.
async fn move_on(transaction: &mut PgConnection, after: Position, state: &State) -> sqlx::Result<bool> {
    let statement = match after {
        Position::START => {
            "INSERT INTO tree_state (one, leaf_version, categories, log_id, position, event_id, frontier, latest)
             SELECT 1, $1, $2, $3, $4, $5, $6, $7 WHERE $8::int8 IS NOT NULL ON CONFLICT DO NOTHING"
        }
        Position(_) => {
            "UPDATE tree_state SET leaf_version = $1, categories = $2, log_id = $3, position = $4, event_id = $5,
                 frontier = $6, latest = $7 WHERE one = 1 AND log_id = $3 AND position = $8"
        }
    };
    let State { rules, checkpoint, frontier, latest } = state;
    let categories: Vec<&str> = rules.categories.iter().map(String::as_str).collect();
    let moved = query(statement)
        .bind(i32::try_from(rules.leaf_version).unwrap_or(i32::MAX))
        .bind(categories.join(","))
        .bind(checkpoint.log_id.0)
        .bind(number(checkpoint.position.0))
        .bind(checkpoint.event_id)
        .bind(frontier.to_bytes())
        .bind(latest.map(Timestamp::as_millis))
        .bind(number(after.0))
        .execute(transaction)
        .await?;
    Ok(moved.rows_affected() == 1)
}

async fn rows(transaction: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    let tile = |tile: &'_ TileRow| tile_number(tile.level, tile.index);
    let (complete, partial): (Vec<&TileRow>, Vec<&TileRow>) = batch.tiles.iter().partition(|tile| tile.is_complete());
    let delete = "DELETE FROM tree_edge WHERE tile = ANY ($1)";
    let numbers: Vec<i64> = complete.iter().copied().map(tile).collect();
    query(delete).bind(numbers).execute(&mut *transaction).await?;
    let upsert = "INSERT INTO tree_tiles SELECT * FROM unnest($1::int8[], $2::bytea[])
                  ON CONFLICT (tile) DO UPDATE SET hashes = excluded.hashes";
    numbered(transaction, upsert, complete.iter().map(|row| (tile(row), &row.hashes[..]))).await?;
    let upsert = "INSERT INTO tree_edge SELECT * FROM unnest($1::int8[], $2::bytea[])
                  ON CONFLICT (tile) DO UPDATE SET hashes = excluded.hashes";
    numbered(transaction, upsert, partial.iter().map(|row| (tile(row), &row.hashes[..]))).await?;
    let filters = batch.filters.iter().map(|filter| (number(filter.block), &filter.bits[..]));
    let upsert = "INSERT INTO tree_filters SELECT * FROM unnest($1::int8[], $2::bytea[])
                  ON CONFLICT (block) DO UPDATE SET bits = excluded.bits";
    numbered(transaction, upsert, filters).await?;
    spans(transaction, batch).await?;
    of_stores(transaction, batch).await
}

async fn numbered<'r>(
    transaction: &mut PgConnection,
    upsert: &'static str,
    rows: impl Iterator<Item = (i64, &'r [u8])>,
) -> sqlx::Result<()> {
    let (numbers, bytes): (Vec<i64>, Vec<&[u8]>) = rows.unzip();
    match numbers.is_empty() {
        true => Ok(()),
        false => query(upsert).bind(numbers).bind(bytes).execute(transaction).await.map(drop),
    }
}

async fn spans(transaction: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    if batch.spans.is_empty() {
        return Ok(());
    }
    let upsert = "INSERT INTO tree_spans SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::bytea[])
                  ON CONFLICT (number) DO UPDATE SET latest = excluded.latest, places = excluded.places";
    query(upsert)
        .bind(batch.spans.iter().map(|span| number(span.number)).collect::<Vec<_>>())
        .bind(batch.spans.iter().map(|span| number(span.first.0)).collect::<Vec<_>>())
        .bind(batch.spans.iter().map(|span| span.latest.map_or(NEVER, Timestamp::as_millis)).collect::<Vec<_>>())
        .bind(batch.spans.iter().map(|span| &span.places[..]).collect::<Vec<_>>())
        .execute(transaction)
        .await
        .map(drop)
}

async fn of_stores(transaction: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    if batch.stores.is_empty() {
        return Ok(());
    }
    let (stores, kept): (Vec<Uuid>, Vec<&[u8]>) = batch.stores.iter().map(|(store, kept)| (*store, &kept[..])).unzip();
    let upsert = "INSERT INTO tree_stores SELECT * FROM unnest($1::uuid[], $2::bytea[])
                  ON CONFLICT (store) DO UPDATE SET kept = excluded.kept";
    query(upsert).bind(stores).bind(kept).execute(&mut *transaction).await?;
    if batch.chunks.is_empty() {
        return Ok(());
    }
    let upsert = "INSERT INTO tree_chunks SELECT * FROM unnest($1::uuid[], $2::int8[], $3::bytea[])
                  ON CONFLICT (store, number) DO UPDATE SET indexes = excluded.indexes";
    query(upsert)
        .bind(batch.chunks.iter().map(|chunk| chunk.store).collect::<Vec<_>>())
        .bind(batch.chunks.iter().map(|chunk| number(chunk.number)).collect::<Vec<_>>())
        .bind(batch.chunks.iter().map(|chunk| &chunk.indexes[..]).collect::<Vec<_>>())
        .execute(transaction)
        .await
        .map(drop)
}
