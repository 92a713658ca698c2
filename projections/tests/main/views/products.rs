//! Products (api.md §3). Searching has a file of its own.

use super::lists::{all, before, between, letters, since};
use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::{ProductFilter, Products};
use domain::product::*;
use domain::*;
use serde_json::json;

const PRODUCT: ProductId = ProductId(id(10));
const CART: CartId = CartId(id(20));
const CUSTOMER: CustomerId = CustomerId(id(21));

fn created() -> ProductCreated {
    ProductCreated {
        product_id: PRODUCT,
        store_id: STORE,
        title: "Table".to_owned(),
        product_type: "Furniture".to_owned(),
        vendor: "Ikea".to_owned(),
        description: Some("Round".to_owned()),
        inventory: 10,
        sale_price_in_cents: Cents::new(1_000).expect("cents"),
        tags: vec!["new".to_owned(), "sale".to_owned()],
    }
}

fn fresh() -> Story<Products, ProductEvent> {
    Story::of(PRODUCT.0, format!("product-{PRODUCT}")).then(
        created(),
        json!({
            "product_id": PRODUCT, "store_id": STORE, "title": "Table", "product_type": "Furniture", "vendor": "Ikea",
            "description": "Round", "inventory": 10, "reserved": 0, "sale_price_in_cents": 1_000,
            "tags": [{"tag": "new", "created_at": at(0)}, {"tag": "sale", "created_at": at(0)}],
            "created_at": at(0), "updated_at": at(0), "deleted_at": null, "revision": 0,
        }),
    )
}

#[test]
fn what_a_product_says_of_itself_can_change() {
    let title = ProductDescribed { title: Some("Desk".to_owned()), ..Default::default() };
    let others = ProductDescribed {
        product_type: Some("Office".to_owned()),
        vendor: Some("Vitra".to_owned()),
        description: Some(Some("Square".to_owned())),
        ..Default::default()
    };
    let undescribed = ProductDescribed { description: Some(None), ..Default::default() };
    let price = ProductRepriced { sale_price_in_cents: Cents::ZERO };
    fresh()
        .then(title, json!({"title": "Desk", "updated_at": at(1), "revision": 1}))
        .then(
            others,
            json!({
                "product_type": "Office", "vendor": "Vitra", "description": "Square", "updated_at": at(2), "revision": 2,
            }),
        )
        .then(undescribed, json!({"description": null, "updated_at": at(3), "revision": 3}))
        .then(price, json!({"sale_price_in_cents": 0, "updated_at": at(4), "revision": 4}))
        .then(ProductDeleted {}, json!({"deleted_at": at(5), "updated_at": at(5), "revision": 5}))
        .unfit(created());
}

#[test]
fn tags_come_and_go() {
    let [new, sale] = ["new", "sale"].map(|tag| json!({"tag": tag, "created_at": at(0)}));
    let wood = json!({"tag": "wood", "created_at": at(1)});
    fresh()
        .then(
            ProductTagged { tag: "wood".to_owned() },
            json!({"tags": [new, sale, wood], "updated_at": at(1), "revision": 1}),
        )
        .then(
            ProductTagRemoved { tag: "new".to_owned() },
            json!({"tags": [sale, wood], "updated_at": at(2), "revision": 2}),
        );
}

/// `inventory` + `reserved` = stock on hand. What carts hold moves neither `updated_at` nor the revision; deleted products
/// are still given back and shipped.
#[test]
fn stock_is_adjusted_held_released_and_consumed() {
    let held = |quantity, previous_quantity| StockHeld {
        cart_id: CART,
        customer_id: CUSTOMER,
        cart_revision: 1,
        quantity,
        previous_quantity,
    };
    let released = |quantity, previous_quantity| StockReleased {
        cart_id: CART,
        customer_id: CUSTOMER,
        cart_revision: 2,
        quantity,
        previous_quantity,
    };
    let consumed = |quantity| StockConsumed { cart_id: CART, order_id: OrderId(id(22)), quantity };
    fresh()
        .then(held(3, 0), json!({"inventory": 7, "reserved": 3}))
        .then(held(5, 3), json!({"inventory": 5, "reserved": 5}))
        .then(released(4, 5), json!({"inventory": 6, "reserved": 4}))
        .then(
            InventoryAdjusted { change: 14, inventory: 20 },
            json!({"inventory": 20, "updated_at": at(4), "revision": 4}),
        )
        .then(ProductDeleted {}, json!({"deleted_at": at(5), "updated_at": at(5), "revision": 5}))
        .then(consumed(3), json!({"reserved": 1}))
        .then(released(0, 1), json!({"inventory": 21, "reserved": 0}));
}

