//! Products, their stock and their tags (api.md §3).

use crate::support::{TestShop, new_product};
use serde_json::{Value, json};

#[tokio::test]
async fn a_product_has_its_fields_and_their_defaults() {
    let shop = TestShop::start().await;
    let made = shop.post("/product", new_product(json!({}))).await.expect(201);
    let product = &made["product"];
    assert_eq!(product["product_id"], product["id"]);
    assert_eq!(product["store_id"], shop.get("/store").await["store"]["store_id"]);
    assert_eq!((&product["title"], &product["vendor"]), (&json!("Darjeeling"), &json!("Hill Farm")));
    assert_eq!((&product["product_type"], &product["description"]), (&json!("tea"), &Value::Null));
    assert_eq!((&product["inventory"], &product["reserved"]), (&json!(0), &json!(0)));
    assert_eq!((&product["sale_price_in_cents"], &product["tags"]), (&json!(0), &json!([])));
    assert_eq!(product["created_at"], product["updated_at"]);
    assert_eq!(product["deleted_at"], Value::Null);
    let path = format!("/product/{}", made.text("/product/product_id"));
    assert_eq!(product["links"][0], json!({ "rel": "self", "href": path }));
    assert_eq!(shop.get(&path).await.expect(200).body, made.body);
}

#[tokio::test]
async fn every_field_of_a_product_can_be_given() {
    let shop = TestShop::start().await;
    let fields = json!({
        "description": "First flush,\nsecond line\tand a tab", "inventory": 1_000_000_000,
        "sale_price_in_cents": 10_000_000_000_000_i64, "tags": ["spring", "black", "spring"],
    });
    let made = shop.post("/product", new_product(fields)).await.expect(201);
    assert_eq!(made.text("/product/description"), "First flush,\nsecond line\tand a tab");
    assert_eq!(made.number("/product/inventory"), 1_000_000_000);
    assert_eq!(made.number("/product/sale_price_in_cents"), 10_000_000_000_000);
    assert_eq!(made.each("/product/tags", "tag"), ["spring", "black"]);
    shop.post("/product", new_product(json!({ "description": null }))).await.expect(201);
}

#[tokio::test]
async fn what_a_product_is_made_of_has_its_bounds() {
    let shop = TestShop::unchanged().await;
    let bad = [
        (json!({ "title": "" }), "#/title"),
        (json!({ "inventory": -1 }), "#/inventory"),
        (json!({ "inventory": 1_000_000_001 }), "#/inventory"),
        (json!({ "sale_price_in_cents": -1 }), "#/sale_price_in_cents"),
        (json!({ "tags": [""] }), "#/tags/0"),
        (json!({ "tags": ["a", 1] }), "#/tags/1"),
    ];
    for (fields, pointer) in bad {
        shop.post("/product", new_product(fields)).await.refuses(&[pointer]);
    }
    shop.post("/product", json!({})).await.refuses(&["#/title", "#/product_type", "#/vendor"]);
}

#[tokio::test]
async fn a_put_changes_what_it_names_and_nothing_else() {
    let shop = TestShop::start().await;
    let product = shop.product_with(json!({ "description": "First flush", "inventory": 3, "tags": ["spring"] })).await;
    let path = format!("/product/{product}");
    let changed = shop.put(&path, json!({ "sale_price_in_cents": 199 })).await.expect(200);
    assert_eq!((changed.number("/product/sale_price_in_cents"), changed.number("/product/inventory")), (199, 3));
    assert_eq!(changed.text("/product/description"), "First flush");
    let all = json!({ "title": "Assam", "product_type": "leaf", "vendor": "Valley", "description": null });
    let changed = shop.put(&path, all).await.expect(200);
    let product = &changed["product"];
    assert_eq!((&product["title"], &product["product_type"]), (&json!("Assam"), &json!("leaf")));
    assert_eq!((&product["vendor"], &product["description"]), (&json!("Valley"), &Value::Null));
    assert_eq!(changed.each("/product/tags", "tag"), ["spring"]);
}

