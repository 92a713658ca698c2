//! How generations of views become tables.
//!
//! Generation `g` of view `v` is the table `v_g` (key, columns, document) with its indexes, and beside it `v_g_labels`,
//! `v_g_search`, `v_g_history` and `v_g_stores`, each where the view needs it. Words that are searched for stand in a table of their own: so a
//! change of anything else in a row does not write them to their index again.

use crate::store::*;
use crate::views;
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, LogId, Position};
use postgres::Migrations;
use sqlx::Row;
use sqlx::postgres::PgRow;

/// The tables that are always there.
pub(super) const TABLES: Migrations = Migrations { part: "views", steps: &[FIRST, SEEN, BY_VERSION, COMPOUND_KEYS] };

const FIRST: &str = "
        CREATE TABLE views_generations (
            view text COLLATE \"C\" NOT NULL, generation integer NOT NULL, version integer NOT NULL, state integer NOT NULL,
            log_id uuid NOT NULL, position bigint NOT NULL, event_id uuid NOT NULL,
            written uuid, -- by which commit: so whoever lost the answer to one can look
            PRIMARY KEY (view, generation)
        ) WITH (fillfactor = 50);
        CREATE TABLE views_numbers (view text COLLATE \"C\" PRIMARY KEY, last_generation integer NOT NULL);
        CREATE TABLE views_parked (
            view text COLLATE \"C\" NOT NULL, generation integer NOT NULL, row_key uuid, stream text COLLATE \"C\",
            position bigint NOT NULL, event_type text NOT NULL, reason text NOT NULL
        );
        CREATE UNIQUE INDEX views_parked_rows ON views_parked (view, generation, row_key) WHERE row_key IS NOT NULL;
        CREATE UNIQUE INDEX views_parked_streams ON views_parked (view, generation, stream) WHERE stream IS NOT NULL;
        CREATE INDEX views_parked_in_order ON views_parked (view, generation, position);";

/// The last events as they were read. A node of the version before, which leads still, moves the checkpoint and leaves what was seen:
/// so that says for itself of which position it is.
const SEEN: &str = "
    ALTER TABLE views_generations ADD COLUMN seen_position bigint, ADD COLUMN seen_hash bytea;
    CREATE TABLE views_tips (
        stream text COLLATE \"C\" PRIMARY KEY, revision bigint NOT NULL, position bigint NOT NULL, hash bytea NOT NULL
    ) WITH (fillfactor = 80);";

/// Before, one node led all views, of whichever version: it writes nothing from here on, and no other of that kind leads after it.
const BY_VERSION: &str = "
    DELETE FROM leaders WHERE role = 'views';
    ALTER TABLE leaders ADD CONSTRAINT leaders_of_views CHECK (role <> 'views');";

/// Rows are found by more than an id: a node of the version before has no view whose rows are, and leaves the column null.
const COMPOUND_KEYS: &str = "
    ALTER TABLE views_parked ADD COLUMN row_parts bytea;
    CREATE UNIQUE INDEX views_parked_compound ON views_parked (view, generation, row_parts) WHERE row_parts IS NOT NULL;";

/// The name of a generation's table.
pub(super) fn name(table: Table) -> String {
    named(table.view.name, table.generation)
}

pub(super) fn named(view: &str, generation: u32) -> String {
    format!("{view}_{generation}")
}

/// What stands beside a generation's table, where the view needs it.
pub(super) const BESIDE: [&str; 4] = ["_labels", "_search", "_history", "_stores"];

/// Stable: stand in a column.
pub(super) const FILLING: i32 = 0;
pub(super) const LIVE: i32 = 1;
pub(super) const RETIRED: i32 = 2;

/// With what is there of each one's tables.
pub(super) const GENERATIONS: &str = "
    SELECT view, generation, version, state, log_id, position, event_id, ARRAY(
        SELECT beside FROM unnest(ARRAY['', '_history', '_labels', '_search', '_stores']) AS beside
        WHERE to_regclass(format('%I', view || '_' || generation || beside)) IS NOT NULL
    ), seen_position, seen_hash FROM views_generations ORDER BY view, generation";

pub(super) fn generation(row: &PgRow) -> sqlx::Result<Generation> {
    let view: String = row.try_get(0)?;
    let there: Vec<String> = row.try_get(7)?;
    let version = row.try_get::<i32, _>(2)?.unsigned_abs();
    let is_whole = needed(&view, version).iter().all(|beside| there.iter().any(|known| known == beside));
    let state = match row.try_get(3)? {
        RETIRED => GenerationState::Retired,
        FILLING | LIVE if !is_whole => GenerationState::Lost,
        FILLING => GenerationState::Filling,
        LIVE => GenerationState::Live,
        other => return Err(sqlx::Error::Decode(format!("there is no state {other} of a generation").into())),
    };
    let position: i64 = row.try_get(5)?;
    let seen = row.try_get::<Option<i64>, _>(8)?.filter(|seen| *seen == position);
    let event_hash = seen.map_or(Ok(None), |_| row.try_get::<Option<Vec<u8>>, _>(9))?;
    Ok(Generation {
        view,
        generation: row.try_get::<i32, _>(1)?.unsigned_abs(),
        version,
        state,
        checkpoint: Checkpoint {
            log_id: LogId(row.try_get(4)?),
            position: Position(position.unsigned_abs()),
            event_id: row.try_get(6)?,
        },
        event_hash: event_hash.as_deref().map(hash).transpose()?,
    })
}

/// What a generation of the view can't do without, as far as this program knows that version of the view.
fn needed(view: &str, version: u32) -> Vec<&'static str> {
    let declared =
        views::ALL.iter().map(|view| view.declaration).find(|known| known.name == view && known.version == version);
    let labels = declared.is_some_and(|view| view.labels.is_some()).then_some("_labels");
    let search = declared.is_some_and(|view| view.search.is_some()).then_some("_search");
    let stores = declared.is_some_and(|view| view.stores).then_some("_stores");
    [Some(""), Some("_history"), labels, search, stores].into_iter().flatten().collect()
}

