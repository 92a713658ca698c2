//! Where trees are kept: here in SQLite files. Another place, and the same tests hold another adapter to the same.

use rusqlite::types::ValueRef;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tlog::{SqliteTree, TreeStore};

/// The tables.
pub const STATE: &str = "state";
pub const TILES: &str = "tiles";
/// Where the partial ones are.
pub const EDGE: &str = TILES;
pub const STORES: &str = "stores";
const TABLES: [&str; 6] = [STATE, TILES, "spans", STORES, "chunks", "filters"];

/// Bytes that nobody wrote.
pub const OTHER_BYTES: &str = "X'0907'";

/// How often a random test is repeated.
pub const CASES: u64 = 6;

pub struct Place {
    directory: TempDir,
}

impl Default for Place {
    fn default() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }
}

impl Place {
    /// The store of that name, as a process that has just begun opens it: an empty one at first, and the same ever after.
    pub async fn store(&self, name: &str) -> Arc<dyn TreeStore> {
        Arc::new(SqliteTree::open(&self.path(name)).expect("opens"))
    }

    pub async fn edit(&self, name: &str, sql: &str) {
        let connection = rusqlite::Connection::open(self.path(name)).expect("opens");
        connection.execute_batch(sql).expect("edited");
    }

    /// Every row of every table.
    pub async fn rows(&self, name: &str) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.path(name)).expect("opens");
        let of_table = |table: &&str| {
            let mut select = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).expect("a table");
            let columns = select.column_count();
            let row = |row: &rusqlite::Row<'_>| {
                let values: rusqlite::Result<Vec<ValueRef<'_>>> = (0..columns).map(|at| row.get_ref(at)).collect();
                values.map(|values| format!("{table} {values:?}"))
            };
            let rows: rusqlite::Result<Vec<String>> = select.query_map([], row).expect("rows").collect();
            rows.expect("rows")
        };
        TABLES.iter().flat_map(of_table).collect()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.sqlite"))
    }
}
