//! Pages of lists (api.md §1, Pagination).

use super::table::World;
use crate::support::{Answer, TestShop, new_address};
use serde_json::{Value, json};

/// A list with at least three items, and how its items are found in an answer.
struct List {
    path: String,
    items: &'static str,
    id: &'static str,
}

impl List {
    fn new(path: impl Into<String>, items: &'static str, id: &'static str) -> Self {
        Self { path: path.into(), items, id }
    }

    fn ids(&self, answer: &Answer) -> Vec<Value> {
        answer.each(self.items, self.id)
    }

    fn with(&self, more: &str) -> String {
        format!("{}{}{more}", self.path, if self.path.contains('?') { '&' } else { '?' })
    }
}

/// Every list that is paged by page and by cursor, each with at least three items.
async fn lists(world: &World) -> Vec<List> {
    let World { shop, customer, product, .. } = world;
    shop.product(5, 1).await;
    shop.product(5, 1).await;
    shop.unconfirmed_with(json!({})).await;
    shop.unconfirmed_with(json!({})).await;
    for _ in 0..2 {
        shop.post(&format!("/customer/{customer}/address"), new_address(json!({}))).await.expect(201);
        shop.gift_card(customer, customer, 1).await;
        shop.credit(customer, 1).await;
        shop.coupon(json!({ "amount": 1 })).await;
        shop.collect(&shop.invoice(customer, product, 1).await).await;
        shop.post(&format!("/customer/{customer}/cart"), Value::Null).await.expect(201);
    }
    for _ in 0..3 {
        shop.post(&format!("/invoice/{}/refund?amount=1", world.invoice), Value::Null).await.expect(201);
    }
    let of = |rest: &str| format!("/customer/{customer}/{rest}");
    vec![
        List::new("/product?vendor=Hill%20Farm", "/products", "product_id"),
        List::new("/customer", "/customers", "customer_id"),
        List::new(of("address"), "/addresses", "address_id"),
        List::new(of("carts"), "/carts", "cart_id"),
        List::new("/invoice?closed=true", "/invoices", "invoice_id"),
        List::new(of("invoices?closed=true"), "/invoices", "invoice_id"),
        List::new(format!("/invoice/{}/refund", world.invoice), "/refunds", "refund_id"),
        List::new("/order?status=pending", "/orders", "order_id"),
        List::new(of("orders"), "/orders", "order_id"),
        List::new(format!("/giftcard?recipientcustomerid={customer}"), "/gift_cards", "gift_card_id"),
        List::new(of("giftcards"), "/gift_cards", "gift_card_id"),
        List::new(of("credit"), "/credits", "credit_id"),
        List::new("/coupon_code", "/coupons", "coupon_code_id"),
    ]
}

#[tokio::test]
async fn every_list_is_paged_by_number_and_by_cursor_to_the_same_end() {
    let world = World::new().await;
    let shop = &world.shop;
    for list in lists(&world).await {
        let all = list.ids(&shop.get(&list.with("limit=250")).await.expect(200));
        assert!(all.len() >= 3, "{}: {} items", list.path, all.len());
        for first in [list.with("limit=2&page=1"), list.with("limit=2")] {
            let (mut pages, mut next) = (Vec::new(), Some(first.clone()));
            while let Some(href) = next {
                let page = shop.get(&href).await.expect(200);
                let ids = list.ids(&page);
                assert!(!ids.is_empty() && ids.len() <= 2, "{href}");
                pages.push(ids);
                check_links(shop, &page, pages.len(), first.contains("page=")).await;
                next = page.link("next");
                if next.is_none() {
                    go_back(shop, &list, page, &pages).await;
                }
            }
            assert_eq!((pages.concat(), pages.len()), (all.clone(), all.len().div_ceil(2)), "{first}");
        }
        let past = shop.get(&list.with("page=1000000")).await.expect(200);
        assert_eq!((list.ids(&past).len(), past.link("next")), (0, None), "{}: past the end", list.path);
        let ten = list.ids(&shop.get(&list.path).await.expect(200));
        assert_eq!(ten, all[..all.len().min(10)], "{}: ten are the default", list.path);
    }
}

