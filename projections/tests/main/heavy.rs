//! Rows that are too large to be in memory all at once.

use crate::fragile::{Fate, Fragile};
use crate::world::World;
use cartlog_projections::{ProjectionSettings, Projections};
use domain::product::InventoryAdjusted;
use std::sync::Arc;

const KIB: usize = 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_touches_more_rows_than_there_is_room_for_is_folded_in_parts() {
    let mut world = World::default();
    let store = world.store().await;
    let mut products = Vec::new();
    for number in 0..40 {
        let long = format!("{number:0>1000}");
        products.push(world.product_with(store, &long, &long, &long, 10, &[]).await);
    }
    drop(world.open().await);
    for product in &products {
        world.product_event(store, *product, InventoryAdjusted { change: 1, inventory: 11 }).await;
    }
    // A row weighs 7 KiB, and none stays in memory.
    let settings =
        ProjectionSettings { cache_bytes: 64 * KIB as u64, rows_bytes: 64 * KIB, ..ProjectionSettings::default() };
    let fragile = Fragile::new(world.read_store().await, |_| Fate::Written);
    let opened = Projections::open(Arc::clone(&fragile) as _, world.restarted_journal(), settings, |_| {}).await;
    let views = opened.expect("opens").views();
    assert!((5..=20).contains(&fragile.commits()), "{} commits", fragile.commits());
    for product in products {
        let row = views.product(store, product).await.expect("a query").expect("it is there");
        assert_eq!(row.inventory, 11);
    }
}

/// Whatever cut a batch off in between: what was committed of it is not folded again.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_cut_off_between_its_parts_goes_on_there() {
    let mut world = World::default();
    let store = world.store().await;
    let mut products = Vec::new();
    for number in 0..20 {
        let long = format!("{number:0>1000}");
        products.push(world.product_with(store, &long, &long, &long, 10, &[]).await);
    }
    drop(world.open().await);
    for product in &products {
        world.product_event(store, *product, InventoryAdjusted { change: 1, inventory: 11 }).await;
    }
    let settings =
        ProjectionSettings { cache_bytes: 64 * KIB as u64, rows_bytes: 32 * KIB, ..ProjectionSettings::default() };
    let fragile =
        Fragile::new(world.read_store().await, |number| if number == 2 { Fate::Refused } else { Fate::Written });
    let open = || Projections::open(Arc::clone(&fragile) as _, world.restarted_journal(), settings, |_| {});
    assert!(open().await.is_err(), "the second part was refused");
    let views = open().await.expect("opens").views();
    for product in products {
        let row = views.product(store, product).await.expect("a query").expect("it is there");
        assert_eq!(row.inventory, 11);
    }
}
