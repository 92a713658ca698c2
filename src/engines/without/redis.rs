//! A build without Redis: the metric windows are in the data directory.

use crate::config::Config;
use anyhow::Result;
use std::sync::Arc;
use streaming::WindowStore;

pub fn check(_: &Config) -> Result<()> {
    Ok(())
}

pub fn windows(_: &Config) -> Result<Option<Arc<dyn WindowStore>>> {
    Ok(None)
}
