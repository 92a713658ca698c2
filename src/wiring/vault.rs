//! Where the vault is: in the data directory, or in PostgreSQL. The one room that opens it, whoever asks.

use super::files::check_room_to_open;
use super::memory::Shares;
use super::place::Location;
use super::{Files, blocking};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::engines::postgres::{self, Databases};
use anyhow::{Result, bail};
use journal::Keys;
use std::sync::Arc;
use vault::{SqliteKeys, SqliteVault, Vault};

/// Opens the vault where the configuration says.
///
/// # Errors
/// What the adapter says.
pub async fn open(config: &Config, data: &DataDir, databases: &Databases, files: &mut Files) -> Result<Arc<dyn Vault>> {
    if let Some(vault) = postgres::vault(databases).await? {
        return Ok(vault);
    }
    let vault = in_directory(config, data).await?;
    files.has_to_be_written(Some(Arc::clone(&vault) as Arc<dyn sqlite::Settle>));
    Ok(vault)
}

/// Opens the vault of a place: of a directory that this process has locked, or of an engine. `flag` is what asks for it.
///
/// # Errors
/// As [`open`].
pub async fn open_at(config: &Config, place: &Location, flag: &str) -> Result<Arc<dyn Vault>> {
    match place {
        Location::Directory(directory) => Ok(in_directory(config, &DataDir::create(directory)?).await?),
        Location::Engine(url) => postgres::open_vault(config, flag, url).await,
    }
}

/// Opens the vault that the configuration names for one command, beside whoever has it open: a server that runs goes on.
///
/// # Errors
/// There is no store in the directory, or no vault; as [`open`].
pub async fn open_beside(config: &Config) -> Result<Arc<dyn Vault>> {
    for (key, url) in [("vault_url", &config.vault_url), ("views_url", &config.views_url)] {
        if let Some(url) = url {
            return postgres::open_vault(config, key, url).await;
        }
    }
    let data = DataDir::existing(&config.data)?;
    if !data.vault().exists() {
        // One that is made here would be taken for the store's.
        bail!(
            "there is no vault.sqlite in {}; if the vault is in PostgreSQL, --vault-url says where, else restore a backup of it",
            data.root().display()
        );
    }
    check_room_to_open(&data)?;
    Ok(in_directory(config, &data).await?)
}

/// Opens the keys to what is sealed in the log, to be read, whoever has the vault.
///
/// # Errors
/// As [`open`].
pub async fn open_keys(config: &Config, data: &DataDir, files: &mut Files) -> Result<Arc<dyn Keys>> {
    if config.vault_url.is_some() {
        let databases = Databases::open(config, false).await?;
        return Ok(as_keys(&open(config, data, &databases, files).await?));
    }
    let file = data.vault();
    Ok(Arc::new(blocking(move || Ok(SqliteKeys::open(&file)?)).await?))
}

/// What the journal asks of it.
pub fn as_keys(vault: &Arc<dyn Vault>) -> Arc<dyn Keys> {
    Arc::clone(vault) as Arc<dyn Keys>
}

async fn in_directory(config: &Config, data: &DataDir) -> Result<Arc<SqliteVault>> {
    // Commands take the other half.
    let (file, key_bytes) = (data.vault(), Shares::of(config.memory).known / 2);
    Ok(Arc::new(blocking(move || Ok(SqliteVault::open_with(&file, key_bytes)?)).await?))
}