#[tokio::test]
async fn a_put_changes_neither_inventory_nor_tags_nor_nothing() {
    let shop = TestShop::start().await;
    let product = shop.product_with(json!({ "title": "Oolong", "inventory": 3, "tags": ["spring", "black"] })).await;
    let path = format!("/product/{product}");
    for wrong in [json!(1), json!("3"), json!(3.5), Value::Null] {
        shop.put(&path, json!({ "title": "x", "inventory": wrong })).await.refuses(&["#/inventory"]);
    }
    for wrong in [json!([]), json!(["spring"]), json!("spring"), json!([1]), json!(["spring", "black", "new"])] {
        shop.put(&path, json!({ "title": "x", "tags": wrong })).await.refuses(&["#/tags"]);
    }
    assert_eq!(shop.get(&path).await.text("/product/title"), "Oolong");
    let as_they_are = json!({ "title": "x", "inventory": 3, "tags": ["black", "spring"] });
    shop.put(&path, as_they_are).await.expect(200);
    shop.put(&path, json!({ "inventory": 3 })).await.refuses(&["#"]);
    let path = format!("/product/{}", uuid());
    shop.put(&path, json!({})).await.refuses(&["#"]);
    shop.put(&path, Value::Null).await.refuses(&["#"]);
    shop.put(&path, json!({ "title": "x" })).await.problem(404, "PRODUCT_NOT_FOUND");
}

/// An id that nothing has.
fn uuid() -> &'static str {
    "0193a000-0000-7000-8000-000000000000"
}

#[tokio::test]
async fn lists_and_counts_take_the_same_filters_and_all_must_hold() {
    let shop = TestShop::start().await;
    let make = |vendor: &str, product_type: &str, tags: Value| {
        shop.product_with(json!({ "vendor": vendor, "product_type": product_type, "tags": tags }))
    };
    let first = make("A & B", "tea", json!(["x", "y z"])).await;
    let second = make("A & B", "pot", json!(["x"])).await;
    let third = make("C", "tea", json!([])).await;
    let gone = make("C", "tea", json!(["x"])).await;
    shop.delete(&format!("/product/{gone}")).await.expect(204);
    let cases: [(&str, &[&String]); 9] = [
        ("", &[&third, &second, &first]),
        ("?vendor=A+%26+B", &[&second, &first]),
        ("?producttype=tea", &[&third, &first]),
        ("?tag=x", &[&second, &first]),
        ("?tag=y%20z", &[&first]),
        ("?vendor=A%20%26%20B&producttype=tea", &[&first]),
        ("?tag=x&producttype=tea&vendor=A+%26+B", &[&first]),
        ("?vendor=c", &[]),
        ("?tag=nothing", &[]),
    ];
    for (query, wanted) in cases {
        let listed = shop.get(&format!("/product{query}")).await.expect(200);
        assert_eq!(
            listed.each("/products", "product_id"),
            wanted.iter().map(|id| json!(id)).collect::<Vec<_>>(),
            "{query}"
        );
        let counted = shop.get(&format!("/product/count{query}")).await.expect(200);
        assert_eq!(counted.body, json!({ "result": "ok", "count": wanted.len() }), "{query}");
    }
    shop.get("/product?colour=red").await.refuses(&["#/colour"]);
    shop.get("/product?tag=").await.refuses(&["#/tag"]);
    shop.get("/product/count?page=1").await.refuses(&["#/page"]);
}

