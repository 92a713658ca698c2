//! Views that a new version fills before it takes over: beside the server of the version before, which goes on, in a file of their
//! own.
//!
//! What lives here: filling that file (`cartlog rebuild --ahead`), and putting it in the place of the views at the start. What
//! doesn't: how views are filled. The guarantees: the running server's files are only read; a file that is not whole, not of this log
//! or not of this version takes nobody's place; a death at any point leaves one of the two.

use super::embedded::open_file;
use super::upkeep::{Report, tell};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::wiring::memory::Shares;
use crate::wiring::{Files, advice, blocking, log, vault};
use anyhow::{Context, Result, bail};
use eventlog::{LogId, Position};
use journal::Journal;
use projections::store::ReadStore;
use projections::{ProjectionSettings, Projections, SqliteReadStore};
use sqlite::Settle;
use std::path::Path;
use std::sync::Arc;

/// What the views before are kept as, for whoever goes back to the version before.
const BEFORE: &str = ".before";

/// Fills the views of this version, up to where the log is; gives up to where. Called again, it goes on from there.
///
/// # Errors
/// A file can't be used, or somebody else is filling it; the views are elsewhere.
pub async fn fill(config: &Config, data: &DataDir, progress: Report) -> Result<Position> {
    if config.views_url.is_some() {
        bail!(
            "the views are in PostgreSQL, and `rebuild --ahead` fills a file of the data directory; views of a new version are filled there by \
             the first node that has it"
        );
    }
    let mut files = Files::within(data, config.disk_reserve)?;
    let lock = data.lock_ahead()?;
    let shares = Shares::of(config.memory);
    let log = log::open_to_read(config, data).await?;
    let keys = vault::open_keys(config, data, &mut files).await?;
    let journal = Journal::with_memory(log, keys, shares.of_followers());
    let store = open_file(&data.views_ahead(), files.space().clone()).await?;
    let settings = ProjectionSettings { accept_log: true, ..shares.of_views() };
    let filling = Projections::open(Arc::clone(&store) as Arc<dyn ReadStore>, journal, settings, tell(progress));
    let filled = filling.await.map_err(advice::filling)?;
    let reached = filled.views().position();
    filled.stop().await;
    drop(filled);
    blocking(move || store.settle().map_err(anyhow::Error::from)).await?;
    drop(lock);
    Ok(reached)
}

/// At the start, before the views are opened: puts what was filled ahead in their place, if it is whole and they are not of this
/// version.
///
/// # Errors
/// The disk's.
pub async fn take(data: &DataDir, log_id: LogId) -> Result<()> {
    let (ahead, views) = (data.views_ahead(), data.views());
    if !ahead.exists() {
        return Ok(());
    }
    let Ok(lock) = data.lock_ahead() else {
        tracing::warn!("views are being filled ahead by somebody else: they do not take their place now");
        return Ok(());
    };
    if filled_to(&views, log_id).await.is_some() {
        // They answer by themselves: what was filled ahead was for another start, or is no longer needed.
        tracing::info!("the views are of this version; what was filled ahead of them is removed");
        blocking(move || Ok(sqlite::files::remove(&ahead)?)).await?;
    } else if let Some(position) = filled_to(&ahead, log_id).await {
        let put = move || -> std::io::Result<()> {
            sqlite::files::set_aside_as(&views, BEFORE)?;
            sqlite::files::put(&views, &ahead)
        };
        blocking(move || put().context("what was filled ahead can't take the place of the views")).await?;
        tracing::info!(
            position = position.0,
            "the views that were filled ahead take the place of those of another version"
        );
    } else {
        tracing::warn!(
            "the views that were filled ahead are not whole, or not of this log: they do not take their place"
        );
    }
    drop(lock);
    Ok(())
}

/// Up to where the views in the file are filled for this version and log; `None`: they are not, or the file can't be read. It is
/// closed again, its write-ahead log is empty then.
async fn filled_to(file: &Path, log_id: LogId) -> Option<Position> {
    if !file.exists() {
        return None;
    }
    let path = file.to_owned();
    let store = blocking(move || Ok(SqliteReadStore::open(&path)?)).await.ok()?;
    let filled = projections::filled_to(&store, log_id).await.ok().flatten();
    let closing = blocking(move || store.settle().map_err(anyhow::Error::from)).await;
    filled.filter(|_| closing.is_ok())
}
