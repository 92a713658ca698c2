//! Every answer that the views can give about what exists, as text, so that two can be compared byte by byte.

use crate::history::Known;
use cartlog_projections::views::*;
use cartlog_projections::{Page, PageRequest, ReadError, Start, TimeRange, Views};
use domain::order::OrderStatus;
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::Position;
use serde::Serialize;
use std::fmt::Write;
use std::future::Future;
use std::sync::Arc;

/// One answer a line, each with its question.
pub struct Answers(String);

impl Answers {
    fn note(&mut self, question: &str, answer: impl Serialize) {
        let answer = serde_json::to_string(&answer).expect("an answer");
        writeln!(self.0, "{question}: {answer}").expect("written");
    }

    /// All pages, by cursor and by number: both must find the same.
    async fn pages<T, F>(&mut self, question: &str, mut ask: impl FnMut(PageRequest) -> F)
    where
        T: Serialize,
        F: Future<Output = Result<Page<Arc<T>>, ReadError>>,
    {
        let (mut start, mut by_cursor) = (Start::First, Vec::new());
        loop {
            let page = ask(PageRequest { start, limit: 3 }).await.expect("a page");
            by_cursor.extend(page.items);
            match page.next {
                Some(next) => start = Start::At(next),
                None => break,
            }
        }
        let mut by_number = Vec::new();
        for number in 1.. {
            let page = ask(PageRequest { start: Start::Page(number), limit: 3 }).await.expect("a page");
            by_number.extend(page.items);
            if page.next.is_none() {
                break;
            }
        }
        let by_cursor = serde_json::to_value(by_cursor.iter().map(|row| &**row).collect::<Vec<_>>()).expect("rows");
        let by_number = serde_json::to_value(by_number.iter().map(|row| &**row).collect::<Vec<_>>()).expect("rows");
        assert_eq!(by_cursor, by_number, "{question}");
        self.note(question, by_cursor);
    }
}

fn row<T: Clone>(found: Option<Arc<T>>) -> Option<T> {
    found.map(|found| (*found).clone())
}

/// Fails with the first answer that differs, not with all of them.
#[track_caller]
pub fn assert_same(answers: &str, expected: &str) {
    for (answer, expected) in answers.lines().zip(expected.lines()) {
        assert_eq!(answer, expected);
    }
    assert_eq!(answers.lines().count(), expected.lines().count());
}

/// Asks everything.
pub async fn answers(views: &Views, known: &Known) -> String {
    let mut answers = Answers(String::new());
    let after_all = Timestamp::from_millis(i64::MAX);
    for &store in &known.stores {
        ask_store(views, &mut answers, store, known).await;
    }
    for &(store, customer) in &known.customers {
        ask_customer(views, &mut answers, store, customer).await;
    }
    let expiring = views.stores_with_cart_expiry(None, 100).await.expect("stores");
    answers.note("expiring", expiring.iter().map(|store| store.store_id).collect::<Vec<_>>());
    for &store in &known.stores {
        answers.note("due", views.carts_due(store, after_all, None, 1_000).await.expect("carts").0);
    }
    answers.0
}

async fn ask_store(views: &Views, answers: &mut Answers, store: StoreId, known: &Known) {
    answers.note("store", row(views.store(store).await.expect("a store")));
    for (_, product) in &known.products {
        answers.note("product", row(views.product(store, *product).await.expect("a product")));
    }
    let ids: Vec<_> = known.products.iter().map(|(_, product)| *product).collect();
    let all = views.products_by_ids(store, &ids).await.expect("products");
    answers.note("products by ids", all.into_iter().map(row).collect::<Vec<_>>());
    for filter in product_filters() {
        let question = format!("products {filter:?}");
        answers
            .pages(&question, |page| {
                let filter = filter.clone();
                async move { views.products(store, &filter, &page).await }
            })
            .await;
        answers.note("count", views.count_products(store, &filter).await.expect("a count"));
    }
    for text in ["table", "lamp_shade", "cafe", "wood", "ikea sale"] {
        for available in [false, true] {
            let search = ProductSearch { available_only: available, ..ProductSearch::new(text) };
            let found = views.search_products(store, &search, &PageRequest::first(100)).await.expect("hits");
            let found: Vec<_> = found.items.iter().map(|(product, score)| (product.product_id, score)).collect();
            answers.note(text, found);
        }
    }
    let customers = CustomerFilter::default();
    answers
        .pages("customers", |page| {
            let customers = customers.clone();
            async move { views.customers(store, &customers, &page).await }
        })
        .await;
    answers.note("count", views.count_customers(store, &customers).await.expect("a count"));
    for position in [10, 50, 100_000] {
        let at = views.customers_at(store, Position(position), None, 1_000).await.expect("customers");
        assert_eq!(views.count_customers_at(store, Position(position)).await.expect("a count"), at.len() as u64);
        answers.note("customers at", at);
    }
    for closed_too in [false, true] {
        let filter = &InvoiceFilter { closed_too, ..InvoiceFilter::default() };
        answers.pages("invoices", |page| async move { views.invoices(store, filter, &page).await }).await;
    }
    for status in [None, Some(OrderStatus::Pending), Some(OrderStatus::Shipped)] {
        let filter = OrderFilter { status, ..Default::default() };
        answers.pages("orders", |page| async move { views.orders(store, &filter, &page).await }).await;
    }
    answers.pages("coupons", |page| async move { views.coupons(store, &page).await }).await;
    ask_by_id(views, answers, store, known).await;
}

