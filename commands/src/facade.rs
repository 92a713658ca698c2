//! All commands in one handle, and what it is made of.

use crate::vault::Vault;
use crate::{Clock, Lookups, Mailer};
use journal::Journal;
use std::sync::Arc;

/// What commands are wired to.
#[derive(Clone)]
pub struct Parts {
    pub journal: Journal,
    pub vault: Arc<dyn Vault>,
    pub lookups: Arc<dyn Lookups>,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
}

/// Bounds, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Streams of each category whose state is kept in memory.
    pub cached_streams: usize,
    /// Commands that may wait on one stream; one more is [`crate::CommandError::Busy`].
    pub queue_length: usize,
    /// Events after which a long stream's state is saved again.
    pub snapshot_every: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cached_streams: 4_096, queue_length: 1_024, snapshot_every: 1_000 }
    }
}

/// All commands. Cheap to clone. Each command runs in a task of its own: dropping the future ends the waiting, never the
/// command.
#[derive(Clone)]
pub struct Commands {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
}

impl Commands {
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts }) }
    }

    /// Waits for the commands under way; new ones are refused as [`crate::CommandError::Busy`].
    pub async fn close(&self) {
        todo!()
    }
}
