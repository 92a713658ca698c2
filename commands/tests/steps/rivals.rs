//! Two or three nodes on one log: the same command, or a rival one, at the same time, in every interleaving of their appends up to a
//! bound. Whatever the order, the invariants hold at each end and the outcome is one that some order of whole commands gives.

use crate::command::Command;
use crate::ledger::{Ledger, ledger};
use crate::shop::Shop;
use crate::world::{World, done};
use commands::BillCart;
use eventlog::testing::{Cut, FaultLog, Gate, Schedules, Then};
use std::sync::Arc;

/// Interleavings of one pair: in order, of which the first ones differ in the last appends, and by chance.
const IN_ORDER: usize = 100;
const BY_CHANCE: usize = 50;

/// What one interleaving came to.
struct Outcome {
    /// Whether each node's command was accepted.
    accepted: [bool; 2],
    ledger: Ledger,
}

/// Runs `left` on one node and `right` on another, in every order of their appends.
async fn every_interleaving(left: Command, right: Command, keys: [&'static str; 2], check: impl Fn(&Ledger, &Outcome)) {
    let prepared = World::new();
    let node = prepared.node();
    let shop = left.prepare(&node, Shop::open(&prepared, &node).await).await;
    let before = ledger(&prepared, true).await;
    let mut schedules = Schedules::up_to(IN_ORDER).then_by_chance(BY_CHANCE, 1);
    while let Some(mut schedule) = schedules.next() {
        let world = prepared.copy().await;
        let gate = Gate::new(world.log());
        let mut running = Vec::new();
        for ((label, command), key) in [("a", left), ("b", right)].into_iter().zip(keys) {
            let node = world.node_on(Arc::new(gate.node(label)));
            let shop = shop.clone();
            running.push(gate.run(label, async move { command.run(&node, &shop, key).await }));
        }
        let played = gate.play(&mut schedule).await;
        let mut accepted = [false; 2];
        for (slot, task) in accepted.iter_mut().zip(running) {
            *slot = task.await.expect("no command panics");
        }
        ledger(&world, false).await;
        world.recover().await;
        let outcome = Outcome { accepted, ledger: ledger(&world, true).await };
        let context = format!("{left:?} against {right:?}, {played:#?}");
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&before, &outcome)))
            .unwrap_or_else(|_| panic!("{context}\naccepted {:?}\n{:#?}", outcome.accepted, outcome.ledger));
        schedules.ran(schedule);
    }
}

const SAME_KEY: [&str; 2] = ["the same key", "the same key"];
const TWO_KEYS: [&str; 2] = ["one key", "another key"];

#[tokio::test]
async fn the_same_add_on_two_nodes_is_done_once() {
    every_interleaving(Command::AddToCart, Command::AddToCart, SAME_KEY, |_, outcome| {
        assert_eq!(outcome.accepted, [true, true]);
        assert_eq!(outcome.ledger.carts, [vec![2]]);
    })
    .await;
}

#[tokio::test]
async fn two_adds_on_two_nodes_are_both_there_in_one_cart() {
    every_interleaving(Command::AddToCart, Command::AddBatch, TWO_KEYS, |_, outcome| {
        assert_eq!(outcome.accepted, [true, true]);
        let mut lines = outcome.ledger.carts.concat();
        lines.sort_unstable();
        assert_eq!(lines, [1, 5]);
    })
    .await;
}

#[tokio::test]
async fn the_same_bill_on_two_nodes_is_one_invoice() {
    every_interleaving(Command::BillWithEverything, Command::BillWithEverything, SAME_KEY, |_, outcome| {
        assert_eq!(outcome.accepted, [true, true]);
        assert_eq!(outcome.ledger.invoices.len(), 1);
        assert_eq!(outcome.ledger.coupons, [1]);
    })
    .await;
}