async fn ask_by_id(views: &Views, answers: &mut Answers, store: StoreId, known: &Known) {
    for id in &known.carts {
        answers.note("cart", row(views.cart(store, *id).await.expect("a cart")));
    }
    for id in &known.invoices {
        let invoice = row(views.invoice(store, *id).await.expect("an invoice"));
        if let Some(invoice) = &invoice {
            let refunds = invoice.refunds.iter().map(|refund| refund.refund_id.0);
            let documents: Vec<_> = std::iter::once(id.0).chain(refunds).collect();
            let numbers = views.numbers(&documents).await.expect("numbers");
            answers.note("numbers", documents.iter().map(|id| numbers.get(*id)).collect::<Vec<_>>());
        }
        answers.note("invoice", invoice);
    }
    for id in &known.orders {
        answers.note("order", row(views.order(store, *id).await.expect("an order")));
    }
    for id in &known.gift_cards {
        answers.note("gift card", row(views.gift_card(store, *id).await.expect("a gift card")));
    }
    for id in &known.credits {
        answers.note("credit", row(views.credit(store, *id).await.expect("a credit")));
    }
    for (number, id) in known.coupons.iter().enumerate() {
        answers.note("coupon", row(views.coupon(store, *id).await.expect("a coupon")));
        let code = format!("SAVE-{number}");
        answers.note("coupon by code", row(views.coupon_by_code(store, &code).await.expect("a coupon")));
    }
    for id in &known.jobs {
        let progress = views.job_progress(store, *id).await.expect("a job");
        answers.note("job", progress.map(|job| (job.issued, job.total, job.complete)));
    }
}

async fn ask_customer(views: &Views, answers: &mut Answers, store: StoreId, customer: CustomerId) {
    let found = row(views.customer(store, customer).await.expect("a customer"));
    if let Some(email) = found.as_ref().and_then(CustomerRow::email) {
        let by_email = views.customer_by_email(store, &email.to_uppercase()).await.expect("a customer");
        assert_eq!(row(by_email), found);
    }
    answers.note("customer", found);
    answers.note("shopper", row(views.shopper(store, customer).await.expect("a shopper")));
    answers.note("open cart", row(views.open_cart(store, customer).await.expect("a cart")));
    let purchases = row(views.purchases(store, customer).await.expect("purchases"));
    answers.note("top", purchases.as_ref().map(|purchases| purchases.top_products(10)));
    answers.note("purchases", purchases);
    for state in [None, Some(CartState::Open), Some(CartState::Closed), Some(CartState::Billed)] {
        answers.pages("carts", |page| async move { views.carts(store, customer, state, &page).await }).await;
    }
    for closed_too in [false, true] {
        let filter = &InvoiceFilter { closed_too, ..InvoiceFilter::default() };
        let ask = |page| async move { views.customer_invoices(store, customer, filter, &page).await };
        answers.pages("customer invoices", ask).await;
    }
    let filter = OrderFilter { status: Some(OrderStatus::Pending), ..Default::default() };
    let ask = |page| async move { views.customer_orders(store, customer, &filter, &page).await };
    answers.pages("customer orders", ask).await;
    for active_only in [false, true] {
        for (gifter, recipient) in [(Some(customer), None), (None, Some(customer)), (Some(customer), Some(customer))] {
            let filter = GiftCardFilter { gifter, recipient, active_only };
            answers.pages("gift cards", |page| async move { views.gift_cards(store, &filter, &page).await }).await;
        }
        answers.pages("credits", |page| async move { views.credits(store, customer, active_only, &page).await }).await;
    }
    for currency in ["USD", "EUR"] {
        let currency = currency.parse().expect("a currency");
        let wallet = views.wallet(store, customer, currency, 250).await.expect("a wallet");
        answers.note("wallet", format!("{wallet:?}"));
    }
}

fn product_filters() -> Vec<ProductFilter> {
    let from = |millis| TimeRange { from: Some(Timestamp::from_millis(millis)), until: None };
    let middle = crate::world::BEGINNING + 60_000;
    let all = ProductFilter::default();
    vec![
        all.clone(),
        ProductFilter { vendor: Some("Ikea".to_owned()), ..all.clone() },
        ProductFilter { product_type: Some("desk".to_owned()), ..all.clone() },
        ProductFilter { tag: Some("sale".to_owned()), ..all.clone() },
        ProductFilter { tag: Some("sale".to_owned()), vendor: Some("Ikea".to_owned()), ..all.clone() },
        ProductFilter { created: from(middle), ..all.clone() },
        ProductFilter { updated: from(middle), product_type: Some("chair".to_owned()), ..all },
    ]
}
