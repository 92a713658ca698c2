//! What operators and auditors ask of a store beside its HTTP API: how it is, rebuilds, histories.
//!
//! The same for a running server, which is asked over its control socket, and for a command that opens the data directory itself.

mod running;
mod status;

pub use running::{CurrentReactions, Running};

use crate::audit::Witnesses;
use crate::config::Config;
use crate::data_dir::{DataDir, Lock};
use crate::engines::kafka::{self, CheckReport};
use crate::kafka::topics::{Amended, Amends, Topics};
use crate::wiring::tree::TreeKeeper;
use crate::wiring::views::ViewsKeeper;
use crate::wiring::windows::{self, WindowsCounter};
use crate::wiring::{Backend, Purpose, Stores};
use anyhow::{Result, bail};
use journal::Journal;
use parking_lot::Mutex;
use std::sync::Arc;

/// A store, opened.
pub struct Operations {
    witnesses: Witnesses,
    journal: Journal,
    views: ViewsKeeper,
    windows: WindowsCounter,
    tree: TreeKeeper,
    data: DataDir,
    running: Option<Running>,
    /// Last: the directory is free once all the rest is closed.
    _lock: Arc<Lock>,
}

impl Operations {
    /// Of a directory that no server has, for one command.
    ///
    /// # Errors
    /// As [`Stores::open_alone`].
    pub async fn alone(config: &Config, data: DataDir, purpose: Purpose) -> Result<Self> {
        let (stores, lock) = Stores::open_alone(config, &data, purpose).await?;
        let Stores { journal, views, windows, tree, snapshots, vault, .. } = stores;
        Ok(Self::of(Witnesses { journal, views, windows, snapshots, vault }, tree, data, Arc::new(lock)))
    }

    /// Of a running server.
    pub fn of_server(backend: &Backend, running: Running) -> Self {
        let witnesses = Witnesses {
            journal: backend.journal.clone(),
            views: backend.views.clone(),
            windows: backend.windows.clone(),
            snapshots: Arc::clone(&backend.snapshots),
            vault: Arc::clone(&backend.vault),
        };
        let operations = Self::of(witnesses, backend.tree.clone(), backend.data.clone(), Arc::clone(&backend.lock));
        Self { running: Some(running), ..operations }
    }

    fn of(witnesses: Witnesses, tree: TreeKeeper, data: DataDir, lock: Arc<Lock>) -> Self {
        let Witnesses { journal, views, windows, .. } = witnesses.clone();
        Self { witnesses, journal, views, windows, tree, data, running: None, _lock: lock }
    }

    /// Who can tell of histories.
    pub fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    /// Rebuilds these views (and `windows`), or all; goes on answering from the old ones meanwhile. Gives their names.
    ///
    /// # Errors
    /// A name that no view has; says which there are. Nothing was begun then.
    pub async fn rebuild(
        &self,
        asked: &[String],
        progress: impl FnMut(&str, u64, u64) + Send + 'static,
    ) -> Result<Vec<String>> {
        let mut known = self.views.names();
        known.push(windows::NAME.to_owned());
        if let Some(unknown) = asked.iter().find(|name| !known.contains(name)) {
            bail!("there is no view '{unknown}'; there are {}", known.join(", "));
        }
        let chosen = if asked.is_empty() { known } else { asked.to_vec() };
        let (counted, views): (Vec<_>, Vec<_>) = chosen.iter().cloned().partition(|name| name == windows::NAME);
        let progress = Arc::new(Mutex::new(progress));
        if !views.is_empty() {
            // A name or two say more than a number; a dozen are a number.
            let what = if views.len() > 3 { format!("{} views", views.len()) } else { views.join(", ") };
            let progress = Arc::clone(&progress);
            let progress = Box::new(move |done, total| (progress.lock())(&what, done, total));
            self.views.rebuild(&self.journal, &views, progress).await?;
        }
        if !counted.is_empty() {
            self.windows.rebuild(|done, total| (progress.lock())(windows::NAME, done, total)).await?;
        }
        Ok(chosen)
    }

    /// Compares log and topics in Kafka; what is not said of the topics is as the server has it.
    ///
    /// # Errors
    /// Log or Kafka is away, or nothing was forwarded: one sentence.
    pub async fn check_kafka(
        &self,
        topics: Topics,
        up_to: Option<u64>,
        progress: impl FnMut(&str, u64, u64) + Send + 'static,
    ) -> Result<CheckReport> {
        let topics = self.meant(topics);
        kafka::compare(self.journal.log().as_ref(), topics, up_to, progress).await
    }

    /// Makes good what was lost in Kafka; what is not said of the topics is as the server has it.
    ///
    /// # Errors
    /// Log or Kafka is away, or there is nothing to amend: one sentence.
    pub async fn forward_kafka(
        &self,
        topics: Topics,
        amends: Amends,
        progress: impl FnMut(&str, u64, u64) + Send + 'static,
    ) -> Result<Amended> {
        let topics = self.meant(topics);
        kafka::amend(self.journal.log().as_ref(), topics, amends, progress).await
    }

    fn meant(&self, topics: Topics) -> Topics {
        self.running.iter().fold(topics, |topics, running| topics.or(&running.topics))
    }
}
