//! The log's tree in PostgreSQL: every node reads it, one that fills the views builds it.

use super::databases::Databases;
use anyhow::{Context, Result};
use postgres::Role;
use std::sync::Arc;
use tlog::{Follower, PostgresTree, TreeStore};
use tokio_util::sync::CancellationToken;

/// The tree that nodes share. Cheap to clone.
#[derive(Clone)]
pub struct SharedTree {
    databases: Databases,
    tree: PostgresTree,
}

/// The tree, if it is here: beside the views.
///
/// # Errors
/// What the server says.
pub async fn tree(databases: &Databases) -> Result<Option<SharedTree>> {
    let Some(database) = &databases.views else { return Ok(None) };
    let tree = PostgresTree::open(database).await.context("PostgreSQL, where the log's tree is (views_url)")?;
    Ok(Some(SharedTree { databases: databases.clone(), tree }))
}

impl SharedTree {
    /// To read it.
    pub fn store(&self) -> Arc<dyn TreeStore> {
        Arc::new(self.tree.clone())
    }

    /// Lets the follower grow it whenever this node leads, until it is stopped.
    pub async fn lead(&self, follower: &Follower, stop: CancellationToken) -> Result<()> {
        // Where a database has the tree, nodes can agree.
        let candidate = self.databases.candidate([Role::Tree]).context("nowhere to agree on who builds the tree")?;
        self.tree.lead(candidate, follower, stop).await;
        Ok(())
    }
}
