//! The products of one store, written to the read store itself.

use crate::place::{held, lead};
use cartlog_projections::store::*;
use cartlog_projections::views::Products;
use cartlog_projections::{PostgresReadStore, View};
use eventlog::{Checkpoint, LogId, Position};
use postgres::testing::Scratch;
use postgres::{Database, DatabaseOptions};
use uuid::Uuid;

pub const VIEW: &ViewDeclaration = &Products::DECLARATION;
pub const LOG: LogId = LogId(Uuid::from_u128(7));
pub const STORE: Uuid = Uuid::from_u128(1);
/// By vendor.
pub const BY_VENDOR: &Index = &VIEW.indexes[1];

pub fn at(position: u64) -> Checkpoint {
    Checkpoint { log_id: LOG, position: Position(position), event_id: Uuid::from_u128(position.into()) }
}

pub struct Shelf {
    pub scratch: Scratch,
    /// Leads with epoch 1.
    pub store: PostgresReadStore,
    pub table: Table,
}

impl Shelf {
    pub async fn new() -> Self {
        let scratch = Scratch::default();
        let database = scratch.database().await;
        Self::of(scratch, &database).await
    }

    /// Reached by way of that URL.
    pub async fn at(url: &str, options: impl FnOnce(DatabaseOptions) -> DatabaseOptions) -> Self {
        let scratch = Scratch::default();
        let database = Database::open(url, options(scratch.options())).await.expect("opens");
        Self::of(scratch, &database).await
    }

    async fn of(scratch: Scratch, database: &Database) -> Self {
        let store = PostgresReadStore::open(database).await.expect("opens").leading(&held(1));
        lead(&scratch, 1).await;
        let table = store.create(VIEW, at(0)).await.expect("made");
        Self { scratch, store, table }
    }

    /// What moves the view from the one position to the other, with one product of that number.
    pub fn batch(&self, before: u64, after: u64, product: u128) -> Commit {
        self.batch_of(before, after, vec![row(product, "vendor")])
    }

    pub fn batch_of(&self, before: u64, after: u64, rows: Vec<RowWrite>) -> Commit {
        let table = self.table;
        let changes = TableChanges {
            table,
            rows,
            stores: Vec::new(),
            history: Vec::new(),
            unparked: Vec::new(),
            parked: Vec::new(),
        };
        Commit {
            tables: vec![changes],
            tips: Vec::new(),
            before: Position(before),
            checkpoint: at(after),
            event_hash: None,
        }
    }

    pub async fn position(&self) -> Position {
        let generations = self.store.generations().await.expect("generations");
        let found = generations.iter().find(|known| known.generation == self.table.generation);
        found.expect("the generation").checkpoint.position
    }

    /// Whether there is such a product.
    pub async fn has(&self, product: u128) -> bool {
        self.store.get(self.table, Uuid::from_u128(product).into()).await.expect("an answer").is_some()
    }
}

pub fn row(product: u128, vendor: &str) -> RowWrite {
    let value = |column: &Column| match (column.name, column.kind) {
        ("store_id", _) => Value::Id(STORE),
        ("vendor", _) => Value::Text(vendor.to_owned()),
        ("live", _) => Value::Integer(1),
        (_, Kind::Integer) => Value::Integer(0),
        (_, Kind::Text) => Value::Text("chair".to_owned()),
        (_, Kind::Id) => Value::Id(Uuid::nil()),
    };
    RowWrite {
        key: Uuid::from_u128(product).into(),
        document: format!(r#"{{"product": {product}}}"#),
        facets: Facets {
            columns: VIEW.columns.iter().map(value).collect(),
            labels: vec!["wood".to_owned()],
            search_text: Some(vec!["Lamp".to_owned(); 5]),
        },
        changed: Changed::ALL,
    }
}
