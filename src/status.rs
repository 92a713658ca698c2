//! `cartlog status`: how far everything is and how large, for people and machines.
//!
//! A server elsewhere is asked by what it tells everybody: the figures of its metrics are written and read here, so that both ends
//! agree. What doesn't live here: how it is found out (`operations`).

use crate::config::Config;
use crate::control::{Reply, Request, client};
use crate::data_dir::DataDir;
use crate::tables::Head::{Number, Text};
use crate::{output, tables, units, wiring};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
    /// By the work that one of several nodes does for all: whether this one does it.
    #[serde(default)]
    pub leads: BTreeMap<String, bool>,
    /// What waits for somebody to look at it.
    pub parked: Vec<Parked>,
    /// The long-lived tasks of the server; none without one, or of one elsewhere.
    #[serde(default)]
    pub tasks: Vec<Task>,
    pub files: Vec<File>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    /// Null: it runs elsewhere.
    pub pid: Option<u32>,
    pub url: String,
    pub up_for_seconds: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Log {
    /// Null, as all of it: the log is away.
    pub log_id: Option<String>,
    /// The position of the last event.
    pub head: Option<u64>,
    /// What positions count, and so how far anybody is behind; null where a server elsewhere does not say it.
    #[serde(default)]
    pub unit: Option<eventlog::LogUnit>,
    pub last_event_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Follower {
    pub name: String,
    /// Null: it is not known now, as where it is kept, or the log, is away.
    pub position: Option<u64>,
    pub lag_events: Option<u64>,
    /// The age of the oldest event that it has not taken; 0 when there is none.
    pub lag_seconds: Option<f64>,
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

/// Something that a server does for as long as it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    pub name: String,
    /// `running`, `broke off` (and started again in a moment), or `dead`.
    pub state: String,
    /// For how long it has been so.
    pub for_seconds: u64,
    pub restarts: u64,
    /// Why it broke off last.
    pub last_reason: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct File {
    pub name: String,
    pub bytes: u64,
    /// Of its write-ahead log, beside it.
    #[serde(default)]
    pub wal_bytes: u64,
}

/// Of the data directory: asks the server that has it, or looks itself.
pub async fn run(config: Config, json: bool) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let status = match client::ask(&data, &Request::Status).await? {
        Some(mut replies) => match replies.next().await? {
            Reply::Status(status) => *status,
            other => bail!("the running server answered something else: {other:?}"),
        },
        None => wiring::open_alone(&config, data, wiring::Purpose::Look).await?.status().await,
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
        let process = server.pid.map_or(String::new(), |pid| format!(" (process {pid})"));
        format!("{}{process}, up for {up}", server.url)
    });
    let head = match (status.log.head, &status.log.last_event_at) {
        (None, _) => "away".to_owned(),
        (Some(head), Some(at)) => format!("position {}, last event at {at}", units::count(head)),
        (Some(0), None) => "empty".to_owned(),
        (Some(head), None) => format!("position {}", units::count(head)),
    };
    let size: u64 = status.files.iter().map(|file| file.bytes + file.wal_bytes).sum();
    let overview = [
        ("server", server),
        ("version", status.version.clone()),
        ("log", head),
        ("log id", status.log.log_id.clone().unwrap_or_else(|| "not known now".to_owned())),
        ("on disk", units::bytes(size)),
    ];
    // Writing to a String can't fail.
    let _ = writeln!(text, "{}\n", tables::pairs(overview));
    let heads = [Text("follows the log"), Number("position"), Number("behind"), Number("for"), Text("state")];
    let mut followers = tables::new(&heads);
    for follower in &status.followers {
        let age = match (follower.lag_events, follower.lag_seconds) {
            (Some(0), _) | (_, None) => String::new(),
            (_, Some(seconds)) => units::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default()),
        };
        let unit = status.log.unit.map_or("positions", eventlog::LogUnit::as_str);
        let behind = follower.lag_events.map(|events| format!("{} {unit}", units::count(events)));
        followers.add_row([
            follower.name.clone(),
            follower.position.map_or_else(|| "not known".to_owned(), units::count),
            behind.unwrap_or_default(),
            age,
            follower.state.clone(),
        ]);
    }
    let files = status.files.iter().map(|file| (file.name.clone(), units::bytes(file.bytes + file.wal_bytes)));
    let _ = writeln!(text, "{followers}\n\n{}", tables::amounts(files));
    if !status.parked.is_empty() {
        let mut parked = tables::new(&[Text("parked by"), Text("what"), Number("at position"), Text("why")]);
        for row in &status.parked {
            parked.add_row([row.follower.clone(), row.what.clone(), units::count(row.position), row.reason.clone()]);
        }
        let _ = writeln!(
            text,
            "\n{parked}\nParked rows of views keep what they had; they are tried again by `cartlog rebuild` or after an upgrade. Reactions are \
             tried again by themselves, at least every five minutes."
        );
    }
    text.push_str(&broken_off(&status.tasks));
    text
}

