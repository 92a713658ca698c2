//! The views in one SQLite file, filled by this process.

use super::{Report, Upkeep, tell};
use crate::wiring::blocking;
use anyhow::{Context, Result};
use async_trait::async_trait;
use journal::Journal;
use parking_lot::Mutex;
use projections::store::ReadStore;
use projections::{Projections, Settings, SqliteReadStore, Status, Views};
use std::path::Path;
use std::sync::Arc;

/// What always helps against a file of views that can't be used.
const FILL_ANEW: &str = "the views can't be used; move views.sqlite away, and it is filled anew from the log";

pub struct Embedded {
    store: Arc<SqliteReadStore>,
    settings: Settings,
    /// Once they were brought to where the log is.
    filled: Mutex<Option<Projections>>,
}

impl Embedded {
    pub async fn open(path: &Path, settings: Settings) -> Result<Self> {
        let file = path.to_owned();
        let store = blocking(move || SqliteReadStore::open(&file).context(FILL_ANEW)).await?;
        Ok(Self { store: Arc::new(store), settings, filled: Mutex::default() })
    }

    fn filled(&self) -> Option<Projections> {
        self.filled.lock().clone()
    }

    async fn fill(&self, journal: &Journal, progress: Report) -> Result<Projections> {
        let store = Arc::clone(&self.store) as Arc<dyn ReadStore>;
        let opening = Projections::open(store, journal.clone(), self.settings, tell(progress));
        let projections = opening.await.context(FILL_ANEW)?;
        *self.filled.lock() = Some(projections.clone());
        Ok(projections)
    }
}

#[async_trait]
impl Upkeep for Embedded {
    async fn catch_up(&self, journal: &Journal, progress: Report) -> Result<Views> {
        Ok(self.fill(journal, progress).await?.views())
    }

    fn start(&self) {
        if let Some(projections) = self.filled() {
            projections.start();
        }
    }

    async fn stop(&self) {
        if let Some(projections) = self.filled() {
            projections.stop().await;
        }
    }

    async fn rebuild(&self, journal: &Journal, views: &[String], progress: Report) -> Result<()> {
        let projections = match self.filled() {
            Some(projections) => projections,
            None => self.fill(journal, Box::new(|_, _| {})).await?,
        };
        projections.rebuild(Some(views), tell(progress)).await?;
        Ok(())
    }

    fn status(&self) -> Option<Status> {
        self.filled().map(|projections| projections.views().status())
    }

    fn store(&self) -> &dyn ReadStore {
        self.store.as_ref()
    }
}
