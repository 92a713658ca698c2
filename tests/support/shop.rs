//! A store of a test's own, on the server that tests share, and its client: one line an action.

use super::{Answer, Contract, Server};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A store and a client with its token.
#[derive(Clone)]
pub struct TestShop {
    pub url: String,
    pub app_id: String,
    /// Sent with every request: the credentials, and what [`TestShop::with`] added.
    headers: HeaderMap,
    client: reqwest::Client,
    contract: &'static Contract,
}

pub const SECRET: &str = "a good secret";
pub const PASSWORD: &str = "analytical";

/// A number that no other call gets.
pub fn number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// An `app_id` that nobody has.
pub fn new_app_id() -> String {
    format!("app-{}-{}", std::process::id(), number())
}

/// An email address that no other call gets.
pub fn new_email() -> String {
    format!("ada-{}@example.com", number())
}

/// What creates a store, with more fields.
pub fn new_store(app_id: &str, more: Value) -> Value {
    merged(json!({ "name": "Tea & Co", "app_id": app_id, "app_secret": SECRET }), more)
}

/// What creates a customer who pays in euros, with more fields.
pub fn new_customer(more: Value) -> Value {
    let customer = json!({
        "currency": "EUR", "email": new_email(), "first_name": "Ada", "last_name": "Byron", "password": PASSWORD,
    });
    merged(customer, more)
}

/// What creates a product, with more fields.
pub fn new_product(more: Value) -> Value {
    merged(json!({ "title": "Darjeeling", "product_type": "tea", "vendor": "Hill Farm" }), more)
}

/// An address, with more fields.
pub fn new_address(more: Value) -> Value {
    let address =
        json!({ "street": "12 St James's Sq", "city": "London", "zip": "SW1Y", "state": "London", "country": "UK" });
    merged(address, more)
}

fn merged(mut base: Value, more: Value) -> Value {
    base.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    base
}

/// So long a test waits for views that are filled for the first time.
const FILLED_WITHIN: Duration = Duration::from_secs(60);

impl TestShop {
    /// A new store on the shared server.
    pub async fn start() -> Self {
        Self::on(Server::shared()).await
    }

    /// A new store on the shared server, with more fields.
    pub async fn start_with(more: Value) -> Self {
        Self::with_fields(&Server::shared().url, more).await
    }

    /// A new store on the server.
    pub async fn on(server: &Server) -> Self {
        Self::with_fields(&server.url, json!({})).await
    }

    /// A new store on the server there.
    pub async fn at(url: &str) -> Self {
        Self::with_fields(url, json!({})).await
    }

    /// Another new store on the same server.
    pub async fn another(&self) -> Self {
        Self::with_fields(&self.url, json!({})).await
    }

    async fn with_fields(url: &str, more: Value) -> Self {
        let mut shop = Self { app_id: new_app_id(), ..Self::nobody(url).await };
        let made = shop.post("/store", new_store(&shop.app_id, more)).await;
        // A node that has just been started may fill its views for the first time, which takes a slow machine a while.
        if made.status == 202 {
            shop.filled().await;
        } else {
            made.expect(201);
        }
        shop.log_in().await;
        shop
    }

