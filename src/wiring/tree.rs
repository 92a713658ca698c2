//! The log's tree: kept in a SQLite file, or beside the views in PostgreSQL, where one node builds it for all.

use super::{Files, blocking};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::engines::postgres::{self, Databases, SharedTree};
use anyhow::{Context, Result};
use async_trait::async_trait;
use domain::{StoreId, Timestamp};
use eventlog::{EventLog, Position, Retry, with_causes};
use journal::{EventKey, FoundPositions, IndexError, LogIndex};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tlog::{CatchUp, FollowSettings, Follower, Key, Rules, Sought, SqliteTree, Tree, TreeError, TreeStore};
use tokio_util::sync::CancellationToken;

/// The name that people call it by.
pub const NAME: &str = "tree";

/// How often it is looked whether the tree has come so far.
const LOOKED_EVERY: Duration = Duration::from_millis(20);
/// Blocks of 4,096 events that are read in one search, and searches for one question: of a key that millions of events have, only the
/// newest are wanted.
const BLOCKS: usize = 16;
const SEARCHES: usize = 4;

/// Grows the tree and reads it. Cheap to clone.
#[derive(Clone)]
pub struct TreeKeeper {
    tree: Arc<Tree>,
    follower: Follower,
    /// Where several nodes have one.
    shared: Option<SharedTree>,
    log: Arc<dyn EventLog>,
    /// How long a question waits for it.
    patience: Duration,
    /// Why it does not grow any more, once trying again can't help.
    stopped: Arc<Mutex<Option<String>>>,
}

impl TreeKeeper {
    /// Opens it where the views are.
    ///
    /// # Errors
    /// The file or the engine can't be used.
    pub async fn open(
        config: &Config,
        data: &DataDir,
        databases: &Databases,
        log: &Arc<dyn EventLog>,
        files: &mut Files,
    ) -> Result<Self> {
        let shared = postgres::tree(databases).await?;
        let store: Arc<dyn TreeStore> = match &shared {
            Some(shared) => shared.store(),
            None => {
                let (file, space) = (data.tree(), files.space().clone());
                let opened = blocking(move || Ok(SqliteTree::open(&file).context("tree.sqlite")?.within(space)));
                let opened = Arc::new(opened.await?);
                files.has(&opened);
                opened
            }
        };
        let settings = FollowSettings { accept_log: config.accept_log, ..FollowSettings::default() };
        Ok(Self {
            tree: Arc::new(Tree::new(Arc::clone(&store), Arc::clone(log), Rules::first())?),
            follower: Follower::new(Arc::clone(log), store, Rules::first(), settings)?,
            shared,
            log: Arc::clone(log),
            patience: config.view_wait.0,
            stopped: Arc::default(),
        })
    }

    /// Grows it until told to stop. Passing troubles are waited out.
    ///
    /// # Errors
    /// Trying again does not help.
    pub async fn run(&self, stop: CancellationToken, progress: impl FnMut(u64, u64) + Send) -> Result<()> {
        *self.stopped.lock() = None;
        let outcome = match &self.shared {
            Some(shared) => shared.lead(&self.follower, stop).await,
            None => self.follower.run(stop, tell(progress)).await.map_err(anyhow::Error::from),
        };
        *self.stopped.lock() = outcome.as_ref().err().map(|error| with_causes(error.as_ref()));
        outcome
    }

    /// How far it is, also while nobody grows it.
    ///
    /// # Errors
    /// Where it is kept does not say.
    pub async fn position(&self) -> Result<Position> {
        Ok(self.reached().await?)
    }

    async fn reached(&self) -> Result<Position, TreeError> {
        Ok(self.tree.state().await?.map_or(Position::START, |state| state.checkpoint.position))
    }

    /// What people should know beside the position.
    pub fn describe(&self) -> String {
        let status = self.follower.status().borrow().clone();
        match (self.stopped.lock().clone(), status.trouble) {
            (Some(stopped), _) => format!("does not grow: {stopped}"),
            (None, Some(trouble)) => format!("waits: {trouble}"),
            (None, None) => "well".to_owned(),
        }
    }

    /// Waits until it has come so far.
    async fn wait_for(&self, asked: Position) -> Result<(), IndexError> {
        let begun = tokio::time::Instant::now();
        loop {
            let reached = self.reached().await.map_err(trouble)?;
            // What was looked through in vain is not left to be read.
            if reached >= asked || self.log.scanned(reached) >= asked {
                return Ok(());
            }
            if begun.elapsed() >= self.patience {
                return Err(IndexError::Behind { asked, reached });
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }
}

fn tell(mut progress: impl FnMut(u64, u64) + Send) -> impl FnMut(CatchUp) + Send {
    move |CatchUp { done, total }| progress(done, total)
}

fn trouble(error: TreeError) -> IndexError {
    match error.retry() {
        Retry::Never => IndexError::Damaged(error.into()),
        Retry::Later | Retry::Busy => IndexError::Unavailable(error.into()),
    }
}

fn key_of(key: &EventKey) -> Key {
    match key {
        EventKey::Event(id) => Key::Event(*id),
        EventKey::Request(id) => Key::Request(id.clone()),
        EventKey::Correlation(id) => Key::Correlation(*id),
        EventKey::Causation(id) => Key::Causation(*id),
        EventKey::Token(id) => Key::Token(*id),
        EventKey::Person(id) => Key::Person(*id),
    }
}

#[async_trait]
impl LogIndex for TreeKeeper {
    async fn moment(&self, at: Position) -> Result<Option<Timestamp>, IndexError> {
        self.wait_for(at).await?;
        self.tree.moment(at).await.map_err(trouble)
    }

    async fn position(&self, at: Timestamp) -> Result<Option<Position>, IndexError> {
        // Whatever happened up to then must be in it.
        let head = self.log.head().await.map_err(|error| IndexError::Unavailable(error.into()))?;
        self.wait_for(head).await?;
        let found = self.tree.as_of(at).await.map_err(trouble)?;
        Ok(found.map(|as_of| as_of.position))
    }

    async fn find(&self, store: StoreId, key: &EventKey, limit: usize) -> Result<FoundPositions, IndexError> {
        let head = self.log.head().await.map_err(|error| IndexError::Unavailable(error.into()))?;
        self.wait_for(head).await?;
        let mut sought = Sought { store, key: key_of(key), before: None, limit, blocks: BLOCKS };
        let mut positions = Vec::new();
        // A search looks at so many filters and no more; where these name few blocks, it goes on.
        for _ in 0..SEARCHES {
            let page = self.tree.find(&sought).await.map_err(trouble)?;
            positions.extend(page.found.iter().map(|found| found.event.position));
            match page.before {
                None => return Ok(FoundPositions { positions, complete: true }),
                Some(_) if positions.len() >= limit => break,
                before => sought = Sought { before, limit: limit - positions.len(), ..sought },
            }
        }
        Ok(FoundPositions { positions, complete: false })
    }
}