pub(super) fn hash(bytes: &[u8]) -> sqlx::Result<EventHash> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))?;
    Ok(bytes.into())
}

/// The statements that make a generation's tables.
pub(super) fn layout(table: Table) -> String {
    let (view, name) = (table.view, name(table));
    let columns: String = view.columns.iter().map(|column| format!("\"{}\" {}, ", column.name, kind(column))).collect();
    let key = key_type(view);
    // Lists in the order of keys alone go by a copy of the key: else the planner may well go through all keys, of every store, as it
    // takes each store's for evenly spread among them.
    let in_order = match view.indexes.iter().any(|index| index.sort.is_none()) {
        true => format!("{IN_ORDER} {key} GENERATED ALWAYS AS (key) STORED, "),
        false => String::new(),
    };
    // A document is kept as it was written, byte for byte, which `jsonb` does not; and with space for its next version beside it, so
    // that indexes need not be told of it.
    let mut sql = format!(
        "CREATE TABLE {name} (key {key} PRIMARY KEY, {columns}{in_order}document json NOT NULL) WITH (fillfactor = 80);
         CREATE TABLE {name}_history (key {key} NOT NULL, position bigint NOT NULL, PRIMARY KEY (key, position));"
    );
    for index in view.indexes {
        let ordered = quoted(index.equal.iter().copied().chain(index.sort).chain([last_of(index)]));
        let covering = match index.covering {
            [] => String::new(),
            covering => format!(" INCLUDE ({})", quoted(covering.iter().copied())),
        };
        sql += &format!("CREATE INDEX {name}_{} ON {name} ({ordered}){covering};", index.name);
    }
    if view.stores {
        sql += &format!("CREATE TABLE {name}_stores (store uuid PRIMARY KEY, document json NOT NULL);");
    }
    if let Some(labels) = &view.labels {
        let kind = |equal: &&str| {
            let column = view.columns.iter().find(|column| column.name == *equal);
            format!("\"{equal}\" {}, ", column.map_or_else(|| "bigint NOT NULL".to_owned(), kind))
        };
        let columns: String = labels.equal.iter().map(kind).collect();
        let equal = quoted(labels.equal.iter().copied());
        sql += &format!(
            "CREATE TABLE {name}_labels (
                 {columns}label text COLLATE \"C\" NOT NULL, sort bigint NOT NULL, key {key} NOT NULL,
                 PRIMARY KEY ({equal}, label, sort, key)
             );
             CREATE INDEX {name}_labels_of ON {name}_labels (key);"
        );
    }
    if view.search.is_some() {
        // With what orders equally good hits, so that only the rows of a page are looked up. What was not yet put into the index is
        // gone through by every search: little.
        sql += &format!(
            "CREATE TABLE {name}_search (key {key} PRIMARY KEY, tie bigint NOT NULL, words tsvector NOT NULL);
             CREATE INDEX {name}_words ON {name}_search USING gin (words) WITH (gin_pending_list_limit = 1024);"
        );
    }
    sql
}

/// The type of a row's key.
pub(super) fn key_type(view: &ViewDeclaration) -> &'static str {
    match view.key {
        KeyKind::Id => "uuid",
        KeyKind::Parts => "bytea",
    }
}

/// A row's key once more.
pub(super) const IN_ORDER: &str = "in_order";

/// By what the rows of an index are told apart in the end.
pub(super) fn last_of(index: &Index) -> &'static str {
    if index.sort.is_some() { "key" } else { IN_ORDER }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Texts are compared byte by byte, as everywhere else.
fn kind(column: &Column) -> String {
    let kind = match column.kind {
        Kind::Integer => "bigint",
        Kind::Text => "text COLLATE \"C\"",
        Kind::Id => "uuid",
    };
    let null = if column.nullable { "" } else { " NOT NULL" };
    format!("{kind}{null}")
}
