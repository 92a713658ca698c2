//! `cartlog status`: how far everything is and how large, for people and machines.
//!
//! What doesn't live here: how it is found out (`operations`).

use crate::config::Config;
use crate::control::{Reply, Request, client};
use crate::data_dir::DataDir;
use crate::{output, tables, units, wiring};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How a store is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Of the program that answers.
    pub version: String,
    /// Null: no server runs.
    pub server: Option<Server>,
    pub log: Log,
    /// All who follow the log: views, windows, reactions.
    pub followers: Vec<Follower>,
    /// What waits for somebody to look at it.
    pub parked: Vec<Parked>,
    pub files: Vec<File>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    pub pid: u32,
    pub url: String,
    pub up_for_seconds: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Log {
    pub log_id: String,
    /// The position of the last event.
    pub head: u64,
    pub last_event_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Follower {
    pub name: String,
    pub position: u64,
    pub lag_events: u64,
    /// The age of the oldest event that it has not taken; 0 when there is none.
    pub lag_seconds: f64,
    /// In words.
    pub state: String,
}

/// Something that can't be done until somebody has looked at it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parked {
    /// Who has parked it.
    pub follower: String,
    /// The row or stream.
    pub what: String,
    /// Of the event that can't be taken.
    pub position: u64,
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct File {
    pub name: String,
    pub bytes: u64,
}

/// Of the data directory: asks the server that has it, or looks itself.
pub async fn run(config: Config, json: bool) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let status = match client::ask(&data, &Request::Status).await? {
        Some(mut replies) => match replies.next().await? {
            Reply::Status(status) => *status,
            other => bail!("the running server answered something else: {other:?}"),
        },
        None => wiring::open_alone(&config, data).await?.status().await?,
    };
    match json {
        true => output::say_json(&status),
        false => output::say(as_text(&status)),
    }
}

fn as_text(status: &Status) -> String {
    let mut text = String::new();
    let server = status.server.as_ref().map_or("no server is running".to_owned(), |server| {
        let up = units::duration(Duration::from_secs(server.up_for_seconds));
        format!("{} (process {}), up for {up}", server.url, server.pid)
    });
    let head = match &status.log.last_event_at {
        Some(at) => format!("position {}, last event at {at}", units::count(status.log.head)),
        None => "empty".to_owned(),
    };
    let size: u64 = status.files.iter().map(|file| file.bytes).sum();
    let overview = [
        ("server", server),
        ("version", status.version.clone()),
        ("log", head),
        ("log id", status.log.log_id.clone()),
        ("on disk", units::bytes(size)),
    ];
    // Writing to a String can't fail.
    let _ = writeln!(text, "{}\n", tables::pairs(overview));
    let mut followers = tables::new(&["follows the log", "position", "behind", "", "state"]);
    for follower in &status.followers {
        let age = match follower.lag_events {
            0 => String::new(),
            _ => units::duration(Duration::try_from_secs_f64(follower.lag_seconds).unwrap_or_default()),
        };
        let behind = format!("{} events", units::count(follower.lag_events));
        followers.add_row([
            follower.name.clone(),
            units::count(follower.position),
            behind,
            age,
            follower.state.clone(),
        ]);
    }
    let files = status.files.iter().map(|file| (file.name.clone(), units::bytes(file.bytes)));
    let _ = writeln!(text, "{followers}\n\n{}", tables::pairs(files));
    if !status.parked.is_empty() {
        let mut parked = tables::new(&["parked by", "what", "at position", "why"]);
        for row in &status.parked {
            parked.add_row([row.follower.clone(), row.what.clone(), row.position.to_string(), row.reason.clone()]);
        }
        let _ = writeln!(
            text,
            "\n{parked}\nParked rows of views keep what they had; they are tried again by `cartlog rebuild` or after an upgrade. Reactions are \
             tried again by themselves, at least every five minutes."
        );
    }
    text
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
    let said: Value = readiness.json().await.unwrap_or(Value::Null);
    let metrics = figures(&get("/metrics").await.with_context(away)?.text().await.with_context(away)?);
    if json {
        return output::say_json(&json!({ "server": server, "ready": ready, "readiness": said, "metrics": metrics }));
    }
    let mut table = tables::new(&["metric", "value"]);
    for (name, value) in &metrics {
        table.add_row([name.clone(), value.to_string()]);
    }
    output::say(format!("{server} is {}: {said}\n\n{table}", if ready { "ready" } else { "NOT ready" }))
}

/// The figures of cartlog's own in Prometheus' text format, without histograms.
fn figures(text: &str) -> BTreeMap<String, f64> {
    let figure = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        let histogram = ["_bucket", "_sum", "quantile="].iter().any(|part| name.contains(part));
        (name.starts_with("cartlog_") && !histogram).then_some((name.to_owned(), value.parse().ok()?))
    };
    text.lines().filter_map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_prometheus_text() {
        let text =
            "# TYPE cartlog_x counter\ncartlog_x{a=\"b c\"} 3\nother 4\ncartlog_y_bucket{le=\"1\"} 2\ncartlog_z 0.5\n";
        let figures = figures(text);
        assert_eq!(
            figures.into_iter().collect::<Vec<_>>(),
            [("cartlog_x{a=\"b c\"}".to_owned(), 3.0), ("cartlog_z".to_owned(), 0.5)]
        );
    }
}