/// A to D, each a second after the one before; then A is repriced, and D deleted.
#[tokio::test(flavor = "multi_thread")]
async fn products_are_listed_and_counted_by_vendor_type_tag_and_dates_newest_first() {
    let mut world = World::default();
    let store = world.store().await;
    let began = world.now;
    let mut products = Vec::new();
    for (product_type, vendor, tags) in [
        ("chair", "Ikea", ["sale", "wood"].as_slice()),
        ("desk", "Ikea", &["sale"]),
        ("chair", "Vitra", &["sale", "new"]),
        ("chair", "Ikea", &["sale"]),
    ] {
        products.push(world.product_with(store, "Thing", product_type, vendor, 1, tags).await);
    }
    let repriced = ProductRepriced { sale_price_in_cents: Cents::ZERO };
    world.product_event(store, products[0], repriced).await;
    world.delete_product(store, products[3]).await;
    let views = world.open().await.views();

    let moment = |second: i64| Timestamp::from_millis(began + second * 1_000);
    let filter = ProductFilter::default();
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (filter.clone(), "CBA"),
        (ProductFilter { vendor: text("Ikea"), ..filter.clone() }, "BA"),
        (ProductFilter { vendor: text("ikea"), ..filter.clone() }, ""),
        (ProductFilter { product_type: text("chair"), ..filter.clone() }, "CA"),
        (ProductFilter { tag: text("sale"), ..filter.clone() }, "CBA"),
        (ProductFilter { tag: text("wood"), ..filter.clone() }, "A"),
        (ProductFilter { vendor: text("Ikea"), product_type: text("chair"), ..filter.clone() }, "A"),
        (ProductFilter { tag: text("sale"), vendor: text("Ikea"), ..filter.clone() }, "BA"),
        (ProductFilter { tag: text("new"), vendor: text("Ikea"), ..filter.clone() }, ""),
        (
            ProductFilter {
                tag: text("sale"),
                product_type: text("desk"),
                created: since(moment(1)),
                ..filter.clone()
            },
            "B",
        ),
        (ProductFilter { created: since(moment(2)), ..filter.clone() }, "CB"),
        (ProductFilter { created: before(moment(2)), ..filter.clone() }, "A"),
        (ProductFilter { created: between(moment(2), moment(3)), ..filter.clone() }, "B"),
        (ProductFilter { updated: since(moment(3)), ..filter.clone() }, "CA"),
        (ProductFilter { updated: between(moment(5), moment(6)), ..filter.clone() }, "A"),
        (ProductFilter { tag: text("sale"), updated: between(moment(5), moment(6)), ..filter.clone() }, "A"),
        (ProductFilter { vendor: text("Ikea"), updated: before(moment(5)), ..filter.clone() }, "B"),
        (ProductFilter { product_type: text("chair"), created: since(moment(2)), ..filter.clone() }, "C"),
    ] {
        let found = all(async |page| views.products(store, &filter, &page).await).await;
        assert_eq!(letters(&products, found.iter().map(|row| row.product_id)), expected, "{filter:?}");
        let count = views.count_products(store, &filter).await.expect("a count");
        assert_eq!(count, expected.len() as u64, "{filter:?}");
    }
    assert_eq!(views.product(store, products[3]).await.expect("a query"), None, "it was deleted");
    let by_ids = views.products_by_ids(store, &[products[3], ProductId(id(1)), products[0]]).await.expect("a query");
    let by_ids: Vec<_> = by_ids.into_iter().map(|row| row.map(|row| row.product_id)).collect();
    assert_eq!(by_ids, [Some(products[3]), None, Some(products[0])], "what carts show, deleted or not");
}
