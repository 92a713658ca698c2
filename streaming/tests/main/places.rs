//! Where the tests' windows live, and what can go wrong there.

use async_trait::async_trait;
use cartlog_streaming::*;
use domain::{StoreId, Timestamp};
use eventlog::Position;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use uuid::Uuid;

/// Where windows live on when a worker dies: opened again, they are as they were.
pub trait Place {
    fn open(&self) -> Arc<dyn WindowStore>;
    /// Opens windows whose `steps`-th step from now is the last before the process dies.
    fn open_to_crash(&self, steps: u64) -> Arc<dyn WindowStore>;
}

pub struct SqlitePlace(tempfile::TempDir);

impl SqlitePlace {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.0.path().join("windows.db")
    }
}

impl Place for SqlitePlace {
    fn open(&self) -> Arc<dyn WindowStore> {
        Arc::new(SqliteWindows::open(&self.path()).unwrap())
    }

    fn open_to_crash(&self, steps: u64) -> Arc<dyn WindowStore> {
        let stored = (0..steps / 2).map(|_| None);
        let last = match steps % 2 {
            0 => Fault::BatchLost(dead()),
            _ => Fault::AnswerLost(dead()),
        };
        Arc::new(Failing::new(self.open(), stored.chain([Some(last)])))
    }
}

/// What goes wrong with a batch. What happens within the transaction is left to `crash`.
pub enum Fault {
    BatchLost(WindowStoreError),
    AnswerLost(WindowStoreError),
}

/// Fails with the batches that are said to, one after another.
pub struct Failing {
    inner: Arc<dyn WindowStore>,
    faults: Mutex<VecDeque<Option<Fault>>>,
}

impl Failing {
    pub fn new(inner: Arc<dyn WindowStore>, faults: impl Iterator<Item = Option<Fault>>) -> Self {
        Self { inner, faults: Mutex::new(faults.collect()) }
    }
}

pub fn dead() -> WindowStoreError {
    WindowStoreError::Damaged(std::io::Error::other("the process is gone").into())
}

#[async_trait]
impl WindowStore for Failing {
    fn looked_at_every(&self) -> Option<std::time::Duration> {
        self.inner.looked_at_every()
    }
    async fn reached(
        &self,
        side: Side,
        stores: &[StoreId],
        checkpoint: Position,
    ) -> Result<Vec<Position>, WindowStoreError> {
        self.inner.reached(side, stores, checkpoint).await
    }
    async fn state(&self, side: Side) -> Result<SideState, WindowStoreError> {
        self.inner.state(side).await
    }
    async fn apply(&self, side: Side, batch: Batch) -> Result<(), WindowStoreError> {
        let fault = self.faults.lock().pop_front().flatten();
        match fault {
            Some(Fault::BatchLost(error)) => Err(error),
            Some(Fault::AnswerLost(error)) => {
                self.inner.apply(side, batch).await?;
                Err(error)
            }
            None => self.inner.apply(side, batch).await,
        }
    }
    async fn begin_rebuild(&self) -> Result<(), WindowStoreError> {
        self.inner.begin_rebuild().await
    }
    async fn swap(&self, swap: Swap) -> Result<bool, WindowStoreError> {
        self.inner.swap(swap).await
    }
    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, WindowStoreError> {
        self.inner.top(store, metric, span, n).await
    }
    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, WindowStoreError> {
        self.inner.total(store, metric, span).await
    }
    async fn log_ins_within(
        &self,
        store: StoreId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<u64, WindowStoreError> {
        self.inner.log_ins_within(store, after, until).await
    }
}
