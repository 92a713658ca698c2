//! What a customer's carts say of the customer (api.md §4 and §5).

use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::Shoppers;
use domain::cart::*;
use domain::*;
use serde_json::json;

const CUSTOMER: CustomerId = CustomerId(id(11));
const PRODUCT: ProductId = ProductId(id(30));
const ITEM: CartItemId = CartItemId(id(20));

fn opened(cart: u128) -> CartOpened {
    CartOpened { cart_id: CartId(id(cart)), customer_id: CUSTOMER, store_id: STORE }
}

fn closed(cart: u128) -> CartClosed {
    CartClosed { cart_id: CartId(id(cart)), reason: CloseReason::Closed, items: Vec::new() }
}

#[test]
fn opening_and_changing_carts_is_activity_and_closing_is_none() {
    let cart_id = CartId(id(1));
    let added = CartItemAdded {
        cart_id,
        cart_item_id: ITEM,
        product_id: PRODUCT,
        product_title: "Table".to_owned(),
        product_vendor: "Ikea".to_owned(),
        product_type: "table".to_owned(),
        unit_amount_in_cents: Cents::ZERO,
        quantity: 1,
        line_quantity: 1,
    };
    let set = CartItemQuantitySet {
        cart_id,
        cart_item_id: ITEM,
        product_id: PRODUCT,
        line_quantity: 2,
        previous_quantity: 1,
    };
    let removed = CartItemRemoved { cart_id, cart_item_id: ITEM, product_id: PRODUCT, previous_quantity: 2 };
    Story::<Shoppers, CartEvent>::of(CUSTOMER.0, format!("cart-{CUSTOMER}"))
        .passing_by(CartHoldsRevoked { cart_id, product_ids: Vec::new() })
        .then(
            opened(1),
            json!({
                "customer_id": CUSTOMER, "store_id": STORE, "open_cart": id(1), "last_cart_created_at": at(1),
                "last_cart_activity_at": at(1),
            }),
        )
        .then(added, json!({"last_cart_activity_at": at(2)}))
        .then(set, json!({"last_cart_activity_at": at(3)}))
        .then(removed, json!({"last_cart_activity_at": at(4)}))
        .passing_by(CartItemsRefused { cart_id, product_ids: Vec::new() })
        .then(closed(1), json!({"open_cart": null}))
        .then(opened(2), json!({"open_cart": id(2), "last_cart_created_at": at(7), "last_cart_activity_at": at(7)}))
        .passing_by(CartStreamShut { customer_id: CUSTOMER, store_id: STORE });
}

/// Carts are due to the millisecond, although the list goes by minutes; closed ones never.
#[tokio::test(flavor = "multi_thread")]
async fn carts_are_due_that_had_no_activity_since_the_longest_idle_first() {
    let mut world = World::default();
    let store = world.store().await;
    let other_store = world.store().await;
    let mut customers = Vec::new();
    for (number, opened_after_ms) in [0, 59_999, 60_000, 60_001, 600_000].into_iter().enumerate() {
        let customer = world.customer(store, &format!("c{number}@example.com")).await;
        customers.push((customer, opened_after_ms));
    }
    let began = crate::world::BEGINNING + 3_600_000;
    for &(customer, after_ms) in &customers {
        world.now = began + after_ms - 1_000;
        world.open_cart(store, customer).await;
    }
    world.now = began;
    let gone = world.customer(store, "gone@example.com").await;
    let cart = world.open_cart(store, gone).await;
    world.close_cart(store, gone, cart).await;
    let stranger = world.customer(other_store, "stranger@example.com").await;
    world.open_cart(other_store, stranger).await;

    let views = world.open().await.views();
    for (idle_since_ms, limit, due) in [
        (-1, 10, 0..0),
        (0, 10, 0..1),
        (59_998, 10, 0..1),
        (59_999, 10, 0..2),
        (60_000, 10, 0..3),
        (60_001, 10, 0..4),
        (599_999, 10, 0..4),
        (600_000, 10, 0..5),
        (600_000, 2, 0..2),
    ] {
        let idle_since = Timestamp::from_millis(began + idle_since_ms);
        let (found, _) = views.carts_due(store, idle_since, None, limit).await.expect("a query");
        let expected: Vec<_> = customers[due].iter().map(|(customer, _)| *customer).collect();
        assert_eq!(found, expected, "idle since {idle_since_ms}, {limit} at most");
    }
    // Page by page, each after the place of the last, whatever became of its cart.
    let idle_since = Timestamp::from_millis(began + 600_000);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = views.carts_due(store, idle_since, after, 2).await.expect("a query");
        found.extend(page);
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(found, customers[0..5].iter().map(|(customer, _)| *customer).collect::<Vec<_>>());
}
