//! What is said over the control socket, and how it is framed.
//!
//! One request a connection, one JSON object a line: the request, then replies until the last. What doesn't live here: the socket,
//! and who is at its ends. The guarantee: nothing is said in a line that a version which knows it would read otherwise.

use crate::audit::report::{Chain, HistoryEntry};
use crate::engines::kafka::CheckReport;
use crate::kafka::topics::{Amended, Amends, Topics};
use crate::status::report::StoreStatus;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest request, in bytes.
pub const LONGEST_REQUEST: u64 = 64 * 1024;

/// What can be asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    Status,
    /// Without views: all of them, and the windows.
    Rebuild {
        views: Vec<String>,
    },
    /// The object as it is typed: `invoice/ID`.
    History {
        object: String,
    },
    /// Without a position: up to what was forwarded.
    CheckKafka {
        topics: Topics,
        up_to: Option<u64>,
    },
    /// Makes good what was lost in Kafka.
    ForwardKafka {
        topics: Topics,
        amends: Amends,
    },
}

/// What is answered; the last one is `Status`, `Rebuilt`, `Chain`, `KafkaChecked`, `KafkaForwarded` or `Failed`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Status(Box<StoreStatus>),
    Progress {
        what: String,
        done: u64,
        total: u64,
    },
    Rebuilt {
        views: Vec<String>,
    },
    Entries(Vec<HistoryEntry>),
    Chain(Chain),
    KafkaChecked(Box<CheckReport>),
    KafkaForwarded(Amended),
    /// One sentence.
    Failed(String),
}

/// A request or reply as the line that says it.
///
/// # Errors
/// It has no form in JSON.
pub fn write(said: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    Ok(line)
}

/// What a line says.
///
/// # Errors
/// Another version has said it, or somebody else.
pub fn read<T: DeserializeOwned>(line: &str) -> serde_json::Result<T> {
    serde_json::from_str(line)
}
