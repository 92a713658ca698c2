//! A store sees its own rows only: asked as another store, nothing is there.

use crate::history::Historian;
use crate::world::World;
use cartlog_projections::PageRequest;
use cartlog_projections::views::*;
use domain::StoreId;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_store_is_shown_to_another() {
    let (mut world, mut historian) = (World::default(), Historian::new(31));
    historian.live(&mut world, 400).await;
    let known = &historian.known;
    let views = world.open().await.views();
    let (stranger, page) = (StoreId(Uuid::from_u128(1)), PageRequest::first(250));

    for (_, product) in &known.products {
        assert_eq!(views.product(stranger, *product).await.expect("a query"), None);
        assert_eq!(views.products_by_ids(stranger, &[*product]).await.expect("a query"), [None]);
    }
    for (_, customer) in &known.customers {
        assert_eq!(views.customer(stranger, *customer).await.expect("a query"), None);
        assert_eq!(views.shopper(stranger, *customer).await.expect("a query"), None);
        assert_eq!(views.open_cart(stranger, *customer).await.expect("a query"), None);
        assert_eq!(views.purchases(stranger, *customer).await.expect("a query"), None);
        assert_eq!(
            views.wallet(stranger, *customer, "EUR".parse().expect("a currency"), 250).await.expect("a query"),
            []
        );
        assert!(views.carts(stranger, *customer, None, &page).await.expect("a query").items.is_empty());
        assert!(views.credits(stranger, *customer, false, &page).await.expect("a query").items.is_empty());
        let all = InvoiceFilter { closed_too: true, ..Default::default() };
        assert!(views.customer_invoices(stranger, *customer, &all, &page).await.expect("a query").items.is_empty());
        let orders = views.customer_orders(stranger, *customer, &Default::default(), &page).await;
        assert!(orders.expect("a query").items.is_empty());
        for (gifter, recipient) in [(Some(*customer), None), (None, Some(*customer))] {
            let filter = GiftCardFilter { gifter, recipient, active_only: false };
            assert!(views.gift_cards(stranger, &filter, &page).await.expect("a query").items.is_empty());
        }
    }
    for id in &known.carts {
        assert_eq!(views.cart(stranger, *id).await.expect("a query"), None);
    }
    for id in &known.invoices {
        assert_eq!(views.invoice(stranger, *id).await.expect("a query"), None);
    }
    for id in &known.orders {
        assert_eq!(views.order(stranger, *id).await.expect("a query"), None);
    }
    for id in &known.gift_cards {
        assert_eq!(views.gift_card(stranger, *id).await.expect("a query"), None);
    }
    for id in &known.credits {
        assert_eq!(views.credit(stranger, *id).await.expect("a query"), None);
    }
    for id in &known.coupons {
        assert_eq!(views.coupon(stranger, *id).await.expect("a query"), None);
    }
    for id in &known.jobs {
        assert_eq!(views.job(stranger, *id).await.expect("a query"), None);
    }
    assert_eq!(views.coupon_by_code(stranger, "Save-0").await.expect("a query"), None);
    assert_eq!(views.customer_by_email(stranger, "c0@example.com").await.expect("a query"), None);
}

/// Lists, counts and searches of the two stores part all rows between them.
#[tokio::test(flavor = "multi_thread")]
async fn lists_counts_and_searches_stay_within_the_store() {
    let (mut world, mut historian) = (World::default(), Historian::new(37));
    historian.live(&mut world, 400).await;
    let known = &historian.known;
    let views = world.open().await.views();
    let page = PageRequest::first(250);
    for &store in &known.stores {
        let own = |id| known.products.contains(&(store, id));
        let products = views.products(store, &Default::default(), &page).await.expect("a query").items;
        assert!(!products.is_empty() && products.iter().all(|row| own(row.product_id)));
        assert_eq!(views.count_products(store, &Default::default()).await.expect("a count"), products.len() as u64);
        let found = views.search_products(store, &ProductSearch::new("table"), &page).await.expect("a query").items;
        assert!(!found.is_empty() && found.iter().all(|(row, _)| own(row.product_id)));
        let customers = views.customers(store, &Default::default(), &page).await.expect("a query").items;
        assert!(!customers.is_empty() && customers.iter().all(|row| row.store_id == store));
        let filter = InvoiceFilter { closed_too: true, ..Default::default() };
        let invoices = views.invoices(store, &filter, &page).await.expect("a query").items;
        assert!(!invoices.is_empty() && invoices.iter().all(|row| row.store_id == store));
        let orders = views.orders(store, &Default::default(), &page).await.expect("a query").items;
        assert!(!orders.is_empty() && orders.iter().all(|row| row.store_id == store));
        let coupons = views.coupons(store, &page).await.expect("a query").items;
        assert!(!coupons.is_empty() && coupons.iter().all(|row| row.store_id == store));
    }
}