#[tokio::test]
async fn a_search_finds_stems_in_every_text_best_first() {
    let shop = TestShop::start().await;
    let in_title = shop.product_with(json!({ "title": "Round oak table", "inventory": 1 })).await;
    let in_description =
        shop.product_with(json!({ "title": "Lamp", "description": "Stands on any of the tables there are." })).await;
    let in_tag = shop.product_with(json!({ "title": "Cloth", "tags": ["for a table"] })).await;
    let in_vendor = shop.product_with(json!({ "title": "Chair", "vendor": "Oaken Goods" })).await;
    let in_type = shop.product_with(json!({ "title": "Mug", "product_type": "crockery" })).await;
    let search = async |query: &str| {
        let found = shop.get(&format!("/product/search/{query}")).await.expect(200);
        let scores: Vec<_> = found.each("/products", "search_score").iter().filter_map(Value::as_i64).collect();
        assert!(scores.is_sorted_by(|better, worse| better >= worse), "{query}: {scores:?}");
        found
            .each("/products", "product_id")
            .into_iter()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let tables = search("tables").await;
    assert_eq!(tables[0], in_title, "the title counts most");
    assert_eq!(sorted(tables), sorted(vec![in_title.clone(), in_description, in_tag]));
    assert_eq!(search("TABLE_oak").await, [in_title.as_str()]);
    assert_eq!(search("oak%20table").await, [in_title.as_str()]);
    assert_eq!(search("oak_table?available=true").await, [in_title.as_str()]);
    assert_eq!(search("tables?available=true").await, [in_title.as_str()]);
    assert_eq!(search("tables?available=false").await.len(), 3);
    assert_eq!(search("oaken").await, [in_vendor.as_str()]);
    assert_eq!(search("crockery").await, [in_type.as_str()]);
    for nothing in
        ["velvet", "oak_velvet", "%22", "%2A", "-", "NOT", "a_OR_b", "%28oak", "oak%22", "title:oak", "%F0%9F%8D%B5"]
    {
        search(nothing).await;
    }
    assert_eq!(search("velvet").await, [""; 0]);
    shop.delete(&format!("/product/{in_title}")).await.expect(204);
    assert_eq!(search("oak").await, [""; 0]);
    shop.get("/product/search/oak?available=yes").await.refuses(&["#/available"]);
}

#[tokio::test]
async fn a_search_finds_what_people_write_and_says_on_demand_what_it_missed() {
    let shop = TestShop::start().await;
    let case = shop.product_with(json!({ "title": "iPhone用ケース" })).await;
    let bed = shop.product_with(json!({ "title": "Bett Ｇｒｏß" })).await;
    let full = shop.product_with(json!({ "title": "Das Bett aus Łódź" })).await;
    let ids = async |query: &str| {
        let found = shop.get(&format!("/product/search/{query}")).await.expect(200);
        found
            .each("/products", "product_id")
            .into_iter()
            .map(|id| id.as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("%E3%82%B1%E3%83%BC%E3%82%B9").await, [case.as_str()]);
    assert_eq!(ids("gross_bett").await, [bed.as_str()]);
    assert_eq!(ids("LODZ").await, [full.as_str()]);
    assert_eq!(ids("das_bett").await, [full.as_str(), bed.as_str()]);
    assert_eq!((ids("iph").await, ids("iph?prefix=true").await), (vec![], vec![case]));
    let plain = shop.get("/product/search/das_bett").await.expect(200);
    assert!(plain["products"][0].get("missed_words").is_none());
    let explained = shop.get("/product/search/Das_bett?explain=true").await.expect(200);
    assert_eq!(explained.each("/products", "missed_words"), [json!([]), json!(["Das"])]);
    for flag in ["prefix", "explain"] {
        shop.get(&format!("/product/search/x?{flag}=maybe")).await.refuses(&[&format!("#/{flag}")]);
    }
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_deleted_product_is_gone_from_everywhere_but_the_carts_that_hold_it() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(5, 100).await);
    shop.add(&customer, &product, 2).await.expect(201);
    let path = format!("/product/{product}");
    shop.delete(&path).await.expect(204);
    shop.get(&path).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.delete(&path).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.put(&path, json!({ "title": "x" })).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.put(&format!("{path}/inventory"), json!({ "amount": 1 })).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.post(&format!("{path}/tag/x"), Value::Null).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.delete(&format!("{path}/tag")).await.problem(404, "PRODUCT_NOT_FOUND");
    assert_eq!(shop.get("/product").await["products"], json!([]));
    assert_eq!(shop.get("/product/count").await["count"], 0);
    assert_eq!(shop.get("/product/search/darjeeling").await["products"], json!([]));

    let item = format!("/customer/{customer}/cart/item/{product}");
    shop.post(&item, Value::Null).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.put(&item, json!({ "quantity": 3 })).await.problem(404, "PRODUCT_NOT_FOUND");
    let lowered = shop.put(&item, json!({ "quantity": 1 })).await.expect(200);
    assert_eq!(lowered.each("/cart/items", "product_id"), [product.as_str()]);
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!(billed.number("/invoice/total_amount_in_cents"), 100);
}

#[tokio::test]
async fn an_admin_deletes_products_by_another_path() {
    let shop = TestShop::start().await;
    let product = shop.product(1, 1).await;
    shop.delete(&format!("/admin/products/{product}/")).await.expect(204);
    shop.get(&format!("/product/{product}")).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.delete(&format!("/admin/products/{product}")).await.problem(404, "PRODUCT_NOT_FOUND");
}

#[tokio::test]
async fn inventory_is_added_to_or_set_and_never_leaves_its_bounds() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 1).await);
    shop.add(&customer, &product, 4).await.expect(201);
    let path = format!("/product/{product}/inventory");
    let change = async |body: Value| shop.put(&path, body).await;
    let now = async |body: Value| change(body).await.expect(200).number("/product/inventory");
    assert_eq!(now(json!({ "amount": 5 })).await, 11);
    assert_eq!(now(json!({ "amount": -11 })).await, 0);
    change(json!({ "amount": -1 })).await.problem(409, "INSUFFICIENT_INVENTORY");
    assert_eq!(now(json!({ "set": 7 })).await, 7);
    assert_eq!(shop.stock(&product).await, (7, 4), "what the cart holds stays held");
    assert_eq!(now(json!({ "set": 1_000_000_000 })).await, 1_000_000_000);
    change(json!({ "amount": 1 })).await.refuses(&["#/amount"]);
    change(json!({ "set": -1 })).await.refuses(&["#/set"]);
    change(json!({ "set": 1_000_000_001 })).await.refuses(&["#/set"]);
    change(json!({ "amount": 1, "set": 1 })).await.refuses(&["#"]);
    change(json!({})).await.refuses(&["#"]);
    change(Value::Null).await.refuses(&["#"]);
    assert_eq!(now(json!({ "set": 0 })).await, 0);
}

