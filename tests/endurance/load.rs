//! Shoppers: each has customers of its own and sends random commands for them, one at a time and each with its key, and knows
//! from the answers what their carts must be.

use super::books::{cents, items, text};
use super::client::{Asked, Client, Says};
use crate::support::Answer;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

pub const COUPON: &str = "EIGHTH";
const CUSTOMERS_A_SHOPPER: usize = 2;
/// Before a command is repeated.
#[cfg(feature = "engines")]
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// What all shoppers share.
pub struct Stage {
    pub products: Vec<String>,
    /// What was put in of each.
    pub stocked: BTreeMap<String, i64>,
}

/// A customer, as the shopper knows it.
struct Customer {
    id: String,
    cart: BTreeMap<String, i64>,
    has_cart: bool,
    open: Vec<String>,
    collected: Vec<String>,
    pending: Vec<String>,
    /// The order of each invoice that was collected.
    orders: BTreeMap<String, String>,
}

/// A command that was answered, with the id of what it was about.
#[derive(Clone)]
pub struct Answered {
    pub asked: Asked,
    pub status: u16,
    pub id: Option<String>,
}

pub struct Shopper {
    client: Client,
    name: String,
    stage: Arc<Stage>,
    customers: Vec<Customer>,
    rng: StdRng,
    sent: usize,
    /// The last one, where the server died before it answered.
    pub unanswered: Option<Asked>,
    pub answered: Vec<Answered>,
}

/// Makes products of which there are few, a coupon that is soon used up, and shoppers with confirmed customers.
pub async fn set_stage(client: &Client, shoppers: usize, seed: u64) -> (Arc<Stage>, Vec<Shopper>) {
    let mut stage = Stage { products: Vec::new(), stocked: BTreeMap::new() };
    for price in [199, 1_299, 333, 4_950, 75] {
        let (inventory, id) = (80, client.product(80, price).await);
        stage.stocked.insert(id.clone(), inventory);
        stage.products.push(id);
    }
    let coupon = json!({ "code": COUPON, "style": "percent_off", "amount": 12, "usage_limit": 25 });
    client.post("/coupon_code", coupon).await.expect(201);
    let (stage, mut all) = (Arc::new(stage), Vec::new());
    for number in 0..shoppers {
        let mut customers = Vec::new();
        for _ in 0..CUSTOMERS_A_SHOPPER {
            customers.push(Customer::new(client.customer("EUR").await));
        }
        all.push(Shopper {
            client: client.clone(),
            name: format!("shopper {number}"),
            stage: Arc::clone(&stage),
            customers,
            rng: StdRng::seed_from_u64(seed.wrapping_mul(1_000) + number as u64),
            sent: 0,
            unanswered: None,
            answered: Vec::new(),
        });
    }
    (stage, all)
}

impl Customer {
    fn new(id: String) -> Self {
        let nothing = Vec::new;
        let (cart, orders) = (BTreeMap::new(), BTreeMap::new());
        Self { id, cart, has_cart: false, open: nothing(), collected: nothing(), pending: nothing(), orders }
    }
}

impl Shopper {
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Goes on with another server.
    pub fn move_to(&mut self, url: &str) {
        self.client = self.client.moved_to(url);
    }

    /// Shops until the server does not answer any more, or so many answers were counted; `note` sees each as it comes.
    pub async fn shop(&mut self, answers: &watch::Sender<usize>, enough: usize, mut note: impl FnMut(&Answered)) {
        while *answers.borrow() < enough {
            let which = self.rng.random_range(0..self.customers.len());
            let asked = self.next(which);
            match self.client.ask(&asked).await {
                Ok(answer) => {
                    self.learn(which, &asked, &answer);
                    if let Some(answered) = self.answered.last().filter(|last| last.asked.key == asked.key) {
                        note(answered);
                    }
                    answers.send_modify(|answers| *answers += 1);
                }
                Err(_) => {
                    self.unanswered = Some(asked);
                    return;
                }
            }
        }
    }

