//! What happened so long ago that a state does not keep it any more: it is neither done again, nor forgotten, nor guessed.

use crate::ledger::ledger;
use crate::shop::{COUPON, Shop, cents};
use crate::world::{World, done, keyed};
use commands::{BillCart, CommandDependencies, CommandError, Commands, Lookups, NewCoupon, Service};
use domain::cart::*;
use domain::coupon::*;
use domain::gift_card::*;
use domain::invoice::{Invoice, RefundRequest};
use domain::recent::KEPT;
use domain::*;
use eventlog::testing::{Cut, FaultLog, Then};
use std::sync::Arc;
use uuid::Uuid;

/// So much that nothing from before it is kept.
const MUCH: u128 = KEPT as u128 + 50;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x5000_0000 + number)
}

/// The coupon with the code, which is the shop's first or its last.
async fn coupon_of(world: &World) -> CouponId {
    world.ids(Category::Coupon).await.pop().expect("a coupon")
}

/// Uses of the coupon by others.
async fn used_much(world: &World, shop: &Shop, coupon: CouponId, from: u128) {
    let redeemed = |number: u128| {
        CouponEvent::from(CouponRedeemed {
            redemption_id: CouponRedemptionId(id(from + number)),
            invoice_id: InvoiceId(id(from + number)),
            customer_id: CustomerId(id(from + number)),
            amount_in_cents: cents(1),
        })
    };
    world.append(shop.store, &format!("coupon-{coupon}"), (0..MUCH).map(redeemed)).await;
}

/// Invoices of others, to which the card gives nothing.
async fn declined_much(world: &World, shop: &Shop, card: GiftCardId, from: u128) {
    let declined =
        |number: u128| GiftCardEvent::from(GiftCardSpendDeclined { invoice_id: InvoiceId(id(from + number)) });
    world.append(shop.store, &format!("gift_card-{card}"), (0..MUCH).map(declined)).await;
}

/// Carts that were opened and closed.
async fn closed_much(world: &World, shop: &Shop, customer: CustomerId) {
    let (customer_id, store_id) = (customer, shop.store);
    let events = (0..MUCH).flat_map(|number| {
        let cart_id = CartId(id(number));
        let opened = CartOpened { cart_id, customer_id, store_id };
        let closed = CartClosed { cart_id, reason: CloseReason::Replaced, items: Vec::new() };
        [CartEvent::from(opened), CartEvent::from(closed)]
    });
    world.append(shop.store, &format!("cart-{customer}"), events).await;
}

/// Bills the first customer's cart on a node that dies after so many appends.
async fn dies_while_billing(world: &World, shop: &Shop, coupon: Option<&str>, appends: u64) {
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(appends), Then::Hang);
    let (dying, request, customer) = (world.node_on(Arc::clone(&log) as _), shop.request(), shop.customers[0]);
    let bill = BillCart { coupon: coupon.map(str::to_owned), shipping_amount_in_cents: None };
    let billing = tokio::spawn(async move { dying.bill_cart(&request, customer, bill).await });
    log.stopped().await;
    billing.abort();
}

async fn only_invoice(world: &World) -> domain::invoice::KnownInvoice {
    let invoices = world.ids(Category::Invoice).await;
    assert_eq!(invoices.len(), 1);
    world.folded::<Invoice>(&invoices[0]).await.known().cloned().expect("an invoice")
}

async fn uses(world: &World, coupon: CouponId) -> u64 {
    world.folded::<Coupon>(&coupon).await.known().expect("a coupon").redemption_count
}

#[tokio::test]
async fn a_coupon_answers_a_billing_that_broke_off_long_ago_as_it_did_then() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    let coupon = coupon_of(&world).await;
    dies_while_billing(&world, &shop, Some(COUPON), 2).await;
    assert_eq!(uses(&world, coupon).await, 1);
    used_much(&world, &shop, coupon, 0).await;

    let node = world.recover().await;
    let invoice = only_invoice(&world).await;
    assert_eq!(invoice.coupon.as_ref().map(|coupon| coupon.amount_in_cents), Some(cents(456)));
    assert_eq!(uses(&world, coupon).await, MUCH as u64 + 1);
    // Its use goes back once, however long after, and however much comes in between.
    for _ in 0..2 {
        done(node.fail_invoice(&shop.request(), invoice.invoice_id).await);
        assert_eq!(uses(&world, coupon).await, MUCH as u64);
    }
    used_much(&world, &shop, coupon, MUCH).await;
    done(world.recover().await.fail_invoice(&shop.request(), invoice.invoice_id).await);
    assert_eq!(uses(&world, coupon).await, 2 * MUCH as u64);
}