/// The way back from the last page shows what the way there did; and from its end, the same way there again.
async fn go_back(shop: &TestShop, list: &List, last: Answer, pages: &[Vec<Value>]) {
    let mut page = last;
    for expected in pages.iter().rev().skip(1) {
        let href = page.link("previous").unwrap_or_else(|| panic!("{}: no way back", page.asked));
        page = shop.get(&href).await.expect(200);
        assert_eq!(list.ids(&page), *expected, "{href}");
        assert!(page.link("next").is_some(), "{href}");
    }
    assert_eq!(page.link("previous"), None, "{}", page.asked);
    for expected in pages.iter().skip(1) {
        page = shop.get(&page.link("next").expect("a way there")).await.expect(200);
        assert_eq!(list.ids(&page), *expected, "{}", page.asked);
    }
}

/// The links of a page that was asked for by its number, or by a cursor.
async fn check_links(shop: &TestShop, page: &Answer, number: usize, counted: bool) {
    let rels: Vec<_> = page.each("/links", "rel").iter().filter_map(|rel| rel.as_str().map(str::to_owned)).collect();
    let is_last = page.link("next").is_none();
    let mut wanted = vec!["self"];
    wanted.extend((number > 1).then_some("previous"));
    wanted.extend((!is_last).then_some("next"));
    assert_eq!(rels, wanted, "{}", page.asked);
    for link in page["links"].as_array().expect("links") {
        let href = link["href"].as_str().expect("a path");
        assert!(href.starts_with('/') && href.contains("limit=2"), "{href}");
        for filter in ["vendor=Hill%20Farm", "closed=true", "status=pending", "recipientcustomerid="] {
            assert_eq!(href.contains(filter), page.asked.contains(filter), "{href} of {}", page.asked);
        }
        let header = format!("<{href}>; rel=\"{}\"", link["rel"].as_str().expect("a rel"));
        assert!(page.must_have("link").contains(&header), "{header} is not in {:?}", page.header("link"));
    }
    for beside in page.link("next").into_iter().chain(page.link("previous")) {
        assert_eq!((beside.contains("page="), beside.contains("cursor=")), (counted, !counted), "{beside}");
    }
    let own = page.link("self").expect("a self");
    let again = shop.get(&own).await.expect(200);
    assert_eq!(again.body, page.body, "{own}");
}

#[tokio::test]
async fn lists_come_newest_first() {
    let shop = TestShop::start().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, json!(shop.product(1, 1).await));
    }
    let listed = shop.get("/product").await.expect(200);
    assert_eq!(listed.each("/products", "product_id"), made);
    assert_eq!(listed["links"], json!([{ "rel": "self", "href": "/product" }]));
    let counted = shop.get("/products/?page=1").await.expect(200);
    assert_eq!(counted["links"], json!([{ "rel": "self", "href": "/product?page=1" }]));
}

