//! The handle of the views' upkeep.

use super::alone::{Alone, FoldError};
use super::meter::Report;
use super::start::{self, Means, RETRIED_AT_ONCE, Started};
use super::thread::{self, BrokeOff};
use super::{Group, rebuild, worker};
use crate::reader::Views;
use crate::slots::{DECLARATIONS, projector};
use crate::sqlite::SqliteReadStore;
use crate::status::Progress;
use crate::store::{Generation, GenerationState, ParkedUnit, ReadStore, StoreError, Table, ViewDeclaration};
use eventlog::{LogError, Position};
use journal::{Journal, JournalError};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How much is done at once, and kept.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Events that are folded into one transaction, at most, while the views follow the log.
    pub batch_events: usize,
    /// The same, while they are filled or catch up: nobody waits for any one of them, and a page that many events touch is
    /// written once.
    pub fill_events: usize,
    /// About how many bytes of decoded rows are kept in memory; during a rebuild twice.
    pub cache_bytes: u64,
    /// About how many bytes of events are read at once. Of such batches there are up to five at a time.
    pub batch_bytes: usize,
    /// About how many bytes of rows may be read for one batch; one that touches more is folded in parts.
    pub rows_bytes: usize,
    /// How long the tables of a view that answers no more are kept for those who may still read them: other nodes, which learn
    /// of it a little later.
    pub kept_for: Duration,
    /// Views that have no rows of their version yet are filled beside the others, which answer and follow the log meanwhile.
    pub fill_beside: bool,
    /// Where none has any, all are filled before the first answers; for so long, if they may be filled beside what needs none.
    pub fills_first_for: Duration,
    /// Views of another log are filled anew from this one, in the place of being left alone.
    pub accept_log: bool,
    /// The views, each in the version that this program fills. Others than by default stand in for another version of it.
    pub declared: &'static [&'static ViewDeclaration],
    /// How long the tables of another version of a view are kept once nobody fills them: for as long one can go back to that
    /// version, and finds its views. Only where several share them.
    pub outlived_for: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            batch_events: 1_000,
            fill_events: 2_000,
            cache_bytes: 40 * MIB as u64,
            batch_bytes: 3 * MIB,
            rows_bytes: 32 * MIB,
            kept_for: Duration::ZERO,
            fill_beside: false,
            fills_first_for: Duration::MAX,
            accept_log: false,
            declared: DECLARATIONS,
            outlived_for: Duration::from_secs(600),
        }
    }
}

