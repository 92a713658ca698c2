//! How the views are, for `/readyz`, `/metrics` and `cartlog status`.

use crate::store::Parked;
use eventlog::Position;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How the views are.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
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

impl Status {
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

/// What the worker notes for others to see.
#[derive(Default)]
pub(crate) struct Watched(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    views: BTreeMap<&'static str, ViewStatus>,
    trouble: Option<String>,
    stopped: bool,
}

impl Watched {
    pub fn status(&self, position: Position) -> Status {
        let notes = self.0.lock();
        Status {
            position,
            parked: notes.views.values().map(|view| view.parked).sum(),
            views: notes.views.values().cloned().collect(),
            trouble: notes.trouble.clone(),
            stopped: notes.stopped,
        }
    }
}
