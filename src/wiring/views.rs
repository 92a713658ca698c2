//! The views, embedded: one SQLite file and the worker that fills it.

use super::blocking;
use crate::status::Parked;
use anyhow::{Result, bail};
use eventlog::Position;
use journal::Journal;
use projections::{Progress, SqliteReadStore, Status, Views, Worker};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the views are looked at while they catch up at the start.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Fills the views and knows how they are. Cheap to clone.
#[derive(Clone)]
pub struct ViewsFiller {
    worker: Arc<Worker>,
}

impl ViewsFiller {
    pub async fn open(path: &Path, journal: &Journal) -> Result<Self> {
        let file = path.to_owned();
        let store = blocking(move || Ok(SqliteReadStore::open(&file)?)).await?;
        Ok(Self { worker: Arc::new(Worker::new(journal.clone(), Arc::new(store))) })
    }

    pub fn views(&self) -> Views {
        self.worker.views()
    }

    fn status(&self) -> Status {
        self.views().status()
    }

    /// Fills until told to stop.
    pub async fn run(&self, stop: CancellationToken, progress: impl FnMut(u64, u64) + Send) -> Result<()> {
        Ok(self.worker.run(stop, tell(progress)).await?)
    }

    /// Waits until the views are at this position.
    ///
    /// # Errors
    /// They can't get there.
    pub async fn caught_up(&self, position: Position) -> Result<()> {
        loop {
            if self.views().wait_for(position, LOOK_EVERY).await.is_ok() {
                return Ok(());
            }
            let status = self.status();
            if status.stopped {
                let trouble = status.trouble.unwrap_or_else(|| "the views stopped".to_owned());
                bail!("{trouble}; `cartlog rebuild` fills the views anew from the log");
            }
        }
    }
}

impl ViewsFiller {
    /// The names of all views.
    pub fn names(&self) -> Vec<String> {
        self.status().views.iter().map(|view| view.name.to_owned()).collect()
    }

    /// Fills these views anew, beside those that answer.
    pub async fn rebuild(&self, views: &[String], progress: &mut (impl FnMut(&str, u64, u64) + Send)) -> Result<()> {
        let what = views.join(", ");
        Ok(self.worker.rebuild(views, |at: Progress| progress(&what, at.done, at.total)).await?)
    }

    /// Name, position and state in words of each view.
    pub async fn positions(&self) -> Result<Vec<(String, Position, String)>> {
        let status = self.status();
        let state = |view: &projections::ViewStatus| match (&status.trouble, &view.rebuild, view.parked) {
            (Some(trouble), _, _) => format!("waits: {trouble}"),
            (None, Some(rebuild), _) => format!("being rebuilt, {} of {}", rebuild.done, rebuild.total),
            (None, None, 0) => "well".to_owned(),
            (None, None, parked) => format!("{parked} parked"),
        };
        Ok(status.views.iter().map(|view| (view.name.to_owned(), status.position, state(view))).collect())
    }

    /// What is parked, by view.
    pub async fn parked(&self) -> Result<Vec<Parked>> {
        let mut all = Vec::new();
        for view in self.status().views {
            all.extend(view.first_parked.into_iter().map(|parked| Parked {
                follower: view.name.to_owned(),
                what: match parked.unit {
                    projections::store::ParkedUnit::Row(key) => key.to_string(),
                    projections::store::ParkedUnit::Stream(stream) => stream,
                },
                position: parked.position.0,
                reason: parked.reason,
            }));
        }
        Ok(all)
    }

    /// What operators should know.
    pub async fn troubles(&self) -> Vec<String> {
        let status = self.status();
        let parked = (status.parked > 0)
            .then(|| format!("{} rows or streams are parked; `cartlog status` names them", status.parked));
        status.trouble.into_iter().chain(parked).collect()
    }
}

fn tell(mut progress: impl FnMut(u64, u64) + Send) -> impl FnMut(Progress) + Send {
    move |at: Progress| progress(at.done, at.total)
}