#[tokio::test]
async fn a_customer_who_used_a_coupon_long_ago_has_used_it() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let once = NewCoupon {
        code: "ONCE".to_owned(),
        style: CouponStyle::DollarsOff,
        amount: 100,
        starts_at: None,
        expires_at: None,
        usage_limit: None,
        usage_limit_per_customer: Some(1),
        minimum_amount_in_cents: None,
    };
    done(node.create_coupon(&shop.request(), once).await);
    let coupon = coupon_of(&world).await;
    let bill = async |node: &Commands, customer: CustomerId| {
        done(node.add_to_cart(&shop.request(), customer, vec![(shop.products[0], 1)]).await);
        let bill = BillCart { coupon: Some("ONCE".to_owned()), shipping_amount_in_cents: None };
        node.bill_cart(&shop.request(), customer, bill).await
    };
    let invoice = done(bill(&node, shop.customers[0]).await);
    used_much(&world, &shop, coupon, 0).await;
    let node = world.node();
    let refused = bill(&node, shop.customers[0]).await;
    assert!(matches!(refused, Err(CommandError::CouponRefused(CouponRefusal::UsedUpForCustomer))), "{refused:?}");
    done(bill(&node, shop.customers[1]).await);
    let refused = bill(&node, shop.customers[1]).await;
    assert!(matches!(refused, Err(CommandError::CouponRefused(CouponRefusal::UsedUpForCustomer))), "{refused:?}");
    // What failed does not count.
    done(node.fail_invoice(&shop.request(), invoice).await);
    done(bill(&node, shop.customers[0]).await);
}

#[tokio::test]
async fn a_gift_card_answers_a_billing_that_broke_off_long_ago_as_it_did_then() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_balances(&node).await.with_cart(&node).await;
    let balance_of =
        async |card: GiftCardId| world.folded::<GiftCard>(&card).await.known().expect("a card").balance.clone();
    dies_while_billing(&world, &shop, None, 2).await;
    // Both cards are of the same moment: either is asked first.
    let mut spent = Vec::new();
    for card in world.ids::<GiftCardId>(Category::GiftCard).await {
        let balance = balance_of(card).await;
        spent.extend(balance.current.is_zero().then_some((card, balance.original)));
    }
    let [(card, amount)] = spent[..] else { panic!("not one card was asked: {spent:?}") };
    let balance = async || balance_of(card).await.current;
    declined_much(&world, &shop, card, 0).await;

    let node = world.recover().await;
    let invoice = only_invoice(&world).await;
    let spent = invoice.gift_card_spends.iter().find(|spend| spend.gift_card_id == card);
    assert_eq!(spent.map(|spend| spend.amount_in_cents), Some(amount));
    for _ in 0..2 {
        done(node.fail_invoice(&shop.request(), invoice.invoice_id).await);
        assert_eq!(balance().await, amount);
    }
    declined_much(&world, &shop, card, MUCH).await;
    done(world.recover().await.fail_invoice(&shop.request(), invoice.invoice_id).await);
    assert_eq!(balance().await, amount);
}

#[tokio::test]
async fn what_was_billed_long_ago_is_held_until_it_is_shipped() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    let customer = shop.customers[0];
    dies_while_billing(&world, &shop, None, 1).await;
    let cart_id = match world.folded::<Cart>(&customer).await {
        Cart::NoneOpen { last: LastCart::Billed { cart_id, .. }, .. } => cart_id,
        other => panic!("not billed: {other:?}"),
    };
    closed_much(&world, &shop, customer).await;
    // As if an add had been refused, and somebody must look what the cart may hold.
    let look = || CartEvent::from(CartItemsRefused { cart_id, product_ids: shop.products.clone() });
    world.append(shop.store, &format!("cart-{customer}"), [look()]).await;
    let node = world.recover().await;
    assert_eq!(ledger(&world, true).await.products[0], ("Darjeeling".to_owned(), 9, 3));
    let invoice = only_invoice(&world).await.invoice_id;
    done(node.fail_invoice(&shop.request(), invoice).await);
    world.append(shop.store, &format!("cart-{customer}"), [look()]).await;
    world.recover().await;
    assert_eq!(ledger(&world, true).await.products[0], ("Darjeeling".to_owned(), 12, 0));
}

