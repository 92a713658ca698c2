//! Engines that take the place of the data directory's files: which setting asks for which, and whether this build has it.

use super::layers::Values;
use super::secret::Secret;
use anyhow::{Result, bail};

/// What a setting asks for.
struct Engine {
    key: &'static str,
    name: &'static str,
    /// Of the build.
    feature: &'static str,
    is_built: bool,
    /// Of its URL; empty where it is none.
    schemes: &'static [&'static str],
}

const POSTGRES: Engine = Engine {
    key: "views_url",
    name: "PostgreSQL",
    feature: "postgres",
    is_built: cfg!(feature = "postgres"),
    schemes: &["postgres", "postgresql"],
};

const ENGINES: [Engine; 5] = [
    Engine {
        key: "log_url",
        name: "EventStoreDB",
        feature: "eventstoredb",
        is_built: cfg!(feature = "eventstoredb"),
        schemes: &["esdb", "kurrentdb", "kdb", "eventstoredb"],
    },
    POSTGRES,
    Engine { key: "vault_url", ..POSTGRES },
    Engine {
        key: "windows_url",
        name: "Redis",
        feature: "redis",
        is_built: cfg!(feature = "redis"),
        schemes: &["redis", "rediss"],
    },
    Engine {
        key: "kafka_brokers",
        name: "Apache Kafka",
        feature: "kafka",
        is_built: cfg!(feature = "kafka"),
        schemes: &[],
    },
];

/// What a build needs to have an engine.
pub fn how_to_build(feature: &str) -> String {
    format!("`cargo build --release --features {feature}` (or `--features engines` for all)")
}

/// Refuses what this build can't run on, and what can't be a URL of the engine. The value is not repeated: it may hold a password.
pub fn check(values: &Values) -> Result<()> {
    for engine in &ENGINES {
        let Some(setting) = values.get(engine.key) else { continue };
        let instead = format!(", or leave {} out to use the data directory", engine.key);
        check_value(engine, &setting.source, &setting.value, &instead)?;
    }
    Ok(())
}

/// As [`check`], of one value that came from elsewhere, as the engine that the key asks for.
pub fn check_one(key: &str, source: &str, value: &Secret) -> Result<()> {
    match ENGINES.iter().find(|engine| engine.key == key) {
        Some(engine) => check_value(engine, source, value.reveal(), ""),
        None => Ok(()),
    }
}

fn check_value(engine: &Engine, source: &str, value: &str, instead: &str) -> Result<()> {
    let Engine { key, name, feature, is_built, schemes } = engine;
    // As in `esdb+discover` and `redis-cluster`.
    let scheme = value.split_once("://").map(|(scheme, _)| scheme.split(['+', '-']).next().unwrap_or_default());
    let is_one = schemes.is_empty() || scheme.is_some_and(|scheme| schemes.contains(&scheme));
    if !is_built {
        bail!(
            "{source} asks for {name}, which this build of cartlog leaves out; build it with {}{instead}",
            how_to_build(feature)
        );
    }
    if !is_one {
        bail!("{source}: {key} is a URL of {name}; it begins with {}://", schemes.join(":// or "));
    }
    Ok(())
}
