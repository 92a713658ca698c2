//! Where the views are kept: here in SQLite files. Another place, and the same tests hold another adapter to the same.

use cartlog_projections::SqliteReadStore;
use cartlog_projections::store::ReadStore;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// The tables in which a store keeps its generations, their last numbers, and the last events of streams.
pub const GENERATIONS: &str = "generations";
pub const NUMBERS: &str = "numbers";
pub const TIPS: &str = "tips";

/// What bytes are to it.
pub const BYTES: &str = "BLOB";

/// How often a random test is repeated.
pub const CASES: u32 = 24;

pub struct Place {
    directory: TempDir,
}

impl Default for Place {
    fn default() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }
}

impl Place {
    /// The store of that name: an empty one at first, and the same ever after.
    pub async fn store(&self, name: &str) -> Arc<dyn ReadStore> {
        Arc::new(SqliteReadStore::open(&self.path(name)).expect("opens"))
    }

    pub async fn edit(&self, name: &str, sql: &str) {
        let connection = rusqlite::Connection::open(self.path(name)).expect("opens");
        connection.execute_batch(sql).expect("edited");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.sqlite"))
    }
}
