//! The views as they were: at any position they answer, to the byte, what they answered when that was the log's end.

use crate::history::{Historian, Known};
use crate::world::{World, in_batches_of};
use cartlog_projections::views::*;
use cartlog_projections::{AnyViews, Page, PageRequest, Start, Views, ViewsAt};
use domain::numbers::Document;
use domain::order::OrderStatus;
use domain::product::{ProductDescribed, ProductRepriced};
use domain::*;
use eventlog::Position;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;

/// Everything that can be asked of the past, one answer a line.
async fn everything(views: &AnyViews, known: &Known) -> String {
    let mut told = String::new();
    let mut note = |question: &str, answer: serde_json::Result<String>| {
        writeln!(told, "{question}: {}", answer.expect("an answer")).expect("written");
    };
    for store in &known.stores {
        note("store", json(&row(views.store(*store).await.expect("a store"))));
    }
    for (store, product) in &known.products {
        note("product", json(&row(views.product(*store, *product).await.expect("a product"))));
    }
    for (store, customer) in &known.customers {
        note("customer", json(&row(views.customer(*store, *customer).await.expect("a customer"))));
        note("shopper", json(&row(views.shopper(*store, *customer).await.expect("a shopper"))));
        note("purchases", json(&row(views.purchases(*store, *customer).await.expect("purchases"))));
        note("open cart", json(&row(views.open_cart(*store, *customer).await.expect("a cart"))));
        for page in lists(views, *store, *customer).await {
            note("list", Ok(page));
        }
    }
    for store in &known.stores {
        for cart in &known.carts {
            note("cart", json(&row(views.cart(*store, *cart).await.expect("a cart"))));
        }
        for invoice in &known.invoices {
            let shown = row(views.invoice(*store, *invoice).await.expect("an invoice"));
            if shown.is_some() {
                let refunds =
                    all(async |page| views.refunds(*store, *invoice, None, page).await.expect("refunds")).await;
                note("refunds", Ok(refunds));
            }
            note("invoice", json(&shown));
        }
        for order in &known.orders {
            note("order", json(&row(views.order(*store, *order).await.expect("an order"))));
        }
        for gift_card in &known.gift_cards {
            note("gift card", json(&row(views.gift_card(*store, *gift_card).await.expect("a gift card"))));
        }
        for credit in &known.credits {
            note("credit", json(&row(views.credit(*store, *credit).await.expect("a credit"))));
        }
        for number in 0..known.coupons.len() {
            let code = format!("save-{number}");
            note("coupon", json(&row(views.coupon_by_code(*store, &code).await.expect("a coupon"))));
        }
        for job in &known.jobs {
            let progress = views.job_progress(*store, *job).await.expect("a job");
            note("job", Ok(format!("{:?}", progress.map(|job| (job.issued, job.total, job.complete)))));
        }
    }
    told
}

fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value)
}

fn row<T: Clone>(found: Option<Arc<T>>) -> Option<T> {
    found.map(|found| (*found).clone())
}

/// The lists of a customer, with every filter that changes over time.
async fn lists(views: &AnyViews, store: StoreId, customer: CustomerId) -> Vec<String> {
    let mut told = Vec::new();
    for state in [None, Some(CartState::Open), Some(CartState::Billed)] {
        told.push(all(async |page| views.carts(store, customer, state, page).await.expect("carts")).await);
    }
    for closed_too in [false, true] {
        let filter = InvoiceFilter { closed_too, ..InvoiceFilter::default() };
        told.push(
            all(async |page| views.customer_invoices(store, customer, &filter, page).await.expect("invoices")).await,
        );
    }
    for status in [None, Some(OrderStatus::Pending), Some(OrderStatus::Delivered)] {
        let filter = OrderFilter { status, ..OrderFilter::default() };
        told.push(all(async |page| views.customer_orders(store, customer, &filter, page).await.expect("orders")).await);
    }
    for active_only in [false, true] {
        let filter = GiftCardFilter { gifter: None, recipient: Some(customer), active_only };
        told.push(all(async |page| views.gift_cards(store, &filter, page).await.expect("gift cards")).await);
        told.push(all(async |page| views.credits(store, customer, active_only, page).await.expect("credits")).await);
    }
    told
}

/// All pages by cursor; those by number, and the way back, must find the same.
async fn all<T: Serialize>(ask: impl AsyncFn(&PageRequest) -> Page<Arc<T>>) -> String {
    let (mut start, mut rows, mut ends) = (Start::First, Vec::new(), Vec::new());
    loop {
        let page = ask(&PageRequest { start, limit: 2 }).await;
        let on_page: Vec<String> = page.items.iter().map(|row| json(&**row).expect("a row")).collect();
        if let Some(previous) = page.previous {
            let before = ask(&PageRequest { start: Start::At(previous), limit: 2 }).await;
            let before: Vec<String> = before.items.iter().map(|row| json(&**row).expect("a row")).collect();
            assert_eq!(before, rows[rows.len() - before.len()..], "the page before");
        }
        rows.extend(on_page);
        ends.push(rows.len());
        match page.next {
            Some(next) => start = Start::At(next),
            None => break,
        }
    }
    for (number, end) in (1..).zip(&ends) {
        let page = ask(&PageRequest { start: Start::Page(number), limit: 2 }).await;
        let on_page: Vec<String> = page.items.iter().map(|row| json(&**row).expect("a row")).collect();
        assert_eq!(on_page, rows[end - on_page.len()..*end], "page {number}");
    }
    rows.join(" ")
}

