//! Carts (api.md §5).

use super::lists::{all, letters};
use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::{CartState, Carts};
use domain::billing::BillingTerms;
use domain::cart::*;
use domain::coupon::CouponRefusal;
use domain::*;
use serde_json::{Value, json};

const CART: CartId = CartId(id(10));
const CUSTOMER: CustomerId = CustomerId(id(11));
const ITEM: CartItemId = CartItemId(id(20));
const OTHER_ITEM: CartItemId = CartItemId(id(21));
const PRODUCT: ProductId = ProductId(id(30));
const INVOICE: InvoiceId = InvoiceId(id(40));

fn opened(cart_id: CartId) -> CartOpened {
    CartOpened { cart_id, customer_id: CUSTOMER, store_id: STORE }
}

fn added(cart_item_id: CartItemId, title: &str, cents: i64, quantity: u32, line_quantity: u32) -> CartItemAdded {
    CartItemAdded {
        cart_id: CART,
        cart_item_id,
        product_id: PRODUCT,
        product_title: title.to_owned(),
        product_vendor: "Ikea".to_owned(),
        product_type: "table".to_owned(),
        unit_amount_in_cents: Cents::new(cents).expect("cents"),
        quantity,
        line_quantity,
    }
}

fn item(cart_item_id: CartItemId, title: &str, cents: i64, quantity: u32, added_at: Value) -> Value {
    json!({
        "cart_item_id": cart_item_id, "product_id": PRODUCT, "product_title": title, "product_vendor": "Ikea",
        "product_type": "table", "quantity": quantity, "unit_amount_in_cents": cents, "added_at": added_at,
    })
}

fn terms() -> BillingTerms {
    BillingTerms {
        currency: "USD".parse().expect("a currency"),
        items: Vec::new(),
        shipping: None,
        tax_rate_in_basis_points: 0,
        wallet: Vec::new(),
    }
}

fn billed() -> CartBilled {
    let terms = terms();
    CartBilled { cart_id: CART, invoice_id: INVOICE, customer_id: CUSTOMER, store_id: STORE, terms, coupon: None }
}

fn open() -> Story<Carts, CartEvent> {
    Story::of(CART.0, format!("cart-{CUSTOMER}")).then(
        opened(CART),
        json!({
            "cart_id": CART, "customer_id": CUSTOMER, "store_id": STORE, "state": "open", "items": [],
            "created_at": at(0), "last_item_added_at": null, "invoice_created_at": null, "invoice_id": null,
            "closed_at": null, "close_reason": null, "revision": 0,
        }),
    )
}

/// Title and price are those of the last add, `added_at` is that of the first; setting and removing are no adds.
#[test]
fn items_are_added_set_and_removed() {
    let set = CartItemQuantitySet {
        cart_id: CART,
        cart_item_id: ITEM,
        product_id: PRODUCT,
        line_quantity: 1,
        previous_quantity: 5,
    };
    let removed = CartItemRemoved { cart_id: CART, cart_item_id: ITEM, product_id: PRODUCT, previous_quantity: 1 };
    open()
        .then(
            added(ITEM, "Table", 100, 2, 2),
            json!({"items": [item(ITEM, "Table", 100, 2, at(1))], "last_item_added_at": at(1), "revision": 1}),
        )
        .then(
            added(ITEM, "Fine table", 120, 3, 5),
            json!({"items": [item(ITEM, "Fine table", 120, 5, at(1))], "last_item_added_at": at(2), "revision": 2}),
        )
        .then(
            added(OTHER_ITEM, "Chair", 50, 1, 1),
            json!({
                "items": [item(ITEM, "Fine table", 120, 5, at(1)), item(OTHER_ITEM, "Chair", 50, 1, at(3))],
                "last_item_added_at": at(3), "revision": 3,
            }),
        )
        .then(
            set.clone(),
            json!({
                "items": [item(ITEM, "Fine table", 120, 1, at(1)), item(OTHER_ITEM, "Chair", 50, 1, at(3))],
                "revision": 4,
            }),
        )
        .then(removed, json!({"items": [item(OTHER_ITEM, "Chair", 50, 1, at(3))], "revision": 5}))
        .unfit(set);
}

#[test]
fn a_cart_is_closed_for_each_reason() {
    for (reason, told) in [
        (CloseReason::Replaced, "replaced"),
        (CloseReason::Closed, "closed"),
        (CloseReason::Expired, "expired"),
        (CloseReason::CustomerDeleted, "customer deleted"),
    ] {
        let closed = CartClosed { cart_id: CART, reason, items: Vec::new() };
        open().then(closed, json!({"state": "closed", "closed_at": at(1), "close_reason": told, "revision": 1}));
    }
}

#[test]
fn a_cart_is_billed() {
    open()
        .then(billed(), json!({"state": "billed", "invoice_created_at": at(1), "invoice_id": INVOICE, "revision": 1}));
}

/// What only moves the stream, so that slow commands conflict, is not the cart's; neither is another cart of the customer's.
#[test]
fn what_no_client_sees_changes_no_cart() {
    let started = CartBillingStarted {
        cart_id: CART,
        invoice_id: INVOICE,
        coupon_id: CouponId(id(50)),
        terms: terms(),
        request: None,
    };
    let refused = CartBillingRefused { cart_id: CART, invoice_id: INVOICE, reason: CouponRefusal::UsedUp };
    open()
        .passing_by(CartItemsRefused { cart_id: CART, product_ids: vec![PRODUCT] })
        .passing_by(CartHoldsRevoked { cart_id: CART, product_ids: vec![PRODUCT] })
        .passing_by(started)
        .passing_by(refused)
        .passing_by(opened(CartId(id(99))))
        .passing_by(CartStreamShut { customer_id: CUSTOMER, store_id: STORE })
        .then(billed(), json!({"state": "billed", "invoice_created_at": at(7), "invoice_id": INVOICE, "revision": 7}))
        .unfit(opened(CART));
}

/// A is closed, B billed, C open; D is another customer's.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_carts_are_listed_by_state_newest_first() {
    let mut world = World::default();
    let store = world.store().await;
    let (ada, bob) = (world.customer(store, "ada@example.com").await, world.customer(store, "bob@example.com").await);
    let first = world.open_cart(store, ada).await;
    world.close_cart(store, ada, first).await;
    let second = world.open_cart(store, ada).await;
    world.cart_event(store, ada, CartBilled { cart_id: second, store_id: store, customer_id: ada, ..billed() }).await;
    let carts = [first, second, world.open_cart(store, ada).await, world.open_cart(store, bob).await];
    let views = world.open().await.views();
    for (customer, state, expected) in [
        (ada, None, "CBA"),
        (ada, Some(CartState::Open), "C"),
        (ada, Some(CartState::Closed), "A"),
        (ada, Some(CartState::Billed), "B"),
        (bob, None, "D"),
        (bob, Some(CartState::Closed), ""),
    ] {
        let found = all(async |page| views.carts(store, customer, state, &page).await).await;
        assert_eq!(letters(&carts, found.iter().map(|row| row.cart_id)), expected, "{state:?}");
    }
    let open = views.open_cart(store, ada).await.expect("a query");
    assert_eq!(open.expect("a cart").cart_id, carts[2]);
}