/// The tasks that ever broke off.
fn broken_off(tasks: &[Task]) -> String {
    let broken: Vec<&Task> = tasks.iter().filter(|task| task.last_reason.is_some()).collect();
    if broken.is_empty() {
        return String::new();
    }
    let heads = [Text("broke off"), Text("is"), Number("for"), Number("restarts"), Text("why")];
    let mut table = tables::new(&heads);
    for task in broken {
        let lasts = units::duration(Duration::from_secs(task.for_seconds));
        let reason = task.last_reason.clone().unwrap_or_default();
        table.add_row([task.name.clone(), task.state.clone(), lasts, units::count(task.restarts), reason]);
    }
    format!("\n{table}\n")
}

/// A server elsewhere, as it says of itself to everybody.
#[derive(Debug, Serialize)]
struct Elsewhere {
    #[serde(flatten)]
    status: Status,
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
    let Some(status) = Status::read(server, &metrics) else {
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

const HEAD: &str = "cartlog_log_head";
const LAST_EVENT: &str = "cartlog_log_last_event_timestamp_seconds";
const UP_FOR: &str = "cartlog_up_seconds";
const POSITION: &str = "cartlog_follower_position";
const LAG_EVENTS: &str = "cartlog_follower_lag_events";
const LAG_SECONDS: &str = "cartlog_follower_lag_seconds";
const PARKED: &str = "cartlog_follower_parked";

impl Status {
    /// Sets the gauges that say the same; what is not known sets none.
    pub fn record(&self) {
        if let (Some(log_id), Some(head)) = (&self.log.log_id, self.log.head) {
            metrics::gauge!(HEAD, "log_id" => log_id.clone()).set(head as f64);
        }
        let last = self.log.last_event_at.as_ref().and_then(|at| at.parse::<domain::Timestamp>().ok());
        if let Some(last) = last {
            metrics::gauge!(LAST_EVENT).set(last.as_millis() as f64 / 1_000.0);
        }
        if let Some(server) = &self.server {
            metrics::gauge!(UP_FOR).set(server.up_for_seconds as f64);
        }
        for follower in &self.followers {
            let parked = self.parked.iter().filter(|parked| parked.follower == follower.name).count();
            let figures = [
                (POSITION, follower.position.map(|position| position as f64)),
                (LAG_EVENTS, follower.lag_events.map(|events| events as f64)),
                (LAG_SECONDS, follower.lag_seconds),
                (PARKED, Some(parked as f64)),
            ];
            for (name, value) in figures {
                if let Some(value) = value {
                    metrics::gauge!(name, "follower" => follower.name.clone()).set(value);
                }
            }
        }
        for (work, leads) in &self.leads {
            metrics::gauge!("cartlog_leader", "work" => work.clone()).set(f64::from(u8::from(*leads)));
        }
        for file in &self.files {
            metrics::gauge!("cartlog_file_bytes", "file" => file.name.clone()).set(file.bytes as f64);
            metrics::gauge!("cartlog_wal_bytes", "file" => file.name.clone()).set(file.wal_bytes as f64);
        }
    }

    /// From the metrics of a server; `None` where they don't say how far it is.
    fn read(server: &str, metrics: &str) -> Option<Self> {
        let figures: Vec<Figure<'_>> = metrics.lines().filter_map(Figure::read).collect();
        let named = |name: &'static str| figures.iter().filter(move |figure| figure.name == name);
        // A server whose log is away has no head to tell.
        named(UP_FOR).next()?;
        let head = named(HEAD).next();
        let of = |name, follower: &str| {
            let found = named(name).find(|figure| figure.label("follower").as_deref() == Some(follower));
            found.map(|figure| figure.value)
        };
        let follower = |name: String| {
            let (lag, parked) = (of(LAG_EVENTS, &name), of(PARKED, &name).unwrap_or(0.0));
            let state = match lag {
                _ if parked > 0.0 => format!("{} parked", units::count(parked as u64)),
                None => "not known".to_owned(),
                Some(lag) if lag > 0.0 => "behind".to_owned(),
                Some(_) => "well".to_owned(),
            };
            Follower {
                position: of(POSITION, &name).map(|position| position as u64),
                lag_events: lag.map(|lag| lag as u64),
                lag_seconds: of(LAG_SECONDS, &name),
                state,
                name,
            }
        };
        let millis = named(LAST_EVENT).map(|figure| (figure.value * 1_000.0).round() as i64).find(|millis| *millis > 0);
        let wal_bytes = |file: &str| {
            let found = named("cartlog_wal_bytes").find(|figure| figure.label("file").as_deref() == Some(file));
            found.map_or(0, |figure| figure.value as u64)
        };
        let files = named("cartlog_file_bytes").filter_map(|figure| {
            let name = figure.label("file")?;
            Some(File { bytes: figure.value as u64, wal_bytes: wal_bytes(&name), name })
        });
        let leads = named("cartlog_leader").filter_map(|figure| Some((figure.label("work")?, figure.value > 0.0)));
        let mut names: Vec<String> = named(PARKED).filter_map(|figure| figure.label("follower")).collect();
        names.sort_unstable();
        let mut files: Vec<File> = files.collect();
        files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Some(Self {
            version: named("cartlog_build_info").find_map(|figure| figure.label("version")).unwrap_or_default(),
            server: Some(Server {
                pid: None,
                url: server.to_owned(),
                up_for_seconds: named(UP_FOR).next().map_or(0, |figure| figure.value as u64),
            }),
            log: Log {
                log_id: head.and_then(|head| head.label("log_id")),
                unit: None,
                head: head.map(|head| head.value as u64),
                last_event_at: millis.map(|millis| domain::Timestamp::from_millis(millis).to_string()),
            },
            followers: names.into_iter().map(follower).collect(),
            leads: leads.collect(),
            parked: Vec::new(),
            tasks: Vec::new(),
            files,
        })
    }
}

/// A line of Prometheus' text format.
struct Figure<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

impl<'a> Figure<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, value) = line.rsplit_once(' ')?;
        let (name, labels) =
            name.split_once('{').map_or((name, ""), |(name, labels)| (name, labels.trim_end_matches('}')));
        Some(Self { name, labels, value: value.parse().ok()? })
    }

