//! How generations of views become tables.
//!
//! Generation `g` of view `v` is the table `v_g` (key, columns, document) with its indexes, and beside it `v_g_labels`,
//! `v_g_search` (FTS5) and `v_g_history`, each where the view needs it.

use super::trouble;
use crate::store::*;
use eventlog::{Checkpoint, LogId, Position};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::time::Duration;
use uuid::Uuid;

/// Marks the file as a read store of cartlog ("clrs").
const APPLICATION_ID: i32 = 0x636c_7273;
/// The layout of the tables that are always there. A newer one is refused.
const FORMAT: i32 = 1;
/// Pages that the writer keeps, in KiB.
const CACHE_KIB: i64 = 16_384;
/// Rows that are deleted at once before an old table is dropped, so that batches come in between.
const DROPPED_AT_ONCE: usize = 2_000;
/// What deleting a row writes, about.
const DROPPED_ROW_BYTES: usize = 512;

const ALWAYS: &str = "
    CREATE TABLE IF NOT EXISTS generations (
        view TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, state INTEGER NOT NULL,
        log_id BLOB NOT NULL, position INTEGER NOT NULL, event_id BLOB NOT NULL,
        PRIMARY KEY (view, generation)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS numbers (view TEXT PRIMARY KEY, last_generation INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS parked (
        view TEXT NOT NULL, generation INTEGER NOT NULL, row BLOB, stream TEXT, position INTEGER NOT NULL,
        event_type TEXT NOT NULL, reason TEXT NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS parked_rows ON parked (view, generation, row) WHERE row IS NOT NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS parked_streams ON parked (view, generation, stream) WHERE stream IS NOT NULL;
    CREATE INDEX IF NOT EXISTS parked_in_order ON parked (view, generation, position);";

/// Sets the writing connection up, and makes the tables that are always there.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    let opening = |error: rusqlite::Error| trouble("opening it", &error);
    connection.busy_timeout(Duration::from_secs(5)).map_err(opening)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(opening)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(opening);
    if tables > 0 && number("application_id")? != APPLICATION_ID {
        return Err(StoreError::Damaged("the file is not a read store of cartlog".to_owned()));
    }
    let format = number("user_version")?;
    if format > FORMAT {
        return Err(StoreError::Newer(format!("its layout is {format}, this version knows {FORMAT}")));
    }
    set_up(connection, tables > 0 && format == FORMAT).map_err(opening)
}

fn set_up(connection: &Connection, is_made: bool) -> rusqlite::Result<()> {
    // Takes effect only while the file is empty.
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // The checkpointer's work.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // What is replaced is overwritten: a person's data doesn't outlive the row that lost it.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.set_prepared_statement_cache_capacity(256);
    // The mark comes with the tables or not at all: a power cut must not leave tables that nobody knows to be ours.
    if is_made {
        return Ok(());
    }
    // Takes the lock before it reads: only then it waits for whoever writes, as a reader that turns writer is refused at once.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(ALWAYS)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

/// The name of a generation's table.
pub(super) fn name(table: Table) -> String {
    named(table.view.name, table.generation)
}

fn named(view: &str, generation: u32) -> String {
    format!("{view}_{generation}")
}

/// Stable: stand in a column.
const FILLING: i64 = 0;
const LIVE: i64 = 1;
const RETIRED: i64 = 2;

pub(super) fn generations(connection: &Connection) -> rusqlite::Result<Vec<Generation>> {
    let sql = "SELECT view, generation, version, state, log_id, position, event_id FROM generations";
    connection.prepare_cached(sql)?.query_map([], generation)?.collect()
}

fn generation(row: &Row<'_>) -> rusqlite::Result<Generation> {
    let state = match row.get(3)? {
        FILLING => GenerationState::Filling,
        LIVE => GenerationState::Live,
        RETIRED => GenerationState::Retired,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(3, other)),
    };
    let uuid = |index| row.get(index).map(Uuid::from_bytes);
    Ok(Generation {
        view: row.get(0)?,
        generation: row.get(1)?,
        version: row.get(2)?,
        state,
        checkpoint: Checkpoint {
            log_id: LogId(uuid(4)?),
            position: Position(row.get::<_, i64>(5)?.unsigned_abs()),
            event_id: uuid(6)?,
        },
    })
}

pub(super) fn create(
    connection: &mut Connection,
    view: &'static ViewDeclaration,
    checkpoint: Checkpoint,
) -> Result<Table, StoreError> {
    let mut make = || -> rusqlite::Result<Table> {
        let transaction = connection.transaction()?;
        let next = "INSERT INTO numbers VALUES (?1, 1)
                    ON CONFLICT DO UPDATE SET last_generation = last_generation + 1 RETURNING last_generation";
        let table = Table { view, generation: transaction.query_row(next, [view.name], |row| row.get(0))? };
        transaction.execute_batch(&layout(table))?;
        transaction.execute(
            "INSERT INTO generations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                view.name,
                table.generation,
                view.version,
                FILLING,
                checkpoint.log_id.0.as_bytes(),
                Value::from(checkpoint.position),
                checkpoint.event_id.as_bytes()
            ],
        )?;
        transaction.commit()?;
        Ok(table)
    };
    make().map_err(|error| trouble("making tables", &error))
}

/// The statements that make a generation's tables. Columns come before the document, so that a filter never reads it.
fn layout(table: Table) -> String {
    let (view, name) = (table.view, name(table));
    let columns: String = view.columns.iter().map(|column| format!("{} {}, ", column.name, kind(column))).collect();
    let mut sql = format!(
        "CREATE TABLE {name} (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, {columns}document TEXT NOT NULL);
         CREATE TABLE {name}_history (key BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, position))
             WITHOUT ROWID;"
    );
    for index in view.indexes {
        let ordered = index.equal.iter().copied().chain(index.sort).chain(["key"]);
        let columns: Vec<&str> = ordered.chain(index.covering.iter().copied()).collect();
        sql += &format!("CREATE INDEX {name}_{} ON {name} ({});", index.name, columns.join(", "));
    }
    if let Some(labels) = &view.labels {
        let equal = labels.equal.join(", ");
        sql += &format!(
            "CREATE TABLE {name}_labels ({equal}, label TEXT NOT NULL, sort INTEGER NOT NULL, key BLOB NOT NULL,
                 PRIMARY KEY ({equal}, label, sort, key)) WITHOUT ROWID;
             CREATE INDEX {name}_labels_of ON {name}_labels (key);"
        );
    }
    if let Some(searched) = &view.search {
        let fields: Vec<&str> = searched.fields.iter().map(|field| field.name).collect();
        // With its own copy of the text: only so its statistics stay exact through changes, and a rebuild gives the same
        // scores. The words are made before (`words`): all that is left to the tokenizer are the spaces between them.
        sql += &format!(
            "CREATE VIRTUAL TABLE {name}_search
                 USING fts5({}, tokenize = 'ascii');",
            fields.join(", ")
        );
    }
    sql
}

