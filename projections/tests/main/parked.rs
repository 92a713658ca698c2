//! An event that can't be read or applied parks what depends on it, and nothing else; after a fix it is folded.

use crate::answers::{answers, assert_same};
use crate::history::{Historian, Known};
use crate::world::{World, in_batches_of};
use cartlog_projections::store::ParkedUnit;
use cartlog_projections::views::CartState;
use cartlog_projections::{FillError, ProjectionSettings, ProjectionStatus, Retried, Views};
use domain::cart::{CartItemQuantitySet, CartItemRemoved};
use domain::product::{ProductRepriced, ProductTagged};
use domain::{CartItemId, Cents, ProductId, StoreId};

fn parked(status: &ProjectionStatus, view: &str) -> Vec<ParkedUnit> {
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
    assert_eq!(status.parked, 2);
    assert_eq!(parked(&status, "products"), [ParkedUnit::Row(first.0.into())]);
    assert_eq!(parked(&status, "offers"), [ParkedUnit::Stream(format!("product-{first}"))]);

    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 0, parked: 2 });
    world.log.mend();
    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 2, parked: 0 });
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
    let projections = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await;
    assert_eq!(projections.views().status().parked, 2, "the product, and what it was offered for");
    drop(projections);
    let projections = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await;
    assert_eq!(projections.views().status().parked, 2, "it can't be read by this one either");
    drop(projections);
    world.log.mend();
    let views = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await.views();
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
    assert_eq!(parked(&status, "shoppers"), [ParkedUnit::Row(customer.0.into())]);
    assert_eq!(views.cart(store, next).await.expect("a query"), None);
    // Whether a key made something there nobody knows.
    let key = "00112233445566778899aabbccddeeff";
    assert_eq!(parked(&status, "creations"), [ParkedUnit::Stream(format!("cart-{customer}"))]);
    views.creation(store, key).await.expect_err("it may be of that stream");
    assert!(views.cart(store, others).await.expect("a query").expect("a cart").closed_at.is_some());

    world.log.mend();
    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 4, parked: 0 });
    assert_eq!(views.creation(store, key).await.expect("a query"), None);
    let closed = views.cart(store, cart).await.expect("a query").expect("a cart");
    assert_eq!((closed.items.len(), closed.closed_at.is_some()), (1, true));
    assert_eq!(views.open_cart(store, customer).await.expect("a query").expect("a cart").cart_id, next);
    // It is followed again.
    world.close_cart(store, customer, next).await;
    assert_eq!(world.caught_up(&views).await.open_cart(store, customer).await.expect("a query"), None);
    projections.stop().await;
}

/// What comes after an unreadable event in the same batch is none of the row's events yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_a_parked_stream_that_is_folded_anew_stays_as_it_was_before_the_event() {
    for batch_events in [1, 100] {
        let mut world = World::default();
        let store = world.store().await;
        let (product, customer) = (world.product(store, "A").await, world.customer(store, "a@example.com").await);
        let cart = world.open_cart(store, customer).await;
        world.add(store, customer, cart, product, 2).await;
        world.close_cart(store, customer, cart).await;
        world.log.break_type("CartItemAdded");
        let projections = world.open_with(world.restarted_journal(), in_batches_of(batch_events)).await;
        let views = projections.views();
        projections.refold_row("carts", cart.0).await.expect("folded");
        let row = views.cart(store, cart).await.expect("a query").expect("a cart");
        assert_eq!((row.state, row.items.len()), (CartState::Open, 0), "in batches of {batch_events}");
    }
}