#[tokio::test]
async fn two_bills_on_two_nodes_are_one_invoice_and_one_refusal() {
    every_interleaving(Command::BillWithEverything, Command::BillWithEverything, TWO_KEYS, |_, outcome| {
        assert_eq!(outcome.accepted.iter().filter(|accepted| **accepted).count(), 1);
        assert_eq!(outcome.ledger.invoices.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_add_against_a_bill_is_in_the_invoice_or_in_a_new_cart() {
    every_interleaving(Command::BillWithEverything, Command::AddToCart, TWO_KEYS, |_, outcome| {
        assert_eq!(outcome.accepted, [true, true]);
        assert_eq!(outcome.ledger.invoices.len(), 1);
        let in_new_cart = outcome.ledger.carts == [vec![2]];
        let held: i64 = outcome.ledger.products.iter().map(|(_, _, held)| held).sum();
        assert_eq!(held, 3 + 2 + 2, "in a new cart: {in_new_cart}");
    })
    .await;
}

#[tokio::test]
async fn an_invoice_is_collected_or_failed_never_both() {
    every_interleaving(Command::Collect, Command::Fail, TWO_KEYS, |_, outcome| {
        assert_eq!(outcome.accepted.iter().filter(|accepted| **accepted).count(), 1);
        assert_eq!(outcome.ledger.orders.len(), usize::from(outcome.accepted[0]));
    })
    .await;
}

#[tokio::test]
async fn a_refund_on_two_nodes_is_issued_once() {
    every_interleaving(Command::RefundToCredit, Command::RefundToCredit, TWO_KEYS, |before, outcome| {
        assert_eq!(outcome.accepted.iter().filter(|accepted| **accepted).count(), 1);
        assert_eq!(outcome.ledger.credits.len(), before.credits.len() + 1);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_customer_keeps_no_cart_whoever_adds_meanwhile() {
    every_interleaving(Command::DeleteCustomer, Command::AddToCart, TWO_KEYS, |_, outcome| {
        assert!(outcome.accepted[0]);
        assert!(outcome.ledger.carts.concat().is_empty());
        assert!(outcome.ledger.products.iter().all(|(_, _, held)| *held == 0));
    })
    .await;
}

#[tokio::test]
async fn a_cart_replaced_against_a_lowered_line_holds_nothing_afterwards() {
    every_interleaving(Command::LowerQuantity, Command::ReplaceCart, TWO_KEYS, |_, outcome| {
        assert!(outcome.accepted[1]);
        assert!(outcome.ledger.products.iter().all(|(_, _, held)| *held == 0));
    })
    .await;
}

/// Two invoices of one customer ask the same balances at the same moment, and two nodes are about to issue the first of them.
#[tokio::test]
async fn a_wallet_that_three_nodes_ask_at_once_is_spent_once() {
    let prepared = World::new();
    let node = prepared.node();
    let shop = Shop::open(&prepared, &node).await.with_balances(&node).await;
    let (request, customer) = (shop.request(), shop.customers[0]);
    done(node.add_to_cart(&request, customer, vec![(shop.products[1], 2)]).await);
    billed_only(&prepared, &shop).await;
    done(prepared.node().add_to_cart(&request, customer, vec![(shop.products[0], 1)]).await);

    let mut schedules = Schedules::up_to(IN_ORDER).then_by_chance(BY_CHANCE, 1);
    while let Some(mut schedule) = schedules.next() {
        let world = prepared.copy().await;
        let gate = Gate::new(world.log());
        for label in ["a", "b"] {
            let node = world.node_on(Arc::new(gate.node(label)));
            gate.run(label, async move { node.reactions(true).await.expect("it starts").step().await });
        }
        let (node, request) = (world.node_on(Arc::new(gate.node("c"))), request.clone());
        gate.run("c", async move { node.bill_cart(&request, customer, BillCart::default()).await });
        let played = gate.play(&mut schedule).await;
        world.recover().await;
        let ledger = ledger(&world, true).await;
        // 6.66 and 12.99 with 7 % tax, and a wallet of 9.22.
        let gross: Vec<i64> = ledger.invoices.iter().map(|(_, gross, _, _)| *gross).collect();
        let due: i64 = ledger.invoices.iter().map(|(_, _, due, _)| due).sum();
        assert_eq!(gross.iter().sum::<i64>(), 713 + 1_390, "{played:#?}");
        assert_eq!(due, 713 + 1_390 - 922, "{played:#?}");
        assert!(ledger.gift_cards.iter().chain(&ledger.credits).all(|(_, current)| *current == 0), "{played:#?}");
        schedules.ran(schedule);
    }
}

/// Bills the first customer's cart on a node that dies before it asks the wallet.
async fn billed_only(world: &World, shop: &Shop) {
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request, customer) = (world.node_on(Arc::clone(&log) as _), shop.request(), shop.customers[0]);
    let billing = tokio::spawn(async move { dying.bill_cart(&request, customer, BillCart::default()).await });
    log.stopped().await;
    billing.abort();
}
