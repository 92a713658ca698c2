//! What no client can bring about by itself: two commands in one batch.

use super::*;
use crate::testing::ManualClock;
use domain::product::{Product, ProductCommand};
use domain::{Cents, ProductId};
use eventlog::MemoryLog;
use uuid::Uuid;
use vault::MemoryVault;

fn executor() -> (Executor<Product>, Origin) {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let keys: Arc<dyn journal::Keys> = Arc::new(MemoryVault::default());
    let journal = Journal::new(Arc::new(MemoryLog::new()), keys);
    let shared = ExecutorContext {
        lookups: Arc::new(crate::testing::CountedLookups::new(journal.clone())),
        snapshots: SnapshotWriter::new(Arc::new(crate::snapshots::NoSnapshots), journal.clone(), 1 << 20),
        journal,
        clock: Arc::clone(&clock),
        states: Arc::new(States::new(1 << 20, 10)),
        queue_length: 10,
        snapshot_every: 1_000,
        sole_writer: false,
    };
    let origin = Origin {
        store_id: StoreId(Uuid::from_u128(1)),
        actor: Actor::System,
        by: None,
        request_id: None,
        correlation_id: Uuid::from_u128(2),
        causation_id: None,
        ids: Ids::fresh(clock),
        watermark: crate::Watermark::default(),
    };
    (Executor::new(Arc::new(shared)), origin)
}

#[tokio::test]
async fn of_two_that_insist_on_the_same_length_one_is_done_also_in_one_batch() {
    let (executor, origin) = executor();
    let product = ProductId(Uuid::from_u128(3));
    let create = ProductCommand::Create(domain::product::ProductCreated {
        product_id: product,
        store_id: origin.store_id,
        title: "Tea".to_owned(),
        product_type: "tea".to_owned(),
        vendor: "Hill".to_owned(),
        description: None,
        inventory: 0,
        sale_price_in_cents: Cents::ZERO,
        tags: Vec::new(),
    });
    executor.execute(&product, Ask::of(create, &origin)).await.expect("it is new");
    let length = executor.read(&product, |loaded| loaded.tail.length).await.expect("it is there");
    let add = || Ask::of(ProductCommand::AdjustInventory { amount: 1 }, &origin).at_length(length);
    // Both are queued before the stream's task, which is on this thread too, takes them.
    let (first, second) = tokio::join!(executor.execute(&product, add()), executor.execute(&product, add()));
    first.expect("nothing came before it");
    assert!(matches!(second, Err(Refused::Moved { length: moved }) if moved == length + 1), "{second:?}");
    let available = executor.read(&product, |loaded| loaded.state.known().map(|known| known.available)).await;
    assert_eq!(available.expect("it is there"), Some(1));
}