    /// Of names that are ours, which need no escaping.
    fn label(&self, key: &str) -> Option<String> {
        let begins = format!("{key}=\"");
        let at = self.labels.match_indices(&begins).map(|(at, _)| at);
        let mut at = at.filter(|at| *at == 0 || self.labels[..*at].ends_with(','));
        let text = &self.labels[at.next()? + begins.len()..];
        text.split_once('"').map(|(text, _)| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_metrics() {
        let text = "# TYPE cartlog_log_head gauge\ncartlog_log_head{log_id=\"x-y\"} 1700\n\
            cartlog_log_last_event_timestamp_seconds 1795515630.5\ncartlog_up_seconds 90\n\
            cartlog_build_info{version=\"9.9\",commit=\"abc\"} 1\n\
            cartlog_follower_position{follower=\"carts\"} 1690\ncartlog_follower_lag_events{follower=\"carts\"} 10\n\
            cartlog_follower_lag_seconds{follower=\"carts\"} 0.5\ncartlog_follower_position{follower=\"windows\"} 1700\n\
            cartlog_follower_parked{follower=\"carts\"} 0\ncartlog_follower_parked{follower=\"windows\"} 2\n\
            cartlog_follower_parked{follower=\"orders\"} 0\n\
            cartlog_file_bytes{file=\"log.sqlite\"} 4096\nother{a=\"b c\"} 4\n";
        let Some(status) = Status::read("http://x", text) else { panic!("nothing is read") };
        assert_eq!((status.log.head, status.log.log_id.as_deref()), (Some(1_700), Some("x-y")));
        assert_eq!(status.version, "9.9");
        assert_eq!(status.log.last_event_at.as_deref(), Some("2026-11-24T10:20:30.500Z"));
        assert_eq!(status.server.map(|server| server.up_for_seconds), Some(90));
        let followers: Vec<_> = status
            .followers
            .iter()
            .map(|follower| (follower.name.as_str(), follower.position, follower.lag_events, follower.state.as_str()))
            .collect();
        let (carts, windows) = (("carts", Some(1_690), Some(10), "behind"), ("windows", Some(1_700), None, "2 parked"));
        let away = ("orders", None, None, "not known");
        assert_eq!(followers, [carts, away, windows]);
        assert_eq!(
            status.files.iter().map(|file| (file.name.as_str(), file.bytes)).collect::<Vec<_>>(),
            [("log.sqlite", 4_096)]
        );
        assert!(Status::read("http://x", "other 4\n").is_none());
    }
}