    /// Sends one more command, to one server after the other until one says that it is done, or can't be: what was not answered,
    /// or was not possible, is repeated with its key.
    #[cfg(feature = "engines")]
    pub async fn shop_at_any(&mut self, urls: impl Fn() -> Vec<String>) {
        let which = self.rng.random_range(0..self.customers.len());
        let asked = self.next(which);
        let answer = loop {
            match self.client.ask(&asked).await {
                Ok(answer) if answer.status != 503 => break answer,
                _ => tokio::time::sleep(PAUSE).await,
            }
            let url = urls().choose(&mut self.rng).expect("there are servers").clone();
            self.move_to(&url);
        };
        self.learn(which, &asked, &answer);
    }

    /// Repeats the command that was not answered: now it is done once, and a third time finds it done.
    pub async fn repeat_unanswered(&mut self) {
        let Some(asked) = self.unanswered.take() else { return };
        let which =
            self.customers.iter().position(|customer| asked.path.contains(&customer.id) || customer.has(&asked));
        let answer = self.client.insist(&asked).await;
        self.learn(which.unwrap_or_default(), &asked, &answer);
        if let Some(answered) = self.answered.last().filter(|last| last.asked.key == asked.key) {
            assert_repeated(&self.client, answered).await;
        }
    }

    /// What each of its customers' carts is, by the answers and by the server.
    pub async fn check_carts(&self) {
        for customer in &self.customers {
            let answer = self.client.get(&format!("/customer/{}/cart", customer.id)).await;
            match customer.has_cart {
                true => assert_eq!(quantities(&answer.expect(200)["cart"]), customer.cart, "{}", self.name),
                false => drop(answer.problem(404, "NO_CART_IS_OPEN")),
            }
        }
    }

    pub fn customers(&self) -> impl Iterator<Item = &str> {
        self.customers.iter().map(|customer| customer.id.as_str())
    }
}

/// Repeats a command that was done: it was, and is about the same.
pub async fn assert_repeated(client: &Client, answered: &Answered) {
    let again = client.insist(&answered.asked).await;
    assert!(again.was_replayed(), "done before, and not known: {} {:#}", again.asked, again.body);
    // What the views did not show yet at the first time, they show now.
    assert!(again.status == answered.status || answered.status == 202, "{}: {}", again.asked, again.status);
    assert_eq!(resource_id(&answered.asked, &again), answered.id, "{}", again.asked);
}

/// What is in a cart.
fn quantities(cart: &Value) -> BTreeMap<String, i64> {
    let line = |item: &Value| (text(&item["product_id"]).to_owned(), cents(&item["quantity"]));
    items(&cart["items"]).iter().map(line).collect()
}

/// What the command is about.
fn resource(asked: &Asked) -> &'static str {
    let path = asked.path.split('?').next().unwrap_or_default();
    let ends: [(&str, &str); 5] = [
        ("/cart/billcart", "invoice"),
        ("/collected", "order"),
        ("/refund", "refund"),
        ("/failed", "invoice"),
        ("/giftcard", "gift_card"),
    ];
    let end = ends.iter().find(|(end, _)| path.ends_with(end)).map(|(_, resource)| *resource);
    match end {
        Some(resource) => resource,
        None if path.contains("/credit/") => "credit",
        None if path.starts_with("/order/") => "order",
        None => "cart",
    }
}

fn resource_id(asked: &Asked, answer: &Answer) -> Option<String> {
    answer.id(resource(asked))
}