fn kind(column: &Column) -> String {
    let kind = match column.kind {
        Kind::Integer => "INTEGER",
        Kind::Text => "TEXT",
        Kind::Id => "BLOB",
    };
    let null = if column.nullable { "" } else { " NOT NULL" };
    format!("{kind}{null}")
}

pub(super) fn swap(connection: &mut Connection, tables: &[Table]) -> Result<(), StoreError> {
    let mut swap = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        for table in tables {
            let view = table.view.name;
            let retire = "UPDATE generations SET state = ?2 WHERE view = ?1 AND state = ?3 AND generation <> ?4";
            transaction.execute(retire, params![view, RETIRED, LIVE, table.generation])?;
            let answer = "UPDATE generations SET state = ?2 WHERE view = ?1 AND generation = ?3";
            transaction.execute(answer, params![view, LIVE, table.generation])?;
        }
        transaction.commit()
    };
    swap().map_err(|error| trouble("swapping views", &error))
}

/// Empties the tables piece by piece and drops them; `wrote` is told about how many bytes each piece wrote. Interrupted, it
/// is done again at the next start.
pub(super) fn drop_generation(
    writer: &Mutex<Connection>,
    view: &str,
    generation: u32,
    wrote: impl Fn(usize),
) -> rusqlite::Result<()> {
    let known = "SELECT 1 FROM generations WHERE view = ?1 AND generation = ?2 AND state <> ?3";
    let is_droppable = writer.lock().query_row(known, params![view, generation, LIVE], |_| Ok(())).optional()?;
    if is_droppable.is_none() {
        return Ok(());
    }
    // The view's name was written from a declaration, by this program or another version of it.
    let name = named(view, generation);
    let indexes = indexes_of(&writer.lock(), &name)?;
    for index in indexes {
        writer.lock().execute_batch(&format!("DROP INDEX IF EXISTS {index}"))?;
    }
    let piece = format!("DELETE FROM {name} WHERE id IN (SELECT id FROM {name} LIMIT {DROPPED_AT_ONCE})");
    while writer.lock().execute(&piece, [])? > 0 {
        wrote(DROPPED_AT_ONCE * DROPPED_ROW_BYTES);
    }
    finish_drop(&mut writer.lock(), view, generation)?;
    wrote(DROPPED_AT_ONCE * DROPPED_ROW_BYTES);
    Ok(())
}

fn indexes_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL";
    connection.prepare(sql)?.query_map([table], |row| row.get(0))?.collect()
}

fn finish_drop(connection: &mut Connection, view: &str, generation: u32) -> rusqlite::Result<()> {
    let name = named(view, generation);
    let transaction = connection.transaction()?;
    transaction.execute_batch(&format!(
        "DROP TABLE IF EXISTS {name}; DROP TABLE IF EXISTS {name}_labels; DROP TABLE IF EXISTS {name}_search;
         DROP TABLE IF EXISTS {name}_history;"
    ))?;
    let this = params![view, generation];
    transaction.execute("DELETE FROM parked WHERE view = ?1 AND generation = ?2", this)?;
    transaction.execute("DELETE FROM generations WHERE view = ?1 AND generation = ?2", this)?;
    transaction.commit()
}
