//! Bugs that shops were known for, each as a test named after its kind. Many commands at once on one node; what two nodes do to
//! one another is in `rivals`.

use crate::ledger::ledger;
use crate::shop::{COUPON, Shop, cents, customer};
use crate::world::{World, done, keyed};
use commands::{BillCart, CommandError, Commands, Done, NewCoupon, NewGiftCard, NewProduct};
use domain::coupon::{CouponRefusal, CouponStyle};
use domain::invoice::RefundRequest;
use domain::{CustomerId, ProductId};
use tokio::task::JoinSet;

async fn opened() -> (World, Commands, Shop) {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    (world, node, shop)
}

/// More confirmed customers.
async fn crowd(world: &World, node: &Commands, shop: &Shop, count: usize) -> Vec<CustomerId> {
    let mut crowd = Vec::new();
    for number in 0..count {
        crowd.push(customer(world, node, &shop.request(), &format!("c{number}@example.com")).await);
    }
    crowd
}

async fn product(node: &Commands, shop: &Shop, inventory: i64, price: i64) -> ProductId {
    let new = NewProduct {
        title: "Oolong".to_owned(),
        product_type: "tea".to_owned(),
        vendor: "Hill Farm".to_owned(),
        description: None,
        inventory,
        sale_price_in_cents: cents(price),
        tags: Vec::new(),
    };
    done(node.create_product(&shop.request(), new).await)
}

/// The outcomes of commands that run at the same time.
async fn at_once<T: Send + 'static>(
    commands: impl IntoIterator<Item = impl Future<Output = Result<Done<T>, CommandError>> + Send + 'static>,
) -> Vec<Result<Done<T>, CommandError>> {
    commands.into_iter().collect::<JoinSet<_>>().join_all().await
}

