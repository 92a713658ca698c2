//! A server elsewhere, by what it tells everybody.

use super::report::StoreStatus;
use super::text::as_text;
use crate::output;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// A server elsewhere, as it says of itself to everybody.
#[derive(Debug, Serialize)]
struct Elsewhere {
    #[serde(flatten)]
    status: StoreStatus,
    ready: bool,
    /// What is not well, in the server's words.
    troubles: Vec<String>,
}

/// Of a server elsewhere, by what it tells everybody: `/readyz` and `/metrics`.
pub async fn of_server(server: &str, json: bool) -> Result<()> {
    if !server.starts_with("http://") {
        bail!("'{server}' is no address that can be reached; write --server http://HOST:PORT");
    }
    let server = server.trim_end_matches('/');
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;
    let get = |path: &str| http.get(format!("{server}{path}")).send();
    let away = || format!("{server} can't be reached; is it running?");
    let readiness = get("/readyz").await.with_context(away)?;
    let ready = readiness.status().is_success();
    let troubles = troubles(&readiness.json().await.unwrap_or(Value::Null));
    let metrics = get("/metrics").await.with_context(away)?.text().await.with_context(away)?;
    let Some(status) = StoreStatus::read(server, &metrics) else {
        let why = if troubles.is_empty() { "it says nothing of a log".to_owned() } else { troubles.join("; ") };
        bail!("{server} does not tell how it is: {why}");
    };
    let elsewhere = Elsewhere { status, ready, troubles };
    if json {
        return output::say_json(&elsewhere);
    }
    let is = if elsewhere.ready { "ready" } else { "NOT ready" };
    let troubles: String = elsewhere.troubles.iter().map(|trouble| format!("\n  {trouble}")).collect();
    output::say(format!("{server} is {is}{troubles}\n\n{}", as_text(&elsewhere.status)))
}

/// What `/readyz` names: the parts that are not well, or what the server says while it has none.
fn troubles(said: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let Some(parts) = said["parts"].as_array() else {
        return said["detail"].as_str().map(str::to_owned).into_iter().collect();
    };
    let unwell = parts.iter().filter(|part| part["state"] != "ok");
    let told = |part: &Value| {
        let since = part["since"].as_str().map_or_else(String::new, |since| format!(" since {since}"));
        format!("{} ({}{since}): {}", text(&part["name"]), text(&part["state"]), text(&part["reason"]))
    };
    unwell.map(told).collect()
}
