//! Engines that are not in this build are refused by name, with what to build.

use super::layers::Values;
use anyhow::{Result, bail};

/// A key that names an engine, the engine, and the cargo feature that brings it.
const ENGINES: [(&str, &str, &str); 5] = [
    ("log_url", "EventStoreDB", "eventstoredb"),
    ("views_url", "PostgreSQL", "postgres"),
    ("vault_url", "PostgreSQL", "postgres"),
    ("windows_url", "Redis", "redis"),
    ("kafka_brokers", "Apache Kafka", "kafka"),
];

/// Refuses what this build can't reach: it holds the embedded adapters only.
pub fn refuse_absent(values: &Values) -> Result<()> {
    for (key, engine, feature) in ENGINES {
        if let Some(setting) = values.get(key) {
            bail!(
                "{} asks for {engine}, which is not in this build; build it in with `cargo build --release --features {feature}`, \
                 or leave {key} out to use the data directory",
                setting.source
            );
        }
    }
    Ok(())
}
