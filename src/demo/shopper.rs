//! One shopper: looks around, fills a cart, pays or thinks better of it, and goes on until time is up.

use super::catalogue::SEARCHES;
use super::client::Client;
use super::stage::{Stage, gift_card, text};
use super::tally::Tally;
use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt, seq::IndexedRandom};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// A customer with habits; all choices come from the generator.
pub struct Shopper {
    stage: Arc<Stage>,
    client: Client,
    customer: String,
    rng: StdRng,
    tally: Tally,
}

impl Shopper {
    pub fn new(stage: Arc<Stage>, customer: String, rng: StdRng) -> Self {
        Self { client: stage.client.clone(), stage, customer, rng, tally: Tally::default() }
    }

    /// Shops until the deadline. Gives what the server said was done.
    pub async fn shop(mut self, until: Instant) -> Result<Tally> {
        while Instant::now() < until {
            self.look_around().await?;
            let filled = self.fill_cart().await?;
            if !filled {
                continue;
            }
            match self.rng.random_range(0..100) {
                0..8 => self.walk_away().await?,
                8..14 => {} // The cart stays as it is until the next visit.
                _ => self.check_out().await?,
            }
            if self.chance(5) {
                self.give_to_a_friend().await?;
            }
        }
        Ok(self.tally)
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// Some products are much more wanted than others.
    fn some_product(&mut self) -> String {
        let wish: f64 = self.rng.random();
        let index = (wish * wish * self.stage.products.len() as f64) as usize;
        self.stage.products[index.min(self.stage.products.len() - 1)].clone()
    }

    fn path(&self, rest: &str) -> String {
        format!("/customer/{}{rest}", self.customer)
    }

    async fn look_around(&mut self) -> Result<()> {
        if self.chance(10) {
            self.log_in().await?;
        }
        let answer = match self.rng.random_range(0..3) {
            0 => self.client.get("list products", "/product?limit=20").await?,
            1 => {
                let words = SEARCHES.choose(&mut self.rng).copied().unwrap_or("tea");
                self.client.get("search products", &format!("/product/search/{words}?available=true")).await?
            }
            _ => {
                let product = self.some_product();
                self.client.get("get product", &format!("/product/{product}")).await?
            }
        };
        answer.expect_success("looking around").map(drop)
    }

    async fn log_in(&mut self) -> Result<()> {
        let customer = self.client.get("get customer", &self.path("")).await?.expect_success("reading a customer")?;
        let email = text(&customer["customer"]["email"])?;
        // Its number stands in the address, and the password follows from it.
        let number = email.split('@').next().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
        let credentials = json!({ "email": email, "password": format!("demo-{number}") });
        self.client.put("log in", "/customer/login", Some(credentials)).await?.expect_success("logging in")?;
        self.tally.logged_in.insert(self.customer.clone());
        Ok(())
    }

    /// Puts some products into the cart. Whether anything is in it.
    async fn fill_cart(&mut self) -> Result<bool> {
        let mut last = None;
        for _ in 0..self.rng.random_range(1..=3) {
            let product = self.some_product();
            let quantity = self.rng.random_range(1..=3u64);
            let path = self.path(&format!("/cart/item/{product}"));
            let added = self.client.post("add to cart", &path, Some(json!({ "quantity": quantity }))).await?;
            if added.error() == "INSUFFICIENT_INVENTORY" {
                self.tally.sold_out += 1;
                continue;
            }
            added.expect_success("adding to a cart")?;
            *self.tally.cart_adds.entry(product.clone()).or_default() += quantity;
            last = Some(product);
        }
        let Some(product) = last else { return Ok(false) };
        let path = self.path(&format!("/cart/item/{product}"));
        if self.chance(20) {
            let changed = self
                .client
                .put("change quantity", &path, Some(json!({ "quantity": self.rng.random_range(1..=4) })))
                .await?;
            if changed.error() != "INSUFFICIENT_INVENTORY" {
                changed.expect_success("changing a cart")?;
            }
        }
        if !self.chance(8) {
            return Ok(true);
        }
        let cart = self.client.delete("remove from cart", &path).await?.expect_success("removing from a cart")?;
        Ok(cart["cart"]["items"].as_array().is_some_and(|items| !items.is_empty()))
    }

    async fn walk_away(&mut self) -> Result<()> {
        self.client.delete("close cart", &self.path("/cart")).await?.expect_success("closing a cart")?;
        self.tally.carts_closed += 1;
        Ok(())
    }

    async fn check_out(&mut self) -> Result<()> {
        let coupon = if self.chance(30) { self.stage.coupons.choose(&mut self.rng).copied() } else { None };
        let shipping = self.chance(50).then(|| json!({ "shipping_amount_in_cents": 499 }));
        let path = |coupon: Option<&str>| match coupon {
            Some(code) => self.path(&format!("/cart/billcart?coupon={code}")),
            None => self.path("/cart/billcart"),
        };
        let mut billed = self.client.post("bill cart", &path(coupon), shipping.clone()).await?;
        let mut used = coupon;
        if billed.error() == "COUPON_MINIMUM_NOT_REACHED" {
            used = None;
            billed = self.client.post("bill cart", &path(None), shipping).await?;
        }
        let invoice = self.invoice_of(billed.expect_success("billing a cart")?).await?;
        self.tally.invoices += 1;
        self.tally.invoiced_in_cents += cents(&invoice["total_amount_in_cents"]);
        if let Some(code) = used {
            *self.tally.coupons_used.entry(code.to_owned()).or_default() += 1;
        }
        self.pay(&text(&invoice["invoice_id"])?).await
    }

    /// The whole invoice, also where the answer had only its id because the view was late.
    async fn invoice_of(&self, billed: Value) -> Result<Value> {
        let invoice = &billed["invoice"];
        if invoice["total_amount_in_cents"].is_i64() {
            return Ok(invoice.clone());
        }
        let id = invoice["invoice_id"].as_str().or(billed["invoice_id"].as_str()).unwrap_or_default();
        let found =
            self.client.get("get invoice", &format!("/invoice/{id}")).await?.expect_success("reading an invoice")?;
        Ok(found["invoice"].clone())
    }

    async fn pay(&mut self, invoice: &str) -> Result<()> {
        match self.rng.random_range(0..100) {
            0..85 => {}
            85..95 => {
                self.client
                    .put("fail invoice", &format!("/invoice/{invoice}/failed"), None)
                    .await?
                    .expect_success("failing")?;
                self.tally.failed += 1;
                return Ok(());
            }
            _ => return Ok(()),
        }
        let collected = self.client.post("collect invoice", &format!("/invoice/{invoice}/collected"), None).await?;
        let collected = collected.expect_success("collecting an invoice")?;
        self.tally.collected += 1;
        let order =
            collected["order"]["order_id"].as_str().or(collected["order_id"].as_str()).unwrap_or_default().to_owned();
        self.deliver(&order).await?;
        if self.chance(15) {
            self.send_back(invoice).await?;
        }
        Ok(())
    }

    async fn deliver(&mut self, order: &str) -> Result<()> {
        match self.rng.random_range(0..100) {
            0..75 => {}
            75..83 => {
                self.client
                    .put("cancel order", &format!("/order/{order}/canceled"), None)
                    .await?
                    .expect_success("canceling")?;
                return Ok(());
            }
            _ => return Ok(()),
        }
        let shipped = self
            .client
            .put("ship order", &format!("/order/{order}/shipped"), None)
            .await?
            .expect_success("shipping")?;
        let items = match &shipped["order"]["order_line_items"] {
            Value::Array(items) => items.clone(),
            _ => {
                let order = self
                    .client
                    .get("get order", &format!("/order/{order}"))
                    .await?
                    .expect_success("reading an order")?;
                order["order"]["order_line_items"].as_array().cloned().unwrap_or_default()
            }
        };
        for item in &items {
            *self.tally.shipped_units.entry(text(&item["product_id"])?).or_default() += cents(&item["quantity"]);
        }
        if self.chance(60) {
            self.client
                .put("deliver order", &format!("/order/{order}/delivered"), None)
                .await?
                .expect_success("delivering")?;
        }
        Ok(())
    }

    async fn send_back(&mut self, invoice: &str) -> Result<()> {
        let what = if self.chance(50) {
            "full=true".to_owned()
        } else {
            format!("amount={}", self.rng.random_range(50..=500))
        };
        let credit = self.chance(40);
        let path = format!("/invoice/{invoice}/refund?{what}&credit={credit}");
        let refunded = self.client.post("refund", &path, None).await?;
        // Of an invoice that came to less, or to nothing.
        if refunded.status == StatusCode::CONFLICT && refunded.error() == "REFUND_EXCEEDS_REMAINDER" {
            return Ok(());
        }
        let refunded = refunded.expect_success("refunding an invoice")?;
        self.tally.refunds += 1;
        self.tally.refunded_in_cents += cents(&refunded["refund"]["total_amount_in_cents"]);
        Ok(())
    }

    async fn give_to_a_friend(&mut self) -> Result<()> {
        let Some(friend) = self.stage.customers.choose(&mut self.rng) else { return Ok(()) };
        let amount = self.rng.random_range(200..=2_000);
        self.client
            .post("give", "/giftcard", Some(gift_card(&self.customer, friend, amount)))
            .await?
            .expect_success("giving a card")?;
        self.tally.gift_cards_in_cents += amount;
        Ok(())
    }
}

/// A whole number of an answer; 0 where there is none.
pub fn cents(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
