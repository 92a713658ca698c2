//! A client that survives its server: what it asks can be asked again, and a connection that breaks is an answer too.

use crate::support::{Answer, Contract};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Of all customers here.
pub const PASSWORD: &str = "analytical";

/// A client of one store.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub url: String,
    app_id: String,
    token: String,
    contract: &'static Contract,
}

/// A request with its `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    /// Null: none.
    pub body: Value,
    pub key: String,
}

impl Asked {
    /// A request without a key.
    pub fn once(method: &'static str, path: &str, body: Value) -> Self {
        Self { method, path: path.to_owned(), body, key: String::new() }
    }
}

/// The connection broke before the answer was there.
#[derive(Debug)]
pub struct NoAnswer;

/// An answer as it came.
pub struct Raw {
    pub status: u16,
    pub etag: String,
    pub text: String,
}

impl Client {
    /// Opens a store, with more fields than it must have, and is its client.
    pub async fn open(url: &str, more: Value) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let app_id = format!("endurance-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut store = json!({ "name": "Tea & Co", "app_id": app_id, "app_secret": "a good secret" });
        store.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let contract = Contract::get(url).await;
        let mut client = Self { http, url: url.to_owned(), app_id: app_id.clone(), token: String::new(), contract };
        client.post("/store", store).await.expect(201);
        let credentials = json!({ "app_id": app_id, "app_secret": "a good secret" });
        client.token = client.post("/store/token", credentials).await.expect(201).text("/token");
        client
    }

    /// The same store on another server, over new connections.
    pub fn moved_to(&self, url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, url: url.to_owned(), ..self.clone() }
    }

    pub async fn ask(&self, asked: &Asked) -> Result<Answer, NoAnswer> {
        let method = asked.method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}{}", self.url, asked.path));
        request = request.header("APP-ID", &self.app_id).header("ACCESS-TOKEN", &self.token);
        if !asked.key.is_empty() {
            request = request.header("Idempotency-Key", &asked.key);
        }
        if !asked.body.is_null() {
            request = request.json(&asked.body);
        }
        let response = request.send().await.map_err(|_| NoAnswer)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.map_err(|_| NoAnswer)?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        let answer = Answer { asked: format!("{} {} {}", asked.method, asked.path, asked.body), status, headers, body };
        self.contract.check(asked.method, &asked.path, &answer);
        Ok(answer)
    }

    /// Asks until the server is not busy, and must answer.
    pub async fn insist(&self, asked: &Asked) -> Answer {
        let mut last = None;
        for _ in 0..100 {
            let answer = self.ask(asked).await.unwrap_or_else(|_| panic!("no answer to {asked:?}"));
            if answer.status != 503 {
                return answer;
            }
            last = Some(answer.body);
        }
        panic!("the server stayed busy for {asked:?}: {last:?}");
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.insist(&Asked::once("GET", path, Value::Null)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.insist(&Asked::once("POST", path, body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.insist(&Asked::once("PUT", path, body)).await
    }

    /// A product with that much in stock, at that price.
    pub async fn product(&self, inventory: i64, price: i64) -> String {
        let body = json!({
            "title": "Darjeeling", "product_type": "tea", "vendor": "Hill Farm", "inventory": inventory,
            "sale_price_in_cents": price,
        });
        self.post("/product", body).await.expect(201).text("/product/product_id")
    }

    pub async fn unconfirmed_customer(&self, currency: &str) -> String {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let email = format!("ada-{}@example.com", NUMBER.fetch_add(1, Ordering::Relaxed));
        let body = json!({
            "currency": currency, "email": email, "first_name": "Ada", "last_name": "Byron", "password": PASSWORD,
        });
        self.post("/customer", body).await.expect(201).text("/customer/customer_id")
    }

    /// A confirmed customer.
    pub async fn customer(&self, currency: &str) -> String {
        let customer = self.unconfirmed_customer(currency).await;
        let sent = self.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200);
        let link = format!("/customer/confirm/{}", sent.text("/result"));
        self.put(&link, Value::Null).await.expect(200);
        customer
    }

    /// The answer to a query as it came, byte for byte.
    pub async fn raw(&self, path: &str) -> Raw {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = request.header("APP-ID", &self.app_id).header("ACCESS-TOKEN", &self.token);
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let etag = response.headers().get("etag").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Raw { status: response.status().as_u16(), etag, text: response.text().await.expect("the body arrives") }
    }

    /// All items of a list, page by page.
    pub async fn list(&self, path: &str, items: &str) -> Vec<Value> {
        let (mut all, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let mut page = self.get(&path).await.expect(200);
            all.append(page.body[items].as_array_mut().expect("a list"));
            next = next_page(&page.body);
        }
        all
    }
}

/// Where a list goes on.
pub fn next_page(body: &Value) -> Option<String> {
    let links = body["links"].as_array()?;
    let next = links.iter().find(|link| link["rel"] == "next")?;
    next["href"].as_str().map(str::to_owned)
}

/// What an answer to a command says.
pub trait Says {
    fn is_done(&self) -> bool;

    /// It had been done before, by the same key.
    fn was_replayed(&self) -> bool;

    /// The code of a refusal.
    fn error(&self) -> &str;

    /// The id of what the command was about, also where the rest of the answer is late.
    fn id(&self, resource: &str) -> Option<String>;
}

impl Says for Answer {
    fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn was_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }

    fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    fn id(&self, resource: &str) -> Option<String> {
        let name = format!("{resource}_id");
        let id = self.body[resource][&name].as_str().or(self.body[&name].as_str());
        id.map(str::to_owned)
    }
}
