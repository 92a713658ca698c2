//! Snapshots of streams' states, and how far work is: in the data directory, and what nodes share in PostgreSQL.

use super::{Files, blocking};
use crate::data_dir::DataDir;
use crate::engines::postgres::{self, Databases};
use anyhow::Result;
use commands::snapshots::{Snapshots, SqliteSnapshots};
use std::sync::Arc;

/// Opens what this node keeps for itself.
///
/// # Errors
/// A file that can't be used.
pub async fn open(data: &DataDir, files: &mut Files) -> Result<Arc<dyn Snapshots>> {
    let file = data.commands();
    let snapshots = blocking(move || Ok(SqliteSnapshots::open(&file)?)).await?;
    let snapshots = Arc::new(snapshots);
    files.has(&snapshots);
    Ok(snapshots)
}

/// Opens where it is kept how far work is. Where the lead is agreed upon, whoever takes it over finds that there.
///
/// # Errors
/// What the server says.
pub async fn open_progress(of_node: &Arc<dyn Snapshots>, databases: &Databases) -> Result<Arc<dyn Snapshots>> {
    Ok(postgres::progress(databases).await?.unwrap_or_else(|| Arc::clone(of_node)))
}
