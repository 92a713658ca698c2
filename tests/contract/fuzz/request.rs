//! A request that was good, and what can be spoiled about it.

use super::super::table::{Case, World};
use super::values;
use crate::support::{Operation, TestShop};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::Value;

/// A request as it goes out.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    path: String,
    query: Vec<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// The body as JSON, as long as it is some.
    json: Option<Value>,
    /// The credentials of another store.
    stranger: Vec<(String, Vec<u8>)>,
}

/// Cursors of all kinds of lists, of the store's own and of another one's.
pub struct Cursors(Vec<String>);

impl Cursors {
    pub async fn collect(world: &World, stranger: &TestShop) -> Self {
        let mut cursors = Vec::new();
        for shop in [&world.shop, stranger] {
            for _ in 0..2 {
                shop.product(1, 1).await;
                shop.unconfirmed_with(serde_json::json!({})).await;
                shop.coupon(serde_json::json!({ "amount": 1 })).await;
            }
            for list in ["/product", "/customer", "/coupon_code", "/store/history", "/product?tag=spring"] {
                let separator = if list.contains('?') { '&' } else { '?' };
                let page = shop.get(&format!("{list}{separator}limit=1")).await.expect(200);
                let next = page.link("next").unwrap_or_default();
                cursors.extend(next.split("cursor=").nth(1).map(str::to_owned));
            }
        }
        assert!(cursors.len() >= 8, "{} cursors", cursors.len());
        Self(cursors)
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(500)]).into_owned();
        write!(f, "{} {}", self.method, shown(self.target().as_bytes()))?;
        for (name, value) in self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("ACCESS-TOKEN")) {
            write!(f, "\n{name}: {}", shown(value))?;
        }
        write!(f, "\n{}", shown(&self.body))
    }
}

impl Request {
    pub fn of(operation: &Operation<'_>, case: &Case, stranger: &TestShop) -> Self {
        let (path, query) = case.path.split_once('?').unwrap_or((&case.path, ""));
        let mut headers = case.shop.sent_headers();
        let json = (!case.body.is_null()).then(|| case.body.clone());
        headers.extend(json.as_ref().map(|_| ("Content-Type".to_owned(), b"application/json".to_vec())));
        Self {
            method: operation.method.to_owned(),
            path: path.to_owned(),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect(),
            headers,
            body: json.as_ref().map_or_else(Vec::new, |json| json.to_string().into_bytes()),
            json,
            stranger: stranger.sent_headers(),
        }
    }

