//! Reading a tree: what it has, proofs out of it, and what it helps to find in the log.
//!
//! What lives here: answers out of the rows that are kept and the log beside them. What doesn't: writing. The guarantee: an event that
//! is read for an answer is compared with its leaf first, so that a log which was changed is noticed and named.

mod error;
mod find;
mod places;
mod proofs;
mod stores;
mod tiles;
mod walk;

pub use error::{Difference, Differs, Part, TreeError};
pub use find::{Found, FoundPage, Sought};
pub use places::AsOf;
pub use stores::MAX_RANKS;
pub(crate) use walk::{Walked, walk};

use crate::batch::State;
use crate::rules::{Rules, RulesInForce, UnknownRules};
use crate::span::SPAN;
use crate::store::TreeStore;
use eventlog::EventLog;
use std::ops::Range;
use std::sync::Arc;

/// A tree and its log, to be read. Cheap to clone.
#[derive(Clone)]
pub struct Tree {
    store: Arc<dyn TreeStore>,
    log: Arc<dyn EventLog>,
    rules: Arc<RulesInForce>,
}

impl Tree {
    /// # Errors
    /// The rules are not known here.
    pub fn new(store: Arc<dyn TreeStore>, log: Arc<dyn EventLog>, rules: Rules) -> Result<Self, UnknownRules> {
        Ok(Self { store, log, rules: Arc::new(rules.in_force()?) })
    }

    /// Where the tree stands. `None`: it was not begun yet.
    ///
    /// # Errors
    /// The store's.
    pub async fn state(&self) -> Result<Option<State>, TreeError> {
        Ok(self.store.state().await?)
    }

    /// How many leaves it has.
    async fn size(&self) -> Result<u64, TreeError> {
        Ok(self.store.state().await?.map_or(0, |state| state.size()))
    }

    /// That the tree has at least so many leaves.
    async fn has(&self, asked: u64) -> Result<(), TreeError> {
        let size = self.size().await?;
        if asked <= size { Ok(()) } else { Err(TreeError::NotSoLarge { asked, size }) }
    }

    /// Reads the events of these leaves in the log and compares each with its leaf; `progress` is told how many leaves were compared.
    ///
    /// # Errors
    /// [`TreeError::Differs`] names the first leaf whose event was changed, moved, doubled or taken away.
    pub async fn compare(&self, leaves: Range<u64>, mut progress: impl FnMut(u64) + Send) -> Result<(), TreeError> {
        self.has(leaves.end).await?;
        let mut compared = 0;
        for span in leaves.start / SPAN..leaves.end.div_ceil(SPAN) {
            let count = &mut compared;
            self.walk(span, leaves.end, &mut |walked| *count += u64::from(walked.index >= leaves.start)).await?;
            progress(compared);
        }
        Ok(())
    }

    async fn walk(&self, span: u64, end: u64, visit: &mut (dyn FnMut(Walked<'_>) + Send)) -> Result<(), TreeError> {
        walk((&*self.store, &*self.log, &self.rules), span, end, visit).await
    }
}
