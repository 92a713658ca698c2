//! Plays random steps against the server and the model, and compares what both say.

use super::chooser::Chooser;
use super::compare::difference;
use super::shop::{Customer, Shop};
use super::step::{Expected, Step};
use crate::endurance::client::{Asked, Client, Says};
use crate::endurance::knobs::{self, Repeatable};
use crate::support::{Answer, Server};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

const CURRENCIES: [&str; 6] = ["EUR", "EUR", "EUR", "USD", "EUR", "EUR"];
/// Steps between two looks at everything.
const LOOK_EVERY: usize = 100;

#[tokio::test]
async fn the_server_does_what_a_naive_model_does() {
    for seed in knobs::seeds(knobs::count("CARTLOG_TEST_SEEDS", 4)) {
        let _repeatable = Repeatable::new("model", seed);
        let mut player = Player::start(Client::open(&Server::shared().url, json!({})).await, seed).await;
        player.play(knobs::count("CARTLOG_TEST_STEPS", 250)).await;
    }
}

/// A store, its model, and the source of what is done to both.
pub struct Player {
    pub client: Client,
    shop: Shop,
    rng: StdRng,
    sent: usize,
    /// Jobs that were started.
    pub jobs: Vec<String>,
}

impl Player {
    pub async fn start(client: Client, seed: u64) -> Self {
        let mut player =
            Self { client, shop: Shop::new(0), rng: StdRng::seed_from_u64(seed), sent: 0, jobs: Vec::new() };
        for (number, currency) in CURRENCIES.into_iter().enumerate() {
            let confirmed = number > 0;
            let id = match confirmed {
                true => player.client.customer(currency).await,
                false => player.client.unconfirmed_customer(currency).await,
            };
            player.shop.customers.push(Customer { id, currency, confirmed, deleted: false, cart: None });
        }
        for (inventory, price) in [(40, 1_299), (15, 333), (25_000, 5), (3, 49_950)] {
            player.step(Step::NewProduct { inventory, price }).await;
        }
        player
    }

    /// Names and ids of what no list shows any more, and of jobs, which no list ever showed.
    pub fn unlisted(&self) -> Vec<(&'static str, &str)> {
        let products = self.shop.products.iter().filter(|product| product.deleted);
        let customers = self.shop.customers.iter().filter(|customer| customer.deleted);
        let jobs = self.jobs.iter().map(|job| ("job_id", job.as_str()));
        let products = products.map(|product| ("product_id", product.id.as_str()));
        jobs.chain(products).chain(customers.map(|customer| ("customer_id", customer.id.as_str()))).collect()
    }

    /// Plays so many steps and looks at everything now and then, and in the end.
    pub async fn play(&mut self, steps: usize) {
        for step in 1..=steps {
            let next = Chooser::new(&self.shop, &mut self.rng).next();
            self.step(next).await;
            if step % LOOK_EVERY == 0 || step == steps {
                self.look_at_everything().await;
            }
        }
    }

    async fn step(&mut self, step: Step) {
        self.sent += 1;
        let asked = step.request(&self.shop, format!("step {}", self.sent));
        let expected = self.shop.take(&step);
        let answer = self.client.insist(&asked).await;
        compare(&step, &expected, &answer);
        if expected.is_err() {
            return;
        }
        self.shop.learn(&step, &answer);
        if let Step::CreditAll { .. } = step {
            self.finish_job(answer.text("/job_id")).await;
        }
        if self.rng.random_range(0..8) == 0 {
            self.repeat(&step, &asked, &answer).await;
        }
    }

    /// The same request again: the same answer, and nothing is done.
    async fn repeat(&self, step: &Step, asked: &Asked, first: &Answer) {
        let again = self.client.insist(asked).await;
        assert!(again.was_replayed(), "{step:?}: {:#}", again.body);
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{step:?}");
    }

    /// Waits until everybody has the credit, and learns which it is.
    async fn finish_job(&mut self, job: String) {
        let path = format!("/customer/credit/status/{job}");
        while self.client.get(&path).await.expect(200)["result"] != "complete" {}
        self.jobs.push(job);
        for credit in self.shop.credits.iter_mut().filter(|credit| credit.id.is_empty()) {
            let customer = &self.shop.customers[credit.customer].id;
            let newest = self.client.get(&format!("/customer/{customer}/credit?limit=1")).await.expect(200);
            credit.id = newest.text("/credits/0/credit_id");
        }
    }
}

