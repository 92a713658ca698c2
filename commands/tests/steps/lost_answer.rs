//! The log took an append, and its answer got lost: the log itself tells, and the command is done once, also without a key.

use crate::ledger::ledger;
use crate::shop::Shop;
use crate::world::{World, done};
use commands::InventoryChange;
use eventlog::testing::{Cut, FaultLog, Then};
use std::sync::Arc;

#[tokio::test]
async fn an_append_whose_answer_got_lost_is_done_once() {
    let world = World::new();
    let shop = Shop::open(&world, &world.node()).await;
    let log = Arc::new(FaultLog::new(world.log()));
    let node = world.node_on(Arc::clone(&log) as _);
    log.arm(Cut::After(1), Then::GoOn);
    done(node.change_inventory(&shop.request(), shop.products[0], InventoryChange::By(5)).await);
    assert_eq!(ledger(&world, true).await.products[0].1, 17);
    // The hold, and the item.
    for nth in 1..=2 {
        log.arm(Cut::After(nth), Then::GoOn);
        done(node.add_to_cart(&shop.request(), shop.customers[0], vec![(shop.products[0], 2)]).await);
    }
    assert_eq!(ledger(&world, true).await.carts, [vec![4]]);
}
