//! Orders (api.md §7).

use super::lists::{all, before, between, letters, since};
use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::{OrderFilter, Orders};
use domain::order::*;
use domain::*;
use serde_json::json;

const ORDER: OrderId = OrderId(id(10));

fn placed() -> OrderPlaced {
    let line = OrderLine {
        order_line_item_id: OrderLineItemId(id(20)),
        invoice_line_item_id: InvoiceLineItemId(id(21)),
        product_id: ProductId(id(22)),
        product_title: "Table".to_owned(),
        quantity: 3,
    };
    OrderPlaced {
        order_id: ORDER,
        store_id: STORE,
        customer_id: CustomerId(id(11)),
        invoice_id: InvoiceId(id(12)),
        cart_id: CartId(id(13)),
        lines: vec![line],
    }
}

fn pending() -> Story<Orders, OrderEvent> {
    Story::of(ORDER.0, format!("order-{ORDER}")).then(
        placed(),
        json!({
            "order_id": ORDER, "store_id": STORE, "customer_id": id(11), "invoice_id": id(12), "cart_id": id(13),
            "status": "pending",
            "lines": [{
                "order_line_item_id": id(20), "invoice_line_item_id": id(21), "product_id": id(22),
                "product_title": "Table", "quantity": 3,
            }],
            "created_at": at(0), "shipped_at": null, "delivered_at": null, "canceled_at": null, "revision": 0,
        }),
    )
}

#[test]
fn an_order_is_shipped_and_delivered() {
    pending()
        .then(OrderShipped {}, json!({"status": "shipped", "shipped_at": at(1), "revision": 1}))
        .then(
            OrderDelivered { was_shipped: true },
            json!({"status": "delivered", "delivered_at": at(2), "revision": 2}),
        )
        .unfit(placed());
}

#[test]
fn an_order_may_be_delivered_at_once_or_canceled() {
    let delivered = OrderDelivered { was_shipped: false };
    pending().then(delivered, json!({"status": "delivered", "delivered_at": at(1), "revision": 1}));
    let canceled = OrderCanceled { reason: CancelReason::Refunded };
    pending().then(canceled, json!({"status": "canceled", "canceled_at": at(1), "revision": 1}));
}

#[test]
fn nothing_happens_to_an_order_that_was_never_placed() {
    let story = Story::<Orders, OrderEvent>::of(ORDER.0, format!("order-{ORDER}"));
    story.unfit(OrderShipped {}).unfit(OrderDelivered { was_shipped: true });
}

/// Four orders, A to D, each a second after the one before; then A is shipped, B delivered and C canceled.
#[tokio::test(flavor = "multi_thread")]
async fn orders_are_listed_by_status_and_dates_newest_first() {
    let mut world = World::default();
    let store = world.store().await;
    let (ada, bob) = (world.customer(store, "ada@example.com").await, world.customer(store, "bob@example.com").await);
    let (product, began) = (world.product(store, "Table").await, world.now);
    let mut orders = Vec::new();
    for customer in [ada, ada, bob, bob] {
        let (cart, invoice) = (CartId(world.id()), InvoiceId(world.id()));
        orders.push(world.place(store, customer, cart, invoice, &[(product, 1)]).await);
    }
    world.order_event(store, orders[0], OrderShipped {}).await;
    world.order_event(store, orders[1], OrderDelivered { was_shipped: false }).await;
    world.order_event(store, orders[2], OrderCanceled { reason: CancelReason::Requested }).await;
    let views = world.open().await.views();
    let moment = |second: i64| Timestamp::from_millis(began + second * 1_000);
    let filter = OrderFilter::default();
    let created = |created| OrderFilter { created, ..filter };
    let status = |status| OrderFilter { status: Some(status), ..filter };
    for (filter, of_store, of_ada) in [
        (filter, "DCBA", "BA"),
        (status(OrderStatus::Pending), "D", ""),
        (status(OrderStatus::Shipped), "A", "A"),
        (status(OrderStatus::Delivered), "B", "B"),
        (status(OrderStatus::Canceled), "C", ""),
        (created(since(moment(2))), "DCB", "B"),
        (created(before(moment(2))), "A", "A"),
        (created(between(moment(2), moment(4))), "CB", "B"),
        (created(between(moment(9), moment(10))), "", ""),
        (OrderFilter { shipped: since(moment(5)), ..filter }, "A", "A"),
        (OrderFilter { shipped: since(moment(6)), ..filter }, "", ""),
        (OrderFilter { delivered: before(moment(7)), ..filter }, "B", "B"),
        (OrderFilter { delivered: before(moment(6)), ..filter }, "", ""),
        (OrderFilter { canceled: between(moment(7), moment(8)), ..filter }, "C", ""),
        (OrderFilter { canceled: since(moment(0)), status: Some(OrderStatus::Pending), ..filter }, "", ""),
    ] {
        let found = all(async |page| views.orders(store, &filter, &page).await).await;
        assert_eq!(letters(&orders, found.iter().map(|row| row.order_id)), of_store, "{filter:?}");
        let found = all(async |page| views.customer_orders(store, ada, &filter, &page).await).await;
        assert_eq!(letters(&orders, found.iter().map(|row| row.order_id)), of_ada, "{filter:?}");
    }
}
