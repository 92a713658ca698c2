//! A log, its tree, a vault, and what is published.

use crate::log::TestLog;
use async_trait::async_trait;
use bytes::Bytes;
use domain::Timestamp;
use eventlog::{EventLog, LogId, Position, RecordedEvent, StreamName};
use notary::{LogName, Notary, NotaryError, PublicLog, Step};
use proof::checkpoint::{Checkpoint, Policy};
use proof::tree::verify_consistency;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tlog::{
    Checkpoints, CheckpointsError, FollowSettings, Follower, Published, Rules, SqliteCheckpoints, SqliteTree, Tree,
    TreeStore,
};
use tokio::sync::Notify;
use uuid::Uuid;
use vault::{IncarnationId, MemoryVault, SignedHead, Vault};

pub struct World {
    directory: TempDir,
    pub log: TestLog,
    pub vault: Arc<MemoryVault>,
    pub tree: Arc<dyn TreeStore>,
    pub checkpoints: Arc<Mortal>,
}

impl World {
    /// A log of so many events, each with a leaf, whose tree is built.
    pub async fn of(events: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let kept = SqliteCheckpoints::open(&directory.path().join("checkpoints.sqlite")).unwrap();
        let tree: Arc<dyn TreeStore> = Arc::new(SqliteTree::open(&directory.path().join("tree.sqlite")).unwrap());
        let log = TestLog::new(Vec::new());
        let world = Self { directory, log, vault: Arc::default(), tree, checkpoints: Arc::new(Mortal::new(kept)) };
        world.grow(events).await;
        world
    }

    pub fn path_of_tree(&self) -> PathBuf {
        self.directory.path().join("tree.sqlite")
    }

    pub fn append(&self, events: u64) {
        self.log.change(|log| {
            for _ in 0..events {
                log.push(event(log.last().map_or(0, |last| last.position.0) + 1));
            }
        });
    }

    pub async fn grow(&self, events: u64) {
        self.append(events);
        self.follower().catch_up(|_| ()).await.unwrap();
    }

    pub fn follower(&self) -> Follower {
        let settings = FollowSettings { linger: Duration::from_millis(1), ..FollowSettings::default() };
        Follower::new(Arc::new(self.log.clone()), Arc::clone(&self.tree), Rules::first(), settings).unwrap()
    }

    pub fn reading(&self) -> Tree {
        Tree::new(Arc::clone(&self.tree), Arc::new(self.log.clone()), Rules::first()).unwrap()
    }

    /// One of a process that has just begun.
    pub async fn notary(&self) -> Notary {
        self.notary_as("example.com/log", incarnation(1)).await.unwrap()
    }

    pub async fn notary_as(&self, name: &str, of: IncarnationId) -> Result<Notary, NotaryError> {
        let (log, name): (Arc<dyn EventLog>, LogName) = (Arc::new(self.log.clone()), name.parse().unwrap());
        let (checkpoints, vault) = (Arc::clone(&self.checkpoints) as _, Arc::clone(&self.vault) as _);
        Notary::open(self.reading(), log, checkpoints, vault, (&name, of)).await
    }

    /// What strangers see.
    pub fn public(&self) -> PublicLog {
        let named = ("example.com/log".parse().unwrap(), incarnation(1).log_id());
        PublicLog::new(self.reading(), Arc::clone(&self.checkpoints) as _, Arc::clone(&self.vault) as _, named)
    }

    /// All that is published, in the order of its sizes.
    pub async fn published(&self) -> Vec<Published> {
        let origin = self.notary().await.origin().to_owned();
        self.checkpoints.list(&origin, None, usize::MAX).await.unwrap()
    }

    pub async fn signed(&self) -> Option<SignedHead> {
        self.vault.signed_head(incarnation(1)).await.unwrap()
    }

    /// Opens each as a stranger does, and proves that the tree extends it and it the one before.
    pub async fn check(&self) {
        let (tree, notary) = (self.reading(), self.notary().await);
        let policy = Policy::new(notary.origin(), notary.verifier_key().clone());
        let mut before: Option<Checkpoint> = None;
        for published in self.published().await {
            let now = policy.open(published.note.as_bytes()).unwrap().checkpoint;
            assert_eq!(now.size(), published.size);
            assert_eq!(tree.root(now.size()).await.unwrap(), now.root(), "at {}", now.size());
            if let Some(before) = before {
                let proof = tree.consistency(before.size(), now.size()).await.unwrap();
                verify_consistency((before.size(), before.root()), (now.size(), now.root()), &proof).unwrap();
            }
            before = Some(now);
        }
    }
}

pub fn incarnation(number: u32) -> IncarnationId {
    IncarnationId::new(LogId(Uuid::from_u128(77)), number)
}

pub fn event(position: u64) -> RecordedEvent {
    RecordedEvent {
        stream: StreamName::new(format!("cart-{}", position % 5)),
        revision: position / 5,
        position: Position(position),
        id: Uuid::from_u128(u128::from(position)),
        event_type: "CartItemAdded".into(),
        data: Bytes::from(format!(r#"{{"item":{position}}}"#)),
        metadata: Bytes::from_static(br#"{"store_id":"00000000-0000-0000-0000-000000000001"}"#),
        recorded_at: Timestamp::from_millis(0).to_utc(),
    }
}

/// The checkpoint of a step that published one.
pub fn published(step: Result<Step, NotaryError>) -> Published {
    match step {
        Ok(Step::Published(published)) => published,
        other => panic!("{other:?}"),
    }
}

/// Checkpoints before which whoever puts one can die.
pub struct Mortal {
    kept: SqliteCheckpoints,
    is_deadly: AtomicBool,
    is_slow: AtomicBool,
    /// Somebody has come as far as that.
    pub reached: Notify,
    /// Whoever was slow goes on.
    pub released: Notify,
}

impl Mortal {
    fn new(kept: SqliteCheckpoints) -> Self {
        Self {
            kept,
            is_deadly: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
            reached: Notify::new(),
            released: Notify::new(),
        }
    }

    /// Whether whoever puts one waits for ever.
    pub fn set_deadly(&self, is_deadly: bool) {
        self.is_deadly.store(is_deadly, Ordering::SeqCst);
    }

    /// Whether whoever looks for one waits until it is released.
    pub fn set_slow(&self, is_slow: bool) {
        self.is_slow.store(is_slow, Ordering::SeqCst);
    }

    /// Lets the notary take a step until it is about to publish, and kills it there.
    pub async fn kill(&self, notary: Notary) {
        self.set_deadly(true);
        tokio::select! {
            step = notary.step() => panic!("{step:?}"),
            () = self.reached.notified() => {}
        }
        drop(notary);
        self.set_deadly(false);
    }
}

#[async_trait]
impl Checkpoints for Mortal {
    async fn put(&self, published: Published) -> Result<Published, CheckpointsError> {
        if self.is_deadly.load(Ordering::SeqCst) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
        self.kept.put(published).await
    }

    async fn latest(&self, origin: &str) -> Result<Option<Published>, CheckpointsError> {
        self.kept.latest(origin).await
    }

    async fn of_size(&self, origin: &str, size: u64) -> Result<Option<Published>, CheckpointsError> {
        let found = self.kept.of_size(origin, size).await;
        if self.is_slow.load(Ordering::SeqCst) {
            self.reached.notify_one();
            self.released.notified().await;
        }
        found
    }

    async fn list(&self, origin: &str, after: Option<u64>, limit: usize) -> Result<Vec<Published>, CheckpointsError> {
        self.kept.list(origin, after, limit).await
    }
}
