//! A log and a vault by where they are said to be: in a directory, or in an engine by its URL.

use super::blocking;
use super::log;
use crate::config::{Config, Secret};
use crate::data_dir::DataDir;
use anyhow::Result;
use eventlog::{EventLog, SqliteOptions, Synchronous};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use vault::{SqliteVault, Vault};

/// Where a log or a vault is.
#[derive(Clone, Debug)]
pub enum Place {
    Directory(PathBuf),
    Engine(Secret),
}

impl Place {
    /// A URL, or else a directory.
    pub fn parse(text: String) -> Self {
        match text.contains("://") {
            true => Place::Engine(Secret::new(text)),
            false => Place::Directory(text.into()),
        }
    }
}

impl fmt::Display for Place {
    /// Of a URL only the scheme: any other part can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Directory(directory) => directory.display().fmt(f),
            Place::Engine(url) => write!(f, "{}://…", url.reveal().split_once("://").map_or("", |(scheme, _)| scheme)),
        }
    }
}

/// Opens the log of a directory that this process has locked, or that of an engine.
pub async fn open_log(config: &Config, place: &Place, synchronous: Synchronous) -> Result<Arc<dyn EventLog>> {
    match place {
        Place::Directory(directory) => {
            let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
            Ok(log::in_directory(&DataDir::create(directory)?, options).await?)
        }
        #[cfg(feature = "eventstoredb")]
        Place::Engine(url) => Ok(Arc::new(log::in_eventstoredb(config, url)?)),
        #[cfg(not(feature = "eventstoredb"))]
        Place::Engine(_) => {
            let _ = config;
            anyhow::bail!("this build of cartlog leaves EventStoreDB out")
        }
    }
}

/// Opens the vault of a directory that this process has locked, or that of an engine. `flag` is what asks for it.
pub async fn open_vault(config: &Config, place: &Place, flag: &str) -> Result<Arc<dyn Vault>> {
    match place {
        Place::Directory(directory) => {
            let file = DataDir::create(directory)?.vault();
            Ok(Arc::new(blocking(move || Ok(SqliteVault::open(&file)?)).await?))
        }
        #[cfg(feature = "postgres")]
        Place::Engine(url) => {
            use anyhow::Context;
            let database = super::databases::open_one(config, flag, url).await?;
            let vault = vault::PostgresVault::open(&database).await;
            Ok(Arc::new(vault.with_context(|| format!("PostgreSQL ({flag})"))?))
        }
        #[cfg(not(feature = "postgres"))]
        Place::Engine(_) => {
            let _ = config;
            anyhow::bail!("{flag}: this build of cartlog leaves PostgreSQL out")
        }
    }
}
