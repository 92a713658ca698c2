//! The log's tree: kept in a SQLite file, or beside the views in PostgreSQL, where one node builds it for all.

use super::{Files, blocking};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::engines::postgres::{self, Databases, SharedTree};
use anyhow::{Context, Result};
use async_trait::async_trait;
use domain::Timestamp;
use eventlog::{EventLog, Position, Retry, with_causes};
use journal::{Moments, MomentsError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tlog::{CatchUp, FollowSettings, Follower, Rules, SqliteTree, Tree, TreeError, TreeStore};
use tokio_util::sync::CancellationToken;

/// The name that people call it by.
pub const NAME: &str = "tree";

/// How often it is looked whether the tree has come so far.
const LOOKED_EVERY: Duration = Duration::from_millis(20);

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
    async fn wait_for(&self, asked: Position) -> Result<(), MomentsError> {
        let begun = tokio::time::Instant::now();
        loop {
            let reached = self.reached().await.map_err(trouble)?;
            // What was looked through in vain is not left to be read.
            if reached >= asked || self.log.scanned(reached) >= asked {
                return Ok(());
            }
            if begun.elapsed() >= self.patience {
                return Err(MomentsError::Behind { asked, reached });
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }
}

fn tell(mut progress: impl FnMut(u64, u64) + Send) -> impl FnMut(CatchUp) + Send {
    move |CatchUp { done, total }| progress(done, total)
}

fn trouble(error: TreeError) -> MomentsError {
    match error.retry() {
        Retry::Never => MomentsError::Damaged(error.into()),
        Retry::Later | Retry::Busy => MomentsError::Unavailable(error.into()),
    }
}

#[async_trait]
impl Moments for TreeKeeper {
    async fn moment(&self, at: Position) -> Result<Option<Timestamp>, MomentsError> {
        self.wait_for(at).await?;
        self.tree.moment(at).await.map_err(trouble)
    }

    async fn position(&self, at: Timestamp) -> Result<Option<Position>, MomentsError> {
        // Whatever happened up to then must be in it.
        let head = self.log.head().await.map_err(|error| MomentsError::Unavailable(error.into()))?;
        self.wait_for(head).await?;
        let found = self.tree.as_of(at).await.map_err(trouble)?;
        Ok(found.map(|as_of| as_of.position))
    }
}
