//! The views, embedded: one SQLite file and what fills it.

use super::blocking;
use crate::status::Parked;
use anyhow::{Context, Result, bail};
use eventlog::Position;
use journal::Journal;
use parking_lot::Mutex;
use projections::store::{GenerationState, ParkedUnit, ReadStore};
use projections::{Progress, Projections, Settings, SqliteReadStore, Status, ViewStatus, Views};
use std::path::Path;
use std::sync::Arc;

/// What always helps against a file of views that can't be used.
const FILL_ANEW: &str = "the views can't be used; move views.sqlite away, and it is filled anew from the log";

/// Fills the views and knows how they are. Cheap to clone.
#[derive(Clone)]
pub struct ViewsFiller {
    store: Arc<SqliteReadStore>,
    /// Once they were brought to where the log is.
    filled: Option<Projections>,
}

impl ViewsFiller {
    pub async fn open(path: &Path) -> Result<Self> {
        let file = path.to_owned();
        let store = blocking(move || SqliteReadStore::open(&file).context(FILL_ANEW)).await?;
        Ok(Self { store: Arc::new(store), filled: None })
    }

    /// Brings the views to where the log is; those of another version are filled first.
    pub async fn catch_up(
        &mut self,
        journal: &Journal,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<Views> {
        let store = Arc::clone(&self.store) as Arc<dyn ReadStore>;
        let opening = Projections::open(store, journal.clone(), Settings::default(), tell(progress));
        let projections = opening.await.context(FILL_ANEW)?;
        let views = projections.views();
        self.filled = Some(projections);
        Ok(views)
    }

    /// Follows the log from now on.
    pub fn start(&self) {
        if let Some(projections) = &self.filled {
            projections.start();
        }
    }

    /// Stops following, between two batches.
    pub async fn stop(&self) {
        if let Some(projections) = &self.filled {
            projections.stop().await;
        }
    }

    /// The names of all views.
    pub fn names(&self) -> Vec<String> {
        projections::view_names().map(str::to_owned).collect()
    }

    /// Fills these views anew, beside those that answer.
    pub async fn rebuild(
        &self,
        journal: &Journal,
        views: &[String],
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<()> {
        let mut filler = self.clone();
        if filler.filled.is_none() {
            filler.catch_up(journal, |_, _| {}).await?;
        }
        let Some(projections) = &filler.filled else { bail!(FILL_ANEW) };
        projections.rebuild(Some(views), tell(progress)).await?;
        Ok(())
    }

    fn status(&self) -> Option<Status> {
        self.filled.as_ref().map(|projections| projections.views().status())
    }

    /// Name, position and state in words of each view.
    pub async fn positions(&self) -> Result<Vec<(String, Position, String)>> {
        let Some(status) = self.status() else { return self.stored_positions().await };
        let state = |view: &ViewStatus| match (&status.trouble, &view.rebuild, view.parked) {
            (Some(trouble), _, _) => format!("waits: {trouble}"),
            (None, Some(rebuild), _) => format!("being rebuilt, {} of {}", rebuild.done, rebuild.total),
            (None, None, 0) => "well".to_owned(),
            (None, None, parked) => format!("{parked} parked"),
        };
        Ok(status.views.iter().map(|view| (view.name.to_owned(), status.position, state(view))).collect())
    }

    /// As they were left.
    async fn stored_positions(&self) -> Result<Vec<(String, Position, String)>> {
        let generations = self.store.generations().await.context(FILL_ANEW)?;
        let live = generations.into_iter().filter(|generation| generation.state == GenerationState::Live);
        Ok(live.map(|view| (view.view, view.checkpoint.position, "as it was left".to_owned())).collect())
    }

    /// What is parked, by view; known while a server runs.
    pub fn parked(&self) -> Vec<Parked> {
        let views = self.status().map_or_else(Vec::new, |status| status.views);
        views.into_iter().flat_map(parked_in).collect()
    }

    /// What operators should know, and whether the views stand still for good because of it.
    pub fn troubles(&self) -> Vec<(String, bool)> {
        let Some(status) = self.status() else { return Vec::new() };
        let parked = format!("{} rows or streams are parked; `cartlog status` names them", status.parked);
        let parked = (status.parked > 0).then_some((parked, false));
        status.trouble.map(|trouble| (trouble, status.stopped)).into_iter().chain(parked).collect()
    }
}

fn parked_in(view: ViewStatus) -> impl Iterator<Item = Parked> {
    view.first_parked.into_iter().map(move |parked| Parked {
        follower: view.name.to_owned(),
        what: match parked.unit {
            ParkedUnit::Row(key) => key.to_string(),
            ParkedUnit::Stream(stream) => stream,
        },
        position: parked.position.0,
        reason: parked.reason,
    })
}

fn tell(progress: impl FnMut(u64, u64) + Send + 'static) -> impl Fn(Progress) + Send + Sync + 'static {
    let progress = Mutex::new(progress);
    move |at: Progress| (progress.lock())(at.done, at.total)
}
