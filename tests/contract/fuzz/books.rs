//! Whether a store's stock and money add up, from its own answers.

use crate::support::TestShop;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn cents(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_else(|| panic!("no {field}: {value:#}"))
}

fn items<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_else(|| panic!("no {field}: {value:#}"))
}

fn id<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value:#}"))
}

fn sum(values: &[Value], field: &str) -> i64 {
    values.iter().map(|value| cents(value, field)).sum()
}

/// All of a list, page by page.
async fn all(shop: &TestShop, path: &str, name: &str) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let (mut found, mut next) = (Vec::new(), Some(format!("{path}{separator}limit=250")));
    while let Some(href) = next {
        let page = shop.get(&href).await.expect(200);
        found.extend(items(&page.body, name).iter().cloned());
        next = page.link("next");
    }
    found
}

pub async fn check(shop: &TestShop) {
    let customers = all(shop, "/customer", "customers").await;
    let invoices = all(shop, "/invoice?closed=true", "invoices").await;
    let orders = all(shop, "/order", "orders").await;
    let mut held = BTreeMap::new();
    for customer in &customers {
        let customer = id(customer, "customer_id");
        let cart = shop.get(&format!("/customer/{customer}/cart")).await;
        if cart.status == 200 {
            count(&mut held, items(&cart.body["cart"], "items"));
        }
        for card in all(shop, &format!("/giftcard?recipientcustomerid={customer}"), "gift_cards").await {
            check_balance(&card, "spends");
        }
        for credit in all(shop, &format!("/customer/{customer}/credit"), "credits").await {
            check_balance(&credit, "redemptions");
        }
    }
    for invoice in &invoices {
        check_invoice(invoice);
        if invoice["state"] == "open" {
            count(&mut held, items(invoice, "invoice_line_items"));
        }
    }
    for order in orders.iter().filter(|order| order["status"] == "pending") {
        count(&mut held, items(order, "order_line_items"));
    }
    check_orders(&invoices, &orders);
    for product in all(shop, "/product", "products").await {
        let reserved = held.get(id(&product, "product_id")).copied().unwrap_or(0);
        assert_eq!(cents(&product, "reserved"), reserved, "what is held of {product:#}");
        assert!((0..=1_000_000_000).contains(&cents(&product, "inventory")), "{product:#}");
    }
}

fn count(held: &mut BTreeMap<String, i64>, lines: &[Value]) {
    for line in lines.iter().filter(|line| line["product_id"].is_string()) {
        *held.entry(id(line, "product_id").to_owned()).or_default() += cents(line, "quantity");
    }
}

/// total − discount + tax = gift cards + credits + to collect, and refunds never exceed that.
fn check_invoice(invoice: &Value) {
    let amount = |name: &str| cents(invoice, &format!("{name}_amount_in_cents"));
    let due = amount("total") - amount("discount") + amount("tax");
    assert_eq!(due, amount("gift_card_used") + amount("credit_used") + amount("subtotal"), "{invoice:#}");
    let lines = items(invoice, "invoice_line_items");
    for name in ["total", "discount", "tax", "refunded"] {
        let field = format!("{name}_amount_in_cents");
        assert_eq!(sum(lines, &field), amount(name), "{name} of the lines of {invoice:#}");
    }
    assert_eq!(sum(items(invoice, "refunds"), "total_amount_in_cents"), amount("refunded"), "{invoice:#}");
    assert!((0..=due).contains(&amount("refunded")), "{invoice:#}");
}

/// balance = original − live spends, 0 once voided.
fn check_balance(balance: &Value, uses: &str) {
    let live = items(balance, uses).iter().filter(|spend| spend["reversed_at"].is_null());
    let left =
        cents(balance, "original_balance_in_cents") - live.map(|spend| cents(spend, "amount_in_cents")).sum::<i64>();
    assert!(left >= 0, "{balance:#}");
    let wanted = if balance["voided_at"].is_null() { left } else { 0 };
    assert_eq!(cents(balance, "current_balance_in_cents"), wanted, "{balance:#}");
}

/// One order a collected invoice, and none else.
fn check_orders(invoices: &[Value], orders: &[Value]) {
    let collected = invoices.iter().filter(|invoice| !matches!(id(invoice, "state"), "open" | "failed"));
    let collected: Vec<_> = collected.map(|invoice| id(invoice, "invoice_id")).collect();
    let of: BTreeSet<_> = orders.iter().map(|order| id(order, "invoice_id")).collect();
    assert_eq!((of.len(), of), (orders.len(), collected.iter().copied().collect()), "orders of collected invoices");
}
