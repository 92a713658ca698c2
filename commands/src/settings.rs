//! What commands are wired to, and their bounds.

use crate::snapshots::Snapshots;
use crate::{Clock, Lookups, Mailer};
use journal::Journal;
use std::sync::Arc;
use std::time::Duration;
use vault::Vault;

/// What commands are wired to.
#[derive(Clone)]
pub struct CommandDependencies {
    pub journal: Journal,
    pub vault: Arc<dyn Vault>,
    /// Of long streams.
    pub snapshots: Arc<dyn Snapshots>,
    /// Of the work that one node does for all, and another goes on with: how far it is. Where nodes share anything, they share this.
    pub progress: Arc<dyn Snapshots>,
    pub lookups: Arc<dyn Lookups>,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
    pub settings: CommandSettings,
}

/// Bounds, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct CommandSettings {
    /// Streams whose state is kept in memory, of all categories together; also bounded by [`Memory::states`].
    pub cached_streams: usize,
    pub memory: Memory,
    /// Commands that may wait on one stream; one more is [`CommandError::Busy`].
    pub queue_length: usize,
    /// Events after which a long stream's state is saved again.
    pub snapshot_every: u64,
    /// No other process writes to the log, as on one machine: what this one has in memory is the truth. Otherwise streams are
    /// read again before anything is said of them.
    pub sole_writer: bool,
    /// Wrong secrets or passwords of one account from one address that are answered in a minute; more are
    /// [`CommandError::RateLimited`]. 0: no limit.
    pub wrong_tries: u32,
    /// How long anybody waits for a command, the time counted that its request has taken before. The work goes on.
    pub deadline: Duration,
}

/// What may be held in memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// States of streams that nothing waits on.
    pub states: u64,
    /// Snapshots that wait to be written.
    pub snapshots: usize,
    /// Tokens, credentials and keys that were seen lately, and the like; half of it by commands, the rest is for whoever keeps
    /// customers' keys.
    pub known: u64,
}

/// With the 2 s that an answer waits for the views, ten seconds.
const DEADLINE: Duration = Duration::from_secs(8);

impl Default for CommandSettings {
    fn default() -> Self {
        Self {
            cached_streams: 32_768,
            memory: Memory::default(),
            queue_length: 1_024,
            snapshot_every: 1_000,
            sole_writer: false,
            wrong_tries: 10,
            deadline: DEADLINE,
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self { states: 64 * MIB as u64, snapshots: 16 * MIB, known: 16 * MIB as u64 }
    }
}
