//! A place that fails now and then: before it has written, and after, so that nobody knows.

use crate::seeds::seeds;
use crate::story::{Story, follower};
use async_trait::async_trait;
use domain::Timestamp;
use eventlog::testing::Chance;
use eventlog::{LogEnded, Position, RecordedEvent};
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;
use tlog::{Batch, Follower, SpanRow, State, TreeStore, TreeStoreError};
use uuid::Uuid;

struct Failing {
    inner: Arc<dyn TreeStore>,
    chance: Mutex<Chance>,
    failures: Mutex<usize>,
    /// Nothing fails; before a tile is read for the first time this one builds on.
    overtaken_by: Mutex<Option<Follower>>,
    is_calm: bool,
}

impl Failing {
    /// One call of so many fails.
    fn may_fail(&self, of: usize) -> Result<(), TreeStoreError> {
        if self.is_calm || self.chance.lock().below(of) > 0 {
            return Ok(());
        }
        *self.failures.lock() += 1;
        Err(TreeStoreError::Unavailable(LogEnded::Closed.into()))
    }
}

#[async_trait]
impl TreeStore for Failing {
    async fn state(&self) -> Result<Option<State>, TreeStoreError> {
        self.may_fail(25)?;
        self.inner.state().await
    }

    async fn write(&self, batch: Batch) -> Result<(), TreeStoreError> {
        self.may_fail(7)?;
        self.inner.write(batch).await?;
        self.may_fail(7)
    }

    async fn clear(&self) -> Result<(), TreeStoreError> {
        self.inner.clear().await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeStoreError> {
        self.may_fail(150)?;
        let other = self.overtaken_by.lock().take();
        if let Some(other) = other {
            other.catch_up(|_| ()).await.unwrap();
        }
        self.inner.tile(level, index).await
    }

    async fn span(&self, number: u64) -> Result<Option<SpanRow>, TreeStoreError> {
        self.may_fail(150)?;
        self.inner.span(number).await
    }

    async fn span_at(&self, position: Position) -> Result<Option<SpanRow>, TreeStoreError> {
        self.inner.span_at(position).await
    }

    async fn span_after(&self, time: Timestamp) -> Result<Option<SpanRow>, TreeStoreError> {
        self.inner.span_after(time).await
    }

    async fn stores(&self, stores: Vec<Uuid>) -> Result<Vec<Option<Vec<u8>>>, TreeStoreError> {
        self.may_fail(12)?;
        self.inner.stores(stores).await
    }

    async fn chunks(&self, store: Uuid, numbers: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError> {
        self.inner.chunks(store, numbers).await
    }

    async fn filters(&self, blocks: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError> {
        self.inner.filters(blocks).await
    }
}

#[tokio::test]
async fn whatever_fails_and_whenever_each_event_has_one_leaf() {
    for seed in seeds("whatever_fails", 2) {
        let story = Story::untold(&seed, 6_000).await;
        let failing = Arc::new(Failing {
            inner: story.place.store("failing").await,
            chance: Mutex::new(Chance(seed.seed)),
            failures: Mutex::default(),
            overtaken_by: Mutex::default(),
            is_calm: false,
        });
        let follower = follower(&story.log, failing.clone());
        follower.catch_up(|_| ()).await.unwrap();
        assert_eq!(follower.status().borrow().anew, None);
        assert!(*failing.failures.lock() > 0);
        story.build().await.unwrap();
        assert_eq!(story.place.rows("failing").await, story.place.rows("tree").await);
    }
}

/// What somebody else writes between two reads is no damage.
#[tokio::test]
async fn one_that_is_overtaken_while_it_begins_takes_nothing_away() {
    for seed in seeds("one_that_is_overtaken", 1) {
        let story = Story::untold(&seed, 500).await;
        let all: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
        story.log.change(|events| events.truncate(300));
        story.build().await.unwrap();
        story.log.change(|events| *events = all);
        let store = Arc::new(Failing {
            inner: story.tree_store.clone(),
            chance: Mutex::new(Chance(0)),
            failures: Mutex::default(),
            overtaken_by: Mutex::new(Some(follower(&story.log, story.tree_store.clone()))),
            is_calm: true,
        });
        let follower = follower(&story.log, store.clone());
        follower.catch_up(|_| ()).await.unwrap();
        assert!(store.overtaken_by.lock().is_none());
        assert_eq!(follower.status().borrow().anew, None);
        assert_eq!(story.tree.root(story.size()).await.unwrap(), story.naive.root(0, story.leaves.len()));
    }
}
