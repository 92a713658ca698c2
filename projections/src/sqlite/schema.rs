//! How generations of views become tables.
//!
//! Generation `g` of view `v` is the table `v_g` (key, columns, document) with its indexes, and beside it `v_g_labels`,
//! `v_g_search` (FTS5), `v_g_history` and `v_g_stores`, each where the view needs it.

use super::trouble;
use crate::store::*;
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, LogId, Position};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use sqlite::{Advice, Bounds, ConnectionMemory, Format, OtherVersion, Synchronous, WhatIsFound};
use uuid::Uuid;

/// Rows that are deleted at once before an old table is dropped, so that batches come in between.
const DROPPED_AT_ONCE: usize = 2_000;

const ALWAYS: &str = "
    CREATE TABLE IF NOT EXISTS generations (
        view TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, state INTEGER NOT NULL,
        log_id BLOB NOT NULL, position INTEGER NOT NULL, event_id BLOB NOT NULL, event_hash BLOB,
        PRIMARY KEY (view, generation)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS tips (
        stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS numbers (view TEXT PRIMARY KEY, last_generation INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS parked (
        view TEXT NOT NULL, generation INTEGER NOT NULL, row BLOB, stream TEXT, position INTEGER NOT NULL,
        event_type TEXT NOT NULL, reason TEXT NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS parked_rows ON parked (view, generation, row) WHERE row IS NOT NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS parked_streams ON parked (view, generation, stream) WHERE stream IS NOT NULL;
    CREATE INDEX IF NOT EXISTS parked_in_order ON parked (view, generation, position);";

/// What layout 1 lacks of the tables above, but for those that are made where there are none.
const SINCE_1: &str = "ALTER TABLE generations ADD COLUMN event_hash BLOB;";

pub(super) static FORMAT: Format = Format {
    what: "the views",
    application_id: 0x636c_7273, // `clrs`
    version: 2,
    upgrades: &[|views| {
        views.execute_batch(SINCE_1)?;
        views.execute_batch(ALWAYS)
    }],
    tables: |views| views.execute_batch(ALWAYS),
    other_version: OtherVersion::Refuse,
    synchronous: Synchronous::Normal,
    found: WhatIsFound::MayBeLost,
    // What is replaced is overwritten: a person's data doesn't outlive the row that lost it.
    pragmas: "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = FAST;",
    bounds: Bounds { pass: 1_000, begin_anew: 4_000, idle: std::time::Duration::from_secs(1) },
    writer: ConnectionMemory { cache_kib: 16_384, statements: 256 },
    // What is hot is in the rows' own cache, or in the system's.
    reader: ConnectionMemory { cache_kib: 2_048, statements: 64 },
    readers: 8,
    advice: Advice {
        not_ours: "is not a read store of cartlog",
        other_version: "start the version of cartlog that wrote it",
        if_damaged: "",
        begun_anew: "the views are damaged: what is left of them is moved away and may be deleted, and they are filled anew from the log",
    },
};

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
    let sql = "SELECT view, generation, version, state, log_id, position, event_id,
                   EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = view || '_' || generation),
                   event_hash
               FROM generations";
    connection.prepare_cached(sql)?.query_map([], generation)?.collect()
}

fn generation(row: &Row<'_>) -> rusqlite::Result<Generation> {
    let is_there: bool = row.get(7)?;
    let state = match row.get(3)? {
        FILLING | LIVE if !is_there => GenerationState::Lost,
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
        event_hash: row.get::<_, Option<[u8; 32]>>(8)?.map(EventHash::from),
    })
}

pub(super) fn create(
    connection: &mut Connection,
    view: &'static ViewDeclaration,
    checkpoint: Checkpoint,
) -> Result<Table, ReadStoreError> {
    let mut make = || -> rusqlite::Result<Table> {
        let transaction = connection.transaction()?;
        let next = "INSERT INTO numbers VALUES (?1, 1)
                    ON CONFLICT DO UPDATE SET last_generation = last_generation + 1 RETURNING last_generation";
        let table = Table { view, generation: transaction.query_row(next, [view.name], |row| row.get(0))? };
        transaction.execute_batch(&layout(table))?;
        transaction.execute(
            "INSERT INTO generations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)",
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
    make().map_err(|error| trouble("making tables", error))
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
    if view.stores {
        sql += &format!("CREATE TABLE {name}_stores (store BLOB PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;");
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

pub(super) fn swap(connection: &mut Connection, tables: &[Table]) -> Result<(), ReadStoreError> {
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
    swap().map_err(|error| trouble("swapping views", error))
}

pub(super) fn retire(connection: &Connection, view: &str, version: u32) -> Result<(), ReadStoreError> {
    let retire = "UPDATE generations SET state = ?3 WHERE view = ?1 AND version = ?2 AND state = ?4";
    let retired = connection.execute(retire, params![view, version, RETIRED, LIVE]);
    retired.map(drop).map_err(|error| trouble("retiring views", error))
}

/// The tables of a generation that is to go, to be emptied first; nothing where it answers, or is gone. Its indexes go at once.
/// Interrupted, all of it is done again at the next start.
pub(super) fn begin_drop(connection: &Connection, view: &str, generation: u32) -> Result<Vec<Emptied>, ReadStoreError> {
    let begin = || -> rusqlite::Result<Vec<Emptied>> {
        let known = "SELECT 1 FROM generations WHERE view = ?1 AND generation = ?2 AND state <> ?3";
        if connection.query_row(known, params![view, generation, LIVE], |_| Ok(())).optional()?.is_none() {
            return Ok(Vec::new());
        }
        // The view's name was written from a declaration, by this program or another version of it.
        let name = named(view, generation);
        for index in indexes_of(connection, &name)? {
            connection.execute_batch(&format!("DROP INDEX IF EXISTS {index}"))?;
        }
        // Of the search index its own tables: dropped at once, a large one would hold up whoever writes.
        let tables = ["_search_data", "_search_docsize", "_search_content", "_labels", "_history", "_stores", ""];
        let tables = tables.iter().map(|suffix| Emptied::of(connection, format!("{name}{suffix}")));
        Ok(tables.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
    };
    begin().map_err(|error| trouble("dropping tables", error))
}

/// A table that is emptied piece by piece.
pub(super) struct Emptied(String);

impl Emptied {
    /// By its primary key, or else by its rows' own numbers; `None`: there is no such table.
    fn of(connection: &Connection, table: String) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1";
        let without_rowid = connection.query_row(sql, [&table], |row| row.get::<_, bool>(0)).optional()?;
        let Some(without_rowid) = without_rowid else { return Ok(None) };
        let key = match without_rowid {
            false => "rowid".to_owned(),
            true => connection
                .prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?
                .query_map([&table], |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?
                .join(", "),
        };
        let piece = format!("SELECT {key} FROM {table} LIMIT {DROPPED_AT_ONCE}");
        Ok(Some(Self(format!("DELETE FROM {table} WHERE ({key}) IN ({piece})"))))
    }
}

/// Deletes a piece; whether there may be more.
pub(super) fn empty(connection: &Connection, Emptied(piece): &Emptied) -> Result<bool, ReadStoreError> {
    connection.execute(piece, []).map(|deleted| deleted > 0).map_err(|error| trouble("dropping tables", error))
}

fn indexes_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL";
    connection.prepare(sql)?.query_map([table], |row| row.get(0))?.collect()
}

/// Drops what was emptied, unless it answers.
pub(super) fn finish_drop(connection: &mut Connection, view: &str, generation: u32) -> Result<(), ReadStoreError> {
    let name = named(view, generation);
    let mut finish = || -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let this = params![view, generation];
        let gone = format!("DELETE FROM generations WHERE view = ?1 AND generation = ?2 AND state <> {LIVE}");
        if transaction.execute(&gone, this)? == 0 {
            return Ok(());
        }
        transaction.execute_batch(&format!(
            "DROP TABLE IF EXISTS {name}; DROP TABLE IF EXISTS {name}_labels; DROP TABLE IF EXISTS {name}_search;
             DROP TABLE IF EXISTS {name}_history; DROP TABLE IF EXISTS {name}_stores;"
        ))?;
        transaction.execute("DELETE FROM parked WHERE view = ?1 AND generation = ?2", this)?;
        transaction.commit()
    };
    finish().map_err(|error| trouble("dropping tables", error))
}
