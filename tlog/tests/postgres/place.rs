//! Where trees are kept: here in PostgreSQL, each in a schema of its own, led by one leader throughout.

use postgres::testing::Scratch;
use postgres::{HeldRole, Role};
use std::collections::HashMap;
use std::sync::Arc;
use tlog::{PostgresTree, TreeStore};
use tokio::sync::Mutex;

/// The tables.
pub const STATE: &str = "tree_state";
pub const TILES: &str = "tree_tiles";
/// Where the partial ones are.
pub const EDGE: &str = "tree_edge";
pub const STORES: &str = "tree_stores";
const TABLES: [&str; 7] = [STATE, TILES, EDGE, "tree_spans", STORES, "tree_chunks", "tree_filters"];

/// Bytes that nobody wrote.
pub const OTHER_BYTES: &str = "'\\x0907'::bytea";

/// How often a random test is repeated.
pub const CASES: u64 = 2;

/// Of all that a test writes, unless it says otherwise.
pub const EPOCH: i64 = 1;

#[derive(Default)]
pub struct Place {
    schemas: Mutex<HashMap<String, Scratch>>,
}

impl Place {
    /// The store of that name, as a process that has just begun opens it: an empty one at first, and the same ever after.
    pub async fn store(&self, name: &str) -> Arc<dyn TreeStore> {
        Arc::new(self.reading(name).await.leading(held(EPOCH)))
    }

    /// The same, as one that does not lead.
    pub async fn reading(&self, name: &str) -> PostgresTree {
        let mut schemas = self.schemas.lock().await;
        let is_new = !schemas.contains_key(name);
        let scratch = schemas.entry(name.to_owned()).or_default();
        let tree = PostgresTree::open(&scratch.database().await).await.expect("opens");
        if is_new {
            lead(scratch, EPOCH).await;
        }
        tree
    }

    pub async fn edit(&self, name: &str, sql: &str) {
        self.schemas.lock().await[name].execute(sql).await;
    }

    /// Every row of every table.
    pub async fn rows(&self, name: &str) -> Vec<String> {
        let schemas = self.schemas.lock().await;
        let mut rows = Vec::new();
        for table in TABLES {
            let found = schemas[name].texts(&format!("SELECT t::text FROM {table} t ORDER BY 1")).await;
            rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
        }
        rows
    }
}

pub fn held(epoch: i64) -> HeldRole {
    HeldRole { role: Role::Tree, epoch }
}

/// Makes it so that the leader with that epoch leads.
pub async fn lead(scratch: &Scratch, epoch: i64) {
    scratch
        .execute(&format!(
            "INSERT INTO leaders VALUES ('tree', {epoch}, 'test', now())
             ON CONFLICT (role) DO UPDATE SET epoch = excluded.epoch"
        ))
        .await;
}