fn accepted<T>(outcomes: &[Result<Done<T>, CommandError>]) -> usize {
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_is_not_oversold() {
    let (world, node, shop) = opened().await;
    let product = product(&node, &shop, 50, 100).await;
    let customers = crowd(&world, &node, &shop, 8).await;
    let adds = (0..64).map(|number| {
        let (node, request, customer) = (node.clone(), shop.request(), customers[number % 8]);
        async move { node.add_to_cart(&request, customer, vec![(product, 1)]).await }
    });
    let outcomes = at_once(adds).await;
    assert_eq!(accepted(&outcomes), 50);
    let ledger = ledger(&world, true).await;
    assert_eq!(ledger.products[2], ("Oolong".to_owned(), 0, 50));
    assert_eq!(ledger.carts.concat().iter().sum::<u32>(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_adds_are_not_lost_and_open_one_cart() {
    let (world, node, shop) = opened().await;
    let product = product(&node, &shop, 1_000, 100).await;
    let adds = (0..32).map(|_| {
        let (node, request, customer) = (node.clone(), shop.request(), shop.customers[0]);
        async move { node.add_to_cart(&request, customer, vec![(product, 2)]).await }
    });
    let outcomes = at_once(adds).await;
    assert_eq!(accepted(&outcomes), 32);
    let carts: std::collections::HashSet<_> = outcomes.into_iter().map(|outcome| done(outcome)).collect();
    assert_eq!(carts.len(), 1, "two open carts from a race");
    assert_eq!(ledger(&world, true).await.carts, [vec![64]], "one product on one line");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_repeated_by_its_key_is_done_once() {
    let (world, node, shop) = opened().await;
    let adds = (0..32).map(|_| {
        let (node, customer, product) = (node.clone(), shop.customers[0], shop.products[0]);
        let request = keyed(shop.store, "/add", "one key");
        async move { node.add_to_cart(&request, customer, vec![(product, 1)]).await }
    });
    let outcomes = at_once(adds).await;
    assert_eq!(accepted(&outcomes), 32);
    let first_ones = outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(|done| !done.replayed)).count();
    assert_eq!(first_ones, 1);
    assert_eq!(ledger(&world, true).await.carts, [vec![1]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_bill_does_not_charge_twice() {
    let (world, node, shop) = opened().await;
    let shop = shop.with_balances(&node).await.with_cart(&node).await;
    let bills = (0..8).map(|_| {
        let (node, customer) = (node.clone(), shop.customers[0]);
        let request = keyed(shop.store, "/bill", "one key");
        async move { node.bill_cart(&request, customer, BillCart::default()).await }
    });
    let outcomes = at_once(bills).await;
    assert_eq!(accepted(&outcomes), 8);
    assert_eq!(ledger(&world, true).await.invoices.len(), 1);
}

#[tokio::test]
async fn a_bill_that_is_repeated_once_its_customer_is_gone_is_still_the_same_invoice() {
    let (world, node, shop) = opened().await;
    let shop = shop.with_cart(&node).await;
    let (request, customer) = (keyed(shop.store, "/bill", "one key"), shop.customers[0]);
    let invoice = done(node.bill_cart(&request, customer, BillCart::default()).await);
    done(node.delete_customer(&shop.request(), customer).await);
    for node in [node, world.node()] {
        let repeat = node.bill_cart(&request, customer, BillCart::default()).await.expect("it was done");
        assert!(repeat.replayed && repeat.outcome == invoice);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coupon_s_limit_is_not_passed_under_load() {
    let (world, node, shop) = opened().await;
    let product = product(&node, &shop, 1_000, 1_000).await;
    let customers = crowd(&world, &node, &shop, 12).await;
    for customer in &customers {
        done(node.add_to_cart(&shop.request(), *customer, vec![(product, 1)]).await);
    }
    let bills = customers.into_iter().map(|customer| {
        let (node, request) = (node.clone(), shop.request());
        let bill = BillCart { coupon: Some(COUPON.to_lowercase()), shipping_amount_in_cents: None };
        async move { node.bill_cart(&request, customer, bill).await }
    });
    let outcomes = at_once(bills).await;
    assert_eq!(accepted(&outcomes), 5, "the limit is five");
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert!(matches!(refused, CommandError::CouponRefused(CouponRefusal::UsedUp)), "{refused}");
    }
    let ledger = ledger(&world, true).await;
    assert_eq!(ledger.coupons, [5], "no use is counted twice");
    assert_eq!(ledger.carts.len(), 7, "who was refused still has the cart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_is_not_spent_twice() {
    let (world, node, shop) = opened().await;
    let product = product(&node, &shop, 1_000, 100).await;
    done(node.issue_credit(&shop.request(), shop.customers[0], cents(250)).await);
    // Eight invoices of 107 one after another, each billed while the one before may still be spending.
    let mut bills = JoinSet::new();
    for _ in 0..8 {
        done(node.add_to_cart(&shop.request(), shop.customers[0], vec![(product, 1)]).await);
        let (node, request, customer) = (node.clone(), shop.request(), shop.customers[0]);
        let bill = async move { node.bill_cart(&request, customer, BillCart::default()).await };
        bills.spawn(bill);
        tokio::task::yield_now().await;
    }
    let outcomes = bills.join_all().await;
    assert!(accepted(&outcomes) >= 1);
    let ledger = ledger(&world, true).await;
    let due: i64 = ledger.invoices.iter().map(|(_, _, due, _)| due).sum();
    let gross: i64 = ledger.invoices.iter().map(|(_, gross, _, _)| gross).sum();
    assert_eq!(gross - due, 250 - ledger.credits[0].1, "every cent once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_is_not_paid_twice() {
    let (world, node, shop) = opened().await;
    let shop = shop.with_cart(&node).await;
    let invoice = done(node.bill_cart(&shop.request(), shop.customers[0], BillCart::default()).await);
    done(node.collect_invoice(&shop.request(), invoice).await);
    let refunds = (0..16).map(|_| {
        let (node, request) = (node.clone(), shop.request());
        async move { node.refund_invoice(&request, invoice, RefundRequest::Full, false).await }
    });
    assert_eq!(accepted(&at_once(refunds).await), 1);
    let ledger = ledger(&world, true).await;
    let (status, gross, _, refunded) = &ledger.invoices[0];
    assert_eq!((status.as_str(), refunded), ("Refunded", gross));
}

#[tokio::test]
async fn a_discount_does_not_drift_by_a_cent() {
    let (world, node, shop) = opened().await;
    let product = product(&node, &shop, 25, 39_900).await;
    done(node.add_to_cart(&shop.request(), shop.customers[0], vec![(product, 25)]).await);
    let bill = BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: None };
    done(node.bill_cart(&shop.request(), shop.customers[0], bill).await);
    // 25 × 399.00 = 9975.00; 10 % off = 8977.50; 7 % tax on it = 628.425, rounded half up.
    assert_eq!(ledger(&world, true).await.invoices[0].1, 897_750 + 62_843);
}

#[tokio::test]
async fn a_coupon_of_all_leaves_nothing_to_collect_and_is_refunded_once() {
    let (world, node, shop) = opened().await;
    let coupon = NewCoupon {
        code: "ALL".to_owned(),
        style: CouponStyle::PercentOff,
        amount: 100,
        starts_at: None,
        expires_at: None,
        usage_limit: None,
        usage_limit_per_customer: None,
        minimum_amount_in_cents: None,
    };
    done(node.create_coupon(&shop.request(), coupon).await);
    let shop = shop.with_cart(&node).await;
    let bill = BillCart { coupon: Some("all".to_owned()), shipping_amount_in_cents: None };
    let invoice = done(node.bill_cart(&shop.request(), shop.customers[0], bill).await);
    assert_eq!(ledger(&world, true).await.invoices[0].1, 0);
    done(node.collect_invoice(&shop.request(), invoice).await);
    done(node.refund_invoice(&shop.request(), invoice, RefundRequest::Full, false).await);
    assert_eq!(ledger(&world, true).await.invoices[0].1, 0);
    assert!(node.refund_invoice(&shop.request(), invoice, RefundRequest::Full, false).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adds_against_bills_lose_nothing() {
    let (world, node, shop) = opened().await;
    let product = product(&node, &shop, 1_000, 100).await;
    let mut adds = JoinSet::new();
    let mut bills = JoinSet::new();
    for number in 0..40 {
        let (node, request, customer) = (node.clone(), shop.request(), shop.customers[0]);
        if number % 5 == 4 {
            bills.spawn(async move { node.bill_cart(&request, customer, BillCart::default()).await });
        } else {
            adds.spawn(async move { node.add_to_cart(&request, customer, vec![(product, 1)]).await });
        }
    }
    assert_eq!(accepted(&adds.join_all().await), 32);
    bills.join_all().await;
    let ledger = ledger(&world, true).await;
    assert_eq!(ledger.products[2], ("Oolong".to_owned(), 1_000 - 32, 32), "in invoices and the last cart together");
}

#[tokio::test]
async fn a_refused_batch_holds_nothing() {
    let (world, node, shop) = opened().await;
    let customer = shop.customers[0];
    done(node.add_to_cart(&shop.request(), customer, vec![(shop.products[0], 1)]).await);
    let before = ledger(&world, true).await;
    let too_many = vec![(shop.products[0], 4), (shop.products[1], 8)];
    let refused = node.add_to_cart(&shop.request(), customer, too_many).await;
    assert!(matches!(refused, Err(CommandError::Rejected(_))), "there are only seven of the second");
    assert_eq!(ledger(&world, true).await, before);
}

#[tokio::test]
async fn stock_goes_back_when_a_line_shrinks_a_cart_closes_or_expires() {
    let (world, node, shop) = opened().await;
    let (request, customer) = (shop.request(), shop.customers[0]);
    let held = async || ledger(&world, true).await.products.iter().map(|(_, _, held)| *held).collect::<Vec<_>>();
    let shop = shop.with_cart(&node).await;
    assert_eq!(held().await, [3, 2]);
    done(node.set_cart_quantity(&request, customer, shop.products[0], 12).await);
    assert_eq!(held().await, [12, 2]);
    assert!(node.set_cart_quantity(&request, customer, shop.products[0], 13).await.is_err());
    done(node.set_cart_quantity(&request, customer, shop.products[0], 1).await);
    assert_eq!(held().await, [1, 2]);
    done(node.remove_from_cart(&request, customer, vec![shop.products[1], shop.products[1]]).await);
    assert_eq!(held().await, [1, 0]);
    done(node.close_cart(&request, customer).await);
    assert_eq!(held().await, [0, 0]);

    done(node.add_to_cart(&request, customer, vec![(shop.products[1], 7)]).await);
    world.clock.advance(chrono::TimeDelta::minutes(59));
    assert_eq!(node.cart_expiry().step().await.expect("nothing is away"), 0);
    world.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(node.cart_expiry().step().await.expect("nothing is away"), 1);
    assert_eq!(held().await, [0, 0]);
}

#[tokio::test]
async fn stock_leaves_for_good_only_when_it_is_shipped() {
    let (world, node, shop) = opened().await;
    let (request, customer) = (shop.request(), shop.customers[0]);
    let assam = async || ledger(&world, true).await.products[1].clone();
    let mut invoices = Vec::new();
    for _ in 0..3 {
        done(node.add_to_cart(&request, customer, vec![(shop.products[1], 2)]).await);
        invoices.push(done(node.bill_cart(&request, customer, BillCart::default()).await));
    }
    assert_eq!(assam().await, ("Assam".to_owned(), 1, 6));
    done(node.fail_invoice(&request, invoices[0]).await);
    assert_eq!(assam().await, ("Assam".to_owned(), 3, 4));
    let shipped = done(node.collect_invoice(&request, invoices[1]).await);
    let canceled = done(node.collect_invoice(&request, invoices[2]).await);
    done(node.ship_order(&request, shipped).await);
    assert_eq!(assam().await, ("Assam".to_owned(), 3, 2));
    done(node.cancel_order(&request, canceled).await);
    assert_eq!(assam().await, ("Assam".to_owned(), 5, 0));
    done(node.deliver_order(&request, shipped).await);
    assert!(node.cancel_order(&request, shipped).await.is_err());
}

#[tokio::test]
async fn balances_are_spent_in_the_store_s_order_until_nothing_is_due() {
    let (world, node, shop) = opened().await;
    let (request, customer) = (shop.request(), shop.customers[0]);
    // The credit is older; gift cards come first all the same. The last credit is not needed.
    for amount in [5_000, 900] {
        done(node.issue_credit(&request, customer, cents(amount)).await);
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let card = NewGiftCard::new(shop.customers[1], customer, cents(1_000));
    done(node.issue_gift_card(&request, card).await);
    done(node.add_to_cart(&request, customer, vec![(shop.products[0], 1)]).await);
    done(node.bill_cart(&request, customer, BillCart::default()).await);
    // 12.99 and 7 % tax: 13.90.
    let ledger = ledger(&world, true).await;
    assert_eq!(ledger.invoices, [("Open".to_owned(), 1_390, 0, 0)]);
    assert_eq!(ledger.gift_cards, [(1_000, 0)]);
    assert_eq!(ledger.credits, [(5_000, 4_610), (900, 900)]);
}
