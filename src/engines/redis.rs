//! Redis: the metric windows.

use crate::config::Config;
use anyhow::Result;
use std::sync::Arc;
use streaming::{RedisWindows, WindowStore};

/// Refuses a URL that can't be read.
pub fn check(config: &Config) -> Result<()> {
    let Some(url) = &config.windows_url else { return Ok(()) };
    Ok(RedisWindows::check(url.reveal())?)
}

/// The windows that the configuration names, if they are here. Redis that is away is opened all the same.
///
/// # Errors
/// A URL that can't be read.
pub fn windows(config: &Config) -> Result<Option<Arc<dyn WindowStore>>> {
    let Some(url) = &config.windows_url else { return Ok(None) };
    Ok(Some(Arc::new(RedisWindows::open(url.reveal(), config.namespace.as_str())?)))
}
