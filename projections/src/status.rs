//! How the views are, for `/readyz`, `/metrics` and `cartlog status`.

use crate::store::Parked;
use eventlog::Position;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How the views are.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectionStatus {
    /// Up to where all views are.
    pub position: Position,
    pub views: Vec<ViewStatus>,
    /// How many rows and streams are parked in all views.
    pub parked: u64,
    /// Why the worker can't go on at the moment; it tries again by itself unless `stopped`.
    pub trouble: Option<String>,
    /// It will not try again: the cause must be removed first.
    pub stopped: bool,
}

impl ProjectionStatus {
    /// All is well, or answers may be old or wrong.
    pub fn is_degraded(&self) -> bool {
        self.parked > 0 || self.trouble.is_some()
    }
}

/// How one view is.
#[derive(Clone, Debug, Serialize)]
pub struct ViewStatus {
    pub name: &'static str,
    pub version: u32,
    /// Counts its rebuilds.
    pub generation: u32,
    /// How many of its rows and streams are parked.
    pub parked: u64,
    /// The first of them, at most [`PARKED_SHOWN`].
    pub first_parked: Vec<Parked>,
    /// A rebuild under way.
    pub rebuild: Option<Progress>,
}

/// How many parked rows of a view a status names.
pub const PARKED_SHOWN: usize = 100;

/// How far a fill, a catch-up or a rebuild is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// The views that are being filled.
    pub views: Vec<&'static str>,
    /// Positions of the log: how far, and how far it has to go. The end moves while events come in.
    pub done: u64,
    pub total: u64,
    /// Events a second since it began (or went on).
    pub events_per_second: f64,
    /// What is left at that rate.
    pub remaining: Option<Duration>,
}

/// A batch that takes longer than this to be written waits for something.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// What the worker notes for others to see.
#[derive(Default)]
pub(crate) struct Watched(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    views: BTreeMap<&'static str, ViewStatus>,
    log_trouble: Option<String>,
    store_trouble: Option<String>,
    /// Of views that another node fills.
    followed_trouble: Option<String>,
    /// Why a fill waits.
    room: Option<String>,
    /// Since when a batch has been in hand.
    writing_since: Option<Instant>,
    stopped: bool,
}

impl Watched {
    pub fn status(&self, position: Position) -> ProjectionStatus {
        let notes = self.0.lock();
        let writing = notes.writing_since.map(|since| since.elapsed()).filter(|takes| *takes >= WRITTEN_WITHIN);
        let slow = writing.map(|takes| format!("what has come can't be written for {} s now", takes.as_secs()));
        ProjectionStatus {
            position,
            parked: notes.views.values().map(|view| view.parked).sum(),
            views: notes.views.values().cloned().collect(),
            trouble: [&notes.store_trouble, &notes.room, &slow, &notes.log_trouble, &notes.followed_trouble]
                .into_iter()
                .flatten()
                .next()
                .cloned(),
            stopped: notes.stopped,
        }
    }

    /// How many units of the view are parked, and the first of them; `None` where none is.
    pub fn parked(&self, view: &str) -> Option<(u64, Vec<Parked>)> {
        let notes = self.0.lock();
        let view = notes.views.get(view).filter(|view| view.parked > 0)?;
        Some((view.parked, view.first_parked.clone()))
    }

    /// How the view is now, but for a rebuild.
    pub fn view(&self, status: ViewStatus) {
        let views = &mut self.0.lock().views;
        let rebuild = views.remove(status.name).and_then(|before| before.rebuild);
        views.insert(status.name, ViewStatus { rebuild, ..status });
    }

    /// How far the rebuild of the views is; `None`: there is none.
    pub fn rebuild(&self, views: &[&'static str], progress: Option<&Progress>) {
        let mut notes = self.0.lock();
        for name in views {
            if let Some(view) = notes.views.get_mut(name) {
                view.rebuild = progress.cloned();
            }
        }
    }

    pub fn log_trouble(&self, reason: String) {
        self.0.lock().log_trouble = Some(reason);
    }

    pub fn log_is_well(&self) {
        self.0.lock().log_trouble = None;
    }

    /// `is_final`: the worker gives up.
    pub fn store_trouble(&self, reason: String, is_final: bool) {
        let mut notes = self.0.lock();
        notes.store_trouble = Some(reason);
        notes.stopped = is_final;
    }

    pub fn store_is_well(&self) {
        let mut notes = self.0.lock();
        (notes.store_trouble, notes.stopped) = (None, false);
    }

    /// What is amiss with the views that another node fills; `None`: nothing is.
    #[cfg(feature = "postgres")]
    pub fn followed(&self, trouble: Option<String>) {
        self.0.lock().followed_trouble = trouble;
    }

    /// Whether a batch is in hand.
    pub fn writes(&self, does: bool) {
        self.0.lock().writing_since = does.then(Instant::now);
    }

    /// Whether that is news.
    pub fn lacks_room(&self, reason: &str) -> bool {
        let mut notes = self.0.lock();
        notes.room.replace(reason.to_owned()).is_none()
    }

    pub fn has_room(&self) {
        self.0.lock().room = None;
    }
}