/// The choice of what to do.
impl Shopper {
    fn next(&mut self, which: usize) -> Asked {
        self.sent += 1;
        let (method, path, body) = match self.rng.random_range(0..100) {
            0..30 => self.add(which),
            30..42 => self.add_batch(which),
            42..50 => self.set(which),
            50..54 => self.remove(which),
            54..56 => ("POST", format!("/customer/{}/cart", self.customers[which].id), Value::Null),
            56..74 => self.bill(which),
            74..92 => self.settle(which),
            92..96 => self.give(which),
            _ => self.credit(which),
        };
        Asked { method, path, body, key: format!("{} {}", self.name, self.sent) }
    }

    fn credit(&mut self, which: usize) -> (&'static str, String, Value) {
        let amount = self.rng.random_range(50..2_000);
        ("POST", format!("/customer/{}/credit/{amount}", self.customers[which].id), Value::Null)
    }

    fn product(&mut self) -> String {
        self.stage.products.choose(&mut self.rng).expect("there are products").clone()
    }

    fn line(&mut self, which: usize) -> Option<(String, i64)> {
        let lines = self.customers[which].cart.iter();
        lines.choose(&mut self.rng).map(|(product, quantity)| (product.clone(), *quantity))
    }

    fn add(&mut self, which: usize) -> (&'static str, String, Value) {
        let (product, quantity) = (self.product(), self.rng.random_range(1..5));
        ("POST", format!("/customer/{}/cart/item/{product}", self.customers[which].id), json!({ "quantity": quantity }))
    }

    fn add_batch(&mut self, which: usize) -> (&'static str, String, Value) {
        let count = self.rng.random_range(2..5);
        let item =
            |shopper: &mut Self| json!({ "product_id": shopper.product(), "quantity": shopper.rng.random_range(1..9) });
        let batch: Vec<Value> = (0..count).map(|_| item(self)).collect();
        ("POST", format!("/customer/{}/cart/item", self.customers[which].id), batch.into())
    }

    fn set(&mut self, which: usize) -> (&'static str, String, Value) {
        let Some((product, quantity)) = self.line(which) else { return self.add(which) };
        // Never what it is already: that would change nothing, and leave nothing to be found by its key.
        let other = (1..8).filter(|other| *other != quantity).choose(&mut self.rng).expect("there is another");
        ("PUT", format!("/customer/{}/cart/item/{product}", self.customers[which].id), json!({ "quantity": other }))
    }

    fn remove(&mut self, which: usize) -> (&'static str, String, Value) {
        let Some((product, _)) = self.line(which) else { return self.add_batch(which) };
        ("DELETE", format!("/customer/{}/cart/item/{product}", self.customers[which].id), Value::Null)
    }

    fn bill(&mut self, which: usize) -> (&'static str, String, Value) {
        if self.customers[which].cart.is_empty() {
            return self.add_batch(which);
        }
        let coupon = if self.rng.random_bool(0.4) { format!("?coupon={COUPON}") } else { String::new() };
        let shipping = self.rng.random_bool(0.5).then(|| json!({ "shipping_amount_in_cents": 499 }));
        let path = format!("/customer/{}/cart/billcart{coupon}", self.customers[which].id);
        ("POST", path, shipping.unwrap_or(Value::Null))
    }

    /// Something about an invoice or an order.
    fn settle(&mut self, which: usize) -> (&'static str, String, Value) {
        let (customer, rng) = (&self.customers[which], &mut self.rng);
        let (open, collected) = (customer.open.choose(rng), customer.collected.choose(rng));
        let refund = rng.random_range(0..3);
        match (rng.random_range(0..6), open, collected, customer.pending.choose(rng)) {
            (0..3, Some(open), ..) => ("POST", format!("/invoice/{open}/collected"), Value::Null),
            (3, Some(open), ..) => ("PUT", format!("/invoice/{open}/failed"), Value::Null),
            (_, _, Some(collected), _) if refund < 2 => {
                let what = ["full=true&credit=true", "amount=17&credit=false"][refund];
                ("POST", format!("/invoice/{collected}/refund?{what}"), Value::Null)
            }
            (4, _, _, Some(order)) => ("PUT", format!("/order/{order}/canceled"), Value::Null),
            (_, _, _, Some(order)) => ("PUT", format!("/order/{order}/shipped"), Value::Null),
            _ => self.bill(which),
        }
    }

