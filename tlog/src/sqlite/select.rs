//! Reading rows.

use super::at_most_i64;
use crate::batch::{NEVER, SpanRow, State, tile_number};
use crate::rules::Rules;
use domain::Timestamp;
use eventlog::{Checkpoint, LogId, Position};
use proof::tree::Frontier;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params};
use std::ops::Range;
use uuid::Uuid;

pub(super) fn state(connection: &Connection) -> Result<Option<State>> {
    let select = "SELECT leaf_version, categories, log_id, position, event_id, frontier, latest FROM state";
    connection.prepare_cached(select)?.query_row([], of_state).optional()
}

fn of_state(row: &Row<'_>) -> Result<State> {
    let categories: String = row.get(1)?;
    let frontier = Frontier::from_bytes(row.get_ref(5)?.as_blob()?);
    Ok(State {
        rules: Rules { leaf_version: row.get(0)?, categories: categories.split(',').map(str::to_owned).collect() },
        checkpoint: Checkpoint {
            log_id: LogId(Uuid::from_bytes(row.get(2)?)),
            position: Position(unsigned(row, 3)?),
            event_id: Uuid::from_bytes(row.get(4)?),
        },
        frontier: frontier.map_err(|error| Error::FromSqlConversionFailure(5, Type::Blob, error.into()))?,
        latest: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
    })
}

pub(super) fn tile(connection: &Connection, level: u8, index: u64) -> Result<Option<Vec<u8>>> {
    let mut select = connection.prepare_cached("SELECT hashes FROM tiles WHERE tile = ?1")?;
    select.query_row([tile_number(level, index)], |row| row.get(0)).optional()
}

pub(super) fn span(connection: &Connection, number: u64) -> Result<Option<SpanRow>> {
    one_span(connection, "WHERE number = ?1", at_most_i64(number))
}

pub(super) fn span_at(connection: &Connection, position: Position) -> Result<Option<SpanRow>> {
    one_span(connection, "WHERE first <= ?1 ORDER BY first DESC LIMIT 1", at_most_i64(position.0))
}

pub(super) fn span_after(connection: &Connection, time: Timestamp) -> Result<Option<SpanRow>> {
    one_span(connection, "WHERE latest > ?1 ORDER BY latest, number LIMIT 1", time.as_millis())
}

fn one_span(connection: &Connection, which: &str, parameter: i64) -> Result<Option<SpanRow>> {
    let mut select = connection.prepare_cached(&format!("SELECT number, first, latest, places FROM spans {which}"))?;
    let of_span = |row: &Row<'_>| {
        let latest: i64 = row.get(2)?;
        Ok(SpanRow {
            number: unsigned(row, 0)?,
            first: Position(unsigned(row, 1)?),
            latest: (latest != NEVER).then(|| Timestamp::from_millis(latest)),
            places: row.get(3)?,
        })
    };
    select.query_row([parameter], of_span).optional()
}

pub(super) fn stores(connection: &Connection, stores: &[Uuid]) -> Result<Vec<Option<Vec<u8>>>> {
    let mut select = connection.prepare_cached("SELECT kept FROM stores WHERE store = ?1")?;
    stores.iter().map(|store| select.query_row([store.as_bytes()], |row| row.get(0)).optional()).collect()
}

pub(super) fn chunks(connection: &Connection, store: Uuid, numbers: Range<u64>) -> Result<Vec<Vec<u8>>> {
    let select = "SELECT indexes FROM chunks WHERE store = ?1 AND number >= ?2 AND number < ?3 ORDER BY number";
    let parameters = params![store.as_bytes(), at_most_i64(numbers.start), at_most_i64(numbers.end)];
    connection.prepare_cached(select)?.query_map(parameters, |row| row.get(0))?.collect()
}

pub(super) fn filters(connection: &Connection, blocks: Range<u64>) -> Result<Vec<Vec<u8>>> {
    let select = "SELECT bits FROM filters WHERE block >= ?1 AND block < ?2 ORDER BY block";
    let parameters = params![at_most_i64(blocks.start), at_most_i64(blocks.end)];
    connection.prepare_cached(select)?.query_map(parameters, |row| row.get(0))?.collect()
}

/// SQLite's integers are signed; what is counted here is not.
fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}
