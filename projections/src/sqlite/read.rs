//! How rows are found.

use super::schema::name;
use super::statement::{self, Statement};
use crate::RowKey;
use crate::store::*;
use domain::StoreId;
use eventlog::{Position, StreamName};
use rusqlite::Error::FromSqlConversionFailure;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

pub(super) fn document(connection: &Connection, table: Table, key: RowKey) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT document FROM {} WHERE key = ?1", name(table));
    connection.prepare_cached(&sql)?.query_row([key.as_bytes()], |row| row.get(0)).optional()
}

pub(super) fn documents(
    connection: &Connection,
    table: Table,
    keys: &[RowKey],
) -> rusqlite::Result<Vec<Option<String>>> {
    let sql = format!("SELECT document FROM {} WHERE key = ?1", name(table));
    let mut statement = connection.prepare_cached(&sql)?;
    let document = |key: &RowKey| statement.query_row([key.as_bytes()], |row| row.get(0)).optional();
    keys.iter().map(document).collect()
}

pub(super) fn stores(
    connection: &Connection,
    table: Table,
    stores: &[StoreId],
) -> rusqlite::Result<Vec<Option<String>>> {
    let sql = format!("SELECT document FROM {}_stores WHERE store = ?1", name(table));
    let mut statement = connection.prepare_cached(&sql)?;
    let document = |store: &StoreId| statement.query_row([store.0.as_bytes()], |row| row.get(0)).optional();
    stores.iter().map(document).collect()
}

pub(super) fn list(connection: &Connection, table: Table, list: &List) -> rusqlite::Result<Vec<Hit>> {
    let hit = |row: &Row<'_>| Ok(Hit { sort: row.get(0)?, key: key(row, 1)? });
    all(connection, statement::list(table, list), hit)
}

pub(super) fn count(connection: &Connection, table: Table, list: &List) -> rusqlite::Result<u64> {
    let Statement { sql, values } = statement::count(table, list);
    let count = |row: &Row<'_>| row.get::<_, i64>(0);
    Ok(connection.prepare_cached(&sql)?.query_row(params_from_iter(values), count)?.unsigned_abs())
}

pub(super) fn search(connection: &Connection, table: Table, search: &Search) -> rusqlite::Result<Vec<SearchHit>> {
    let Some(statement) = statement::search(table, search) else { return Ok(Vec::new()) };
    let found = |row: &Row<'_>| Ok(SearchHit { key: key(row, 0)?, score: row.get(1)? });
    all(connection, statement, found)
}

fn all<T>(
    connection: &Connection,
    statement: Statement,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let Statement { sql, values } = statement;
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect()
}

fn key(row: &Row<'_>, index: usize) -> rusqlite::Result<RowKey> {
    let bytes = row.get_ref(index)?.as_blob()?;
    let damaged = || FromSqlConversionFailure(index, Type::Blob, "not the key of a row".into());
    RowKey::from_bytes(bytes).ok_or_else(damaged)
}

fn position(row: &Row<'_>, index: usize) -> rusqlite::Result<Position> {
    row.get::<_, i64>(index).map(|position| Position(position.unsigned_abs()))
}

pub(super) fn history(
    connection: &Connection,
    table: Table,
    key: RowKey,
    up_to: Position,
) -> rusqlite::Result<Vec<Position>> {
    let name = name(table);
    let sql = format!("SELECT position FROM {name}_history WHERE key = ?1 AND position <= ?2 ORDER BY position");
    let up_to = Value::from(up_to);
    connection.prepare_cached(&sql)?.query_map(params![key.as_bytes(), up_to], |row| position(row, 0))?.collect()
}

pub(super) fn parked(connection: &Connection, table: Table) -> rusqlite::Result<Vec<Parked>> {
    let sql = "SELECT row, stream, position, event_type, reason FROM parked
               WHERE view = ?1 AND generation = ?2 ORDER BY position";
    let parked = |row: &Row<'_>| {
        let unit = match row.get_ref(0)? {
            ValueRef::Null => ParkedUnit::Stream(row.get(1)?),
            _ => ParkedUnit::Row(key(row, 0)?),
        };
        Ok(Parked { unit, position: position(row, 2)?, event_type: row.get(3)?, reason: row.get(4)? })
    };
    connection.prepare_cached(sql)?.query_map(params![table.view.name, table.generation], parked)?.collect()
}

pub(super) fn tip(connection: &Connection, stream: &StreamName) -> rusqlite::Result<Option<Tip>> {
    let sql = "SELECT revision, position, hash FROM tips WHERE stream = ?1";
    let tip = |row: &Row<'_>| {
        Ok(Tip {
            stream: stream.clone(),
            revision: row.get::<_, i64>(0)?.unsigned_abs(),
            position: position(row, 1)?,
            hash: row.get::<_, [u8; 32]>(2)?.into(),
        })
    };
    connection.prepare_cached(sql)?.query_row([stream.as_str()], tip).optional()
}
