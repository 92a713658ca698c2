//! A read store whose commits a test decides on: the process may end at any of them.

use async_trait::async_trait;
use cartlog_projections::RowKey;
use cartlog_projections::store::*;
use domain::StoreId;
use eventlog::{Checkpoint, Position, StreamName};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

/// What becomes of a commit. A test may also panic instead of answering: then the thread that folds ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Written,
    Refused,
}

pub struct Fragile {
    pub store: Arc<dyn ReadStore>,
    /// Where somebody who asks what is parked waits for the test.
    pause: Mutex<Option<Pause>>,
    commits: AtomicU64,
    /// Of the commit with that number, from 1.
    fate: Box<dyn Fn(u64) -> Fate + Send + Sync>,
}

struct Pause {
    /// So many pass before.
    pass: usize,
    waits: oneshot::Sender<()>,
    let_on: oneshot::Receiver<()>,
}

impl Fragile {
    pub fn new(store: Arc<dyn ReadStore>, fate: impl Fn(u64) -> Fate + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { store, pause: Mutex::default(), commits: AtomicU64::new(0), fate: Box::new(fate) })
    }

    /// Makes whoever asks what is parked wait, once it was asked so often: the first tells that it does, the second lets it go on.
    pub fn pause_where_parked_is_asked(&self, pass: usize) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let ((waits, told), (go_on, let_on)) = (oneshot::channel(), oneshot::channel());
        *self.pause.lock() = Some(Pause { pass, waits, let_on });
        (told, go_on)
    }

    /// The pause, if it is this call's.
    fn pause(&self) -> Option<Pause> {
        let mut pause = self.pause.lock();
        match pause.as_mut() {
            Some(Pause { pass: pass @ 1.., .. }) => {
                *pass -= 1;
                None
            }
            Some(_) | None => pause.take(),
        }
    }

    /// How many commits were asked for.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ReadStore for Fragile {
    async fn get(&self, table: Table, key: RowKey) -> Result<Option<String>, ReadStoreError> {
        self.store.get(table, key).await
    }

    async fn get_many(&self, table: Table, keys: Vec<RowKey>) -> Result<Vec<Option<String>>, ReadStoreError> {
        self.store.get_many(table, keys).await
    }

    async fn stores(&self, table: Table, stores: Vec<StoreId>) -> Result<Vec<Option<String>>, ReadStoreError> {
        self.store.stores(table, stores).await
    }

    async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, ReadStoreError> {
        self.store.list(table, list).await
    }

    async fn count(&self, table: Table, list: List) -> Result<u64, ReadStoreError> {
        self.store.count(table, list).await
    }

    async fn search(&self, table: Table, search: Search) -> Result<Vec<SearchHit>, ReadStoreError> {
        self.store.search(table, search).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), ReadStoreError> {
        match (self.fate)(self.commits.fetch_add(1, Ordering::SeqCst) + 1) {
            Fate::Written => self.store.commit(commit).await,
            Fate::Refused => Err(ReadStoreError::Unavailable(std::io::Error::other("the disk is full").into())),
        }
    }

    async fn history(&self, table: Table, key: RowKey, up_to: Position) -> Result<Vec<Position>, ReadStoreError> {
        self.store.history(table, key, up_to).await
    }

    async fn parked(&self, table: Table) -> Result<Vec<Parked>, ReadStoreError> {
        if let Some(Pause { waits, let_on, .. }) = self.pause() {
            waits.send(()).expect("the test waits for it");
            let_on.await.expect("the test lets it go on");
        }
        self.store.parked(table).await
    }

    async fn generations(&self) -> Result<Vec<Generation>, ReadStoreError> {
        self.store.generations().await
    }

    async fn create(&self, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, ReadStoreError> {
        self.store.create(view, checkpoint).await
    }

    async fn swap(&self, tables: Vec<Table>) -> Result<(), ReadStoreError> {
        self.store.swap(tables).await
    }

    async fn retire(&self, view: String, version: u32) -> Result<(), ReadStoreError> {
        self.store.retire(view, version).await
    }

    async fn drop_generation(&self, view: String, generation: u32) -> Result<(), ReadStoreError> {
        self.store.drop_generation(view, generation).await
    }

    async fn tip(&self, stream: &StreamName) -> Result<Option<Tip>, ReadStoreError> {
        self.store.tip(stream).await
    }

    async fn forget_tips(&self) -> Result<(), ReadStoreError> {
        self.store.forget_tips().await
    }

    async fn bytes(&self) -> Result<u64, ReadStoreError> {
        self.store.bytes().await
    }
}