#[tokio::test]
async fn a_refund_asked_again_long_after_is_the_one_of_then() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_invoice(&node).await;
    done(node.collect_invoice(&shop.request(), shop.invoice()).await);
    let refund = async |node: &Commands, key: &str| {
        let request = keyed(shop.store, "/refund", key);
        done(node.refund_invoice(&request, shop.invoice(), RefundRequest::Amount(cents(1)), false).await)
    };
    let first = refund(&node, "first").await;
    for _ in 0..MUCH {
        let request = shop.request();
        done(node.refund_invoice(&request, shop.invoice(), RefundRequest::Amount(cents(1)), false).await);
    }
    world.clock.advance(chrono::TimeDelta::hours(26));
    refund(&node, "next day").await;
    let node = world.node();
    assert_eq!(refund(&node, "first").await, first);
    let invoice = world.folded::<Invoice>(&shop.invoice()).await;
    assert_eq!(invoice.known().expect("an invoice").refunded().expect("in range"), cents(MUCH as i64 + 2));
}

/// Views that are there, but for the past.
struct NoPast(Arc<dyn Lookups>);

#[async_trait::async_trait]
impl Lookups for NoPast {
    async fn wallet(
        &self,
        at_least: eventlog::Position,
        store: StoreId,
        customer: CustomerId,
        currency: domain::Currency,
    ) -> Result<Vec<commands::WalletEntry>, commands::LookupsError> {
        self.0.wallet(at_least, store, customer, currency).await
    }

    async fn past(
        &self,
        _: eventlog::Position,
        _: &eventlog::StreamName,
        _: &domain::past::PastQuestion,
    ) -> Result<Option<domain::past::Fact>, commands::LookupsError> {
        Err(commands::LookupsError(std::io::Error::other("away").into()))
    }

    async fn stores_with_cart_expiry(
        &self,
        after: Option<StoreId>,
        limit: usize,
    ) -> Result<Vec<(StoreId, u32)>, commands::LookupsError> {
        self.0.stores_with_cart_expiry(after, limit).await
    }

    async fn carts_due(
        &self,
        store: StoreId,
        idle_since: Timestamp,
        after: Option<commands::CartPlace>,
        limit: usize,
    ) -> Result<commands::DueCarts, commands::LookupsError> {
        self.0.carts_due(store, idle_since, after, limit).await
    }

    async fn customers_of_mailbox(
        &self,
        at_least: eventlog::Position,
        store: StoreId,
        mailbox: &str,
        limit: usize,
    ) -> Result<Vec<CustomerId>, commands::LookupsError> {
        self.0.customers_of_mailbox(at_least, store, mailbox, limit).await
    }

    async fn creation(
        &self,
        at_least: eventlog::Position,
        store: StoreId,
        key: &str,
    ) -> Result<Option<commands::Creation>, commands::LookupsError> {
        self.0.creation(at_least, store, key).await
    }

    async fn customers_at(
        &self,
        position: eventlog::Position,
        store: StoreId,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, commands::LookupsError> {
        self.0.customers_at(position, store, after, limit).await
    }
}

#[tokio::test]
async fn while_the_past_is_away_nothing_is_guessed() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let (customer, other) = (shop.customers[0], shop.customers[1]);
    closed_much(&world, &shop, customer).await;
    done(node.open_cart(&shop.request(), customer).await);
    let parts = world.parts(world.log());
    let lookups = Arc::new(NoPast(Arc::clone(&parts.lookups)));
    let without = Commands::new(CommandDependencies { lookups, ..parts });
    let before = world.head().await;
    let opened = without.open_cart(&shop.request(), customer).await;
    assert!(matches!(opened, Err(CommandError::Unavailable { service: Service::Views, .. })), "{opened:?}");
    assert_eq!(world.types_after(before).await, [""; 0]);
    // What needs nothing of the past goes on.
    done(without.add_to_cart(&shop.request(), customer, vec![(shop.products[0], 1)]).await);
    done(without.open_cart(&shop.request(), other).await);
    // Closed carts were dropped from the state, billed ones were not.
    done(without.bill_cart(&shop.request(), customer, BillCart::default()).await);
    done(node.open_cart(&shop.request(), customer).await);
}
