//! Pages, by cursor and by number.

use crate::world::World;
use cartlog_projections::views::{ProductFilter, ProductRow};
use cartlog_projections::{PageRequest, ReadError, Start, Views};
use domain::product::{ProductCreated, ProductDescribed, ProductEvent};
use domain::{Cents, ProductId, StoreId};

/// `count` products, several at the same moment.
async fn products(world: &mut World, store_id: StoreId, count: usize) -> Vec<ProductId> {
    let mut products = Vec::new();
    for number in 0..count {
        if number % 7 == 0 {
            world.now += 1_000;
        }
        let product_id = ProductId(world.id());
        let created = ProductCreated {
            product_id,
            store_id,
            title: format!("Product {number}"),
            product_type: "chair".to_owned(),
            vendor: "Ikea".to_owned(),
            description: None,
            inventory: 1,
            sale_price_in_cents: Cents::ZERO,
            tags: vec!["sale".to_owned()],
        };
        world.append_now(store_id, format!("product-{product_id}"), ProductEvent::from(created)).await;
        products.push(product_id);
    }
    products
}

async fn all_by_cursor(views: &Views, store: StoreId, filter: &ProductFilter, limit: u32) -> Vec<ProductId> {
    let (mut start, mut found) = (Start::First, Vec::new());
    loop {
        let page = views.products(store, filter, &PageRequest { start, limit }).await.expect("a page");
        assert!(page.items.len() <= limit as usize);
        found.extend(page.items.iter().map(|product| product.product_id));
        match page.next {
            Some(next) => start = Start::At(next.to_string().parse().expect("a cursor")),
            None => return found,
        }
    }
}

fn filters() -> Vec<ProductFilter> {
    let all = ProductFilter::default();
    vec![
        all.clone(),
        ProductFilter { vendor: Some("Ikea".to_owned()), ..all.clone() },
        ProductFilter { product_type: Some("chair".to_owned()), ..all.clone() },
        ProductFilter { tag: Some("sale".to_owned()), ..all.clone() },
        ProductFilter { tag: Some("sale".to_owned()), vendor: Some("Ikea".to_owned()), ..all },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_go_through_every_row_once_newest_first_also_among_equal_times() {
    let mut world = World::default();
    let store = world.store().await;
    let mut expected = products(&mut world, store, 50).await;
    expected.reverse();
    let views = world.open().await.views();
    for filter in filters() {
        for limit in [1, 3, 7, 49, 50, 51, 250] {
            assert_eq!(all_by_cursor(&views, store, &filter, limit).await, expected, "{filter:?} by {limit}");
        }
    }
}

/// Each takes 300 KiB.
async fn heavy_products(world: &mut World, store_id: StoreId, count: usize) -> Vec<ProductId> {
    let mut products = Vec::new();
    for _ in 0..count {
        let product_id = ProductId(world.id());
        let created = ProductCreated {
            product_id,
            store_id,
            title: "Heavy".to_owned(),
            product_type: "chair".to_owned(),
            vendor: "Ikea".to_owned(),
            description: Some("x".repeat(300 * 1024)),
            inventory: 1,
            sale_price_in_cents: Cents::ZERO,
            tags: Vec::new(),
        };
        world.append(store_id, format!("product-{product_id}"), ProductEvent::from(created)).await;
        products.push(product_id);
    }
    products
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_rows_ends_early_and_leads_on() {
    let mut world = World::default();
    let store = world.store().await;
    let mut expected = heavy_products(&mut world, store, 60).await;
    expected.reverse();
    let views = world.open().await.views();
    let all = ProductFilter::default();
    assert_eq!(all_by_cursor(&views, store, &all, 250).await, expected);
    let first = views.products(store, &all, &PageRequest::first(250)).await.expect("a page");
    assert_eq!(first.items.len(), 6, "2 MiB");
    let second = PageRequest { start: Start::At(first.next.expect("a next page")), limit: 250 };
    let next = views.products(store, &all, &second).await.expect("a page");
    let ids = |page: &cartlog_projections::Page<std::sync::Arc<ProductRow>>| -> Vec<_> {
        page.items.iter().map(|product| product.product_id).collect()
    };
    assert_eq!(ids(&next), expected[6..12]);
    let last = PageRequest { start: Start::At(next.previous.expect("a page before")), limit: 250 };
    let back = views.products(store, &all, &last).await.expect("a page");
    assert_eq!((ids(&back), back.previous.is_none(), back.next.is_some()), (expected[..6].to_vec(), true, true));
    // Pages that are counted are whole, or refused: the next begins where it should have ended.
    let counted = async |limit| views.products(store, &all, &PageRequest { start: Start::Page(1), limit }).await;
    assert_eq!(ids(&counted(50).await.expect("a page")), expected[..50]);
    assert!(matches!(counted(60).await, Err(ReadError::PageTooLarge { rows: 60 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_larger_than_a_page_has_one_for_itself() {
    let mut world = World::default();
    let store = world.store().await;
    let heavy = heavy_products(&mut world, store, 2).await;
    let describe = |description: usize| ProductDescribed {
        title: None,
        product_type: None,
        vendor: None,
        description: Some(Some("y".repeat(description))),
    };
    world.product_event(store, heavy[1], describe(3 * 1024 * 1024)).await;
    let views = world.open().await.views();
    let found = all_by_cursor(&views, store, &ProductFilter::default(), 250).await;
    assert_eq!(found, [heavy[1], heavy[0]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_stays_where_it_is_while_rows_come_and_go() {
    let mut world = World::default();
    let store = world.store().await;
    let made = products(&mut world, store, 10).await;
    let (projections, views) = world.views().await;
    let all = ProductFilter::default();
    let page = views.products(store, &all, &PageRequest::first(4)).await.expect("a page");
    let next = page.next.expect("a next page");
    // The row that the cursor stands at goes, and a new one comes.
    world.delete_product(store, made[6]).await;
    world.product(store, "Newest").await;
    let page = PageRequest { start: Start::At(next), limit: 3 };
    let rest = world.caught_up(&views).await.products(store, &all, &page).await.expect("a page");
    let rest: Vec<_> = rest.items.iter().map(|product| product.product_id).collect();
    assert_eq!(rest, [made[5], made[4], made[3]]);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_past_the_end_is_empty_and_the_last_one_has_no_next() {
    let mut world = World::default();
    let store = world.store().await;
    products(&mut world, store, 10).await;
    let views = world.open().await.views();
    for filter in filters() {
        for (page, items, has_next) in [(1, 5, true), (2, 5, false), (3, 0, false), (u32::MAX, 0, false)] {
            let request = PageRequest { start: Start::Page(page), limit: 5 };
            let found = views.products(store, &filter, &request).await.expect("a page");
            assert_eq!((found.items.len(), found.next.is_some()), (items, has_next), "page {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_store_or_list_is_refused() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    products(&mut world, store, 3).await;
    products(&mut world, other, 3).await;
    let views = world.open().await.views();
    let all = ProductFilter::default();
    let page = views.products(store, &all, &PageRequest::first(1)).await.expect("a page");
    let request = PageRequest { start: Start::At(page.next.expect("a next page")), limit: 1 };
    assert!(views.products(store, &all, &request).await.is_ok());
    assert!(matches!(views.products(other, &all, &request).await, Err(ReadError::BadCursor(_))));
    assert!(matches!(views.coupons(store, &request).await, Err(ReadError::BadCursor(_))));
    assert!(matches!(views.customers(store, &Default::default(), &request).await, Err(ReadError::BadCursor(_))));
}
