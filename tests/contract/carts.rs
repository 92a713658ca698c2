//! Carts and the stock that they hold (api.md §5).

use crate::support::TestShop;
use serde_json::{Value, json};

/// A store with a confirmed customer, a product with 10 in stock at 250, and the path of the customer's cart.
async fn start() -> (TestShop, String, String, String) {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 250).await);
    let cart = format!("/customer/{customer}/cart");
    (shop, customer, product, cart)
}

#[tokio::test]
async fn only_a_confirmed_customer_writes_to_a_cart() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.unconfirmed_with(json!({})).await, shop.product(10, 1).await);
    let cart = format!("/customer/{customer}/cart");
    let refused = async |method: &str, path: String, body: Value| {
        shop.send(method, &path, body).await.problem(403, "CUSTOMER_IS_NOT_CONFIRMED");
    };
    refused("POST", cart.clone(), Value::Null).await;
    refused("DELETE", cart.clone(), Value::Null).await;
    refused("POST", format!("{cart}/item/{product}"), Value::Null).await;
    refused("PUT", format!("{cart}/item/{product}"), json!({ "quantity": 1 })).await;
    refused("DELETE", format!("{cart}/item/{product}"), Value::Null).await;
    refused("POST", format!("{cart}/item"), json!([{ "product_id": product, "quantity": 1 }])).await;
    refused("DELETE", format!("{cart}/item"), json!([{ "product_id": product }])).await;
    refused("POST", format!("{cart}/billcart"), Value::Null).await;
    shop.get(&cart).await.problem(404, "NO_CART_IS_OPEN");
    assert_eq!(shop.get(&format!("{cart}s")).await.expect(200)["carts"], json!([]));
}

#[tokio::test]
async fn a_cart_has_its_fields_and_so_have_its_items() {
    let (shop, customer, product, path) = start().await;
    let opened = shop.post(&path, Value::Null).await.expect(201);
    let cart = &opened["cart"];
    assert_eq!((&cart["customer_id"], &cart["state"], &cart["items"]), (&json!(customer), &json!("open"), &json!([])));
    assert_eq!(cart["store_id"], shop.get("/store").await["store"]["store_id"]);
    for unset in ["last_item_added_at", "invoice_created_at", "closed_at", "close_reason", "deleted_at"] {
        assert_eq!(cart[unset], Value::Null, "{unset}");
    }
    assert_eq!(cart["links"][0], json!({ "rel": "self", "href": path }));

    let added = shop.add(&customer, &product, 3).await.expect(201);
    let item = &added["cart"]["items"][0];
    assert_eq!((&item["cart_id"], &item["product_id"]), (&cart["cart_id"], &json!(product)));
    assert_eq!((&item["product_title"], &item["product_vendor"]), (&json!("Darjeeling"), &json!("Hill Farm")));
    assert_eq!((&item["product_type"], &item["quantity"]), (&json!("tea"), &json!(3)));
    assert_eq!(item["unit_amount_in_cents"], 250);
    assert_eq!(item["added_at"], added["cart"]["last_item_added_at"]);
    assert_eq!(item["links"][0], json!({ "rel": "self", "href": format!("{path}/item/{product}") }));
    assert_eq!(shop.get(&path).await.expect(200).body, added.body);

    let change = json!({ "sale_price_in_cents": 199, "title": "Darjeeling FTGFOP" });
    shop.put(&format!("/product/{product}"), change).await.expect(200);
    let today = shop.get(&path).await.expect(200);
    assert_eq!(today.number("/cart/items/0/unit_amount_in_cents"), 199, "today's price");
    assert_eq!(today.text("/cart/items/0/product_title"), "Darjeeling FTGFOP", "as it will be billed");
    shop.delete(&format!("/product/{product}")).await.expect(204);
    assert_eq!(shop.get(&path).await.expect(200)["cart"]["items"], today["cart"]["items"], "it can still be bought");
}

