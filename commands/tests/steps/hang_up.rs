//! The client hangs up after the k-th append of its command, for every k: its request is dropped, and the command ends as if
//! somebody had waited for it.

use crate::command::Command;
use crate::ledger::{Ledger, ledger};
use crate::shop::Shop;
use crate::world::World;
use eventlog::testing::Gate;
use std::sync::Arc;

const NODE: &str = "node";

/// What the command comes to when the client waits: at once, and after the worker has looked.
struct Waited {
    appends: usize,
    at_once: Ledger,
    in_the_end: Ledger,
}

async fn waited_for(command: Command, prepared: &World, shop: &Shop) -> Waited {
    let world = prepared.copy().await;
    let gate = Gate::new(world.log());
    let node = world.node_on(Arc::new(gate.node(NODE)));
    let asked = gate.run(NODE, ask(command, node, shop.clone()));
    let mut appends = 0;
    while let Some(next) = gate.settled().await.first() {
        gate.release(next.ticket).await;
        appends += 1;
    }
    assert!(asked.await.expect("no command panics"), "{command:?} is accepted");
    let at_once = ledger(&world, false).await;
    world.recover().await;
    Waited { appends, at_once, in_the_end: ledger(&world, true).await }
}

async fn ask(command: Command, node: commands::Commands, shop: Shop) -> bool {
    command.run(&node, &shop, "the key").await
}

async fn hung_up(command: Command, prepared: &World, shop: &Shop, after: usize, waited: &Waited) {
    let world = prepared.copy().await;
    let gate = Gate::new(world.log());
    let node = world.node_on(Arc::new(gate.node(NODE)));
    let asked = gate.run(NODE, ask(command, node.clone(), shop.clone()));
    for _ in 0..after {
        let next = gate.settled().await.swap_remove(0);
        gate.release(next.ticket).await;
    }
    // The next append has come as far as the gate: the command is in the middle.
    assert!(!gate.settled().await.is_empty(), "{command:?} ended before its append {after}");
    asked.abort();
    assert!(asked.await.is_err_and(|error| error.is_cancelled()), "{command:?}: the client hung up after {after}");
    gate.open();
    node.close().await;
    assert_eq!(ledger(&world, false).await, waited.at_once, "{command:?}, hung up after {after}");
    world.recover().await;
    assert_eq!(ledger(&world, true).await, waited.in_the_end, "{command:?}, hung up after {after}");
}

async fn hang_up_at_every_step(command: Command) {
    let prepared = World::new();
    let node = prepared.node();
    let shop = command.prepare(&node, Shop::open(&prepared, &node).await).await;
    let waited = waited_for(command, &prepared, &shop).await;
    assert!(waited.appends >= 1, "{command:?} appends something");
    for after in 0..waited.appends {
        hung_up(command, &prepared, &shop, after, &waited).await;
    }
}

macro_rules! hang_up_at_every_step {
    ($($name:ident: $command:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            hang_up_at_every_step(Command::$command).await;
        })+
    };
}

hang_up_at_every_step!(
    add_to_cart: AddToCart,
    batch_add: AddBatch,
    lower_a_quantity: LowerQuantity,
    replace_a_cart: ReplaceCart,
    bill_with_coupon_gift_cards_and_credits: BillWithEverything,
    collect: Collect,
    fail: Fail,
    refund_to_credit: RefundToCredit,
    batch_credit: BatchCredit,
    delete_customer: DeleteCustomer,
    ship: Ship,
    deliver: Deliver,
    cancel_an_order: CancelOrder,
    remove_a_line: RemoveLine,
);