    /// Waits until queries are answered.
    async fn filled(&self) {
        let asking = async {
            while self.get("/readyz?for=queries").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(FILLED_WITHIN, asking).await.expect("views that are filled");
    }

    /// A client without credentials.
    pub async fn nobody(url: &str) -> Self {
        let contract = Contract::get(url).await;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { url: url.to_owned(), app_id: String::new(), headers: HeaderMap::new(), client, contract }
    }

    /// A store that is there already, with the secret that tests give.
    pub async fn of(server: &Server, app_id: &str) -> Self {
        let mut shop = Self { app_id: app_id.to_owned(), ..Self::nobody(&server.url).await };
        shop.log_in().await;
        shop
    }

    /// The same client at another address of this machine, such as `127.0.0.2`.
    pub fn from(&self, address: &str) -> Self {
        let address: std::net::IpAddr = address.parse().expect("an address");
        let client = reqwest::Client::builder().no_proxy().local_address(address).build().expect("a client");
        Self { client, ..self.clone() }
    }

    /// The one store of tests that only look at what is refused: nothing in it ever changes.
    pub async fn unchanged() -> Self {
        static CREDENTIALS: OnceLock<(String, HeaderMap)> = OnceLock::new();
        static FIRST: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _first = FIRST.lock().await;
        if let Some((app_id, headers)) = CREDENTIALS.get() {
            let nobody = Self::nobody(&Server::shared().url).await;
            return Self { app_id: app_id.clone(), headers: headers.clone(), ..nobody };
        }
        let shop = Self::start().await;
        let _ = CREDENTIALS.set((shop.app_id.clone(), shop.headers.clone()));
        shop
    }

    /// A new token in place of the one in use.
    pub async fn log_in(&mut self) {
        let token = self.token().await;
        *self = self.with("APP-ID", &self.app_id).with("ACCESS-TOKEN", &token);
    }

    /// A new token.
    pub async fn token(&self) -> String {
        let credentials = json!({ "app_id": self.app_id, "app_secret": SECRET });
        self.post("/store/token", credentials).await.expect(201).text("/token")
    }

    /// The same store, as seen through another server (after a restart).
    pub fn moved_to(&self, server: &Server) -> Self {
        Self { url: server.url.clone(), ..self.clone() }
    }

    /// The same client, which also sends this header: in place of one of the same name.
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.with_bytes(name, value.as_bytes())
    }

    /// The same, of a value that may be no ASCII.
    pub fn with_bytes(&self, name: &str, value: &[u8]) -> Self {
        let mut other = self.clone();
        let value = HeaderValue::from_bytes(value).expect("a header's value");
        other.headers.insert(name.parse::<HeaderName>().expect("a header's name"), value);
        other
    }

