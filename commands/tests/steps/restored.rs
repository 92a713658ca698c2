//! The log is of an earlier day than what was saved beside it: restored from a backup, or it lost what it was not told to sync.
//! What was saved is a shortcut and never a truth, so it is thrown away.

use crate::ledger::ledger;
use crate::shop::{Shop, cents};
use crate::world::{World, done};
use commands::snapshots::Snapshots;
use commands::{Clock, InventoryChange};
use domain::customer::CustomerEvent;
use domain::{CustomerId, PersonalData};
use eventlog::StreamName;
use journal::Tail;
use journal::testing::events::customer_created;
use journal::testing::to_append;
use uuid::Uuid;

/// Lets tasks that save go on until the stream's state is saved.
async fn saved(world: &World, stream: &str) {
    let stream = StreamName::new(stream);
    while world.snapshots.load(&stream).await.is_ok_and(|saved| saved.is_none()) {
        tokio::task::yield_now().await;
    }
}

/// More customers than a job does between two saves, written into the log as they are: a password takes long to hash.
async fn a_crowd(world: &World, shop: &Shop, count: u128) {
    for number in 0..count {
        let customer_id = CustomerId(Uuid::from_u128(number));
        let created = CustomerEvent::from(customer_created(shop.store, customer_id, PersonalData::default()));
        let event = to_append(Uuid::now_v7(), shop.store, world.clock.now(), created);
        let stream = StreamName::new(format!("customer-{customer_id}"));
        world.journal().append(&stream, Tail::default(), &[event]).await.expect("in memory");
    }
}

#[tokio::test]
async fn a_saved_state_of_events_that_the_log_lost_is_not_used() {
    let world = World::new();
    let node = world.saving_node(4);
    let shop = Shop::open(&world, &node).await;
    let (request, product) = (shop.request(), shop.products[0]);
    done(node.change_inventory(&request, product, InventoryChange::By(1)).await);
    let backup = world.head().await;
    for _ in 0..4 {
        done(node.change_inventory(&request, product, InventoryChange::By(100)).await);
    }
    saved(&world, &format!("product-{product}")).await;

    let restored = world.restored(backup);
    let node = restored.saving_node(4);
    done(node.change_inventory(&request, product, InventoryChange::By(1)).await);
    assert_eq!(ledger(&restored, true).await.products[0].1, 14);
}

#[tokio::test]
async fn a_saved_state_is_used_where_the_log_has_its_events() {
    let world = World::new();
    let node = world.saving_node(5);
    let shop = Shop::open(&world, &node).await;
    let (request, product) = (shop.request(), shop.products[0]);
    for _ in 0..4 {
        done(node.change_inventory(&request, product, InventoryChange::By(1)).await);
    }
    let stream = StreamName::new(format!("product-{product}"));
    saved(&world, stream.as_str()).await;
    // A state that differs from what the events say shows which of the two was used.
    let mut snapshot = world.snapshots.load(&stream).await.expect("in memory").expect("it was saved");
    let state = String::from_utf8(snapshot.state).expect("JSON");
    snapshot.state = state.replace("\"available\":16", "\"available\":1000").into_bytes();
    world.snapshots.save(&stream, snapshot).await.expect("in memory");
    let outcome = world.saving_node(5).change_inventory(&request, product, InventoryChange::By(-900)).await;
    assert!(outcome.is_ok(), "the saved state was not used");
}

#[tokio::test]
async fn the_worker_looks_again_at_what_came_before_its_checkpoint() {
    let world = World::new();
    let node = world.saving_node(1_000);
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    let backup = world.head().await;
    done(node.close_cart(&shop.request(), shop.customers[0]).await);
    node.reactions(true).await.expect("the worker starts").step().await.expect("nothing is away");

    let restored = world.restored(backup);
    let node = restored.saving_node(1_000);
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    reactions.step().await.expect("nothing is away");
    assert_eq!(ledger(&restored, true).await.credits, [(5, 5), (5, 5)]);
}

#[tokio::test]
async fn a_job_issues_the_credits_that_the_log_lost() {
    let world = World::new();
    let node = world.saving_node(1_000);
    let shop = Shop::open(&world, &node).await;
    a_crowd(&world, &shop, 520).await;
    let customers = 520 + shop.customers.len();
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    let backup = world.head().await;
    node.reactions(true).await.expect("the worker starts").step().await.expect("nothing is away");
    assert_eq!(ledger(&world, true).await.credits.len(), customers);

    let restored = world.restored(backup);
    let node = restored.saving_node(1_000);
    node.reactions(true).await.expect("the worker starts").step().await.expect("nothing is away");
    assert_eq!(ledger(&restored, true).await.credits.len(), customers);
}