    fn give(&mut self, which: usize) -> (&'static str, String, Value) {
        let recipient = &self.customers[which].id;
        let body = json!({ "gifter_customer_id": self.customers[0].id, "recipient_customer_id": recipient, "original_amount": 640 });
        ("POST", "/giftcard".to_owned(), body)
    }
}

/// What follows from an answer.
impl Shopper {
    fn learn(&mut self, which: usize, asked: &Asked, answer: &Answer) {
        if !answer.is_done() {
            return expect_refusal(answer);
        }
        let id = resource_id(asked, answer);
        self.answered.push(Answered { asked: asked.clone(), status: answer.status, id: id.clone() });
        let customer = &mut self.customers[which];
        match resource(asked) {
            "cart" => customer.learn_cart(asked, answer),
            "invoice" if asked.path.ends_with("/failed") => customer.open.retain(|open| Some(open) != id.as_ref()),
            "invoice" => {
                customer.cart.clear();
                customer.has_cart = false;
                customer.open.extend(id);
            }
            "order" => customer.learn_order(asked, id),
            "refund" => customer.learn_refund(asked),
            _ => {}
        }
    }
}

/// Only what a correct client may meet.
#[track_caller]
fn expect_refusal(answer: &Answer) {
    let known = [
        "INSUFFICIENT_INVENTORY",
        "COUPON_USED_UP",
        "INVOICE_IS_NOT_COLLECTED",
        "REFUND_EXCEEDS_REMAINDER",
        "BUSY",
        "READ_MODEL_BEHIND",
        "UNAVAILABLE",
    ];
    assert!(known.contains(&answer.error()), "{}: {:#}", answer.asked, answer.body);
}

impl Customer {
    fn has(&self, asked: &Asked) -> bool {
        let mut ids = self.open.iter().chain(&self.collected).chain(&self.pending);
        ids.any(|id| asked.path.contains(id.as_str()))
    }

    fn learn_cart(&mut self, asked: &Asked, answer: &Answer) {
        let last = asked.path.rsplit('/').next().unwrap_or_default();
        match (asked.method, &asked.body) {
            ("DELETE", _) => drop(self.cart.remove(last)),
            ("PUT", body) => drop(self.cart.insert(last.to_owned(), cents(&body["quantity"]))),
            (_, Value::Array(batch)) => {
                for item in batch {
                    *self.cart.entry(text(&item["product_id"]).to_owned()).or_default() += cents(&item["quantity"]);
                }
            }
            (_, Value::Null) => self.cart.clear(),
            (_, body) => *self.cart.entry(last.to_owned()).or_default() += cents(&body["quantity"]),
        }
        self.has_cart = true;
        if answer.body["cart"].is_object() {
            assert_eq!(quantities(&answer.body["cart"]), self.cart, "{}", answer.asked);
        }
    }

    fn learn_order(&mut self, asked: &Asked, id: Option<String>) {
        if !asked.path.ends_with("/collected") {
            return self.pending.retain(|order| Some(order) != id.as_ref());
        }
        let invoice = asked.path.split('/').nth(2).unwrap_or_default().to_owned();
        self.open.retain(|open| *open != invoice);
        self.orders.extend(id.clone().map(|order| (invoice.clone(), order)));
        self.collected.push(invoice);
        self.pending.extend(id);
    }

    /// An order may be canceled by it, and canceling it again would change nothing.
    fn learn_refund(&mut self, asked: &Asked) {
        let invoice = asked.path.split('/').nth(2).unwrap_or_default();
        self.collected.retain(|collected| collected != invoice || !asked.path.contains("full=true"));
        let order = self.orders.get(invoice);
        self.pending.retain(|pending| Some(pending) != order);
    }
}
