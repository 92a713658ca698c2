//! The views in one SQLite file, filled by this process. A file that is damaged is filled anew beside itself.

use super::upkeep::{Report, Upkeep, tell};
use crate::wiring::{advice, blocking};
use anyhow::Result;
use async_trait::async_trait;
use journal::Journal;
use parking_lot::Mutex;
use projections::store::{ReadStore, ReadStoreError};
use projections::{FillError, ProjectionSettings, Projections, SqliteReadStore, Views};
use sqlite::Space;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long after the views were filled anew because of damage it is not done again: a disk that damages what it is given would be
/// written to without end.
const HEALED_AGAIN_AFTER: Duration = Duration::from_secs(10 * 60);

/// Opens a file of views; one that is damaged begins anew.
pub(super) async fn open_file(path: &Path, space: Space) -> Result<Arc<SqliteReadStore>> {
    let file = path.to_owned();
    let open = move || Ok(SqliteReadStore::open_or_begin_anew(&file).map_err(advice::views_file)?.within(space));
    Ok(Arc::new(blocking(open).await?))
}

pub struct EmbeddedViews {
    file: Arc<File>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

struct File {
    store: Arc<SqliteReadStore>,
    settings: ProjectionSettings,
    /// Once they were brought to where the log is.
    filled: Mutex<Option<Projections>>,
}

impl EmbeddedViews {
    pub async fn open(path: &Path, settings: ProjectionSettings, space: Space) -> Result<Self> {
        let file = File { store: open_file(path, space).await?, settings, filled: Mutex::default() };
        Ok(Self { file: Arc::new(file), tasks: TaskTracker::new(), stopping: CancellationToken::new() })
    }

    pub fn file(&self) -> Arc<SqliteReadStore> {
        Arc::clone(&self.file.store)
    }

    async fn fill(&self, journal: &Journal, settings: ProjectionSettings, progress: Report) -> Result<Projections> {
        let progress = Arc::new(tell(progress));
        let open = async || {
            let (store, told) = (Arc::clone(&self.file.store) as Arc<dyn ReadStore>, Arc::clone(&progress));
            Projections::open(store, journal.clone(), settings, move |at| told(at)).await
        };
        let projections = match open().await {
            Err(FillError::Store(ReadStoreError::Damaged(_))) => {
                let store = Arc::clone(&self.file.store);
                blocking(move || store.begin_anew().map_err(advice::views_file)).await?;
                open().await
            }
            opened => opened,
        };
        let projections = projections.map_err(advice::filling)?;
        *self.file.filled.lock() = Some(projections.clone());
        Ok(projections)
    }
}

impl File {
    fn filled(&self) -> Option<Projections> {
        self.filled.lock().clone()
    }

    /// Fills the views anew whenever damage is met.
    async fn keep_healthy(&self) {
        loop {
            self.store.damaged().await;
            while let Some(projections) = self.filled() {
                match projections.heal(&self.store, |_| {}).await {
                    Ok(healed) => {
                        tracing::info!("the views were filled anew");
                        healed.start();
                        *self.filled.lock() = Some(healed);
                        break;
                    }
                    Err(error) => tracing::error!(%error, "the views can't be filled anew now; trying again"),
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            tokio::time::sleep(HEALED_AGAIN_AFTER).await;
        }
    }
}

#[async_trait]
impl Upkeep for EmbeddedViews {
    async fn catch_up(&self, journal: &Journal, progress: Report) -> Result<Views> {
        Ok(self.fill(journal, self.file.settings, progress).await?.views())
    }

    fn start(&self) {
        if let Some(projections) = self.file.filled() {
            projections.start();
        }
        let (file, stopping) = (Arc::clone(&self.file), self.stopping.clone());
        self.tasks.spawn(async move { stopping.run_until_cancelled(file.keep_healthy()).await });
    }

    async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(projections) = self.file.filled() {
            projections.stop().await;
        }
    }

    async fn rebuild(&self, journal: &Journal, views: &[String], progress: Report) -> Result<()> {
        let projections = match self.file.filled() {
            Some(projections) => projections,
            // Nobody is served meanwhile.
            None => {
                let settings = ProjectionSettings { fill_beside: false, ..self.file.settings };
                self.fill(journal, settings, Box::new(|_, _| {})).await?
            }
        };
        projections.rebuild(Some(views), tell(progress)).await?;
        Ok(())
    }

    fn queries(&self) -> Option<Views> {
        self.file.filled().map(|projections| projections.views())
    }

    fn store(&self) -> &dyn ReadStore {
        self.file.store.as_ref()
    }
}
