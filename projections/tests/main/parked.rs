//! An event that can't be read or applied parks what depends on it, and nothing else; after a fix it is folded.

use crate::answers::{answers, assert_same};
use crate::history::Historian;
use crate::world::World;
use cartlog_projections::store::ParkedUnit;
use cartlog_projections::{Retried, Settings, Status, Views};
use domain::cart::{CartItemQuantitySet, CartItemRemoved};
use domain::product::ProductRepriced;
use domain::{CartItemId, Cents, ProductId, StoreId};

fn parked(status: &Status, view: &str) -> Vec<ParkedUnit> {
    let view = status.views.iter().find(|known| known.name == view).expect("a view");
    view.first_parked.iter().map(|parked| parked.unit.clone()).collect()
}

async fn price(views: &Views, store: StoreId, product: ProductId) -> i64 {
    views.product(store, product).await.expect("a query").expect("a product").sale_price_in_cents.get()
}

fn repriced(cents: i64) -> ProductRepriced {
    ProductRepriced { sale_price_in_cents: Cents::new(cents).expect("cents") }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_parks_its_row_and_the_rest_goes_on() {
    let mut world = World::default();
    let store = world.store().await;
    let (first, second) = (world.product(store, "First").await, world.product(store, "Second").await);
    world.log.break_type("ProductRepriced");
    let (projections, views) = world.views().await;
    world.product_event(store, first, repriced(5)).await;
    world.delete_product(store, first).await;
    world.delete_product(store, second).await;
    world.caught_up(&views).await;

    assert_eq!(price(&views, store, first).await, 1_000, "it stays as it was before the event");
    assert_eq!(views.product(store, second).await.expect("a query"), None);
    let status = views.status();
    assert!(status.is_degraded());
    assert_eq!(status.parked, 1);
    assert_eq!(parked(&status, "products"), [ParkedUnit::Row(first.0)]);

    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 0, parked: 1 });
    world.log.mend();
    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 1, parked: 0 });
    assert_eq!(views.product(store, first).await.expect("a query"), None, "it was deleted meanwhile");
    let seen = views.products_by_ids(store, &[first]).await.expect("a query");
    assert_eq!(seen[0].as_ref().expect("a product").sale_price_in_cents.get(), 5);
    assert!(!views.status().is_degraded());
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_row_is_tried_again_at_the_next_start() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "First").await;
    world.product_event(store, product, repriced(5)).await;
    world.log.break_type("ProductRepriced");
    let projections = world.open_with(world.restarted_journal(), Settings::default()).await;
    assert_eq!(projections.views().status().parked, 1);
    drop(projections);
    let projections = world.open_with(world.restarted_journal(), Settings::default()).await;
    assert_eq!(projections.views().status().parked, 1, "it can't be read by this one either");
    drop(projections);
    world.log.mend();
    let views = world.open_with(world.restarted_journal(), Settings::default()).await.views();
    assert_eq!(views.status().parked, 0);
    assert_eq!(price(&views, store, product).await, 5);
}

