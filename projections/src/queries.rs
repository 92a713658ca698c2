//! Whether queries are answered: what came of the last one of each view, and a look where nobody asks.

use crate::RowKey;
use crate::store::{Hit, List, Parked, ReadStore, ReadStoreError, Search, SearchHit, Table};
use health::{Failing, Outcomes};
use std::collections::BTreeMap;
use std::time::Duration;

/// A query that nobody waits for so long any more says that its view does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long a query that was answered says that the next will be.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What came of the last queries, by the view that they read.
pub(crate) struct Queries(BTreeMap<&'static str, Outcomes>);

impl Queries {
    /// Of the views of these names.
    pub fn of(views: impl Iterator<Item = &'static str>) -> Self {
        Self(views.map(|view| (view, Outcomes::default())).collect())
    }

    /// The store, to read that view.
    pub fn ask<'a>(&'a self, store: &'a dyn ReadStore, view: &str) -> ObservedStore<'a> {
        ObservedStore { store, outcomes: self.0.get(view) }
    }

    /// Those that do not answer. Asks them all at once, and so takes no longer than the most patient would wait.
    pub async fn failing(&self, store: &dyn ReadStore, tables: &[Table]) -> Vec<(&'static str, Failing)> {
        let looks = tables.iter().map(|table| async move {
            let outcomes = self.0.get(table.view.name)?;
            if outcomes.is_due(ASKED_AGAIN_AFTER) {
                // Any key will do: no row need be there. What comes of it is noted.
                let look = self.ask(store, table.view.name);
                let _ = tokio::time::timeout(PATIENCE, look.get(*table, table.view.key.any())).await;
            }
            Some((table.view.name, outcomes.failing()?))
        });
        futures::future::join_all(looks).await.into_iter().flatten().collect()
    }
}

/// A store of which is noted whether it answers. As [`ReadStore`], what readers need of it.
#[derive(Clone, Copy)]
pub(crate) struct ObservedStore<'a> {
    store: &'a dyn ReadStore,
    outcomes: Option<&'a Outcomes>,
}

impl ObservedStore<'_> {
    pub async fn get(&self, table: Table, key: RowKey) -> Result<Option<String>, ReadStoreError> {
        self.noted(self.store.get(table, key)).await
    }

    pub async fn get_many(&self, table: Table, keys: Vec<RowKey>) -> Result<Vec<Option<String>>, ReadStoreError> {
        self.noted(self.store.get_many(table, keys)).await
    }

    pub async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, ReadStoreError> {
        self.noted(self.store.list(table, list)).await
    }

    pub async fn count(&self, table: Table, list: List) -> Result<u64, ReadStoreError> {
        self.noted(self.store.count(table, list)).await
    }

    pub async fn search(&self, table: Table, search: Search) -> Result<Vec<SearchHit>, ReadStoreError> {
        self.noted(self.store.search(table, search)).await
    }

    pub async fn parked(&self, table: Table) -> Result<Vec<Parked>, ReadStoreError> {
        self.noted(self.store.parked(table)).await
    }

    pub fn met_damage(&self, reason: &str) {
        self.store.met_damage(reason);
    }

    async fn noted<T>(&self, asking: impl Future<Output = Result<T, ReadStoreError>>) -> Result<T, ReadStoreError> {
        match self.outcomes {
            Some(outcomes) => outcomes.watch(PATIENCE, asking, fault).await,
            None => asking.await,
        }
    }
}

fn fault(error: &ReadStoreError) -> Option<String> {
    match error {
        // It is asked more than it can answer, and answers.
        ReadStoreError::Busy => None,
        ReadStoreError::Unavailable(_)
        | ReadStoreError::Full(_)
        | ReadStoreError::Damaged(_)
        | ReadStoreError::Foreign(_)
        | ReadStoreError::Newer(_)
        | ReadStoreError::Fenced => Some(error.to_string()),
    }
}
