//! Full-text search: stems, best first, and any text at all.

use crate::world::World;
use cartlog_projections::{PageRequest, Start, Views};
use domain::product::{InventoryAdjusted, ProductDescribed, ProductTagged};
use domain::{ProductId, StoreId};

async fn search(views: &Views, store: StoreId, text: &str) -> Vec<ProductId> {
    let found = views.search_products(store, text, false, &PageRequest::first(100)).await;
    found.expect("an answer").items.iter().map(|(product, _)| product.product_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_any_form_and_in_any_field() {
    let mut world = World::default();
    let store = world.store().await;
    let table = world.product_with(store, "Round table", "Furniture", "Vitra", 1, &["wood"]).await;
    let shoe = world.product_with(store, "Running shoe", "Footwear", "Salomon", 1, &[]).await;
    let cafe = world.product_with(store, "Café crème", "Drink", "Illy", 1, &["O'Brien's choice"]).await;
    let views = world.open().await.views();
    for (text, expected) in [
        ("tables", vec![table]),
        ("TABLE", vec![table]),
        ("runs", vec![shoe]),
        ("run_shoes", vec![shoe]),
        ("furniture", vec![table]),
        ("salomon", vec![shoe]),
        ("wooden", vec![]),
        ("wood table", vec![table]),
        ("table shoe", vec![]),
        ("cafe", vec![cafe]),
        ("cafe\u{301}", vec![cafe]),
        ("creme", vec![cafe]),
        ("o'brien", vec![cafe]),
        ("cre\u{300}me", vec![cafe]),
        ("cafes", vec![cafe]),
        ("caf", vec![]),
    ] {
        assert_eq!(search(&views, store, text).await, expected, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_in_the_title_comes_before_one_in_the_description() {
    let mut world = World::default();
    let store = world.store().await;
    let title = world.product(store, "Lamp").await;
    let described = world.product(store, "Cable").await;
    let description = Some(Some("Fits every lamp".to_owned()));
    world.product_event(store, described, ProductDescribed { description, ..Default::default() }).await;
    for _ in 0..5 {
        world.product(store, "Something else").await;
    }
    let views = world.open().await.views();
    let found = views.search_products(store, "lamps", false, &PageRequest::first(10)).await.expect("an answer");
    let ids: Vec<_> = found.items.iter().map(|(product, _)| product.product_id).collect();
    assert_eq!(ids, [title, described]);
    assert!(found.items[0].1 > found.items[1].1, "the better hit has the larger score");
}

/// Sizes and the like have no stem.
#[tokio::test(flavor = "multi_thread")]
async fn words_of_one_or_two_letters_are_found_as_they_are() {
    let mut world = World::default();
    let store = world.store().await;
    let small = world.product(store, "Shirt S").await;
    let smaller = world.product(store, "Shirt XS").await;
    let unknown = world.product(store, "Shirt X").await;
    let views = world.open().await.views();
    for (text, expected) in [("s", small), ("XS", smaller), ("shirts xs", smaller), ("x", unknown)] {
        assert_eq!(search(&views, store, text).await, [expected], "{text}");
    }
}

/// What another store sells neither shows nor moves the order of what this one finds: here 'red' is the rarer word.
#[tokio::test(flavor = "multi_thread")]
async fn how_rare_a_word_is_goes_by_the_store_alone() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let redder = world.product(store, "Red red chair").await;
    let chairs = world.product(store, "Red chair chair").await;
    for _ in 0..10 {
        world.product(store, "Chair").await;
    }
    for number in 0..5 {
        world.product(store, &format!("Thing {number}")).await;
    }
    let before = world.open().await.views();
    assert_eq!(search(&before, store, "red chair").await, [redder, chairs]);
    for _ in 0..60 {
        world.product(other, "Red lamp").await;
    }
    let after = world.open().await.views();
    assert_eq!(search(&after, store, "red chair").await, [redder, chairs]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_finds_anything_of_another_store() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let (hyphens, simple) = (other.to_string(), other.0.as_simple().to_string());
    let own = world.product(store, &format!("Lamp {hyphens} {simple}")).await;
    let others = world.product(other, &format!("Lamp {store} {}", store.0.as_simple())).await;
    let views = world.open().await.views();
    let texts = ["lamp".to_owned(), hyphens, simple, store.to_string(), store.0.as_simple().to_string()];
    for text in texts {
        let found = (search(&views, store, &text).await, search(&views, other, &text).await);
        assert!(!found.0.contains(&others) && !found.1.contains(&own), "{text}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_an_error_or_finds_what_it_does_not_name() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "NEAR AND title OR NOT table").await;
    let views = world.open().await.views();
    let long = "a ".repeat(5_000);
    for text in [
        "",
        " ",
        "_",
        "\"",
        "\"\"",
        "'",
        "*",
        "tab*",
        "^table",
        "-table",
        "(",
        ")",
        "title:",
        "title : x",
        "{title}",
        "NOT",
        "AND OR",
        "NEAR(a b",
        "a AND",
        "\0",
        "\u{1F600}",
        "日本",
        "%",
        "ⓐ",
        "scope",
        "\\",
        ";--",
        "?1",
        &long,
        "\u{301}",
    ] {
        let found = search(&views, store, text).await;
        let may_be_found = matches!(text, "NOT" | "AND OR" | "-table" | "^table" | "title:" | "{title}");
        assert_eq!(found, if may_be_found { vec![product] } else { vec![] }, "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_of_a_store_is_no_word_that_can_be_searched_for() {
    let mut world = World::default();
    let store = world.store().await;
    world.product(store, "Lamp").await;
    let views = world.open().await.views();
    assert_eq!(search(&views, store, &store.0.as_simple().to_string()).await, []);
    assert_eq!(search(&views, store, &store.to_string()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_inventory_is_left_out_on_demand_and_what_is_deleted_always() {
    let mut world = World::default();
    let store = world.store().await;
    let sold_out = world.product_with(store, "Lamp one", "lamp", "Vitra", 0, &[]).await;
    let gone = world.product(store, "Lamp two").await;
    let there = world.product(store, "Lamp three").await;
    world.delete_product(store, gone).await;
    let (projections, views) = world.views().await;
    let available = |page: PageRequest| {
        let views = views.clone();
        async move {
            let found = views.search_products(store, "lamp", true, &page).await.expect("an answer");
            found.items.iter().map(|(product, _)| product.product_id).collect::<Vec<_>>()
        }
    };
    assert_eq!(available(PageRequest::first(10)).await, [there]);
    assert_eq!(search(&views, store, "lamp").await.len(), 2);
    world.product_event(store, sold_out, InventoryAdjusted { change: 1, inventory: 1 }).await;
    world.caught_up(&views).await;
    assert_eq!(available(PageRequest::first(10)).await.len(), 2);
    assert_eq!(available(PageRequest { start: Start::Page(2), limit: 1 }).await.len(), 1);
    assert_eq!(available(PageRequest { start: Start::Page(3), limit: 1 }).await.len(), 0);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_found_and_what_it_replaced_is_not() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "Lamp").await;
    let (projections, views) = world.views().await;
    let title = Some("Chandelier".to_owned());
    world.product_event(store, product, ProductDescribed { title, ..Default::default() }).await;
    world.product_event(store, product, ProductTagged { tag: "crystal".to_owned() }).await;
    world.caught_up(&views).await;
    assert_eq!(search(&views, store, "lamp").await, []);
    assert_eq!(search(&views, store, "chandeliers crystal").await, [product]);
    projections.stop().await;
}
