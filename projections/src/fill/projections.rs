//! The handle of the views' upkeep.

use super::alone::Alone;
use super::context::FillContext;
use super::error::FillError;
use super::meter::Report;
use super::settings::ProjectionSettings;
use super::start::{self, RETRIED_AT_ONCE, Started};
use super::thread::{self, BrokeOff};
use super::upkeep::Upkeep;
use super::{rebuild, worker};
use crate::RowKey;
use crate::any_view;
use crate::reader::Views;
use crate::sqlite::SqliteReadStore;
use crate::status::Progress;
use crate::store::{ParkedUnit, ReadStore, ViewDeclaration};
use eventlog::Position;
use journal::Journal;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked whether all tables are there.
#[cfg(feature = "postgres")]
const LOOKED_FOR_LOSS_EVERY: std::time::Duration = std::time::Duration::from_secs(2);

/// What came of trying parked rows and streams again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Folded, and parked no more.
    pub folded: usize,
    /// Parked still.
    pub parked: usize,
}

/// The upkeep of the views: one per process that has the read store. Queries go through [`Projections::views`].
#[derive(Clone)]
pub struct Projections {
    shared: Arc<Upkeep>,
    tasks: TaskTracker,
}

impl Projections {
    /// Brings the views to where the log is: checks that the store was filled from this log, fills views whose version is
    /// another one, tries parked rows again, and catches up. `progress` is told a few times a second how far that is;
    /// nothing, when there is nothing to do. Interrupted, it goes on from there the next time.
    ///
    /// Views that were filled from another log, or from what this one does not hold any more as it was put back, are filled anew.
    ///
    /// # Errors
    /// The log's or the store's.
    pub async fn open(
        store: Arc<dyn ReadStore>,
        journal: Journal,
        settings: ProjectionSettings,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Self, FillError> {
        let views = Views::new(Arc::clone(&store), any_view::slots(settings.declared));
        let filled = settings.declarations().collect();
        let context =
            FillContext { journal, store, views, filled, is_shared: false, settings, stop: CancellationToken::new() };
        Self::with(context, Arc::new(progress)).await
    }

    /// As [`Self::open`], with what is given.
    pub(crate) async fn with(context: FillContext, progress: Report) -> Result<Self, FillError> {
        let opening = thread::spawn("views-start", async move {
            let started = start::start(&context, &progress).await?;
            Ok::<_, FillError>((context, started))
        });
        let (context, Started { group, leftover, absent }) = opening.await??;
        let shared = Upkeep {
            context,
            live: tokio::sync::Mutex::new(group),
            rebuilding: tokio::sync::Mutex::default(),
            leftover: parking_lot::Mutex::new(leftover),
            absent: parking_lot::Mutex::new(absent),
            ended: CancellationToken::new(),
        };
        Ok(Self { shared: Arc::new(shared), tasks: TaskTracker::new() })
    }

    /// Fills the views anew in a file beside the damaged one, which answers meanwhile what it still can, and puts it in its place.
    /// What was handed out by [`Self::views`] reads the new file from then on. This one folds no more: the one that it gives is to be
    /// [started](Self::start). Interrupted, the next time goes on from there.
    ///
    /// # Errors
    /// As [`Self::open`]. The views stay as they were, and stand still.
    pub async fn heal(
        &self,
        store: &Arc<SqliteReadStore>,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Self, FillError> {
        self.stop().await;
        let anew = "their file is damaged, and they are filled anew beside it".to_owned();
        self.shared.context.views.inner.watched.store_trouble(anew, false);
        let FillContext { journal, views, filled: declared, settings, .. } = &self.shared.context;
        let beside = store.beside();
        let filled = Arc::new(SqliteReadStore::open_or_begin_anew(&beside)?);
        let progress: Report = Arc::new(progress);
        let told = Arc::clone(&progress);
        let read_store = Arc::clone(&filled) as Arc<dyn ReadStore>;
        drop(Self::open(read_store, journal.clone(), *settings, move |at| told(at)).await?);
        filled.close()?;
        store.take_place(Some(&beside))?;
        let (store, stop) = (Arc::clone(store) as Arc<dyn ReadStore>, CancellationToken::new());
        let (journal, views, filled, settings) = (journal.clone(), views.clone(), declared.clone(), *settings);
        let context = FillContext { journal, store, views, filled, is_shared: false, settings, stop };
        let healed = Self::with(context, progress).await?;
        healed.shared.context.views.inner.watched.store_is_well();
        Ok(healed)
    }

    /// Waits until nothing is folded any more: it was stopped, or trying again does not help.
    #[cfg(feature = "postgres")]
    pub(crate) async fn ended(&self) {
        self.shared.ended.cancelled().await;
    }

    /// Waits until a view has lost a table: that is for whoever opens them next.
    #[cfg(feature = "postgres")]
    pub(crate) async fn lost(&self) -> &'static str {
        loop {
            tokio::time::sleep(LOOKED_FOR_LOSS_EVERY).await;
            if let Some(view) = self.shared.lost_view().await {
                return view;
            }
        }
    }

    /// All views, to read.
    pub fn views(&self) -> Views {
        self.shared.context.views.clone()
    }

    /// Starts to follow the log, clears away what answers no more, and goes on with a rebuild that was interrupted. Once;
    /// ends with [`Self::stop`].
    pub fn start(&self) {
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            let _ended = shared.ended.clone().drop_guard();
            let mut has_run = false;
            let start = || worker::keep_up(Arc::clone(&shared), std::mem::replace(&mut has_run, true));
            tasks::keep("views", &shared.context.stop, start).await;
        });
        let tidying = thread::spawn("views-rebuild", worker::tidy_up(Arc::clone(&self.shared)));
        self.tasks.spawn(async move {
            if let Err(error) = tidying.await {
                tracing::error!(%error, "what answers no more stays until the next start");
            }
        });
    }

    /// Tells the worker, and a rebuild that is under way, to stop after the batch under way; doesn't wait.
    pub fn interrupt(&self) {
        self.shared.context.stop.cancel();
    }

    /// Stops following, and a rebuild that is under way; waits until both are between two batches. Views can still be read.
    pub async fn stop(&self) {
        self.interrupt();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Fills these views, or all, anew beside those that answer, and puts them in their place once they are as far as
    /// these. Queries go on throughout. `progress` as in [`Self::open`].
    pub async fn rebuild(
        &self,
        views: Option<&[String]>,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Vec<&'static str>, FillError> {
        let views = match views {
            Some(names) => names.iter().map(|name| self.filled(name)).collect::<Result<Vec<_>, _>>()?,
            None => self.shared.context.filled.clone(),
        };
        let names = views.iter().map(|view| view.name).collect();
        let work = rebuild::rebuild(Arc::clone(&self.shared), views, Arc::new(progress));
        self.on_own_thread("views-rebuild", work).await?;
        Ok(names)
    }

    /// Tries again to fold what is parked, as after the cause was removed: each row alone, or the whole view where something is kept of
    /// each store beside the rows.
    pub async fn retry_parked(&self) -> Result<Retried, FillError> {
        let shared = Arc::clone(&self.shared);
        self.on_own_thread("views-retry", async move {
            let tables = shared.live.lock().await.tables();
            let mut retried = Retried::default();
            for table in tables {
                let parked = shared.context.store().parked(table).await?;
                if table.view.stores && !parked.is_empty() {
                    rebuild::rebuild(Arc::clone(&shared), vec![table.view], Arc::new(|_| {})).await?;
                    let still = shared.parked_of(table.view).await;
                    retried.folded += parked.len().saturating_sub(still);
                    retried.parked += still;
                    continue;
                }
                let units: Vec<ParkedUnit> = parked.into_iter().map(|parked| parked.unit).collect();
                for units in units.chunks(RETRIED_AT_ONCE) {
                    let stay = shared.retry(table, units).await?;
                    retried.folded += units.len() - stay;
                    retried.parked += stay;
                }
            }
            Ok(retried)
        })
        .await
    }

    /// Folds one row anew from the log, as after a person's key was destroyed. One that can't be folded is parked.
    pub async fn refold_row(&self, view: &str, key: impl Into<RowKey>) -> Result<(), FillError> {
        let (view, key) = (self.filled(view)?, key.into());
        let shared = Arc::clone(&self.shared);
        self.on_own_thread("views-retry", async move {
            let tables = shared.live.lock().await.tables();
            for table in tables.into_iter().filter(|table| table.view.name == view.name) {
                shared.retry(table, &[ParkedUnit::Row(key)]).await?;
            }
            Ok(())
        })
        .await
    }

    /// A row as it was at the position, or as it is where the views are, folded from its events alone. Nothing is written.
    pub async fn fold_row(
        &self,
        view: &str,
        key: impl Into<RowKey>,
        as_of: Option<Position>,
    ) -> Result<Option<serde_json::Value>, FillError> {
        let (view, key) = (self.filled(view)?, key.into());
        if !view.key.has(key) {
            return Ok(None);
        }
        let reached = self.shared.context.views.position();
        let up_to = as_of.map_or(reached, |as_of| as_of.min(reached));
        let tables = self.shared.live.lock().await.tables();
        let table = tables.into_iter().find(|table| table.view.name == view.name);
        // Every view that is filled here is among those that answer.
        let Some(folder) = table.and_then(|table| self.shared.context.folder(table)) else { return Ok(None) };
        let context = &self.shared.context;
        Ok(folder.fold_alone(&Alone::new(&context.journal, context.store(), up_to), key).await?)
    }

    /// The view of that name, if it is filled here.
    fn filled(&self, name: &str) -> Result<&'static ViewDeclaration, FillError> {
        let settings = &self.shared.context.settings;
        let view = settings.declarations().find(|view| view.name == name).ok_or_else(|| FillError::UnknownView {
            name: name.to_owned(),
            known: settings.declarations().map(|view| view.name).collect(),
        })?;
        let is_here = self.shared.context.filled.iter().any(|filled| filled.name == view.name);
        if is_here { Ok(view) } else { Err(FillError::FilledElsewhere(view.name)) }
    }

    async fn on_own_thread<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, FillError>> + Send + 'static,
    ) -> Result<T, FillError> {
        // In a task, so that a stop waits for it also when nobody else does.
        let working = self.tasks.spawn(thread::spawn(name, work));
        working.await.map_err(|_| BrokeOff { name })??
    }
}
