//! A store's books, as anybody can read them over HTTP, and what must hold in them at any moment.

mod money;
mod numbers;
mod stock;

use super::client::Client;
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything that the store says of itself.
pub struct Books {
    pub products: Vec<Value>,
    /// All carts of each customer.
    pub carts: Vec<(String, Vec<Value>)>,
    pub invoices: Vec<Value>,
    pub orders: Vec<Value>,
    pub gift_cards: Vec<Value>,
    pub credits: Vec<Value>,
    pub coupons: Vec<Value>,
}

impl Books {
    /// Reads them all, page by page; what holds before what is had, so that what is given back meanwhile looks like more, never less.
    pub async fn read(client: &Client) -> Self {
        let mut books = Self {
            products: client.list("/product?limit=250", "products").await,
            carts: Vec::new(),
            invoices: client.list("/invoice?closed=true&limit=250", "invoices").await,
            orders: client.list("/order?limit=250", "orders").await,
            gift_cards: Vec::new(),
            credits: Vec::new(),
            coupons: client.list("/coupon_code?limit=250", "coupons").await,
        };
        for customer in client.list("/customer?limit=250", "customers").await {
            let id = text(&customer["customer_id"]).to_owned();
            let list =
                async |what: &str, items: &str| client.list(&format!("/customer/{id}/{what}?limit=250"), items).await;
            books.gift_cards.extend(list("giftcards", "gift_cards").await);
            books.credits.extend(list("credit", "credits").await);
            let carts = list("carts", "carts").await;
            books.carts.push((id, carts));
        }
        books
    }

    /// Checks what must hold once nothing is under way and recovery has looked.
    #[track_caller]
    pub fn check(&self) {
        self.check_carts();
        stock::check_held(self);
        money::check(self);
        numbers::check(self);
    }

    /// Checks what must hold at any moment.
    #[track_caller]
    pub fn check_while_under_way(&self) {
        stock::check_never_too_little(self);
    }

    /// Checks that what was put in is there, held, or shipped.
    #[track_caller]
    pub fn check_stocked(&self, stocked: &BTreeMap<String, i64>) {
        stock::check_conserved(self, stocked);
    }

    /// One open cart a customer, one invoice a cart, one order a collected invoice.
    #[track_caller]
    fn check_carts(&self) {
        let mut invoice_of = BTreeMap::new();
        for invoice in &self.invoices {
            let before = invoice_of.insert(text(&invoice["cart_id"]), text(&invoice["invoice_id"]));
            assert_eq!(before, None, "a second invoice of cart {}", invoice["cart_id"]);
        }
        for (customer, carts) in &self.carts {
            let open = carts.iter().filter(|cart| cart["state"] == "open").count();
            assert!(open <= 1, "customer {customer} has {open} open carts");
            for cart in carts {
                let id = text(&cart["cart_id"]);
                assert!(cart["state"] == "billed" || !invoice_of.contains_key(id), "cart {id} is invoiced, not billed");
            }
        }
        let mut order_of = BTreeMap::new();
        for order in &self.orders {
            let before = order_of.insert(text(&order["invoice_id"]), text(&order["order_id"]));
            assert_eq!(before, None, "a second order of invoice {}", order["invoice_id"]);
        }
        for invoice in &self.invoices {
            let collected = !matches!(text(&invoice["state"]), "open" | "failed");
            let order = invoice["order_id"].as_str();
            assert_eq!(order.is_some(), collected, "invoice {}", invoice["invoice_id"]);
            assert!(order.is_none() || order_of.get(text(&invoice["invoice_id"])).copied() == order, "{invoice:#}");
        }
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub fn cents(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

pub fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}