#[tokio::test]
async fn adding_opens_a_cart_takes_stock_and_adds_to_the_quantity() {
    let (shop, customer, product, path) = start().await;
    shop.get(&path).await.problem(404, "NO_CART_IS_OPEN");
    let item = format!("{path}/item/{product}");
    let first = shop.post(&item, Value::Null).await.expect(201);
    assert_eq!((first.number("/cart/items/0/quantity"), shop.stock(&product).await), (1, (9, 1)));
    let again = shop.add(&customer, &product, 4).await.expect(201);
    assert_eq!((again.number("/cart/items/0/quantity"), shop.stock(&product).await), (5, (5, 5)));
    assert_eq!(again["cart"]["cart_id"], first["cart"]["cart_id"]);
    assert_eq!(again["cart"]["items"][0]["cart_item_id"], first["cart"]["items"][0]["cart_item_id"]);
    shop.add(&customer, &product, 6).await.problem(409, "INSUFFICIENT_INVENTORY");
    assert_eq!((shop.get(&path).await.body, shop.stock(&product).await), (again.body, (5, 5)), "nothing changed");
    shop.add(&customer, &product, 5).await.expect(201);
    assert_eq!(shop.stock(&product).await, (0, 10));
    shop.add(&customer, &product, 1).await.problem(409, "INSUFFICIENT_INVENTORY");
    for unknown in ["nonsense", "0193a000-0000-7000-8000-000000000000"] {
        shop.post(&format!("{path}/item/{unknown}"), Value::Null).await.problem(404, "PRODUCT_NOT_FOUND");
        shop.post(&format!("/customer/{unknown}/cart/item/{product}"), Value::Null)
            .await
            .problem(404, "CUSTOMER_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_list_is_added_as_a_whole_or_not_at_all() {
    let (shop, _, tea, path) = start().await;
    let (pot, items) = (shop.product(2, 900).await, format!("{path}/item"));
    let want = |tea: &str, teas: i64, pot: &str, pots: i64| json!([{ "product_id": tea, "quantity": teas }, { "product_id": pot, "quantity": pots }]);
    shop.post(&items, want(&tea, 3, &pot, 3)).await.problem(409, "INSUFFICIENT_INVENTORY");
    shop.get(&path).await.problem(404, "NO_CART_IS_OPEN");
    assert_eq!((shop.stock(&tea).await, shop.stock(&pot).await), ((10, 0), (2, 0)));
    let added = shop.post(&items, want(&tea, 3, &pot, 2)).await.expect(201);
    assert_eq!(added.each("/cart/items", "quantity"), [3, 2]);
    assert_eq!((shop.stock(&tea).await, shop.stock(&pot).await), ((7, 3), (0, 2)));
    shop.post(&items, want(&tea, 1, "nonsense", 1)).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.post(&items, want(&tea, 4, &pot, 1)).await.problem(409, "INSUFFICIENT_INVENTORY");
    assert_eq!((shop.stock(&tea).await, shop.stock(&pot).await), ((7, 3), (0, 2)));
    let twice = shop.post(&items, want(&tea, 3, &tea, 4)).await.expect(201);
    assert_eq!((twice.each("/cart/items", "quantity"), shop.stock(&tea).await), (vec![json!(10), json!(2)], (0, 10)));
}

#[tokio::test]
async fn a_list_has_its_form() {
    let (shop, _, product, path) = start().await;
    let items = format!("{path}/item");
    let one = json!({ "product_id": product, "quantity": 1 });
    shop.post(&items, json!([{ "product_id": product }])).await.refuses(&["#/0/quantity"]);
    shop.post(&items, json!([one, { "quantity": 1, "colour": "red" }]))
        .await
        .refuses(&["#/1/product_id", "#/1/colour"]);
    for missing in [json!([]), json!({}), Value::Null] {
        shop.post(&items, missing.clone()).await.refuses(&["#"]);
        shop.send("DELETE", &items, missing).await.refuses(&["#"]);
    }
    shop.post(&items, Value::Array(vec![one.clone(); 101])).await.refuses(&["#"]);
    shop.send("DELETE", &items, Value::Array(vec![json!({ "product_id": product }); 101])).await.refuses(&["#"]);
    shop.put(&format!("/product/{product}/inventory"), json!({ "set": 100 })).await.expect(200);
    let hundred = shop.post(&items, Value::Array(vec![one; 100])).await.expect(201);
    assert_eq!(hundred.each("/cart/items", "quantity"), [100]);
    shop.send("DELETE", &items, Value::Array(vec![json!({ "product_id": product }); 100])).await.expect(200);
}

#[tokio::test]
async fn a_quantity_is_within_1_and_10000_after_the_change() {
    let (shop, customer, product, path) = start().await;
    let item = format!("{path}/item/{product}");
    shop.put(&format!("/product/{product}/inventory"), json!({ "set": 100_000 })).await.expect(200);
    for bad in [0, -1, 10_001] {
        shop.post(&item, json!({ "quantity": bad })).await.refuses(&["#/quantity"]);
        shop.put(&item, json!({ "quantity": bad })).await.refuses(&["#/quantity"]);
        shop.post(&format!("{path}/item"), json!([{ "product_id": product, "quantity": bad }]))
            .await
            .refuses(&["#/0/quantity"]);
    }
    shop.add(&customer, &product, 10_000).await.expect(201);
    shop.add(&customer, &product, 1).await.refuses(&["#/quantity"]);
    let (other, one) = (shop.product(10, 100).await, |product: &str| json!({ "product_id": product, "quantity": 1 }));
    let both = json!([one(&product), one(&other), one(&product)]);
    shop.post(&format!("{path}/item"), both).await.refuses(&["#/2/quantity"]);
    assert_eq!(shop.stock(&product).await, (90_000, 10_000));
    shop.put(&item, json!({ "quantity": 9_999 })).await.expect(200);
    shop.add(&customer, &product, 1).await.expect(201);
    shop.put(&item, json!({})).await.refuses(&["#/quantity"]);
}

#[tokio::test]
async fn a_put_sets_the_quantity_and_takes_or_gives_back_stock() {
    let (shop, customer, product, path) = start().await;
    let item = format!("{path}/item/{product}");
    let set = async |quantity: i64| shop.put(&item, json!({ "quantity": quantity })).await;
    set(1).await.problem(404, "NO_CART_IS_OPEN");
    let other = shop.product(5, 1).await;
    shop.add(&customer, &other, 1).await.expect(201);
    set(1).await.problem(404, "PRODUCT_NOT_IN_CART");
    shop.add(&customer, &product, 2).await.expect(201);
    set(7).await.expect(200);
    assert_eq!(shop.stock(&product).await, (3, 7));
    set(11).await.problem(409, "INSUFFICIENT_INVENTORY");
    assert_eq!(shop.stock(&product).await, (3, 7));
    set(10).await.expect(200);
    let answer = set(4).await.expect(200);
    assert_eq!((answer.number("/cart/items/1/quantity"), shop.stock(&product).await), (4, (6, 4)));
    assert_eq!(set(4).await.expect(200).body, answer.body);
}

#[tokio::test]
async fn items_are_removed_one_by_one_or_several_or_none() {
    let (shop, customer, tea, path) = start().await;
    let (pot, cup) = (shop.product(9, 1).await, shop.product(9, 1).await);
    let items = format!("{path}/item");
    let these = |products: &[&str]| products.iter().map(|id| json!({ "product_id": id })).collect::<Value>();
    let remove = async |products: &[&str]| shop.send("DELETE", &items, these(products)).await;
    shop.delete(&format!("{items}/{tea}")).await.problem(404, "NO_CART_IS_OPEN");
    for product in [&tea, &pot, &cup] {
        shop.add(&customer, product, 2).await.expect(201);
    }
    let left = shop.delete(&format!("{items}/{cup}")).await.expect(200);
    assert_eq!(left.each("/cart/items", "product_id"), [tea.as_str(), pot.as_str()]);
    assert_eq!(shop.stock(&cup).await, (9, 0));
    shop.delete(&format!("{items}/{cup}")).await.problem(404, "PRODUCT_NOT_IN_CART");
    remove(&[&tea, &cup]).await.problem(404, "PRODUCT_NOT_IN_CART");
    remove(&[&tea, "nonsense"]).await.problem(404, "PRODUCT_NOT_FOUND");
    assert_eq!((shop.stock(&tea).await, shop.stock(&pot).await), ((8, 2), (7, 2)));
    let empty = remove(&[&tea, &pot, &tea]).await.expect(200);
    assert_eq!((&empty["cart"]["items"], &empty["cart"]["state"]), (&json!([]), &json!("open")));
    assert_eq!((shop.stock(&tea).await, shop.stock(&pot).await), ((10, 0), (9, 0)));
}

#[tokio::test]
async fn a_cart_that_ends_gives_its_stock_back_and_says_why_it_ended() {
    let (shop, customer, product, path) = start().await;
    shop.delete(&path).await.problem(404, "NO_CART_IS_OPEN");
    let first = shop.add(&customer, &product, 2).await.expect(201).text("/cart/cart_id");
    let second = shop.post(&path, Value::Null).await.expect(201).text("/cart/cart_id");
    assert_ne!(first, second);
    assert_eq!(shop.stock(&product).await, (10, 0));
    shop.add(&customer, &product, 3).await.expect(201);
    let closed = shop.delete(&path).await.expect(200);
    assert_eq!((closed.text("/cart/cart_id"), closed.text("/cart/state")), (second.clone(), "closed".to_owned()));
    assert_eq!((closed.text("/cart/close_reason"), closed.number("/cart/items/0/quantity")), ("closed".to_owned(), 3));
    assert!(closed["cart"]["closed_at"].is_string());
    assert_eq!(shop.stock(&product).await, (10, 0));
    shop.get(&path).await.problem(404, "NO_CART_IS_OPEN");
    let third = shop.add(&customer, &product, 1).await.expect(201).text("/cart/cart_id");
    shop.bill(&customer).await;
    let fourth = shop.post(&path, Value::Null).await.expect(201).text("/cart/cart_id");

    let carts = format!("{path}s");
    let all = shop.get(&carts).await.expect(200);
    assert_eq!(all.each("/carts", "cart_id"), [&fourth, &third, &second, &first].map(|id| json!(id)));
    assert_eq!(all.each("/carts", "state"), ["open", "billed", "closed", "closed"]);
    assert_eq!(all.each("/carts", "close_reason"), [Value::Null, Value::Null, json!("closed"), json!("replaced")]);
    assert!(all.at("/carts/1/invoice_created_at").is_string());
    for (state, wanted) in [("open", vec![&fourth]), ("billed", vec![&third]), ("closed", vec![&second, &first])] {
        let found = shop.get(&format!("{carts}?state={state}")).await.expect(200).each("/carts", "cart_id");
        assert_eq!(found, wanted.into_iter().map(|id| json!(id)).collect::<Vec<_>>(), "{state}");
    }
    shop.get(&format!("{carts}?state=lost")).await.refuses(&["#/state"]);
}

#[tokio::test]
async fn the_last_piece_is_sold_once_however_many_want_it() {
    let shop = TestShop::start().await;
    let product = shop.product(3, 1).await;
    let customers = futures::future::join_all((0..4).map(|_| shop.customer())).await;
    let wishes =
        customers.iter().flat_map(|customer| [customer, customer]).map(|customer| shop.add(customer, &product, 1));
    let answers = futures::future::join_all(wishes).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "INSUFFICIENT_INVENTORY");
    }
    assert_eq!(shop.stock(&product).await, (0, 3));
}
