//! `cartlog serve`: opens everything, starts what the roles ask for, serves, and ends gracefully.
//!
//! What lives here: the order of starting and stopping ([`server`]), what runs as long as the server does ([`workers`]), how all of it is
//! ([`readiness`], [`metrics`]). What doesn't: which adapter runs (`wiring`), connections (`http`), restarts of tasks (`supervise`).
//! The guarantee: what was answered is finished before the process ends; a second signal ends it at once, and then the next start
//! does.

mod metrics;
mod own;
mod reacting;
mod readiness;
mod router;
mod server;
mod starting;
mod worker;
mod workers;

pub use own::with_own_server;

use crate::config::Config;
use crate::signals::Signals;
use crate::{logging, output, supervise};
use anyhow::Result;
use eventlog::with_causes;
use server::Server;

/// What a process killed by a signal answers, by convention.
const KILLED: i32 = 130;

/// Serves until a signal says stop.
pub async fn run(config: Config) -> Result<()> {
    let mut signals = Signals::listen()?;
    let drain = config.drain.0;
    let server = tokio::select! {
        started = Server::start(config) => started?,
        signal = signals.next() => {
            tracing::info!(signal, "stopped while starting");
            return Ok(());
        }
    };
    if let Err(error) = output::say(format!("listening on {}", server.url)) {
        // Who serves need not be heard.
        tracing::warn!(error = with_causes(error.as_ref()), url = server.url, "where the server listens can't be said");
    }
    let outcome = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping; a second signal stops at once");
            Ok(())
        }
        death = supervise::death() => {
            tracing::error!(reason = death, "stopping: a task can't be helped");
            Err(supervise::Dead(death).into())
        }
    };
    tokio::select! {
        () = server.drain(drain) => outcome,
        signal = signals.next() => {
            tracing::warn!(signal, "stopped at once");
            logging::end();
            std::process::exit(KILLED);
        }
    }
}
