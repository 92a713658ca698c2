//! How generations of views become tables.
//!
//! A generation `g` of view `v` is the table `v_g` (key, document, columns), its indexes, and where the view declares them
//! `v_g_labels`, `v_g_search` (FTS5) and `v_g_history`.

use super::away;
use crate::store::*;
use eventlog::{Checkpoint, LogId, Position};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

/// Marks the file as a read store of cartlog ("clrs").
const APPLICATION_ID: i32 = 0x636c_7273;
/// The layout of this file. A newer one is refused; an older one would be rebuilt.
const FORMAT: i32 = 1;

/// Sets the connection up, and the tables that are always there.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    let setup = || -> rusqlite::Result<(i32, i32)> {
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
        connection.set_prepared_statement_cache_capacity(256);
        let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let format: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((application, format))
    };
    let (application, format) = setup().map_err(|error| away("opening it", &error))?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| away("opening it", &error))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(StoreError::Damaged("the file is not a read store of cartlog".to_owned()));
    }
    if format > FORMAT {
        return Err(StoreError::Newer(format!("it has layout {format}, this version knows {FORMAT}")));
    }
    let create = "
        CREATE TABLE IF NOT EXISTS generations (
            view TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, state INTEGER NOT NULL,
            log_id BLOB NOT NULL, position INTEGER NOT NULL, event_id BLOB NOT NULL,
            PRIMARY KEY (view, generation)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS parked (
            view TEXT NOT NULL, generation INTEGER NOT NULL, unit TEXT NOT NULL, position INTEGER NOT NULL,
            event_type TEXT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (view, generation, unit)
        ) WITHOUT ROWID;";
    let create = || {
        connection.execute_batch(create)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", FORMAT)
    };
    create().map_err(|error| away("opening it", &error))
}

/// The table of a generation.
pub(super) fn name(table: Table) -> String {
    named(table.view.name, table.generation)
}

fn named(view: &str, generation: u32) -> String {
    format!("{view}_{generation}")
}

pub(super) fn generations(connection: &Connection) -> rusqlite::Result<Vec<Generation>> {
    let sql = "SELECT view, generation, version, state, log_id, position, event_id FROM generations ORDER BY view, generation";
    connection.prepare_cached(sql)?.query_map([], generation)?.collect()
}

fn generation(row: &Row<'_>) -> rusqlite::Result<Generation> {
    let state: i64 = row.get(3)?;
    let state = match state {
        0 => GenerationState::Filling,
        1 => GenerationState::Live,
        _ => GenerationState::Retired,
    };
    let uuid = |index| row.get::<_, [u8; 16]>(index).map(Uuid::from_bytes);
    let checkpoint = Checkpoint { log_id: LogId(uuid(4)?), position: Position(row.get::<_, i64>(5)? as u64), event_id: uuid(6)? };
    Ok(Generation { view: row.get(0)?, generation: row.get(1)?, version: row.get(2)?, state, checkpoint })
}

pub(super) fn create(connection: &mut Connection, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, StoreError> {
    let mut make = || -> rusqlite::Result<Table> {
        let transaction = connection.transaction()?;
        let last: Option<u32> = transaction
            .query_row("SELECT max(generation) FROM generations WHERE view = ?1", [view.name], |row| row.get(0))
            .optional()?
            .flatten();
        let table = Table { view, generation: last.unwrap_or(0) + 1 };
        transaction.execute_batch(&layout(table))?;
        transaction.execute(
            "INSERT INTO generations VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)",
            params![
                view.name,
                table.generation,
                view.version,
                checkpoint.log_id.0.as_bytes(),
                checkpoint.position.0 as i64,
                checkpoint.event_id.as_bytes()
            ],
        )?;
        transaction.commit()?;
        Ok(table)
    };
    make().map_err(|error| away("making tables", &error))
}

/// The statements that make a generation's tables.
fn layout(table: Table) -> String {
    let (view, name) = (table.view, name(table));
    let column = |column: &Column| {
        let kind = match column.kind {
            Kind::Integer => "INTEGER",
            Kind::Text => "TEXT",
            Kind::Id => "BLOB",
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        format!(", {} {kind}{null}", column.name)
    };
    let columns: String = view.columns.iter().map(column).collect();
    let mut sql = format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, document TEXT NOT NULL{columns});\n");
    for index in view.indexes {
        let parts: Vec<&str> = index.equal.iter().copied().chain(index.sort).chain(["key"]).chain(index.covering.iter().copied()).collect();
        sql += &format!("CREATE INDEX {name}_{} ON {name} ({});\n", index.name, parts.join(", "));
    }
    if let Some(labels) = &view.labels {
        let equal: String = labels.equal.iter().map(|column| format!("{column} NOT NULL, ")).collect();
        let names: String = labels.equal.iter().map(|column| format!("{column}, ")).collect();
        sql += &format!(
            "CREATE TABLE {name}_labels ({equal}label TEXT NOT NULL, sort INTEGER NOT NULL, key BLOB NOT NULL,
             PRIMARY KEY ({names}label, sort, key)) WITHOUT ROWID;
             CREATE INDEX {name}_labels_key ON {name}_labels (key);\n"
        );
    }
    if let Some(searched) = &view.search {
        let fields: String = searched.fields.iter().map(|field| format!(", {}", field.name)).collect();
        sql += &format!(
            "CREATE VIRTUAL TABLE {name}_search USING fts5(scope{fields}, content='', contentless_delete=1,
             tokenize='porter unicode61 remove_diacritics 2');\n"
        );
    }
    sql += &format!(
        "CREATE TABLE {name}_history (key BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, position)) WITHOUT ROWID;\n"
    );
    sql
}

pub(super) fn swap(connection: &mut Connection, tables: &[Table]) -> Result<(), StoreError> {
    let mut swap = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        for table in tables {
            transaction.execute("UPDATE generations SET state = 2 WHERE view = ?1 AND state = 1", [table.view.name])?;
            transaction.execute(
                "UPDATE generations SET state = 1 WHERE view = ?1 AND generation = ?2",
                params![table.view.name, table.generation],
            )?;
        }
        transaction.commit()
    };
    swap().map_err(|error| away("swapping views", &error))
}

pub(super) fn drop_generation(connection: &mut Connection, view: &str, generation: u32) -> Result<(), StoreError> {
    let mut drop = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        let known = transaction
            .query_row(
                "SELECT 1 FROM generations WHERE view = ?1 AND generation = ?2 AND state <> 1",
                params![view, generation],
                |_| Ok(()),
            )
            .optional()?;
        // The name comes from a row that this program wrote from a declaration.
        if known.is_some() {
            let name = named(view, generation);
            transaction.execute_batch(&format!(
                "DROP TABLE IF EXISTS {name}; DROP TABLE IF EXISTS {name}_labels; DROP TABLE IF EXISTS {name}_search;
                 DROP TABLE IF EXISTS {name}_history;"
            ))?;
            transaction.execute("DELETE FROM parked WHERE view = ?1 AND generation = ?2", params![view, generation])?;
            transaction.execute("DELETE FROM generations WHERE view = ?1 AND generation = ?2", params![view, generation])?;
        }
        transaction.commit()
    };
    drop().map_err(|error| away("dropping tables", &error))
}
