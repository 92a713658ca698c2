//! A server for as long as one piece of work goes on.

use super::server::Server;
use crate::config;
use crate::signals::Signals;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Starts a server of its own for as long as `work` goes on; its data is kept in `data`, or nowhere.
pub async fn with_own_server<T, Fut>(data: Option<PathBuf>, work: impl FnOnce(String) -> Fut) -> Result<T>
where
    Fut: Future<Output = Result<T>>,
{
    let mut signals = Signals::listen()?;
    let directory = match data {
        Some(kept) => Directory::Kept(kept),
        None => Directory::Temporary(std::env::temp_dir().join(format!("cartlog-demo-{:016x}", crate::random::seed()))),
    };
    let server = Server::start(config::of_own_server(directory.path())?).await?;
    let outcome = tokio::select! {
        outcome = work(server.url.clone()) => outcome,
        signal = signals.next() => Err(anyhow::anyhow!("stopped by {signal}")),
    };
    server.stop().await;
    outcome
}

/// Where a server of its own keeps its data.
enum Directory {
    Kept(PathBuf),
    Temporary(PathBuf),
}

impl Directory {
    fn path(&self) -> &Path {
        match self {
            Directory::Kept(path) | Directory::Temporary(path) => path,
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        match self {
            Directory::Kept(_) => {}
            // What can't be removed stays where the system clears up.
            Directory::Temporary(path) => drop(std::fs::remove_dir_all(path)),
        }
    }
}
