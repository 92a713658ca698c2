//! Every step crashed: the process dies before or after its k-th append, for every k. After a restart each command has run once
//! if its deciding event was stored, else not at all; repeated with its key, it has run once.

use crate::command::Command;
use crate::ledger::{Ledger, ledger};
use crate::place::Place;
use crate::shop::Shop;
use crate::world::World;
use commands::Commands;
use eventlog::EventLog;
use eventlog::testing::{Cut, FaultLog, Then};
use std::sync::Arc;

/// What a command comes to when nothing goes wrong.
struct Uncrashed {
    /// Its appends, with what follows from it.
    appends: u64,
    before: Ledger,
    after: Ledger,
}

/// Runs the command with its key on the node, and what follows from it. Whether it was accepted.
async fn carry_out(command: Command, node: Commands, shop: Shop) -> bool {
    let accepted = command.run(&node, &shop, "the same key").await;
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    reactions.step().await.expect("nothing is away");
    accepted
}

/// A copy in which a worker has done all there was, and saved how far it is: what the command leaves undone is found from there.
async fn settled(prepared: &World) -> World {
    let world = prepared.copy().await;
    world.recover().await;
    world
}

async fn uncrashed(command: Command, prepared: &World, shop: &Shop) -> Uncrashed {
    let world = settled(prepared).await;
    let before = ledger(&world, true).await;
    let log = Arc::new(FaultLog::new(world.log()));
    let node = world.node_on(Arc::clone(&log) as Arc<dyn EventLog>);
    assert!(carry_out(command, node, shop.clone()).await, "{command:?} is accepted when nothing goes wrong");
    let after = ledger(&world, true).await;
    assert_ne!(before, after, "{command:?} changes something");
    Uncrashed { appends: log.appends(), before, after }
}

async fn crashed(command: Command, prepared: &World, shop: &Shop, cut: Cut, expected: &Uncrashed) {
    let world = settled(prepared).await;
    let prepared_at = world.head().await;
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(cut, Then::Hang);
    let node = world.node_on(Arc::clone(&log) as Arc<dyn EventLog>);
    let mut running = tokio::spawn(carry_out(command, node, shop.clone()));
    tokio::select! {
        () = log.stopped() => running.abort(),
        _ = &mut running => panic!("{command:?} ended before {cut:?}"),
    }
    ledger(&world, false).await;

    let decided = world.types_after(prepared_at).await.iter().any(|stored| stored == command.decided_by());
    let node = world.recover().await;
    let recovered = ledger(&world, true).await;
    let (before, after) = (&expected.before, &expected.after);
    let (right, how_often) = if decided { (after, "once") } else { (before, "not at all") };
    assert_eq!(recovered, *right, "{command:?}, {cut:?}: it must have run {how_often}");
    assert!(carry_out(command, node, shop.clone()).await, "{command:?}, {cut:?}: the repeat is accepted");
    assert_eq!(ledger(&world, true).await, *after, "{command:?}, {cut:?}: repeated, it has run once");
}

async fn crash_every_step(place: Place, command: Command) {
    let prepared = World::on(place).await;
    let node = prepared.node();
    let shop = Shop::open(&prepared, &node).await;
    let shop = command.prepare(&node, shop).await;
    let expected = uncrashed(command, &prepared, &shop).await;
    for nth in 1..=expected.appends {
        crashed(command, &prepared, &shop, Cut::Before(nth), &expected).await;
        crashed(command, &prepared, &shop, Cut::After(nth), &expected).await;
    }
}

macro_rules! crash_every_step {
    ($($name:ident: $command:ident),+ $(,)?) => {
        crash_every_step!(@ memory, Memory, $($name: $command),+);
        #[cfg(feature = "eventstoredb")]
        crash_every_step!(@ double, Double, $($name: $command),+);
        #[cfg(feature = "eventstoredb")]
        crash_every_step!(@ server, Server, $($name: $command),+);
    };
    (@ $module:ident, $place:ident, $($name:ident: $command:ident),+) => {
        mod $module {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                if Place::$place.is_here() {
                    crash_every_step(Place::$place, Command::$command).await;
                }
            })+
        }
    };
}

crash_every_step!(
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
