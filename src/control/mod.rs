//! The control socket: how other commands reach the server that has a data directory.
//!
//! A Unix socket in the directory that only its owner may open. One request a connection, one JSON object a line: the request,
//! then replies until the last. What doesn't live here: what is done (`operations`).

pub mod client;
pub mod server;

use crate::audit::{Chain, Entry};
use crate::kafka::{Amends, Topics};
use crate::status::Status;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

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
    Status(Box<Status>),
    Progress {
        what: String,
        done: u64,
        total: u64,
    },
    Rebuilt {
        views: Vec<String>,
    },
    Entries(Vec<Entry>),
    Chain(Chain),
    #[cfg(feature = "kafka")]
    KafkaChecked(Box<streaming::CheckReport>),
    #[cfg(feature = "kafka")]
    KafkaForwarded(crate::kafka::Amended),
    /// One sentence.
    Failed(String),
}

/// The longest path that a socket's address takes on every system.
const LONGEST_ADDRESS: usize = 100;

/// Calls with a path that is short enough for a socket's address: where the socket's own is too long, one by way of its open
/// directory (Linux only; elsewhere the system's error comes back).
fn with_short_path<T>(socket: &Path, call: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if socket.as_os_str().len() <= LONGEST_ADDRESS {
        return call(socket);
    }
    let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else { return call(socket) };
    let directory = File::open(directory)?;
    call(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name))
}
