//! What whoever opens the log may choose.

use crate::port::FIRST_FORMAT;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait before trying again, after so many failures in a row (from 1 on).
pub type Pauses = Arc<dyn Fn(u32) -> Duration + Send + Sync>;

/// What the server takes in one append unless it was told otherwise: 1 MiB in older versions, more in newer ones.
const SERVER_MAX_APPEND_BYTES: usize = 1024 * 1024;
/// Left to the server, whose count of bytes may one day differ from ours.
const HEADROOM_BYTES: usize = 16 * 1024;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How an [`EventStoreDbLog`](crate::EventStoreDbLog) works.
#[derive(Clone)]
pub struct EventStoreDbOptions {
    /// The connection string, of the official clients' form: `esdb://`, `kurrentdb://` and their likes, or `eventstoredb://`
    /// for each of them. May name a user and a password, which no error and no log line repeats.
    pub url: String,
    /// What the names of our streams begin with. Whatever else the server holds is none of ours.
    pub stream_prefixes: Vec<String>,
    /// Stands before the name of each stream in the server, so that several logs fit into one server. May be empty.
    pub namespace: String,
    /// The most that one append may hold; more is `TooLarge`. Must not be above the server's `MaxAppendSize`.
    pub max_append_bytes: usize,
    /// How long the server may keep silent in one call; where it has to look through much, in any call beside.
    pub request_timeout: Duration,
    /// How long an append is pursued whose outcome is not known.
    pub append_deadline: Duration,
    /// How often it is looked whether the subscription brings what it should, and is served by whoever leads.
    pub stall: Duration,
    /// How long to wait before the next try.
    pub pauses: Pauses,
    /// How many of the latest events, and how many bytes of them, are kept in memory for those who follow the log.
    pub recent_events: usize,
    pub recent_bytes: usize,
    /// The format of the events that are written: see [`FIRST_FORMAT`]. A log of a later one is refused; one of an earlier one is
    /// of this one from the first append on.
    pub format: u32,
}

impl EventStoreDbOptions {
    pub fn new(url: impl Into<String>, stream_prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            url: url.into(),
            stream_prefixes: stream_prefixes.into_iter().map(Into::into).collect(),
            namespace: String::new(),
            max_append_bytes: SERVER_MAX_APPEND_BYTES - HEADROOM_BYTES,
            request_timeout: Duration::from_secs(3),
            append_deadline: Duration::from_secs(10),
            stall: Duration::from_secs(5),
            pauses: Arc::new(growing_pause),
            recent_events: 8192,
            recent_bytes: 8 * 1024 * 1024,
            format: FIRST_FORMAT,
        }
    }
}

impl fmt::Debug for EventStoreDbOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the connection string, which may hold a password.
        f.debug_struct("EventStoreDbOptions")
            .field("stream_prefixes", &self.stream_prefixes)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Doubles with each failure up to a few seconds. The upper half is left to chance, so that nodes that lost the server at the
/// same time don't all come back at the same time.
#[expect(clippy::disallowed_methods, reason = "one of the `Pauses`, which a test chooses")]
fn growing_pause(failures: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.5..1.0))
}
