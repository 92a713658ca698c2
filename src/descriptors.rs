//! How many files this process may have open, and how many of them are left to clients' connections.
//!
//! The guarantee: clients never take what files, engines and the control socket need, so that a store with more clients than it has
//! room for goes on with those it has, and `cartlog status` answers.

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is kept beside clients' connections: of files that are opened later, of engines, of mails, of those who ask for the status.
const RESERVED: u64 = 96;
/// With less the server is not worth starting.
const FEWEST_CONNECTIONS: u64 = 16;

/// Takes as many as the system lets this process have.
pub fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::debug!(%error, "the number of files that may be open stays as it is");
    }
}

/// How many connections there may be, of so many that are wanted.
///
/// # Errors
/// There is no room for a server that is of any use.
pub fn for_connections(wanted: usize) -> Result<usize> {
    // Unlimited.
    let Some(limit) = getrlimit(Resource::Nofile).current else { return Ok(wanted) };
    let room = limit.saturating_sub(RESERVED);
    if room < FEWEST_CONNECTIONS {
        bail!(
            "this process may have {limit} files open, and needs {}; raise the limit: `ulimit -n`, or LimitNOFILE= of its unit",
            RESERVED + FEWEST_CONNECTIONS
        );
    }
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            max_connections = wanted,
            limit,
            connections = room,
            "fewer connections are served than max_connections says, as this process may have only so many files open; raise the limit: \
             `ulimit -n`, or LimitNOFILE= of its unit"
        );
    }
    Ok(wanted.min(room))
}