/// A fix may be only half of one: what can be folded by now is.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_can_be_folded_further_is_and_waits_there() {
    let mut world = World::default();
    let store = world.store().await;
    let (product, customer) = (world.product(store, "A").await, world.customer(store, "a@example.com").await);
    world.product_event(store, product, repriced(5)).await;
    world.product_event(store, product, ProductTagged { tag: "new".to_owned() }).await;
    world.delete_product(store, product).await;
    let cart = world.open_cart(store, customer).await;
    world.add(store, customer, cart, product, 2).await;
    world.close_cart(store, customer, cart).await;

    world.log.break_types(&["ProductRepriced", "CartItemAdded"]);
    let projections = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await;
    let views = projections.views();
    let stands = async || {
        let product = views.products_by_ids(store, &[product]).await.expect("a query").pop().flatten();
        let product = product.expect("a product");
        let cart = views.cart(store, cart).await.expect("a query").expect("a cart");
        (product.sale_price_in_cents.get(), product.tags.len(), cart.items.len(), cart.state)
    };
    assert_eq!(stands().await, (1_000, 0, 0, CartState::Open));

    world.log.break_types(&["ProductDeleted", "CartClosed"]);
    // The product and the shopper are one row each, the streams of the product and of the cart are other units, in one view and in three.
    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 0, parked: 6 });
    assert_eq!(stands().await, (5, 1, 1, CartState::Open));
    let parked_by = |view: &str| {
        let status = views.status();
        let view = status.views.into_iter().find(|known| known.name == view).expect("a view");
        view.first_parked.into_iter().map(|parked| parked.event_type).collect::<Vec<_>>()
    };
    assert_eq!(
        (parked_by("products"), parked_by("carts")),
        (vec!["FutureProductDeleted".to_owned()], vec!["FutureCartClosed".to_owned()])
    );
    let known = Known { stores: vec![store], products: vec![(store, product)], carts: vec![cart], ..Known::default() };
    assert_same(&answers(&views, &known).await, &world.answers_from_nothing(&known).await);

    world.log.mend();
    assert_eq!(projections.retry_parked().await.expect("tried"), Retried { folded: 6, parked: 0 });
    assert_same(&answers(&views, &known).await, &world.answers_from_nothing(&known).await);
}

/// A customer's invoices have a stream each: all of them that are tried again at once count.
#[tokio::test(flavor = "multi_thread")]
async fn streams_of_one_row_that_are_tried_again_together_are_all_in_it() {
    let mut world = World::default();
    let store = world.store().await;
    let (product, customer) = (world.product(store, "A").await, world.customer(store, "a@example.com").await);
    for quantity in 1..=3 {
        let cart = world.open_cart(store, customer).await;
        let invoice = world.issue_invoice(store, customer, cart, product, quantity).await;
        world.collect(store, customer, cart, invoice, &[(product, quantity)]).await;
    }
    world.log.break_type("InvoiceCollected");
    let projections = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await;
    let views = projections.views();
    assert_eq!(views.purchases(store, customer).await.expect("a query"), None);
    assert_eq!(parked(&views.status(), "purchases").len(), 3);
    world.log.mend();
    projections.retry_parked().await.expect("tried");
    let purchases = views.purchases(store, customer).await.expect("a query").expect("purchases");
    assert_eq!(purchases.spent_in_cents.values().sum::<i64>(), 6_000);
    assert_eq!(purchases.products[&product], 6);
}

/// What the program before could not fold when it began to rebuild, the one that goes on with it may.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_gone_on_with_tries_again_what_it_had_parked() {
    let (mut world, mut historian) = (World::default(), Historian::new(59));
    historian.live(&mut world, 60).await;
    let settings = in_batches_of(40);
    let projections = world.open_with(world.restarted_journal(), settings).await;
    world.log.break_type("ProductCreated");
    drop(projections);
    let projections = world.open_with(world.restarted_journal(), settings).await;
    let interrupt = projections.clone();
    let outcome = projections.rebuild(None, move |_| interrupt.interrupt()).await;
    assert!(matches!(outcome, Err(FillError::Stopped)), "{outcome:?}");
    drop(projections);

    world.log.mend();
    let projections = world.open_with(world.restarted_journal(), settings).await;
    projections.rebuild(None, |_| {}).await.expect("rebuilt");
    let views = projections.views();
    assert_eq!(views.status().parked, 0);
    assert_same(&answers(&views, &historian.known).await, &world.answers_from_nothing(&historian.known).await);
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
    assert_eq!(parked(&views.status(), "carts"), [ParkedUnit::Row(cart_id.0.into())]);
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
        let projections = world.open_with(world.restarted_journal(), in_batches_of(7)).await;
        let (before, status) = (answers(&projections.views(), &historian.known).await, projections.views().status());
        assert!(status.parked > 0, "{broken}");
        assert_same(&world.answers_from_nothing(&historian.known).await, &before);
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
