//! Which log every place belongs to: the vault, the views and the metric windows are held against the log before anything is done.
//!
//! What lives here: the rule and its sentences. What doesn't: where a place keeps the log's id (the adapters), and what is looked for
//! in the log (`vault::binding`). The rule is the same everywhere: of the same log, but ahead of it, is filled anew, by
//! whoever fills it; of another log, or of one that is empty now, is refused, and both are named. `--accept-log` says that the log
//! which is there is the right one.

use super::windows::WindowsCounter;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::progress::Progress;
use anyhow::{Context, Error, Result, bail};
use eventlog::{Checkpoint, LogId, Position};
use health::Outcomes;
use journal::Journal;
use projections::store::{GenerationState, ReadStore};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use vault::Vault;
use vault::binding::{self, BindingError};

/// How often it is written down that the vault has what the log needs: what came later is looked through at the next start.
const BOUND_EVERY: Duration = Duration::from_secs(10);

/// Refuses a directory without a log that has what only a log can have filled, before another log is made in it.
///
/// # Errors
/// What is there, and what can have become of the log.
pub fn check_directory(config: &Config, data: &DataDir) -> Result<()> {
    if config.accept_log || config.log_url.is_some() || data.log().exists() {
        return Ok(());
    }
    let there: Vec<&str> = data.sizes().filter(|(_, bytes, wal)| bytes + wal > 0).map(|(name, _, _)| name).collect();
    let Some(first) = there.first() else { return Ok(()) };
    let directory = data.root().display();
    bail!(
        "there is no log.sqlite in {directory}, though there is {first}: restore the log from a backup, or set log_url if the log is \
         in EventStoreDB; `cartlog serve --accept-log` begins a new, empty one"
    )
}

/// Holds all places against the log.
///
/// # Errors
/// Which place is another log's, and what to do.
pub async fn check(
    config: &Config,
    journal: &Journal,
    vault: &dyn Vault,
    views: &dyn ReadStore,
    windows: &WindowsCounter,
) -> Result<()> {
    let (log_id, head) = (journal.log_id().await?, journal.head().await?);
    let refused = |place: &str, error: Error, cure: &'static str| -> Result<()> {
        if !config.accept_log {
            return Err(error.context(cure));
        }
        tracing::warn!(place, reason = error.to_string(), %log_id, "the log is accepted as it is");
        Ok(())
    };
    if let Err(error) = bind(vault, journal).await {
        if !error.can_be_accepted() {
            return Err(error.into());
        }
        refused("vault", error.into(), VAULT)?;
        binding::bind_anyway(vault, journal).await?;
    }
    let of_views = views_checkpoint(views, log_id).await.context("the views")?;
    if let Some(foreign) = of_views.and_then(|seen| differs("the views", seen, log_id, head)) {
        refused("views", foreign.into(), VIEWS)?;
    }
    let of_windows = match windows.checkpoint().await {
        Ok(seen) => seen,
        Err(error) => {
            // Redis may be away at the start; whoever counts looks again.
            tracing::debug!(
                error = eventlog::with_causes(error.as_ref()),
                "whether the metric windows are this log's is not known yet"
            );
            None
        }
    };
    if let Some(foreign) = of_windows.and_then(|seen| differs("the metric windows", seen, log_id, head)) {
        refused("metric windows", foreign.into(), WINDOWS)?;
    }
    Ok(())
}

const VAULT: &str = "the vault is not this log's: name the log that it belongs to, or restore the two from one backup; \
                     if they belong together all the same, `cartlog serve --accept-log` once";
const VIEWS: &str = "the views are not this log's: name the log that they are filled from (log_url, data), or other views (views_url, \
                     namespace); if this log takes the other's place, `cartlog serve --accept-log` once fills them anew";
const WINDOWS: &str = "the metric windows are not this log's: name the log that they are counted from (log_url, data), or other windows \
                       (windows_url, namespace); if this log takes the other's place, `cartlog serve --accept-log` once counts them anew";

