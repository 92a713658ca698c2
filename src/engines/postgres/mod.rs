//! PostgreSQL: the views, the vault, how far work is that nodes share, and who does it.

mod databases;
mod lead;
mod tree;
mod views;

pub use databases::{Databases, check};
pub use lead::Lead;
pub use tree::{SharedTree, tree};

use crate::config::{Config, Secret};
use crate::wiring::views::Upkeep;
use ::postgres::Database;
use ::vault::{PostgresVault, Vault};
use anyhow::{Context, Result};
use commands::snapshots::{PostgresSnapshots, Snapshots};
use projections::ProjectionSettings;
use std::sync::Arc;
use views::PostgresViews;

/// The vault, if it is here.
///
/// # Errors
/// What the server says.
pub async fn vault(databases: &Databases) -> Result<Option<Arc<dyn Vault>>> {
    let Some(database) = &databases.vault else { return Ok(None) };
    Ok(Some(vault_in(database, "vault_url").await?))
}

/// How far work is that one node does for all, where nodes agree on who does it: whoever takes it over goes on from there.
///
/// # Errors
/// What the server says.
pub async fn progress(databases: &Databases) -> Result<Option<Arc<dyn Snapshots>>> {
    let Some(database) = databases.agreed() else { return Ok(None) };
    let shared = PostgresSnapshots::open(database).await;
    Ok(Some(Arc::new(shared.context("PostgreSQL, where nodes share how far their work is")?)))
}

/// The views, if they are here; `fills`: this node may fill them.
///
/// # Errors
/// What the server says.
pub async fn views(
    databases: &Databases,
    fills: bool,
    settings: ProjectionSettings,
) -> Result<Option<Arc<dyn Upkeep>>> {
    let Some(database) = &databases.views else { return Ok(None) };
    Ok(Some(Arc::new(PostgresViews::open(databases, database, fills, settings).await?)))
}

/// The vault in the database at this URL; `key` is what names it.
///
/// # Errors
/// What the server says, or that it is away.
pub async fn open_vault(config: &Config, key: &str, url: &Secret) -> Result<Arc<dyn Vault>> {
    vault_in(&databases::open_one(config, key, url).await?, key).await
}

async fn vault_in(database: &Database, key: &str) -> Result<Arc<dyn Vault>> {
    let vault = PostgresVault::open(database).await.with_context(|| format!("PostgreSQL ({key})"))?;
    Ok(Arc::new(vault))
}