#[tokio::test]
async fn tags_are_added_once_and_removed_by_name_or_all() {
    let shop = TestShop::start().await;
    let product = shop.product(1, 1).await;
    let tag = format!("/product/{product}/tag");
    let added = shop.post(&format!("{tag}/black%20tea"), Value::Null).await.expect(201);
    assert_eq!(added.each("/product/tags", "tag"), ["black tea"]);
    assert!(added.at("/product/tags/0/created_at").is_string());
    shop.post(&format!("{tag}/black%20tea"), Value::Null).await.problem(409, "TAG_ALREADY_EXISTS");
    shop.post(&format!("{tag}/a%2Fb"), Value::Null).await.expect(201);
    shop.post(&format!("{tag}/c"), json!({ "ignored": true })).await.expect(201);
    shop.delete(&format!("{tag}?tag=d")).await.problem(404, "TAG_NOT_FOUND");
    shop.delete(&format!("{tag}?tag=a/b")).await.expect(204);
    assert_eq!(shop.get(&format!("/product/{product}")).await.each("/product/tags", "tag"), ["black tea", "c"]);
    shop.delete(&tag).await.expect(204);
    assert_eq!(shop.get(&format!("/product/{product}")).await["product"]["tags"], json!([]));
    shop.delete(&tag).await.problem(404, "TAG_NOT_FOUND");
}
