//! A client that survives its server: what it asks can be asked again, and a connection that breaks is an answer too.

use crate::support::{Answer, Contract, TestShop};
use serde_json::Value;

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

/// What came of a request, as far as the client knows.
#[derive(Debug)]
pub struct NoAnswer;

/// An answer as it came.
pub struct Raw {
    pub status: u16,
    pub etag: String,
    pub text: String,
}

impl Client {
    pub async fn of(shop: &TestShop) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            url: shop.url.clone(),
            app_id: shop.app_id.clone(),
            token: shop.token.clone(),
            contract: Contract::get(&shop.url).await,
        }
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
        for _ in 0..100 {
            let answer = self.ask(asked).await.unwrap_or_else(|_| panic!("no answer to {asked:?}"));
            if answer.status != 503 {
                return answer;
            }
        }
        panic!("the server stayed busy for {asked:?}");
    }

    pub async fn get(&self, path: &str) -> Answer {
        let asked = Asked { method: "GET", path: path.to_owned(), body: Value::Null, key: String::new() };
        self.insist(&asked).await
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

impl Answer {
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The id of what the command was about, also where the rest of the answer is late.
    pub fn id(&self, resource: &str) -> Option<String> {
        let name = format!("{resource}_id");
        let id = self.body[resource][&name].as_str().or(self.body[&name].as_str());
        id.map(str::to_owned)
    }
}
