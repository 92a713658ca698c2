//! The databases in PostgreSQL: of the views, of the vault, and of who leads.

use crate::config::{Config, Secret};
use anyhow::{Result, bail};
use postgres::{Candidate, Database, DatabaseError, DatabaseOptions, Role};
use std::time::Duration;

const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What is in PostgreSQL; the embedded files take the place of the rest.
#[derive(Clone)]
pub struct Databases {
    pub views: Option<Database>,
    pub vault: Option<Database>,
    node: String,
}

impl Databases {
    /// Opens what the configuration names. While a server is away it is waited for, if `patiently`.
    ///
    /// # Errors
    /// What the server says that waiting does not mend.
    pub async fn open(config: &Config, patiently: bool) -> Result<Self> {
        let views = match &config.views_url {
            Some(url) => Some(reached("views_url", url, || options(config), patiently).await?),
            None => None,
        };
        let vault = match &config.vault_url {
            Some(url) => Some(reached("vault_url", url, || options(config), patiently).await?),
            None => views.clone(),
        };
        Ok(Self { views, vault, node: node(config) })
    }

    /// Where nodes agree on what one of them does: nodes with views of their own may still share the vault.
    pub fn agreed(&self) -> Option<&Database> {
        self.views.as_ref().or(self.vault.as_ref())
    }

    /// Someone who does what one node does for all; `None` where there is nobody to agree with.
    pub fn candidate(&self, roles: impl IntoIterator<Item = Role>) -> Option<Candidate> {
        self.agreed().cloned().map(|database| Candidate::new(database, roles, &self.node))
    }
}

/// Refuses a URL that can't be read.
pub fn check(config: &Config) -> Result<()> {
    for (key, url) in [("views_url", &config.views_url), ("vault_url", &config.vault_url)] {
        let Some(url) = url else { continue };
        if let Err(error) = Database::check(url.reveal(), &options(config)) {
            bail!("PostgreSQL ({key}): {error}");
        }
    }
    Ok(())
}

/// Opens a database by itself; `key` is what names it.
///
/// # Errors
/// What the server says, or that it is away.
pub async fn open_one(config: &Config, key: &str, url: &Secret) -> Result<Database> {
    reached(key, url, || options(config), false).await
}

fn options(config: &Config) -> DatabaseOptions {
    DatabaseOptions {
        application_name: format!("cartlog {}", node(config)),
        schema: Some(config.namespace.as_str().to_owned()),
        // Formats are counted up by hand.
        format: i32::try_from(domain::FORMAT).unwrap_or(i32::MAX),
        ..DatabaseOptions::default()
    }
}

async fn reached(key: &str, url: &Secret, options: impl Fn() -> DatabaseOptions, patiently: bool) -> Result<Database> {
    let mut told = false;
    loop {
        match opened(url, options(), patiently).await {
            Ok(database) => return Ok(database),
            Err(DatabaseError::Unavailable(reason)) if patiently => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(key, %reason, "PostgreSQL is away; waiting for it");
                }
                tokio::time::sleep(TRIED_AGAIN_AFTER).await;
            }
            Err(error) => bail!("PostgreSQL ({key}): {error}"),
        }
    }
}

/// Whoever serves writes events, and says before which.
async fn opened(url: &Secret, options: DatabaseOptions, serves: bool) -> Result<Database, DatabaseError> {
    let database = Database::open(url.reveal(), options).await?;
    if serves {
        database.announce().await?;
    }
    Ok(database)
}

/// The name that other nodes see.
fn node(config: &Config) -> String {
    let machine =
        || std::fs::read_to_string("/etc/hostname").map_or_else(|_| "node".to_owned(), |name| name.trim().to_owned());
    config.node.clone().unwrap_or_else(|| format!("{}/{}", machine(), config.listen))
}