#[tokio::test]
async fn a_bad_page_limit_or_cursor_is_refused_by_every_list() {
    let world = World::new().await;
    for list in lists(&world).await {
        let shop = &world.shop;
        for (bad, pointer) in [
            ("page=0", "#/page"),
            ("page=-1", "#/page"),
            ("page=x", "#/page"),
            ("page=", "#/page"),
            ("page=1.5", "#/page"),
            ("page=99999999999999999999", "#/page"),
            ("page=1&page=2", "#/page"),
            ("limit=0", "#/limit"),
            ("limit=251", "#/limit"),
            ("limit=-1", "#/limit"),
            ("limit=ten", "#/limit"),
            ("cursor=", "#/cursor"),
            ("cursor=nonsense", "#/cursor"),
            ("cursor=%00", "#/cursor"),
            ("sort=up", "#/sort"),
        ] {
            shop.get(&list.with(bad)).await.refuses(&[pointer]);
        }
        let next = shop.get(&list.with("limit=1")).await.expect(200).link("next").expect("more than one");
        shop.get(&format!("{next}&page=1")).await.refuses(&["#/cursor"]);
        shop.get(&list.with("limit=250")).await.expect(200);
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    for shop in [&shop, &other] {
        for _ in 0..3 {
            shop.product(1, 1).await;
            shop.unconfirmed_with(json!({})).await;
        }
    }
    let next = shop.get("/product?limit=1").await.expect(200).link("next").expect("a next page");
    let cursor = next.split("cursor=").nth(1).expect("a cursor");
    shop.get(&next).await.expect(200);
    // How much is asked for may change on the way.
    shop.get(&format!("/product?limit=2&cursor={cursor}")).await.expect(200);
    other.get(&next).await.refuses(&["#/cursor"]);
    for another in
        ["/customer", "/invoice", "/order", "/coupon_code", "/store/history", "/product?vendor=x", "/product?tag=x"]
    {
        let separator = if another.contains('?') { '&' } else { '?' };
        shop.get(&format!("{another}{separator}cursor={cursor}")).await.refuses(&["#/cursor"]);
    }
    let of_history = shop.get("/store/history?limit=1").await.expect(200).link("next").expect("a next page");
    other.get(&of_history).await.refuses(&["#/cursor"]);
    let (changed, flipped) = (&cursor[1..], format!("{}x", &cursor[..cursor.len() - 1]));
    shop.get(&format!("/product?cursor={changed}")).await.refuses(&["#/cursor"]);
    shop.get(&format!("/product?cursor={flipped}")).await.refuses(&["#/cursor"]);
}

#[tokio::test]
async fn a_cursor_goes_on_where_it_was_whatever_came_before_it_meanwhile() {
    let shop = TestShop::start().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.insert(0, json!(shop.product(1, 1).await));
    }
    let first = shop.get("/product?limit=2").await.expect(200);
    shop.product(1, 1).await;
    shop.delete(&format!("/product/{}", made[0].as_str().expect("an id"))).await.expect(204);
    let second = shop.get(&first.link("next").expect("a next page")).await.expect(200);
    assert_eq!(second.each("/products", "product_id"), made[2..]);
}

#[tokio::test]
async fn a_search_reaches_to_depth_1000_and_a_cart_has_as_many_lines() {
    let shop = TestShop::start().await;
    let mut products = Vec::new();
    for _ in 0..10 {
        let make = |_| shop.product_with(json!({ "title": "Mug", "inventory": 1 }));
        products.extend(futures::future::join_all((0..101).map(make)).await);
    }
    check_search(&shop).await;
    let customer = shop.customer().await;
    for hundred in products[..1_000].chunks(100) {
        let items = hundred.iter().map(|product| json!({ "product_id": product, "quantity": 1 })).collect();
        shop.post(&format!("/customer/{customer}/cart/item"), items).await.expect(201);
    }
    shop.add(&customer, &products[1_000], 1).await.problem(409, "CART_IS_FULL");
    assert_eq!(shop.stock(&products[1_000]).await, (1, 0));
}

/// A search that finds more than a thousand products is paged by number, and ends at the thousandth.
async fn check_search(shop: &TestShop) {
    let page = async |query: &str| shop.get(&format!("/product/search/mug?{query}")).await.expect(200);
    let first = page("limit=2").await;
    assert_eq!(first.link("self").as_deref(), Some("/product/search/mug?limit=2&page=1"));
    assert_eq!(first.link("next").as_deref(), Some("/product/search/mug?limit=2&page=2"));
    assert_eq!(first.each("/products", "product_id").len(), 2);
    let last = page("limit=250&page=4").await;
    assert_eq!((last.each("/products", "product_id").len(), last.link("next")), (250, None));
    let across = page("limit=240&page=5").await;
    assert_eq!((across.each("/products", "product_id").len(), across.link("next")), (40, None));
    let beyond = page("limit=250&page=5").await;
    assert_eq!(
        (beyond.each("/products", "product_id").len(), beyond.link("previous")),
        (0, Some("/product/search/mug?limit=250&page=4".to_owned()))
    );
    let (mut seen, mut number) = (std::collections::HashSet::new(), 0);
    while number < 4 {
        number += 1;
        seen.extend(
            page(&format!("limit=250&page={number}"))
                .await
                .each("/products", "product_id")
                .iter()
                .map(Value::to_string),
        );
    }
    assert_eq!(seen.len(), 1_000, "no page repeats another");
    for (bad, pointer) in [("page=0", "#/page"), ("limit=251", "#/limit"), ("cursor=x", "#/cursor")] {
        shop.get(&format!("/product/search/mug?{bad}")).await.refuses(&[pointer]);
    }
}
