//! Why an aggregate's stream can't be read or written.

use crate::LookupsError;
use domain::Impossible;
use journal::JournalError;

/// The stream can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StreamFailure {
    #[error("executing on {stream}")]
    Journal {
        stream: String,
        #[source]
        source: JournalError,
    },
    /// An event that no history of this program can contain.
    #[error("{stream} is corrupt at revision {revision}: {source}")]
    Corrupt { stream: String, revision: u64, source: Corruption },
    /// The views are away or late, and they alone know what was done under an old key.
    #[error("asking the views what {stream} did under an old key: {source}")]
    Views { stream: String, source: LookupsError },
    /// What the state does not keep of the past can't be asked.
    #[error("asking for the past of {stream}")]
    Past {
        stream: String,
        #[source]
        source: LookupsError,
    },
    /// Other nodes wrote to the stream faster than this one could decide.
    #[error("{stream} is written by others too fast")]
    Contended { stream: String },
    #[error("the executor was stopped")]
    Stopped,
}

/// What no history of this program can contain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Corruption {
    #[error("an event of another aggregate stands there")]
    OtherAggregate,
    #[error(transparent)]
    Impossible(#[from] Impossible),
}
