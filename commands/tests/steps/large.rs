//! What is more than the log takes at once: refused before anything is done, and, where an older version began it all the same,
//! brought to an end.

use crate::ledger::ledger;
use crate::shop::{COUPON, Shop, cents};
use crate::world::{World, done};
use commands::{BillCart, Class, CommandError, Commands, NewProduct};
use domain::billing::{BilledItem, BillingTerms, WalletRef};
use domain::cart::{CartBilled, CartEvent};
use domain::credit::{CreditEvent, CreditSpent};
use domain::invoice::{Invoice, RefundRequest};
use domain::{CartId, CartItemId, CreditId, CreditRedemptionId, Event, InvoiceId, InvoiceLineItemId, ProductId};
use eventlog::Position;
use eventlog::testing::{Cut, FaultLog, Then};
use journal::{Delivery, Tail};
use std::sync::Arc;
use uuid::Uuid;

/// Takes 250 spends, and not 300.
const NO_300_SPENDS: usize = 56 * 1024;

/// A shop whose first customer has so many credits of one cent and one Darjeeling in the cart; the cart and the credits.
async fn with_credits(world: &World, count: usize) -> (Shop, CartId, Vec<CreditId>) {
    let node = world.node();
    let shop = Shop::open(world, &node).await;
    let mut credits = Vec::new();
    for _ in 0..count {
        credits.push(done(node.issue_credit(&shop.request(), shop.customers[0], cents(1)).await));
    }
    let cart = done(node.add_to_cart(&shop.request(), shop.customers[0], vec![(shop.products[0], 1)]).await);
    (shop, cart, credits)
}

fn terms(items: Vec<BilledItem>, credits: &[CreditId]) -> BillingTerms {
    BillingTerms {
        currency: "EUR".parse().expect("a currency"),
        items,
        shipping: None,
        tax_rate_in_basis_points: 700,
        wallet: credits.iter().map(|credit| WalletRef::Credit(*credit)).collect(),
    }
}

/// The items of the first customer's open cart, with that title.
async fn items(world: &World, title: &str, price: i64) -> Vec<BilledItem> {
    let events = world.journal().read_all(Position::START, usize::MAX).await.expect("the log is there");
    let added = events.into_iter().filter_map(|delivery| match delivery {
        Delivery::Event(envelope) => match &envelope.event {
            Event::Cart(CartEvent::CartItemAdded(added)) => Some(added.clone()),
            _ => None,
        },
        Delivery::Unreadable(_) => None,
    });
    let item = |added: domain::cart::CartItemAdded| BilledItem {
        invoice_line_item_id: InvoiceLineItemId(Uuid::now_v7()),
        cart_item_id: added.cart_item_id,
        product_id: added.product_id,
        product_title: title.to_owned(),
        quantity: added.line_quantity,
        unit_amount_in_cents: cents(price),
    };
    added.map(item).collect()
}

/// As an older version billed it: with all that the wallet had.
async fn billed_before(world: &World, shop: &Shop, cart_id: CartId, terms: BillingTerms) -> InvoiceId {
    let (invoice_id, customer_id) = (InvoiceId(Uuid::now_v7()), shop.customers[0]);
    let billed = CartBilled { cart_id, invoice_id, customer_id, store_id: shop.store, terms, coupon: None };
    world.write(shop.store, &format!("cart-{customer_id}"), Event::Cart(billed.into())).await;
    invoice_id
}

async fn spent_before(world: &World, shop: &Shop, credits: &[CreditId], invoice_id: InvoiceId) {
    for credit in credits {
        let spent = CreditEvent::CreditSpent(CreditSpent {
            credit_redemption_id: CreditRedemptionId(Uuid::now_v7()),
            invoice_id,
            amount_in_cents: cents(1),
            remaining_balance_in_cents: cents(0),
        });
        world.write(shop.store, &format!("credit-{credit}"), Event::Credit(spent)).await;
    }
}

async fn work(node: &Commands) -> Vec<commands::Parked> {
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    reactions.step().await.expect("the log is there");
    let status = reactions.status().lock().clone();
    status.parked
}