    pub fn target(&self) -> String {
        match self.query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, self.query.join("&")),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.target()).into_bytes();
        let host =
            (!self.headers.iter().any(|(name, _)| name == "Host")).then(|| ("Host".to_owned(), b"shop".to_vec()));
        let length = ("Content-Length".to_owned(), self.body.len().to_string().into_bytes());
        for (name, value) in self.headers.iter().cloned().chain(host).chain([length]) {
            bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }

    /// Spoils one thing about it.
    pub fn spoil(&mut self, rng: &mut StdRng, operation: &Operation<'_>, cursors: &Cursors) {
        match rng.random_range(0..100) {
            0..40 if !self.body.is_empty() => self.spoil_body(rng),
            0..40 => self.set_text(values::json(rng)),
            40..60 => self.spoil_query(rng, operation, cursors),
            60..78 => self.spoil_path(rng),
            78..92 => self.spoil_header(rng),
            92..97 => {
                let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "get"];
                self.method = methods.choose(rng).copied().unwrap_or("GET").to_owned();
            }
            _ => {
                self.headers.retain(|(name, _)| !matches!(name.to_lowercase().as_str(), "app-id" | "access-token"));
                self.headers.extend(self.stranger.clone());
            }
        }
    }

    fn set_text(&mut self, text: String) {
        self.json = serde_json::from_str(&text).ok();
        self.body = text.into_bytes();
        if has_no_content_type(&self.headers) {
            self.headers.push(("Content-Type".to_owned(), b"application/json".to_vec()));
        }
    }

    fn spoil_body(&mut self, rng: &mut StdRng) {
        match rng.random_range(0..10) {
            0..5 if self.json.is_some() => self.spoil_field(rng),
            0..6 => self.set_text(values::json(rng)),
            6 => {
                let at = rng.random_range(0..self.body.len());
                self.body.truncate(at);
            }
            7 => {
                let at = rng.random_range(0..self.body.len());
                self.body[at] = rng.random();
            }
            8 => self.body = values::noise(rng),
            _ => self.body.extend(b",\xc3\x28 trailing"),
        }
    }

    /// Sets, removes, adds or doubles a field: in the text, so that also what is no JSON can stand in it.
    fn spoil_field(&mut self, rng: &mut StdRng) {
        let Some(json) = &self.json else { return };
        let (object, is_list) = match json.get(0) {
            Some(first) => (first.as_object(), true),
            None => (json.as_object(), false),
        };
        let mut fields: Vec<(String, String)> = object
            .into_iter()
            .flatten()
            .map(|(name, value)| (serde_json::json!(name).to_string(), value.to_string()))
            .collect();
        let at = if fields.is_empty() { 0 } else { rng.random_range(0..fields.len()) };
        match rng.random_range(0..8) {
            0 if !fields.is_empty() => drop(fields.remove(at)),
            1 if !fields.is_empty() => fields.push(fields[at].clone()),
            2 => {
                let names = [
                    "\"nonsense\"",
                    "\"\"",
                    "\"__proto__\"",
                    "\"a/b~c\"",
                    "\"\\u0000\"",
                    "\"store_id\"",
                    "\"ünknown\"",
                    "\"quantity\"",
                ];
                fields.push((names.choose(rng).copied().unwrap_or("\"x\"").to_owned(), values::json(rng)));
            }
            _ if !fields.is_empty() => fields[at].1 = values::json(rng),
            _ => {}
        }
        let object = fields.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join(",");
        let object = format!("{{{object}}}");
        let text = match is_list {
            true => format!("[{}]", vec![object; *[1, 1, 1, 2, 100, 101].choose(rng).expect("not empty")].join(",")),
            false => object,
        };
        self.set_text(text);
    }

    fn spoil_query(&mut self, rng: &mut StdRng, operation: &Operation<'_>, cursors: &Cursors) {
        let own = operation.spec["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query");
        let own: Vec<_> = own.filter_map(|parameter| parameter["name"].as_str()).collect();
        let name = match rng.random_range(0..10) {
            0..6 if !own.is_empty() => own.choose(rng).copied().unwrap_or_default().to_owned(),
            0..8 => values::query_name(rng),
            _ => values::query_part(rng),
        };
        match rng.random_range(0..10) {
            0 => self.query.push(name),
            1..3 => self.query.push(format!("cursor={}", cursors.0.choose(rng).cloned().unwrap_or_default())),
            _ => self.query.push(format!("{name}={}", values::query_part(rng))),
        }
    }

    fn spoil_path(&mut self, rng: &mut StdRng) {
        let mut parts: Vec<String> = self.path.split('/').skip(1).map(str::to_owned).collect();
        let at = rng.random_range(0..parts.len());
        match rng.random_range(0..8) {
            0 => parts.push(values::segment(rng)),
            1 => drop(parts.remove(at)),
            2 => parts.extend(vec![String::new(); rng.random_range(1..4)]),
            3 => parts[at] = parts[at].to_uppercase(),
            _ => parts[at] = values::segment(rng),
        }
        self.path = format!("/{}", parts.join("/"));
    }

    fn spoil_header(&mut self, rng: &mut StdRng) {
        let (name, value) = values::header(rng);
        if name != "Cookie" && rng.random_range(0..4) != 0 {
            self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        }
        self.headers.push((name, value));
    }
}

fn has_no_content_type(headers: &[(String, Vec<u8>)]) -> bool {
    !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Type"))
}