fn at(world: &World, views: &Views, position: Position) -> AnyViews {
    AnyViews::At(ViewsAt::new(views.clone(), world.restarted_journal(), position))
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_position_the_answer_is_the_one_that_was_given_there() {
    for seed in [3, 71] {
        let (mut world, mut historian) = (World::default(), Historian::new(seed));
        historian.live(&mut world, 30).await;
        let (projections, views) = world.views().await;
        let mut lived = Vec::new();
        for _ in 0..20 {
            historian.live(&mut world, 4).await;
            let head = world.journal.head().await.expect("a head");
            let known = historian.known.clone();
            let told = everything(&AnyViews::Now(world.caught_up(&views).await.clone()), &known).await;
            lived.push((head, known, told));
        }
        for (head, known, told) in &lived {
            let then = everything(&at(&world, &views, *head), known).await;
            for (then, told) in then.lines().zip(told.lines()) {
                assert_eq!(then, told, "at {head}, seed {seed}");
            }
            assert_eq!(then.len(), told.len());
        }
        projections.stop().await;
    }
}

/// Also where it was opened by a program that filled it anew, in whatever batches.
#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_event_there_was_nothing() {
    let (mut world, mut historian) = (World::default(), Historian::new(5));
    historian.live(&mut world, 200).await;
    let views = world.open_with(world.restarted_journal(), in_batches_of(7)).await.views();
    let told = everything(&at(&world, &views, Position(0)), &historian.known).await;
    assert!(told.lines().all(|line| ["null", " ", "None"].iter().any(|nothing| line.ends_with(nothing))), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_products_were_called_and_cost_is_kept_for_carts_of_the_past() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let product = world.product(store, "Chair").await;
    let created = world.journal.head().await.expect("a head");
    let repriced = ProductRepriced { sale_price_in_cents: Cents::new(5).expect("cents") };
    world.product_event(store, product, repriced).await;
    let cheap = world.journal.head().await.expect("a head");
    let described = ProductDescribed { title: Some("Armchair".to_owned()), ..ProductDescribed::default() };
    world.product_event(store, product, described).await;
    world.delete_product(store, product).await;
    let views = world.open_with(world.restarted_journal(), in_batches_of(2)).await.views();
    let offer = async |store, position: Position| {
        let at = ViewsAt::new(views.clone(), world.restarted_journal(), position);
        let found = at.offers(store, &[product]).await.expect("offers").remove(0);
        found.map(|offer| (offer.title.clone(), offer.sale_price_in_cents.get()))
    };
    assert_eq!(offer(store, Position(created.0 - 1)).await, None);
    assert_eq!(offer(store, created).await, Some(("Chair".to_owned(), 1_000)));
    assert_eq!(offer(store, cheap).await, Some(("Chair".to_owned(), 5)));
    assert_eq!(
        offer(store, Position(cheap.0 + 5)).await,
        Some(("Armchair".to_owned(), 5)),
        "carts show it though it is deleted"
    );
    assert_eq!(offer(other, cheap).await, None, "it is another store's");
}

/// A row that was parked by an event that did not fit was answered as it was before, and is.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_parked_stays_as_it_was() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "Chair").await;
    let again = journal::testing::events::product_created(store, product);
    world.product_event(store, product, again).await;
    let repriced = ProductRepriced { sale_price_in_cents: Cents::new(5).expect("cents") };
    world.product_event(store, product, repriced).await;
    let views = world.open().await.views();
    let head = world.journal.head().await.expect("a head");
    let now = row(views.product(store, product).await.expect("a query"));
    assert_eq!(now.as_ref().expect("a product").sale_price_in_cents.get(), 1_000);
    assert_eq!(row(at(&world, &views, head).product(store, product).await.expect("a query")), now);
}

/// What can't be read any more is told, and not left out of what was.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_cannot_be_read_is_an_error() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "Chair").await;
    let repriced = ProductRepriced { sale_price_in_cents: Cents::new(5).expect("cents") };
    world.product_event(store, product, repriced).await;
    let head = world.journal.head().await.expect("a head");
    let views = world.open().await.views();
    world.log.damage_types(&["ProductRepriced"]);
    at(&world, &views, head).product(store, product).await.expect_err("it can't be read");
    assert_eq!(at(&world, &views, head).numbers(&[]).await.expect("none").get(product.0), None);
    assert!(views.numbered(store, Document::Invoice, "1").await.expect("a query").is_none());
}