#[tokio::test]
async fn a_bill_that_spent_more_than_an_invoice_takes_is_issued_and_the_rest_goes_back() {
    let prepared = World::limited(NO_300_SPENDS);
    let (shop, cart, credits) = with_credits(&prepared, 300).await;
    let items = items(&prepared, "Darjeeling", 1_299).await;
    let invoice = billed_before(&prepared, &shop, cart, terms(items, &credits)).await;
    // Of the last ones some were not asked yet.
    spent_before(&prepared, &shop, &credits[..290], invoice).await;
    let due = 1_390 - 250;
    let check = async |world: &World| {
        let ledger = ledger(world, true).await;
        assert_eq!(ledger.invoices, [("Open".to_owned(), 1_390, due, 0)]);
        let spent = ledger.credits.iter().filter(|(_, current)| *current == 0).count();
        assert_eq!((spent, ledger.credits.len()), (250, 300));
    };
    // Ten are told that nothing is due, forty give back, one invoice; cut off anywhere it comes to the same.
    for cut in [Cut::Before(1), Cut::After(7), Cut::Before(50), Cut::Before(51), Cut::After(51)] {
        let world = prepared.copy_limited(NO_300_SPENDS).await;
        let log = Arc::new(FaultLog::new(world.log()));
        log.arm(cut, Then::Hang);
        let node = world.node_on(Arc::clone(&log) as _);
        let dying = tokio::spawn(async move { work(&node).await });
        log.stopped().await;
        dying.abort();
        assert!(work(&world.node()).await.is_empty(), "{cut:?}");
        check(&world).await;
        let head = world.head().await;
        assert!(work(&world.node()).await.is_empty());
        assert_eq!(world.head().await, head, "a repeat does nothing");
    }
}

#[tokio::test]
async fn a_customer_with_more_balances_than_an_invoice_takes_pays_with_the_first_ones() {
    let world = World::new();
    let (shop, _, _) = with_credits(&world, 260).await;
    let node = world.node();
    let invoice = done(node.bill_cart(&shop.request(), shop.customers[0], BillCart::default()).await);
    let settled = ledger(&world, true).await;
    assert_eq!(settled.invoices, [("Open".to_owned(), 1_390, 1_390 - 250, 0)]);
    assert_eq!(settled.credits.iter().filter(|(_, current)| *current == 1).count(), 10);
    done(node.fail_invoice(&shop.request(), invoice).await);
    assert!(ledger(&world, true).await.credits.iter().all(|credit| *credit == (1, 1)));
}

/// Puts products with titles of so many characters, of four bytes each, into the first customer's cart.
async fn fill(node: &Commands, shop: &Shop, count: usize, title_chars: usize) -> Vec<ProductId> {
    let mut products = Vec::new();
    for _ in 0..count {
        let new = NewProduct {
            title: "𝕋".repeat(title_chars),
            product_type: "tea".to_owned(),
            vendor: "Hill Farm".to_owned(),
            description: None,
            inventory: 5,
            sale_price_in_cents: cents(1_000),
            tags: Vec::new(),
        };
        let product = done(node.create_product(&shop.request(), new).await);
        done(node.add_to_cart(&shop.request(), shop.customers[0], vec![(product, 1)]).await);
        products.push(product);
    }
    products
}

/// At any limit: either nothing happened, or the bill goes all the way, to the refund of everything.
#[tokio::test]
async fn a_bill_is_refused_before_anything_is_spent_or_goes_all_the_way() {
    let (mut refused, mut billed) = (0, 0);
    for max_append_bytes in (10_000..23_000).step_by(1_000) {
        let world = World::limited(max_append_bytes);
        let node = world.node();
        let shop = Shop::open(&world, &node).await.with_balances(&node).await;
        let (request, customer) = (shop.request(), shop.customers[0]);
        let products = fill(&node, &shop, 3, 900).await;
        let before = world.head().await;
        let bill = || BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: Some(cents(499)) };
        let invoice = match node.bill_cart(&request, customer, bill()).await {
            Err(CommandError::CartTooLarge) => {
                refused += 1;
                assert_eq!(world.types_after(before).await, [""; 0], "at {max_append_bytes}: nothing happened");
                // Smaller carts can be billed.
                done(node.remove_from_cart(&request, customer, products[1..].to_vec()).await);
                done(node.bill_cart(&request, customer, bill()).await)
            }
            outcome => {
                billed += 1;
                done(outcome)
            }
        };
        done(node.collect_invoice(&request, invoice).await);
        done(node.refund_invoice(&request, invoice, RefundRequest::Full, true).await);
        let ledger = ledger(&world, true).await;
        assert_eq!((ledger.invoices.len(), ledger.orders.len()), (1, 1), "at {max_append_bytes}");
    }
    assert!(refused > 0 && billed > 0, "{refused} refused, {billed} billed");
}

