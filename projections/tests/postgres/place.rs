//! Where the views are kept: here in PostgreSQL, each store in a schema of its own, led by one leader throughout.

use cartlog_projections::PostgresReadStore;
use cartlog_projections::store::ReadStore;
use postgres::testing::Scratch;
use postgres::{HeldRole, Role};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The tables in which a store keeps its generations, their last numbers, and the last events of streams.
pub const GENERATIONS: &str = "views_generations";
pub const NUMBERS: &str = "views_numbers";
pub const TIPS: &str = "views_tips";

/// What bytes are to it.
pub const BYTES: &str = "bytea";

/// How often a random test is repeated: each time makes a hundred tables and more.
pub const CASES: u32 = 6;

/// Of all that a test writes, unless it says otherwise.
pub const EPOCH: i64 = 1;

#[derive(Default)]
pub struct Place {
    stores: Mutex<HashMap<String, (PostgresReadStore, Scratch)>>,
}

impl Place {
    /// The store of that name: an empty one at first, and the same ever after.
    pub async fn store(&self, name: &str) -> Arc<dyn ReadStore> {
        Arc::new(self.reading(name).await.leading(&held(EPOCH)))
    }

    /// The same, as one that does not lead.
    pub async fn reading(&self, name: &str) -> PostgresReadStore {
        let mut stores = self.stores.lock().await;
        if let Some((store, _)) = stores.get(name) {
            return store.clone();
        }
        let scratch = Scratch::default();
        let store = PostgresReadStore::open(&scratch.database().await).await.expect("opens");
        lead(&scratch, EPOCH).await;
        stores.insert(name.to_owned(), (store.clone(), scratch));
        store
    }

    pub async fn edit(&self, name: &str, sql: &str) {
        self.stores.lock().await[name].1.execute(sql).await;
    }
}

/// Whose leader may write.
pub fn role() -> Role {
    Role::View { name: "products".into(), version: 1 }
}

pub fn held(epoch: i64) -> [HeldRole; 1] {
    [HeldRole { role: role(), epoch }]
}

/// Makes it so that the leader with that epoch leads.
pub async fn lead(scratch: &Scratch, epoch: i64) {
    scratch
        .execute(&format!(
            "INSERT INTO leaders VALUES ('{}', {epoch}, 'test', now())
             ON CONFLICT (role) DO UPDATE SET epoch = excluded.epoch",
            role().name()
        ))
        .await;
}