/// Which cart an unreadable event of the stream is about can't be told: all of it waits, but only in this view.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_of_a_shared_stream_parks_the_stream() {
    let mut world = World::default();
    let store = world.store().await;
    let (product, customer) = (world.product(store, "A").await, world.customer(store, "a@example.com").await);
    let other = world.customer(store, "b@example.com").await;
    let (cart, others) = (world.open_cart(store, customer).await, world.open_cart(store, other).await);
    world.log.break_type("CartItemAdded");
    let (projections, views) = world.views().await;
    world.add(store, customer, cart, product, 2).await;
    world.close_cart(store, customer, cart).await;
    let next = world.open_cart(store, customer).await;
    world.close_cart(store, other, others).await;
    world.caught_up(&views).await;

    let status = views.status();
    assert_eq!(parked(&status, "carts"), [ParkedUnit::Stream(format!("cart-{customer}"))]);
    assert_eq!(parked(&status, "shoppers"), [ParkedUnit::Row(customer.0)]);
    assert_eq!(views.cart(store, next).await.expect("a query"), None);
    assert!(views.cart(store, others).await.expect("a query").expect("a cart").closed_at.is_some());

    world.log.mend();
    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 2, parked: 0 });
    let closed = views.cart(store, cart).await.expect("a query").expect("a cart");
    assert_eq!((closed.items.len(), closed.closed_at.is_some()), (1, true));
    assert_eq!(views.open_cart(store, customer).await.expect("a query").expect("a cart").cart_id, next);
    // It is followed again.
    world.close_cart(store, customer, next).await;
    assert_eq!(world.caught_up(&views).await.open_cart(store, customer).await.expect("a query"), None);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_does_not_fit_parks_its_row() {
    let mut world = World::default();
    let store = world.store().await;
    let (product_id, customer) = (world.product(store, "A").await, world.customer(store, "a@example.com").await);
    let cart_id = world.open_cart(store, customer).await;
    let cart_item_id = CartItemId(world.id());
    let (projections, views) = world.views().await;
    let set = CartItemQuantitySet { cart_id, cart_item_id, product_id, line_quantity: 2, previous_quantity: 1 };
    world.cart_event(store, customer, set).await;
    let removed = CartItemRemoved { cart_id, cart_item_id, product_id, previous_quantity: 2 };
    let last = world.cart_event(store, customer, removed).await;
    world.caught_up(&views).await;
    assert_eq!(parked(&views.status(), "carts"), [ParkedUnit::Row(cart_id.0)]);
    let cart = views.cart(store, cart_id).await.expect("a query").expect("a cart");
    assert_eq!(cart.revision, 0, "as it was before the event");
    assert_eq!(views.shopper(store, customer).await.expect("a query").expect("a shopper").open_cart, Some(cart_id));
    assert!(views.position() >= last);
    projections.stop().await;
}

/// Live, in a catch-up and in a rebuild, the same is parked.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_the_same_after_a_rebuild_and_once_mended_all_is_as_if_it_never_was() {
    for broken in
        ["StockHeld", "CartBilled", "InvoiceCollected", "CreditIssued", "BatchCreditStarted", "CustomerRenamed"]
    {
        let (mut world, mut historian) = (World::default(), Historian::new(29));
        historian.live(&mut world, 120).await;
        world.log.break_type(broken);
        let projections = world.open_with(world.restarted_journal(), Settings::default()).await;
        let (before, status) = (answers(&projections.views(), &historian.known).await, projections.views().status());
        assert!(status.parked > 0, "{broken}");
        projections.rebuild(None, |_| {}).await.expect("rebuilt");
        assert_same(&answers(&projections.views(), &historian.known).await, &before);
        assert_eq!(projections.views().status().parked, status.parked, "{broken}");
        world.log.mend();
        projections.retry_parked().await.expect("tried");
        assert_eq!(projections.views().status().parked, 0, "{broken}");
        let expected = world.answers_from_nothing(&historian.known).await;
        assert_same(&answers(&projections.views(), &historian.known).await, &expected);
    }
}

/// After a person's key was destroyed, nothing of the person is left in the row.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_folded_anew_after_an_erasure_has_no_personal_data() {
    let mut world = World::default();
    let store = world.store().await;
    let customer = world.customer(store, "ada@example.com").await;
    let projections = world.open().await;
    let views = projections.views();
    assert!(views.customer_by_email(store, "ADA@example.com").await.expect("a query").is_some());
    world.keys.destroy(customer);
    projections.refold_row("customers", customer.0).await.expect("folded");
    let row = views.customer(store, customer).await.expect("a query").expect("a customer");
    assert_eq!((row.first_name.as_deref(), row.email()), (None, None));
    assert_eq!(row.addresses[0].street, None);
    assert!(views.customer_by_email(store, "ada@example.com").await.expect("a query").is_none());
}