    /// The same client without this header.
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.headers.remove(name);
        other
    }

    /// The same client without credentials.
    pub fn anonymous(&self) -> Self {
        self.without("APP-ID").without("ACCESS-TOKEN")
    }

    /// The same client, which sends this `Idempotency-Key`.
    pub fn keyed(&self, key: &str) -> Self {
        self.with("Idempotency-Key", key)
    }

    /// The headers that it sends with every request.
    pub fn sent_headers(&self) -> Vec<(String, Vec<u8>)> {
        let header = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.as_bytes().to_vec());
        self.headers.iter().map(header).collect()
    }

    /// `/readyz`, once it says that all is well: a server that was just started fills its views first.
    pub async fn ready(&self) -> Answer {
        let nobody = self.anonymous();
        until(async || nobody.get("/readyz").await, |answer| answer.status == 200).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Value::Null).await
    }

    /// Any request; `Value::Null` as a body is none.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        match body {
            Value::Null => self.send_bytes(method, path, Vec::new()).await,
            body => {
                let json = self.with("Content-Type", "application/json");
                json.send_bytes(method, path, body.to_string().into_bytes()).await
            }
        }
    }

    /// Any request with any body, and no content type of its own. The answer is checked against the contract.
    pub async fn send_bytes(&self, method: &str, path: &str, body: Vec<u8>) -> Answer {
        let mut request = self.client.request(method.parse().expect("a method"), format!("{}{path}", self.url));
        request = request.headers(self.headers.clone());
        if !body.is_empty() {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let answer = Answer::read(format!("{method} {path}"), response).await;
        self.contract.check(method, path, &answer);
        answer
    }

    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// A product with that much in stock, at that price.
    pub async fn product(&self, inventory: i64, price: i64) -> String {
        self.product_with(json!({ "inventory": inventory, "sale_price_in_cents": price })).await
    }

    /// A product with more fields.
    pub async fn product_with(&self, more: Value) -> String {
        self.post("/product", new_product(more)).await.expect(201).text("/product/product_id")
    }

    /// A confirmed customer, who pays in euros.
    pub async fn customer(&self) -> String {
        self.customer_with(json!({})).await
    }

    /// A confirmed customer with more fields.
    pub async fn customer_with(&self, more: Value) -> String {
        let customer = self.unconfirmed_with(more).await;
        self.confirm(&customer).await;
        customer
    }

    /// A customer who has not confirmed the email address, with more fields.
    pub async fn unconfirmed_with(&self, more: Value) -> String {
        self.post("/customer", new_customer(more)).await.expect(201).text("/customer/customer_id")
    }

    /// Confirms the customer's email address.
    pub async fn confirm(&self, customer: &str) {
        let token = self.confirmation(customer).await;
        self.put(&format!("/customer/confirm/{token}"), Value::Null).await.expect(200);
    }

    /// The token of a new confirmation link.
    pub async fn confirmation(&self, customer: &str) -> String {
        let sent = self.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await;
        sent.expect(200).text("/result")
    }

    /// Puts `quantity` of the product into the customer's cart.
    pub async fn add(&self, customer: &str, product: &str, quantity: u32) -> Answer {
        self.post(&format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": quantity })).await
    }

    /// Bills the customer's cart and gives the invoice's id.
    pub async fn bill(&self, customer: &str) -> String {
        self.bill_with(customer, "", Value::Null).await.expect(201).text("/invoice/invoice_id")
    }

    /// Bills the customer's cart with this query (`?coupon=CODE`, or nothing) and body.
    pub async fn bill_with(&self, customer: &str, query: &str, body: Value) -> Answer {
        self.post(&format!("/customer/{customer}/cart/billcart{query}"), body).await
    }

    /// Bills a new cart with so many of the product, and gives the invoice's id.
    pub async fn invoice(&self, customer: &str, product: &str, quantity: u32) -> String {
        self.add(customer, product, quantity).await.expect(201);
        self.bill(customer).await
    }

    /// Collects the invoice, and gives the order's id.
    pub async fn collect(&self, invoice: &str) -> String {
        let collected = self.post(&format!("/invoice/{invoice}/collected"), Value::Null).await;
        collected.expect(201).text("/order/order_id")
    }

    /// Issues a gift card, and gives its id.
    pub async fn gift_card(&self, gifter: &str, recipient: &str, amount: i64) -> String {
        let card = json!({
            "gifter_customer_id": gifter, "recipient_customer_id": recipient, "original_amount": amount,
        });
        self.post("/giftcard", card).await.expect(201).text("/gift_card/gift_card_id")
    }

    /// Issues a credit, and gives its id.
    pub async fn credit(&self, customer: &str, amount: i64) -> String {
        let issued = self.post(&format!("/customer/{customer}/credit/{amount}"), Value::Null).await;
        issued.expect(201).text("/credit/credit_id")
    }

    /// Creates a coupon, and gives its code.
    pub async fn coupon(&self, fields: Value) -> String {
        let coupon = merged(json!({ "code": format!("CODE-{}", number()) }), fields);
        self.post("/coupon_code", coupon).await.expect(201).text("/coupon/code")
    }

    /// The id of a person whom a command of this store has named.
    pub async fn actor(&self, name: &str) -> String {
        let tagline = json!({ "tagline": format!("by number {}", number()) });
        self.with("Cartlog-Actor", name).put("/store", tagline).await.expect(200);
        let store = self.get("/store").await.expect(200).text("/store/store_id");
        let told = self.get(&format!("/audit/store/{store}?type=StoreTaglineChanged&limit=250")).await.expect(200);
        let events = told["events"].as_array().expect("events");
        let last = events.last().expect("an event");
        assert_eq!(last["by"]["actor_name"], name);
        last["by"]["actor_id"].as_str().expect("an id").to_owned()
    }

    /// What can be put into carts of the product, and what is held of it.
    pub async fn stock(&self, product: &str) -> (i64, i64) {
        let product = self.get(&format!("/product/{product}")).await.expect(200);
        (product.number("/product/inventory"), product.number("/product/reserved"))
    }
}

/// Asks until the answer is as wanted: what happens elsewhere takes a moment to be known.
pub async fn until(ask: impl AsyncFn() -> Answer, is_so: impl Fn(&Answer) -> bool) -> Answer {
    for asked in 1.. {
        let answer = ask().await;
        if is_so(&answer) {
            return answer;
        }
        // Whoever looks at a test that does not end sees what it waits for.
        if asked % 250 == 0 {
            eprintln!("still waiting; the last answer: {} {}", answer.status, answer.body);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("it is asked until the answer is as wanted")
}