#[track_caller]
fn compare(step: &Step, expected: &Expected, answer: &Answer) {
    match expected {
        Err((status, error)) => {
            assert_eq!(
                (answer.status, answer.error()),
                (*status, *error),
                "{step:?}\n{}\n{:#}",
                answer.asked,
                answer.body
            );
        }
        Ok((status, shown)) => {
            assert_eq!(answer.status, *status, "{step:?}\n{}\n{:#}", answer.asked, answer.body);
            assert_shows(&format!("{step:?}"), shown, answer);
        }
    }
}

#[track_caller]
fn assert_shows(what: &str, shown: &Value, answer: &Answer) {
    if let Some(difference) = difference(shown, &answer.body) {
        panic!("{what}\n{}\n{difference}\n{:#}", answer.asked, answer.body);
    }
}

/// Everything that the model knows, asked of the server.
impl Player {
    async fn look_at_everything(&self) {
        let shop = &self.shop;
        for (place, product) in shop.products.iter().enumerate() {
            let expected = (!product.deleted).then(|| json!({ "product": shop.show_product(place) }));
            self.look(&format!("/product/{}", product.id), expected, "PRODUCT_NOT_FOUND").await;
        }
        for (place, customer) in shop.customers.iter().enumerate() {
            let cart = customer.cart.as_ref().map(|cart| json!({ "cart": shop.show_cart(place, cart, "open") }));
            let missing = if customer.deleted { "CUSTOMER_NOT_FOUND" } else { "NO_CART_IS_OPEN" };
            self.look(&format!("/customer/{}/cart", customer.id), cart, missing).await;
        }
        for (place, invoice) in shop.invoices.iter().enumerate() {
            let expected = json!({ "invoice": shop.show_invoice(place) });
            self.look(&format!("/invoice/{}", invoice.id), Some(expected), "").await;
        }
        for (place, order) in shop.orders.iter().enumerate() {
            self.look(&format!("/order/{}", order.id), Some(json!({ "order": shop.show_order(place) })), "").await;
        }
        self.look_at_balances().await;
        self.look_at_metrics().await;
    }

    async fn look_at_balances(&self) {
        let shop = &self.shop;
        for card in &shop.gift_cards {
            let expected = json!({ "gift_card": shop.show_balance(card) });
            self.look(&format!("/giftcard/{}", card.id), Some(expected), "").await;
        }
        for credit in &shop.credits {
            let customer = &shop.customers[credit.customer];
            let expected = (!customer.deleted).then(|| json!({ "credit": shop.show_balance(credit) }));
            let path = format!("/customer/{}/credit/{}", customer.id, credit.id);
            self.look(&path, expected, "CUSTOMER_NOT_FOUND").await;
        }
        for coupon in &shop.coupons {
            let used_up = coupon.limit.is_some_and(|limit| coupon.uses.len() >= limit);
            let expected = json!({ "result": !coupon.voided && !used_up, "coupon": shop.show_coupon(coupon) });
            self.look(&format!("/coupon_code/{}/is_valid", coupon.code), Some(expected), "").await;
        }
    }

    async fn look_at_metrics(&self) {
        let shop = &self.shop;
        let invoiced: i64 = shop.invoices.iter().map(|invoice| invoice.sum(|line| line.total)).sum();
        self.look("/streaming/invoiceamount", Some(json!({ "result": invoiced })), "").await;
        let mut added: Vec<(i64, &str)> =
            shop.products.iter().map(|product| (product.added_to_carts, product.id.as_str())).collect();
        added.retain(|(count, _)| *count > 0);
        added.sort_by_key(|(count, id)| (std::cmp::Reverse(*count), *id));
        let top: Vec<Value> =
            added.iter().map(|(count, id)| json!({ "product_id": id, "number_of_cart_adds": count })).collect();
        self.look("/streaming/toptencartitems/100?window=24h", Some(json!({ "products": top })), "").await;
        let most = shop.coupons.iter().filter(|coupon| coupon.used > 0);
        let most = most.min_by_key(|coupon| (std::cmp::Reverse(coupon.used), coupon.id.as_str()));
        let most = most.map(|coupon| json!({ "coupon": { "code": coupon.code, "redemptions": coupon.used } }));
        self.look("/streaming/topcoupon", most, "COUPON_NOT_FOUND").await;
    }

    /// `None`: it must not be there.
    async fn look(&self, path: &str, expected: Option<Value>, missing: &str) {
        let answer = self.client.get(path).await;
        match expected {
            Some(expected) => assert_shows(path, &expected, &answer.expect(200)),
            None => assert_eq!((answer.status, answer.error()), (404, missing), "{path}: {:#}", answer.body),
        }
    }
}
