//! EventStoreDB: the log.

use crate::config::{Config, Secret};
use crate::wiring::memory::Shares;
use anyhow::Result;
use eventlog::{EventLog, EventStoreDbLog, EventStoreDbOptions};
use std::sync::Arc;

/// Refuses a URL that can't be read.
pub fn check(config: &Config) -> Result<()> {
    let Some(url) = &config.log_url else { return Ok(()) };
    Ok(EventStoreDbLog::check(url.reveal())?)
}

/// The log that the configuration names, if it is here.
///
/// # Errors
/// As [`open`].
pub fn log(config: &Config) -> Result<Option<Arc<dyn EventLog>>> {
    config.log_url.as_ref().map(|url| open(config, url)).transpose()
}

/// The log in this server, with streams named as the configuration's namespace wants it. One that is away is opened all the same.
///
/// # Errors
/// A URL that can't be read.
pub fn open(config: &Config, url: &Secret) -> Result<Arc<dyn EventLog>> {
    let prefixes = domain::Category::ALL.iter().map(|category| format!("{category}-"));
    let mut options = EventStoreDbOptions::new(url.reveal(), prefixes);
    options.format = domain::FORMAT;
    options.recent_bytes = Shares::of(config.memory).log;
    if !config.namespace.is_default() {
        options.namespace = format!("{}.", config.namespace.as_str());
    }
    Ok(Arc::new(EventStoreDbLog::open(options)?))
}
