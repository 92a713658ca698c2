//! A build without PostgreSQL: views and vault are in the data directory, and each node does all work by itself.

use crate::config::{Config, Secret};
use crate::engines::SharedWork;
use crate::wiring::views::Upkeep;
use anyhow::{Result, bail};
use commands::snapshots::Snapshots;
use projections::ProjectionSettings;
use std::sync::Arc;
use tlog::{Follower, TreeStore};
use tokio_util::sync::CancellationToken;
use vault::Vault;

/// There are none.
#[derive(Clone)]
pub struct Databases;

impl Databases {
    pub async fn open(_: &Config, _: bool) -> Result<Self> {
        Ok(Self)
    }
}

pub async fn vault(_: &Databases) -> Result<Option<Arc<dyn Vault>>> {
    Ok(None)
}

pub async fn progress(_: &Databases) -> Result<Option<Arc<dyn Snapshots>>> {
    Ok(None)
}

pub async fn views(_: &Databases, _: bool, _: ProjectionSettings) -> Result<Option<Arc<dyn Upkeep>>> {
    Ok(None)
}

/// There is none: each node has a tree of its own.
#[derive(Clone)]
pub enum SharedTree {}

pub async fn tree(_: &Databases) -> Result<Option<SharedTree>> {
    Ok(None)
}

impl SharedTree {
    pub fn store(&self) -> Arc<dyn TreeStore> {
        match *self {}
    }

    pub async fn lead(&self, _: &Follower, _: CancellationToken) -> Result<()> {
        match *self {}
    }
}

/// There is none, as there is nobody to agree with.
pub enum Lead {}

impl Lead {
    pub fn of(_: &Databases, _: SharedWork) -> Option<Self> {
        None
    }

    pub fn is_held(&self) -> bool {
        match *self {}
    }

    pub async fn run<T, Fut>(&self, _: CancellationToken, _: impl Fn(CancellationToken) -> Fut) -> Result<()>
    where
        Fut: Future<Output = Result<T>>,
    {
        match *self {}
    }
}

pub fn check(_: &Config) -> Result<()> {
    Ok(())
}

pub async fn open_vault(_: &Config, key: &str, _: &Secret) -> Result<Arc<dyn Vault>> {
    bail!("{key}: this build of cartlog leaves PostgreSQL out")
}
