//! The worker on the log meets what can't be done now, and what never can.

use crate::ledger::ledger;
use crate::shop::{Shop, cents};
use crate::world::{World, done};
use commands::testing::StubLookups;
use commands::{CommandDependencies, Commands};
use eventlog::testing::{Cut, FaultLog, Then};
use eventlog::{Position, StreamName};
use std::sync::Arc;

fn node_without_views(world: &World) -> Commands {
    Commands::new(CommandDependencies { lookups: Arc::new(StubLookups::Away), ..world.parts(world.log()) })
}

#[tokio::test]
async fn a_job_that_had_to_wait_is_found_again_after_a_restart() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    // Something that the worker has to do later than the job.
    done(node.close_cart(&shop.request(), shop.customers[0]).await);
    let without_views = node_without_views(&world);
    without_views.reactions(false).await.expect("the worker starts").step().await.expect("the log is there");
    assert_eq!(ledger(&world, true).await.credits, []);

    let node = world.saving_node(1_000);
    node.reactions(true).await.expect("the worker starts").step().await.expect("nothing is away");
    assert_eq!(ledger(&world, true).await.credits, [(5, 5), (5, 5)]);
}

#[tokio::test]
async fn a_stream_that_can_not_be_read_is_parked_once_and_the_rest_goes_on() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_invoice(&node).await;
    // The invoice is collected, and the process dies before it places the order.
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request, invoice) = (world.node_on(Arc::clone(&log) as _), shop.request(), shop.invoice());
    let collecting = tokio::spawn(async move { dying.collect_invoice(&request, invoice).await });
    log.stopped().await;
    collecting.abort();
    // Before that, somebody closed a cart, and its stream was damaged since.
    let customer = shop.customers[1];
    let closed = world.copy().await;
    done(closed.node().add_to_cart(&shop.request(), customer, vec![(shop.products[0], 1)]).await);
    done(closed.node().close_cart(&shop.request(), customer).await);
    let damaged = StreamName::new(format!("cart-{customer}"));
    closed.damage(&damaged, 3).await;

    let node = closed.node();
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    reactions.step().await.expect("what is damaged stops nothing");
    let status = reactions.status().lock().clone();
    let parked: Vec<_> = status.parked.iter().map(|parked| parked.stream.clone()).collect();
    assert_eq!(parked, [damaged]);
    assert_eq!((status.position, status.pending), (closed.head().await, 0), "it waits for nothing");
    assert!(closed.types_after(Position::START).await.iter().any(|stored| stored == "OrderPlaced"));
}

#[tokio::test]
async fn a_shipped_order_takes_no_more_than_was_ordered() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let (customer, assam) = (shop.customers[0], shop.products[1]);
    done(node.add_to_cart(&shop.request(), customer, vec![(assam, 2)]).await);
    // Three more are held, and then the log is away: nobody gives them back before recovery has looked.
    let log = Arc::new(FaultLog::new(world.log()));
    let node = world.node_on(Arc::clone(&log) as _);
    log.arm(Cut::Before(2), Then::GoOn);
    assert!(node.add_to_cart(&shop.request(), customer, vec![(assam, 3)]).await.is_err());
    assert_eq!(ledger(&world, false).await.products[1], ("Assam".to_owned(), 2, 5));

    let invoice = done(node.bill_cart(&shop.request(), customer, commands::BillCart::default()).await);
    let order = done(node.collect_invoice(&shop.request(), invoice).await);
    done(node.ship_order(&shop.request(), order).await);
    assert_eq!(ledger(&world, true).await.products[1], ("Assam".to_owned(), 5, 0));
    world.recover().await;
    assert_eq!(ledger(&world, true).await.products[1], ("Assam".to_owned(), 5, 0));
}

#[tokio::test]
async fn a_cart_that_can_not_be_read_keeps_no_other_from_its_time() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    for customer in &shop.customers {
        done(node.add_to_cart(&shop.request(), *customer, vec![(shop.products[0], 1)]).await);
    }
    for damaged in 0..2 {
        let world = world.copy().await;
        let node = world.node();
        world.clock.advance(chrono::TimeDelta::minutes(61));
        world.damage(&StreamName::new(format!("cart-{}", shop.customers[damaged])), 1).await;
        assert_eq!(node.cart_expiry().step().await.expect("nothing is away"), 1);
        assert_eq!(world.types_after(Position::START).await.iter().filter(|stored| *stored == "CartClosed").count(), 1);
    }
}
