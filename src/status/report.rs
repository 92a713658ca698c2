//! How a store is, as a server tells it over the control socket and as it is printed for machines.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a store is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreStatus {
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
