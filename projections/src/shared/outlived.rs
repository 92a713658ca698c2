//! Tables of versions of views that nobody fills any more.
//!
//! While nodes of two versions run, each version of a view has rows of its own, filled by whoever leads in it. Whoever fills a view in
//! one version drops those of another, once nobody has led in that for a while: the last node that knew it is gone, and nobody has gone back to it.

use super::Node;
use crate::PostgresReadStore;
use crate::store::{Generation, ReadStore, ReadStoreError};
use ::postgres::Role;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked what is outlived.
const LOOKED_EVERY: Duration = Duration::from_secs(5);

/// A view in a version.
type Version = (String, u32);

/// Drops what is outlived, until it is dropped itself.
pub(super) async fn drop_outlived(node: &Node, store: &PostgresReadStore) {
    let mut unled_since: HashMap<Version, Instant> = HashMap::new();
    let every = LOOKED_EVERY.min(node.settings.outlived_for);
    loop {
        if let Err(error) = look(node, store, &mut unled_since).await {
            tracing::warn!(%error, "tables of other versions of views stay for now");
        }
        tokio::time::sleep(every).await;
    }
}

async fn look(
    node: &Node,
    store: &PostgresReadStore,
    unled_since: &mut HashMap<Version, Instant>,
) -> Result<(), ReadStoreError> {
    let others: Vec<Generation> =
        store.generations().await?.into_iter().filter(|known| !is_declared(node, known)).collect();
    unled_since
        .retain(|(view, version), _| others.iter().any(|known| known.view == *view && known.version == *version));
    let mut versions: Vec<Version> = others.iter().map(|known| (known.view.clone(), known.version)).collect();
    versions.dedup();
    for version in versions {
        let role = Role::View { name: version.0.clone().into(), version: version.1 };
        let unled = node.database.unled(&role).await;
        let Some(_nobody_leads) = unled.map_err(|error| ReadStoreError::Unavailable(error.into()))? else {
            unled_since.remove(&version);
            continue;
        };
        let since = *unled_since.entry(version.clone()).or_insert_with(Instant::now);
        if since.elapsed() < node.settings.outlived_for {
            continue;
        }
        let (view, version) = version;
        tracing::info!(view, version, "nobody fills this version of the view any more: its tables are dropped");
        store.retire(view.clone(), version).await?;
        for known in others.iter().filter(|known| known.view == view && known.version == version) {
            store.drop_generation(view.clone(), known.generation).await?;
        }
    }
    Ok(())
}

/// Whether this program fills it, if any node does.
fn is_declared(node: &Node, known: &Generation) -> bool {
    node.settings.declarations().any(|view| known.is_of(view))
}
