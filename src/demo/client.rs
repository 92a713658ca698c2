//! An HTTP client of one store: tries again where the server asks it to, and measures.
//!
//! The guarantee: every change carries an `Idempotency-Key`, so that trying again never does a thing twice.

use super::latencies::Latencies;
use anyhow::{Context, Result, bail};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one request is tried again.
const TRIES_FOR: Duration = Duration::from_secs(60);
/// How long to wait where the server does not say.
const PAUSE: Duration = Duration::from_millis(200);

/// A client of one store. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Arc<str>,
    credentials: Option<(Arc<str>, Arc<str>)>,
    shared: Arc<ClientState>,
}

#[derive(Default)]
struct ClientState {
    run: u64,
    keys: AtomicU64,
    position: AtomicU64,
    tried_again: AtomicU64,
    latencies: Latencies,
}

/// What the server answered, other than 'try again'.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// The server refused, which the demo had no reason to expect.
    pub fn expect_success(self, doing: &str) -> Result<Value> {
        match self.status.is_success() {
            true => Ok(self.body),
            false => bail!(
                "{doing}: the server answered {} {}",
                self.status,
                self.body["detail"].as_str().unwrap_or_default()
            ),
        }
    }

    /// The code of a refusal.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }
}

impl Client {
    /// A client of the server, without a store yet.
    ///
    /// # Errors
    /// The URL is none that this build can reach.
    pub fn new(server: &str) -> Result<Self> {
        if !server.starts_with("http://") {
            bail!("'{server}' is no address that the demo can reach; write --server http://HOST:PORT");
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(20));
        Ok(Self {
            http: http.build().context("the HTTP client can't be made")?,
            server: server.trim_end_matches('/').into(),
            credentials: None,
            shared: Arc::new(ClientState { run: crate::random::seed(), ..ClientState::default() }),
        })
    }

    /// The same client with a store's token.
    pub fn with_token(mut self, app_id: &str, token: &str) -> Self {
        self.credentials = Some((app_id.into(), token.into()));
        self
    }

    pub async fn get(&self, kind: &'static str, path: &str) -> Result<Answer> {
        self.send(kind, Method::GET, path, None).await
    }

    pub async fn post(&self, kind: &'static str, path: &str, body: Option<Value>) -> Result<Answer> {
        self.send(kind, Method::POST, path, body).await
    }

    pub async fn put(&self, kind: &'static str, path: &str, body: Option<Value>) -> Result<Answer> {
        self.send(kind, Method::PUT, path, body).await
    }

    pub async fn delete(&self, kind: &'static str, path: &str) -> Result<Answer> {
        self.send(kind, Method::DELETE, path, None).await
    }

    /// All items of a list, page by page.
    pub async fn list(&self, kind: &'static str, path: &str, items: &str) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let mut page = self.get(kind, &path).await?.expect_success("reading a list")?;
            let Value::Array(found) = page[items].take() else { bail!("{path} answered without '{items}'") };
            all.extend(found);
            let links = page["links"].as_array().into_iter().flatten();
            let next_link = |link: &Value| (link["rel"] == "next").then(|| link["href"].as_str().map(str::to_owned));
            next = links.filter_map(next_link).flatten().next();
        }
        Ok(all)
    }

    /// The highest log position that any answer named.
    pub fn position(&self) -> u64 {
        self.shared.position.load(Ordering::Relaxed)
    }

    /// How often the server asked to try again, or could not be reached.
    pub fn tried_again(&self) -> u64 {
        self.shared.tried_again.load(Ordering::Relaxed)
    }

    pub fn latencies(&self) -> &Latencies {
        &self.shared.latencies
    }

    /// Sends until the server answers with something else than 'try again'. `kind` names the request in the report.
    async fn send(&self, kind: &'static str, method: Method, path: &str, body: Option<Value>) -> Result<Answer> {
        let key = self.shared.keys.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        loop {
            let sent = Instant::now();
            let outcome = self.request(&method, path, body.as_ref(), key).send().await;
            let pause = match outcome {
                Ok(response) if asks_to_try_again(response.status()) => retry_after(response.headers()),
                Ok(response) => {
                    let answer = self.read(response).await;
                    self.shared.latencies.note(kind, sent.elapsed());
                    return answer.with_context(|| format!("{method} {path}"));
                }
                Err(error) if started.elapsed() >= TRIES_FOR => {
                    return Err(error).with_context(|| format!("{method} {path}: {} can't be reached", self.server));
                }
                Err(_) => PAUSE,
            };
            if started.elapsed() >= TRIES_FOR {
                bail!("{method} {path}: the server asked to try again for {} s", TRIES_FOR.as_secs());
            }
            self.shared.tried_again.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
    }

    fn request(&self, method: &Method, path: &str, body: Option<&Value>, key: u64) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.server));
        if let Some((app_id, token)) = &self.credentials {
            request = request.header("APP-ID", app_id.as_ref()).header("ACCESS-TOKEN", token.as_ref());
        }
        if *method != Method::GET {
            request = request.header("Idempotency-Key", format!("demo-{:x}-{key}", self.shared.run));
        }
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    async fn read(&self, response: Response) -> Result<Answer> {
        let status = response.status();
        if let Some(position) = number(response.headers(), "Cartlog-Position") {
            self.shared.position.fetch_max(position, Ordering::Relaxed);
        }
        let bytes = response.bytes().await?;
        let body = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).context("the answer is no JSON")?,
        };
        Ok(Answer { status, body })
    }
}

fn asks_to_try_again(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

fn retry_after(headers: &HeaderMap) -> Duration {
    number(headers, RETRY_AFTER.as_str()).map_or(PAUSE, |seconds| Duration::from_secs(seconds.min(30)))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
