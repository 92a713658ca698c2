//! Two nodes, one of which has looked at everything before the other changed it: nothing is refused, priced or given back by
//! what was true only then.

use crate::ledger::ledger;
use crate::shop::{self, COUPON, Shop, cents};
use crate::world::{World, done};
use commands::{BillCart, CommandError, Commands, InventoryChange};
use domain::product::ChangeProduct;
use eventlog::testing::{Cut, FaultLog, Then};
use std::sync::Arc;

/// A shop, and two nodes that have seen all of it.
async fn two_nodes() -> (World, Commands, Commands, Shop) {
    let world = World::new();
    let (one, other) = (world.node(), world.node());
    let shop = Shop::open(&world, &one).await.with_cart(&one).await;
    done(other.remove_from_cart(&shop.request(), shop.customers[0], vec![shop.products[1]]).await);
    // Looks at store, product and customer, and leaves everything as it was but for a failed invoice.
    done(other.add_to_cart(&shop.request(), shop.customers[1], vec![(shop.products[0], 1)]).await);
    let invoice = done(other.bill_cart(&shop.request(), shop.customers[1], BillCart::default()).await);
    done(other.fail_invoice(&shop.request(), invoice).await);
    (world, one, other, shop)
}

#[tokio::test]
async fn a_customer_confirmed_on_another_node_may_shop() {
    let world = World::new();
    let (one, other) = (world.node(), world.node());
    let shop = Shop::open(&world, &one).await;
    let eve = shop::unconfirmed(&one, &shop.request(), "eve@example.com").await;
    let add = async || other.add_to_cart(&shop.request(), eve, vec![(shop.products[0], 1)]).await;
    assert!(matches!(add().await, Err(CommandError::CustomerIsNotConfirmed)));
    shop::confirm(&world, &one, &shop.request(), eve, "eve@example.com").await;
    done(add().await);
}

#[tokio::test]
async fn a_price_and_a_tax_rate_changed_on_another_node_are_billed() {
    let (world, one, other, shop) = two_nodes().await;
    let change = ChangeProduct { sale_price_in_cents: Some(cents(1_000)), ..ChangeProduct::default() };
    done(one.change_product(&shop.request(), shop.products[0], change).await);
    let change =
        domain::store::ChangeStore { tax_rate_in_basis_points: Some(0), ..domain::store::ChangeStore::default() };
    done(one.change_store(&shop.request(), change).await);
    done(other.bill_cart(&shop.request(), shop.customers[0], BillCart::default()).await);
    assert_eq!(ledger(&world, true).await.invoices[1].1, 3_000);
}

#[tokio::test]
async fn stock_put_in_on_another_node_can_be_had() {
    let (_world, one, other, shop) = two_nodes().await;
    let add = async || other.add_to_cart(&shop.request(), shop.customers[1], vec![(shop.products[1], 20)]).await;
    assert!(add().await.is_err());
    done(one.change_inventory(&shop.request(), shop.products[1], InventoryChange::To(20)).await);
    done(add().await);
}

#[tokio::test]
async fn a_cart_filled_on_another_node_is_billed_and_closed() {
    let (world, one, other, shop) = two_nodes().await;
    let customer = shop.customers[1];
    assert!(other.close_cart(&shop.request(), customer).await.is_err());
    for _ in 0..2 {
        done(one.add_to_cart(&shop.request(), customer, vec![(shop.products[1], 1)]).await);
        done(other.bill_cart(&shop.request(), customer, BillCart::default()).await);
    }
    done(one.add_to_cart(&shop.request(), customer, vec![(shop.products[1], 1)]).await);
    done(other.close_cart(&shop.request(), customer).await);
    assert_eq!(ledger(&world, true).await.products[1], ("Assam".to_owned(), 5, 2));
}

#[tokio::test]
async fn a_coupon_used_up_on_another_node_is_refused_before_anything_happens() {
    let (world, one, other, shop) = two_nodes().await;
    let bill = || BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: None };
    let (request, customer) = (shop.request(), shop.customers[1]);
    done(other.bill_cart(&request, shop.customers[0], bill()).await);
    for _ in 0..4 {
        done(one.add_to_cart(&request, customer, vec![(shop.products[0], 1)]).await);
        done(one.bill_cart(&request, customer, bill()).await);
    }
    done(one.add_to_cart(&request, customer, vec![(shop.products[0], 1)]).await);
    let before = world.head().await;
    assert!(matches!(other.bill_cart(&request, customer, bill()).await, Err(CommandError::CouponRefused(_))));
    assert_eq!(world.types_after(before).await, [""; 0]);
}

#[tokio::test]
async fn a_billing_that_another_node_began_and_left_is_finished() {
    let (world, _, other, shop) = two_nodes().await;
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request, customer) = (world.node_on(Arc::clone(&log) as _), shop.request(), shop.customers[0]);
    let bill = BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: None };
    let billing = tokio::spawn(async move { dying.bill_cart(&request, customer, bill).await });
    log.stopped().await;
    billing.abort();
    other.reactions(true).await.expect("the worker starts").step().await.expect("nothing is away");
    let ledger = ledger(&world, true).await;
    assert_eq!((ledger.invoices.len(), ledger.coupons), (2, vec![1]));
}

#[tokio::test]
async fn what_another_node_held_and_left_is_given_back() {
    let (world, _, other, shop) = two_nodes().await;
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request) = (world.node_on(Arc::clone(&log) as _), shop.request());
    let (customer, product) = (shop.customers[0], shop.products[0]);
    let adding = tokio::spawn(async move { dying.add_to_cart(&request, customer, vec![(product, 5)]).await });
    log.stopped().await;
    adding.abort();
    assert_eq!(ledger(&world, false).await.products[0], ("Darjeeling".to_owned(), 4, 8));
    other.reactions(true).await.expect("the worker starts").step().await.expect("nothing is away");
    assert_eq!(ledger(&world, true).await.products[0], ("Darjeeling".to_owned(), 9, 3));
}
