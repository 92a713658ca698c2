//! `cartlog copy`: moves a store's log and vault between the data directory and the engines, in both directions by the same code.
//!
//! What lives here: which two sides there are ([`sides`]), the order of the work, what is shown ([`report`]). What doesn't: how a
//! log or a vault is copied (`eventlog::copy`, `vault::copy`). The guarantee: whatever stops it, the same command goes on
//! where it was; what it answers as copied was read back and compared.

mod report;
mod sides;

pub use sides::{Arguments, PlaceArgument};

use crate::config::Config;
use crate::progress::Progress;
use crate::signals::Signals;
use crate::wiring;
use anyhow::{Context, Error, Result, bail};
use commands::{Clock, SystemClock};
use eventlog::copy::{Copied, CopyError, Stage};
use eventlog::{EventLog, LogId, Position, Synchronous};
use report::CopyReport;
use sides::CopySide;
use std::time::Instant;
use vault::Vault;
use vault::binding::Binding;
use vault::copy::VaultCopyError;

const BROKE_OFF: &str = "the copy broke off; the same command goes on where it was";

/// Copies what was asked for, and says what was done.
pub async fn run(config: Config, asked: Arguments, json: bool) -> Result<()> {
    let mut signals = Signals::listen()?;
    let report = tokio::select! {
        report = copy(&config, asked) => report?,
        signal = signals.next() => bail!("stopped by {signal}; the same command goes on where it was"),
    };
    report.say(json)
}

async fn copy(config: &Config, asked: Arguments) -> Result<CopyReport> {
    let started = Instant::now();
    let (source, target) = sides::of(config, asked)?;
    let _locks = sides::lock(&source, &target)?;
    let from = wiring::log::open_at(config, &source.log, Synchronous::Full).await.context("the source's log")?;
    let (copied, vault) = copy_both(config, &*from, &source, &target).await?;
    // Opened anew, so that all of it is on the disk before it is read back and said to be there.
    let to = wiring::log::open_at(config, &target.log, Synchronous::Full).await.context("the target's log")?;
    let mut shown = Shown::of(&*from).await?;
    let same = eventlog::copy::compare(&*from, &*to, &mut |stage, at| shown.at(stage, at)).await.map_err(said)?;
    drop(shown);
    bind_vault(config, &target, &*to).await?;
    let log_ids = [log_id(&*from).await?.to_string(), log_id(&*to).await?.to_string()];
    Ok(CopyReport { source, target, log_ids, copied, same, vault, took: started.elapsed() })
}

/// The target's vault belongs to the target's log from now on.
async fn bind_vault(config: &Config, target: &CopySide, log: &dyn EventLog) -> Result<()> {
    let vault = wiring::vault::open_at(config, &target.vault, "--to-vault").await.context("the target's vault")?;
    let binding = Binding { log_id: log_id(log).await?, whole_to: log.head().await.context(BROKE_OFF)? };
    vault.bind(binding).await.context(BROKE_OFF)
}

/// Refuses a vault that says that it is another log's.
async fn check_bound(vault: &dyn Vault, log: &dyn EventLog, side: &str) -> Result<()> {
    let log_id = log_id(log).await?;
    match vault.binding().await.with_context(|| format!("the {side}'s vault"))? {
        Some(bound) if bound.log_id != log_id => bail!(
            "nothing was copied: the {side}'s vault belongs to log {}, and the {side}'s log is {log_id}; name the vault that belongs \
             to it",
            bound.log_id
        ),
        Some(_) | None => Ok(()),
    }
}

/// First the target's log is looked at, then the vault is copied, then the log: where one of them is not the source's, nothing has
/// been written to either.
///
/// The vault goes before the log. An event whose key or secret is not in the target's vault yet would be worse than none: a node
/// that is started on such a target makes new keys in the place of those that are missing, and what was sealed with the right
/// ones, and each name that is taken, is lost for it. The other way round a crash leaves entries that no event names yet, which do
/// no harm and are there when the copy goes on.
async fn copy_both(
    config: &Config,
    from: &dyn EventLog,
    source: &CopySide,
    target: &CopySide,
) -> Result<(Copied, vault::copy::Counts)> {
    // Into a directory without a sync for each append: a power cut may then take the last events, but none before another, and
    // the next try goes on from there.
    let to = wiring::log::open_at(config, &target.log, Synchronous::Normal).await.context("the target's log")?;
    let mut shown = Shown::of(from).await?;
    let mut watcher = |stage, at| shown.at(stage, at);
    let begun = eventlog::copy::begin(from, &*to, &mut watcher).await.map_err(said)?;
    let vault = copy_vault(config, (from, source), (&*to, target)).await?;
    let copied = begun.go_on(&mut watcher).await.map_err(said)?;
    Ok((copied, vault))
}

/// From the vault of this log to that of the other one.
async fn copy_vault(
    config: &Config,
    (from_log, source): (&dyn EventLog, &CopySide),
    (to_log, target): (&dyn EventLog, &CopySide),
) -> Result<vault::copy::Counts> {
    let from = wiring::vault::open_at(config, &source.vault, "--from-vault").await.context("the source's vault")?;
    let to = wiring::vault::open_at(config, &target.vault, "--to-vault").await.context("the target's vault")?;
    check_bound(&*from, from_log, "source").await?;
    check_bound(&*to, to_log, "target").await?;
    vault::copy::copy(&*from, &*to, SystemClock.now()).await.map_err(|error| match error {
        VaultCopyError::Source(_) | VaultCopyError::Target(_) => Error::from(error).context(BROKE_OFF),
        VaultCopyError::Differs(_) | VaultCopyError::Disturbed => error.into(),
    })
}

async fn log_id(log: &dyn EventLog) -> Result<LogId> {
    log.log_id().await.context(BROKE_OFF)
}

/// What helps: to try again, or something else.
fn said(error: CopyError) -> Error {
    let passes = error.retry().helps();
    let error = Error::from(error);
    if passes { error.context(BROKE_OFF) } else { error }
}

/// One bar after another.
struct Shown {
    unit: &'static str,
    head: Position,
    bar: Option<(Stage, Progress)>,
}

impl Shown {
    async fn of(source: &dyn EventLog) -> Result<Self> {
        Ok(Self { unit: source.unit().as_str(), head: source.head().await.context(BROKE_OFF)?, bar: None })
    }

    fn at(&mut self, stage: Stage, position: Position) {
        if self.bar.as_ref().is_none_or(|(shown, _)| *shown != stage) {
            let what = match stage {
                Stage::Comparing => "comparing what is there",
                Stage::Copying => "copying",
                Stage::Verifying => "reading back",
            };
            self.bar = Some((stage, Progress::new(what, self.unit)));
        }
        if let Some((_, bar)) = &mut self.bar {
            bar.at(position.0, self.head.0.max(position.0));
        }
    }
}
