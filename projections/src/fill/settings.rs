//! How much is done at once when views are filled, and kept.

use crate::store::ViewDeclaration;
use crate::{AnyView, views};
use std::time::Duration;

/// How much is done at once, and kept.
#[derive(Clone, Copy, Debug)]
pub struct ProjectionSettings {
    /// Events that are folded into one transaction, at most, while the views follow the log.
    pub batch_events: usize,
    /// The same, while they are filled or catch up: nobody waits for any one of them, and a page that many events touch is
    /// written once.
    pub fill_events: usize,
    /// About how many bytes of decoded rows are kept in memory; during a rebuild twice.
    pub cache_bytes: u64,
    /// About how many bytes of events are read at once. Of such batches there are up to three at a time, and up to four more during a
    /// rebuild.
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
    pub declared: &'static [AnyView],
    /// How long the tables of another version of a view are kept once nobody fills them: for as long one can go back to that
    /// version, and finds its views. Only where several share them.
    pub outlived_for: Duration,
}

impl Default for ProjectionSettings {
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
            declared: views::ALL,
            outlived_for: Duration::from_secs(600),
        }
    }
}

impl ProjectionSettings {
    pub(crate) fn declarations(&self) -> impl Iterator<Item = &'static ViewDeclaration> + use<> {
        self.declared.iter().map(|view| view.declaration)
    }
}