/// Why views can't be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row could not be folded alone.
    #[error(transparent)]
    Fold(#[from] FoldError),
    #[error("there is no view '{name}'; there are {}", known.join(", "))]
    UnknownView { name: String, known: Vec<&'static str> },
    /// Another node leads in it.
    #[error("another node fills the view '{0}', as another version of cartlog runs beside this one")]
    FilledElsewhere(&'static str),
    #[error("a rebuild is under way already")]
    AlreadyRebuilding,
    /// What was done stays done, and the next time goes on from there.
    #[error("stopped before it was done")]
    Stopped,
    #[error(transparent)]
    BrokeOff(#[from] BrokeOff),
}

/// How often it is looked whether all tables are there.
#[cfg(feature = "postgres")]
const LOOKED_FOR_LOSS_EVERY: Duration = Duration::from_secs(2);

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
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

pub(super) struct Shared {
    pub means: Means,
    /// All views that answer. Whoever holds it is between two batches.
    pub live: tokio::sync::Mutex<Group>,
    pub rebuilding: tokio::sync::Mutex<()>,
    /// Generations that were there when it was opened, and that neither answer nor will.
    pub leftover: parking_lot::Mutex<Vec<Generation>>,
    /// Views that do not answer yet: they are filled beside the others.
    pub absent: parking_lot::Mutex<Vec<&'static ViewDeclaration>>,
    /// Cancelled once the worker folds no more.
    ended: CancellationToken,
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
        settings: Settings,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Self, FillError> {
        let views = Views::new(Arc::clone(&store));
        let filled = settings.declared.to_vec();
        let means = Means { journal, store, views, filled, is_shared: false, settings, stop: CancellationToken::new() };
        Self::with(means, Arc::new(progress)).await
    }

    /// As [`Self::open`], with what is given.
    pub(crate) async fn with(means: Means, progress: Report) -> Result<Self, FillError> {
        let opening = thread::spawn("views-start", async move {
            let started = start::start(&means, &progress).await?;
            Ok::<_, FillError>((means, started))
        });
        let (means, Started { group, leftover, absent }) = opening.await??;
        let shared = Shared {
            means,
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
        self.shared.means.views.inner.watched.store_trouble(anew, false);
        let Means { journal, views, filled: declared, settings, .. } = &self.shared.means;
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
        let means = Means { journal, store, views, filled, is_shared: false, settings, stop };
        let healed = Self::with(means, progress).await?;
        healed.shared.means.views.inner.watched.store_is_well();
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
        self.shared.means.views.clone()
    }

    /// Starts to follow the log, clears away what answers no more, and goes on with a rebuild that was interrupted. Once;
    /// ends with [`Self::stop`].
    pub fn start(&self) {
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            let _ended = shared.ended.clone().drop_guard();
            let mut has_run = false;
            let start = || worker::keep_up(Arc::clone(&shared), std::mem::replace(&mut has_run, true));
            tasks::keep("views", &shared.means.stop, start).await;
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
        self.shared.means.stop.cancel();
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
            None => self.shared.means.filled.clone(),
        };
        let names = views.iter().map(|view| view.name).collect();
        let work = rebuild::rebuild(Arc::clone(&self.shared), views, Arc::new(progress));
        self.on_own_thread("views-rebuild", work).await?;
        Ok(names)
    }

    /// Tries again to fold what is parked, each row alone, as after the cause was removed.
    pub async fn retry_parked(&self) -> Result<Retried, FillError> {
        let shared = Arc::clone(&self.shared);
        self.on_own_thread("views-retry", async move {
            let tables = shared.live.lock().await.tables();
            let mut retried = Retried::default();
            for table in tables {
                let parked = shared.means.store().parked(table).await?;
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
    pub async fn refold_row(&self, view: &str, key: Uuid) -> Result<(), FillError> {
        let view = self.filled(view)?;
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
        key: Uuid,
        as_of: Option<Position>,
    ) -> Result<Option<serde_json::Value>, FillError> {
        let view = self.filled(view)?;
        let reached = self.shared.means.views.position();
        let up_to = as_of.map_or(reached, |as_of| as_of.min(reached));
        let tables = self.shared.live.lock().await.tables();
        let table = tables.into_iter().find(|table| table.view.name == view.name);
        // Every view that is filled here is among those that answer.
        let Some(folder) = table.and_then(|table| projector(table, Vec::new(), 0)) else { return Ok(None) };
        let means = &self.shared.means;
        Ok(folder.fold_alone(&Alone::new(&means.journal, means.store(), up_to), key).await?)
    }

    /// The view of that name, if it is filled here.
    fn filled(&self, name: &str) -> Result<&'static ViewDeclaration, FillError> {
        let settings = &self.shared.means.settings;
        let view = settings.declared.iter().find(|view| view.name == name).ok_or_else(|| FillError::UnknownView {
            name: name.to_owned(),
            known: settings.declared.iter().map(|view| view.name).collect(),
        })?;
        let is_here = self.shared.means.filled.iter().any(|filled| filled.name == view.name);
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

impl Shared {
    /// Reads from the store what answers and up to where, in the place of what is in memory.
    pub(super) async fn reopen(&self) -> Result<(), String> {
        let mut live = self.live.lock().await;
        let report: Report = Arc::new(|_| {});
        // What answers no more, a rebuild's tables among it, is left to the next start.
        let Started { group, .. } = start::start(&self.means, &report).await.map_err(|error| error.to_string())?;
        *live = group;
        self.means.views.inner.watched.store_is_well();
        Ok(())
    }

    /// The view that has lost a table, if one has and the store can tell.
    pub(crate) async fn lost_view(&self) -> Option<&'static str> {
        let generations = self.means.store().generations().await.ok()?;
        let is_lost = |table: &Table| {
            let known =
                generations.iter().find(|known| known.view == table.view.name && known.generation == table.generation);
            known.is_some_and(|known| known.state == GenerationState::Lost)
        };
        self.live.lock().await.tables().into_iter().find(is_lost).map(|table| table.view.name)
    }

    /// Between two batches.
    async fn retry(&self, table: Table, units: &[ParkedUnit]) -> Result<usize, FillError> {
        let mut live = self.live.lock().await;
        let stay = start::retry(&self.means, &mut live, table.view.name, units).await?;
        live.note(&self.means.views.inner, false);
        Ok(stay)
    }
}
