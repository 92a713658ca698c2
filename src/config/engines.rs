//! Engines that `cartlog serve` does not run on yet are refused by name, never ignored.

use super::layers::Values;
use anyhow::{Result, bail};

/// A key that names an engine, and the engine.
const ENGINES: [(&str, &str); 5] = [
    ("log_url", "EventStoreDB"),
    ("views_url", "PostgreSQL"),
    ("vault_url", "PostgreSQL"),
    ("windows_url", "Redis"),
    ("kafka_brokers", "Apache Kafka"),
];

/// Refuses what this version does not run on: the server is wired to the embedded adapters only.
pub fn refuse_absent(values: &Values) -> Result<()> {
    for (key, engine) in ENGINES {
        if let Some(setting) = values.get(key) {
            bail!(
                "{} asks for {engine}, which this version does not run on yet; leave {key} out to use the data directory",
                setting.source
            );
        }
    }
    Ok(())
}
