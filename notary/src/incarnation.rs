//! Which incarnation of a log this is.

use eventlog::{EventLog, LogError, Retry, StreamName};
use serde::Deserialize;

/// Where a log says something of itself, beside the streams of the business.
const LOG_STREAM: &str = "cartlog-log";
const BEGUN: &str = "LogIncarnationBegun";
/// The first, which no event says.
const FIRST: u32 = 1;
/// Events that are read at once.
const PAGE: usize = 100;

/// Why it is not known which incarnation a log is: nothing is signed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IncarnationError {
    #[error("the log can't be read")]
    Log(#[from] LogError),
    #[error("event {revision} of {LOG_STREAM} does not say which incarnation of the log begins")]
    Unreadable { revision: u64 },
    #[error("event {revision} of {LOG_STREAM} says that incarnation {number} begins after {before}")]
    Backwards { revision: u64, before: u32, number: u32 },
}

impl IncarnationError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Log(error) => error.retry(),
            Self::Unreadable { .. } | Self::Backwards { .. } => Retry::Never,
        }
    }
}

/// What an event says that begins an incarnation.
#[derive(Deserialize)]
struct LogIncarnationBegun {
    number: u32,
}

/// The number of the log's incarnation: 1, unless events in its stream `cartlog-log` say that others have begun. Each restore and each
/// copy of a log begins one, as neither knows what was signed after it was made.
///
/// # Errors
/// What stands there can't be read, or numbers don't rise.
pub async fn incarnation(log: &dyn EventLog) -> Result<u32, IncarnationError> {
    let (stream, mut from, mut latest) = (StreamName::new(LOG_STREAM), 0, FIRST);
    loop {
        let events = log.read_stream(&stream, from, PAGE).await?;
        let Some(last) = events.last() else { return Ok(latest) };
        from = last.revision + 1;
        for event in events.iter().filter(|event| &*event.event_type == BEGUN) {
            let revision = event.revision;
            let begun = serde_json::from_slice(&event.data);
            let LogIncarnationBegun { number } = begun.map_err(|_| IncarnationError::Unreadable { revision })?;
            if number <= latest {
                return Err(IncarnationError::Backwards { revision, before: latest, number });
            }
            latest = number;
        }
    }
}
