//! Stock: held is what open carts, open invoices and pending orders hold, and available is never below 0.

use super::{Books, cents, items, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is held of each product.
fn had(books: &Books) -> BTreeMap<&str, i64> {
    let mut had: BTreeMap<&str, i64> = BTreeMap::new();
    for cart in books.carts.iter().flat_map(|(_, carts)| carts).filter(|cart| cart["state"] == "open") {
        for item in items(&cart["items"]) {
            *had.entry(text(&item["product_id"])).or_default() += cents(&item["quantity"]);
        }
    }
    for invoice in &books.invoices {
        let order = invoice["order_id"].as_str();
        let pending =
            books.orders.iter().any(|known| known["order_id"].as_str() == order && known["status"] == "pending");
        if invoice["state"] != "open" && !pending {
            continue;
        }
        for line in items(&invoice["invoice_line_items"]).iter().filter(|line| line["type"] == "item") {
            *had.entry(text(&line["product_id"])).or_default() += cents(&line["quantity"]);
        }
    }
    had
}

/// What has left for good.
fn shipped(books: &Books) -> BTreeMap<&str, i64> {
    let mut shipped: BTreeMap<&str, i64> = BTreeMap::new();
    let gone = |status: &str| matches!(status, "shipped" | "delivered");
    for order in books.orders.iter().filter(|order| gone(text(&order["status"]))) {
        for line in items(&order["order_line_items"]) {
            *shipped.entry(text(&line["product_id"])).or_default() += cents(&line["quantity"]);
        }
    }
    shipped
}

/// Held and had, by product.
fn compared(books: &Books) -> impl Iterator<Item = (&Value, i64, i64)> {
    let had = had(books);
    let of = move |product: &Value| had.get(text(&product["product_id"])).copied().unwrap_or(0);
    books.products.iter().map(move |product| (product, cents(&product["reserved"]), of(product)))
}

#[track_caller]
pub fn check_held(books: &Books) {
    check_never_too_little(books);
    for (product, held, had) in compared(books) {
        assert_eq!(held, had, "held, and what carts, invoices and orders have, of {product:#}");
    }
}

#[track_caller]
pub fn check_never_too_little(books: &Books) {
    for (product, held, had) in compared(books) {
        assert!(held >= had, "carts, invoices and orders have {had} of {product:#}");
        assert!(cents(&product["inventory"]) >= 0, "{product:#}");
    }
}

/// What was put in is there, held, or shipped.
#[track_caller]
pub fn check_conserved(books: &Books, stocked: &BTreeMap<String, i64>) {
    let shipped = shipped(books);
    for product in &books.products {
        let id = text(&product["product_id"]);
        let there = cents(&product["inventory"]) + cents(&product["reserved"]);
        assert_eq!(there + shipped.get(id).copied().unwrap_or(0), stocked[id], "product {id}");
    }
}
