//! Measures how far a fill is, for whoever draws it.

use crate::status::Progress;
use eventlog::Position;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Is told how far a fill is, a few times a second. Must not block.
pub(crate) type Report = Arc<dyn Fn(Progress) + Send + Sync>;

const EVERY: Duration = Duration::from_millis(100);

pub(super) struct Meter {
    views: Vec<&'static str>,
    from: Position,
    events: u64,
    began: Instant,
    told: Option<Instant>,
    report: Report,
}

impl Meter {
    pub fn new(views: Vec<&'static str>, from: Position, report: Report) -> Self {
        Self { views, from, events: 0, began: Instant::now(), told: None, report }
    }

    /// So many more events were folded, up to `position` of `total`.
    pub fn at(&mut self, events: usize, position: Position, total: Position) {
        self.events += events as u64;
        let is_over = position >= total;
        if is_over || self.told.is_none_or(|told| told.elapsed() >= EVERY) {
            self.told = Some(Instant::now());
            (self.report)(self.progress(position, total));
        }
    }

    fn progress(&self, position: Position, total: Position) -> Progress {
        let seconds = self.began.elapsed().as_secs_f64();
        let covered = position.0.saturating_sub(self.from.0);
        let left = total.0.saturating_sub(position.0);
        // Positions are what is left to cover; they need not be dense.
        let remaining = (covered > 0).then(|| seconds * left as f64 / covered as f64);
        Progress {
            views: self.views.clone(),
            done: position.0,
            total: total.0.max(position.0),
            events_per_second: if seconds > 0.0 { self.events as f64 / seconds } else { 0.0 },
            remaining: remaining.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }
}