#[tokio::test]
async fn a_begun_bill_whose_invoice_is_too_large_is_issued_with_short_titles() {
    // Takes the bill below, with its title of 3,600 bytes, and not its invoice.
    let world = World::limited(6_000);
    let (shop, cart, _) = with_credits(&world, 0).await;
    let items = items(&world, &"𝕋".repeat(900), 1_299).await;
    let invoice = billed_before(&world, &shop, cart, terms(items, &[])).await;
    assert!(work(&world.node()).await.is_empty());
    assert_eq!(ledger(&world, true).await.invoices, [("Open".to_owned(), 1_390, 1_390, 0)]);
    let (journal, stream) = (world.journal(), eventlog::StreamName::new(format!("invoice-{invoice}")));
    let events = journal.read_stream(&stream, Tail::default(), 10).await.expect("it is there").events;
    let mut state = Invoice::default();
    for envelope in &events {
        let event = <Invoice as domain::Decider>::event(envelope.event.clone()).expect("an invoice's");
        domain::Decider::evolve(&mut state, &event, envelope.metadata.occurred_at).expect("a history");
    }
    let title = state.known().expect("issued").lines[0].line.product_title.clone().expect("an item");
    assert!(title.starts_with('𝕋') && title.ends_with('…') && title.chars().count() < 900, "{title}");
    done(world.node().collect_invoice(&shop.request(), invoice).await);
    assert_eq!(ledger(&world, true).await.orders.len(), 1);
}

#[tokio::test]
async fn a_bill_that_can_never_be_stored_stops_nothing_but_itself() {
    let world = World::limited(6_000);
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    let cart = done(node.add_to_cart(&shop.request(), shop.customers[1], vec![(shop.products[0], 1)]).await);
    let other = Shop::named(&world, &node, "coffee").await.with_invoice(&node).await;
    // Far more lines than a cart may have on a log that takes so little.
    let line = |number: u128| BilledItem {
        invoice_line_item_id: InvoiceLineItemId(Uuid::from_u128(number)),
        cart_item_id: CartItemId(Uuid::from_u128(number)),
        product_id: ProductId(Uuid::from_u128(number)),
        product_title: String::new(),
        quantity: 1,
        unit_amount_in_cents: cents(1),
    };
    let lines = terms((0..16).map(line).collect(), &[]);
    let mut bob = shop.clone();
    bob.customers.remove(0);
    billed_before(&world, &bob, cart, lines).await;
    // Behind it, another store's invoice is collected, and the process dies before it places the order.
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request, invoice) = (world.node_on(Arc::clone(&log) as _), other.request(), other.invoice());
    let collecting = tokio::spawn(async move { dying.collect_invoice(&request, invoice).await });
    log.stopped().await;
    collecting.abort();

    let parked = work(&world.node()).await;
    let why: Vec<_> = parked.iter().map(|parked| (parked.stream.as_str().to_owned(), parked.why)).collect();
    assert_eq!(why, [(format!("cart-{}", shop.customers[1]), Class::Never)], "{parked:?}");
    assert!(world.types_after(Position::START).await.iter().any(|stored| stored == "OrderPlaced"));
}

/// A command that makes too much is refused as what it is, and what it held in vain is given back at once.
#[tokio::test]
async fn a_batch_that_is_too_large_for_one_append_is_refused_for_good() {
    let world = World::limited(9_000);
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let products = fill(&node, &shop, 3, 900).await;
    done(node.close_cart(&shop.request(), shop.customers[0]).await);
    let all = products.iter().map(|product| (*product, 1)).collect();
    let outcome = node.add_to_cart(&shop.request(), shop.customers[0], all).await;
    assert!(matches!(outcome, Err(CommandError::TooLarge { .. })), "{outcome:?}");
    assert!(ledger(&world, true).await.products.iter().all(|(_, _, held)| *held == 0));
}
