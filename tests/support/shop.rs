//! A store of a test's own, on the server that tests share, and its client: one line an action.

use super::{Answer, Contract, Server};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A store and a client with its token.
#[derive(Clone)]
pub struct TestShop {
    pub url: String,
    pub app_id: String,
    pub token: String,
    client: reqwest::Client,
    contract: &'static Contract,
}

pub const SECRET: &str = "a good secret";
pub const PASSWORD: &str = "analytical";

impl TestShop {
    /// A new store on the shared server.
    pub async fn start() -> Self {
        Self::on(Arc::as_ref(Server::shared())).await
    }

    /// A new store on the server.
    pub async fn on(server: &Server) -> Self {
        Self::with(server, json!({})).await
    }

    /// A new store on the server, with more fields.
    pub async fn with(server: &Server, more: Value) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let app_id = format!("app-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let contract = Contract::get(&server.url).await;
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut shop = Self { url: server.url.clone(), app_id: app_id.clone(), token: String::new(), client, contract };
        let mut store = json!({ "name": "Tea & Co", "app_id": app_id, "app_secret": SECRET });
        store.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        shop.post("/store", store).await.expect(201);
        shop.log_in().await;
        shop
    }

    /// A new token in place of the one in use.
    pub async fn log_in(&mut self) {
        let answer =
            self.post("/store/token", json!({ "app_id": self.app_id, "app_secret": SECRET })).await.expect(201);
        self.token = answer.text("/token");
    }

    /// The same store, as seen through another server (after a restart).
    pub fn moved_to(&self, server: &Server) -> Self {
        Self { url: server.url.clone(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    /// Any request with the store's credentials; `Value::Null` as a body is none. The answer is checked against the contract.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let method_name = method.parse().expect("a method");
        let mut request = self.client.request(method_name, format!("{}{path}", self.url));
        request = request.header("APP-ID", &self.app_id).header("ACCESS-TOKEN", &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body.filter(|body| !body.is_null()) {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let answer = Answer::read(format!("{method} {path}"), response).await;
        self.contract.check(method, path, &answer);
        answer
    }

    /// A product with that much in stock, at that price.
    pub async fn product(&self, inventory: i64, price: i64) -> String {
        let body = json!({
            "title": "Darjeeling", "product_type": "tea", "vendor": "Hill Farm",
            "inventory": inventory, "sale_price_in_cents": price,
        });
        self.post("/product", body).await.expect(201).text("/product/product_id")
    }

    /// A confirmed customer.
    pub async fn customer(&self) -> String {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let email = format!("ada-{}@example.com", NUMBER.fetch_add(1, Ordering::Relaxed));
        let body = json!({
            "currency": "EUR", "email": email, "first_name": "Ada", "last_name": "Byron", "password": PASSWORD,
        });
        let customer = self.post("/customer", body).await.expect(201).text("/customer/customer_id");
        let token =
            self.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200).text("/result");
        self.put(&format!("/customer/confirm/{token}"), Value::Null).await.expect(200);
        customer
    }

    /// Puts `quantity` of the product into the customer's cart.
    pub async fn add(&self, customer: &str, product: &str, quantity: u32) -> Answer {
        self.post(&format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": quantity })).await
    }

    /// Bills the customer's cart and gives the invoice's id.
    pub async fn bill(&self, customer: &str) -> String {
        self.post(&format!("/customer/{customer}/cart/billcart"), Value::Null)
            .await
            .expect(201)
            .text("/invoice/invoice_id")
    }
}