async fn bind(vault: &dyn Vault, journal: &Journal) -> Result<(), BindingError> {
    let mut bar = None;
    let unit = journal.unit().as_str();
    binding::bind(vault, journal, &mut move |at: Position, to: Position| {
        bar.get_or_insert_with(|| Progress::new("holding the vault against the log", unit)).at(at.0, to.0);
    })
    .await
}

/// One of those that answer or are being filled, of another log if there is one.
async fn views_checkpoint(store: &dyn ReadStore, log_id: LogId) -> Result<Option<Checkpoint>> {
    let generations = store.generations().await?;
    let mut seen = generations.into_iter().filter(|view| view.state != GenerationState::Retired);
    let first = seen.next().map(|view| view.checkpoint);
    Ok(seen.map(|view| view.checkpoint).find(|checkpoint| checkpoint.log_id != log_id).or(first))
}

/// Why what was filled from a log is not this one's.
#[derive(Debug, thiserror::Error)]
enum Foreign {
    #[error("{name} are of log {of}, at position {position}, and this is log {log_id}, at {head}")]
    OfAnotherLog { name: &'static str, of: LogId, position: Position, log_id: LogId, head: Position },
    #[error("{name} have seen log {log_id} up to position {position}, and it is empty now")]
    LogIsEmpty { name: &'static str, log_id: LogId, position: Position },
}

/// Why what has seen this much of a log is not this one's, if it is not.
fn differs(name: &'static str, seen: Checkpoint, log_id: LogId, head: Position) -> Option<Foreign> {
    let Checkpoint { log_id: of, position, .. } = seen;
    if of != log_id {
        return Some(Foreign::OfAnotherLog { name, of, position, log_id, head });
    }
    let is_gone = head == Position::START && position > head;
    is_gone.then_some(Foreign::LogIsEmpty { name, log_id, position })
}

/// Writes down, again and again, that the vault has what the log needs up to here, and notes in `writes` whether it can be written.
///
/// # Errors
/// None: a vault or a log that is away is tried again.
pub async fn keep_bound(
    vault: &dyn Vault,
    journal: &Journal,
    writes: &Outcomes,
    stop: CancellationToken,
) -> Result<()> {
    while stop.run_until_cancelled(tokio::time::sleep(BOUND_EVERY)).await.is_some() {
        match bind_to_head(vault, journal).await {
            Ok(()) => writes.succeeded(),
            Err(BindingError::Vault(error)) => writes.failed(error.to_string()),
            Err(_) => {}
        }
    }
    Ok(())
}

/// As [`keep_bound`], once.
///
/// # Errors
/// The vault or the log is away; it was said.
pub async fn bind_to_head(vault: &dyn Vault, journal: &Journal) -> Result<(), BindingError> {
    binding::bind_to_head(vault, journal).await.inspect_err(|error| {
        let error = eventlog::with_causes(error);
        tracing::debug!(error, "how much of the log the vault was held against is not written down");
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_was_filled_from_another_log_or_from_one_that_is_empty_now_is_told_and_what_is_ahead_is_not() {
        let (this, other) = (LogId(Uuid::from_u128(1)), LogId(Uuid::from_u128(2)));
        let seen = |log_id, position| Checkpoint { position: Position(position), ..Checkpoint::start(log_id) };
        let told = |seen, head| differs("the views", seen, this, Position(head)).map(|foreign| foreign.to_string());
        assert_eq!(told(seen(this, 7), 7), None);
        assert_eq!(told(seen(this, 9), 7), None, "it was put back: whoever fills it sees to that");
        assert_eq!(told(seen(this, 0), 0), None);
        let foreign = told(seen(other, 7), 7).expect("it is another's");
        assert!(foreign.contains(&this.to_string()) && foreign.contains(&other.to_string()), "{foreign}");
        assert!(told(seen(this, 7), 0).expect("it was emptied").contains("it is empty now"));
    }
}
