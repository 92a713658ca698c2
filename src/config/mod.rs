//! The configuration: what can be set, where each value came from, and how it is shown.
//!
//! Defaults < TOML file < `CARTLOG_…` environment < flags; one list of [`keys`] says what there is. What doesn't live here:
//! what the values are used for (`wiring`, `serve`). The guarantee: a secret is never printed, and a key that nobody knows is
//! an error that names it.

mod clients;
pub mod engines;
mod kafka;
pub mod keys;
mod layers;
mod namespace;
mod roles;
mod secret;
mod show;
mod span;
mod variables;

pub use clients::{BodyMemory, Memory, Origins, Proxies, SignUp};
pub use engines::check_one as check_engine;
pub use kafka::KafkaSecurity;
pub use layers::Flags;
pub use namespace::Namespace;
pub use roles::{Role, Roles};
pub use secret::Secret;
pub use show::{to_json, to_toml};
pub use span::Span;
pub use variables::misspelt;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// The effective configuration.
#[cfg_attr(not(feature = "engines"), allow(dead_code, reason = "a build without an engine does not read its settings"))]
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Host and port to listen on; port 0 picks one.
    pub listen: String,
    /// The data directory.
    pub data: PathBuf,
    pub role: Roles,
    /// Requests a second for one store; 0: no limit.
    pub rate_limit: u32,
    /// Requests a second from one address without a valid token; 0: no limit.
    pub anonymous_rate_limit: u32,
    /// Wrong secrets or passwords of one account from one address that are answered in a minute; 0: no limit.
    pub wrong_tries: u32,
    /// Who may create a store.
    pub sign_up: SignUp,
    /// Proxies whose `X-Forwarded-For` says where a request comes from.
    #[serde(default)]
    pub trust_proxy: Proxies,
    /// Origins whose pages may call the API from browsers.
    #[serde(default)]
    pub cors_origins: Origins,
    /// What is remembered of streams, rows, events and tokens may take so much memory.
    pub memory: Memory,
    /// What requests' bodies may take of the memory at one time.
    pub body_memory: BodyMemory,
    /// When an append counts as written.
    pub durability: Durability,
    /// How many bytes are to stay free on the disk of the data directory: with less, commands are refused. 0: none.
    pub disk_reserve: u64,
    /// Where clients reach this server, for the links in mails; without it, where it listens.
    pub public_url: Option<String>,
    pub smtp_url: Option<Secret>,
    /// How long sending one mail may take in all, in milliseconds.
    pub smtp_timeout_ms: NonZeroU32,
    pub mail_from: String,
    /// EventStoreDB, in the place of the data directory's log.
    pub log_url: Option<Secret>,
    /// PostgreSQL, in the place of the data directory's views.
    pub views_url: Option<Secret>,
    /// PostgreSQL, in the place of the data directory's vault; without it, where the views are.
    pub vault_url: Option<Secret>,
    /// Redis, in the place of the data directory's metric windows.
    pub windows_url: Option<Secret>,
    /// Brokers of Apache Kafka that every event is forwarded to, `host:port` with commas between.
    pub kafka_brokers: Option<String>,
    /// How the brokers are spoken to.
    pub kafka_security_protocol: kafka::Protocol,
    /// Who vouches for the brokers, in PEM; without it, whom the system trusts.
    pub kafka_ssl_ca: Option<PathBuf>,
    /// What the brokers are shown, in PEM, and its key.
    pub kafka_ssl_certificate: Option<PathBuf>,
    pub kafka_ssl_key: Option<PathBuf>,
    pub kafka_sasl_mechanism: Option<String>,
    pub kafka_sasl_username: Option<String>,
    pub kafka_sasl_password: Option<Secret>,
    /// What keeps several cartlogs apart in one server: the schema in PostgreSQL, the beginning of keys in Redis, of topics in
    /// Kafka and, but for the default, of streams in EventStoreDB.
    pub namespace: Namespace,
    /// The name by which other nodes know this one; without it, made from the machine's name and where it listens.
    pub node: Option<String>,
    /// Connections that are served at one time; more wait.
    pub max_connections: usize,
    /// How long requests are still taken once the server is told to stop, while `/readyz` says so.
    #[serde(deserialize_with = "span::drain")]
    pub drain: Span,
    /// How long commands and answers wait for the views.
    #[serde(deserialize_with = "span::view_wait")]
    pub view_wait: Span,
    /// Streams whose state is kept in memory, of all kinds together.
    pub cached_streams: usize,
    /// Commands that may wait on one stream.
    pub queue_length: usize,
    /// Events after which the state of a long stream is saved again.
    pub snapshot_every: u64,
    /// A level, or directives as of `RUST_LOG`.
    pub log: String,
    pub log_format: LogFormat,
    /// Places that another log filled are bound to this one. For one start: typed, and never read from anywhere.
    #[serde(skip)]
    pub accept_log: bool,
}

/// When an answered command is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Once the disk has it: it survives a power cut.
    Full,
    /// Once the operating system has it: it survives the end of the process; a power cut may take the last ones.
    Normal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for machines.
    Json,
}

/// The effective configuration, and where each value came from.
pub struct Loaded {
    pub config: Config,
    pub(crate) values: layers::Values,
}

impl Loaded {
    /// Whether nobody has set it.
    pub fn is_default(&self, key: &str) -> bool {
        self.values.get(key).is_none_or(|setting| setting.source == layers::DEFAULT)
    }
}

/// Reads all layers.
///
/// # Errors
/// A file or value that can't be read, a key that nobody knows, an engine that this version does not run on: each names the place.
pub fn load(flags: Flags) -> Result<Loaded> {
    understand(layers::read(flags)?)
}

/// Of a server that only this process uses: defaults, on a free port, in the directory, without a rate limit.
pub fn of_own_server(data: &Path) -> Result<Config> {
    let mut flags = Flags::default();
    flags.set("listen", Some("127.0.0.1:0"));
    flags.set("data", Some(data.display()));
    flags.set("rate_limit", Some(0));
    flags.set("anonymous_rate_limit", Some(0));
    Ok(understand(layers::without_surroundings(flags)?)?.config)
}

fn understand(layered: config::Config) -> Result<Loaded> {
    let values = layers::values(&layered)?;
    engines::check(&values)?;
    let config: Config = layered
        .try_deserialize()
        .map_err(|error| anyhow!("{error}"))
        .context("the configuration can't be read; `cartlog serve --help` says what can be set")?;
    check_log(&config.log)?;
    check_values(&config)?;
    Ok(Loaded { config, values })
}

/// Checks a log level or directives. A word that is no level would be taken for a program that is to say everything, and all the
/// rest would say nothing.
pub fn check_log(text: &str) -> Result<()> {
    const LEVELS: &str = "the levels are off, error, warn, info, debug and trace, alone ('info') or of a part ('cartlog_commands=debug,info')";
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let mut directives = text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    // Of a span, what its fields are to equal is no level.
    let has_level = |directive: &str| directive.rsplit(']').next().is_some_and(|end| end.contains('='));
    let word = directives.find(|directive| !has_level(directive) && !is_level(directive));
    if let Some(word) = word {
        bail!("log = '{text}': '{word}' is no level; {LEVELS}");
    }
    tracing_subscriber::EnvFilter::try_new(text).map(drop).map_err(|error| anyhow!("log = '{text}': {error}; {LEVELS}"))
}

/// Checks what a type alone doesn't say.
fn check_values(config: &Config) -> Result<()> {
    // The most that a semaphore has places for.
    let most = tokio::sync::Semaphore::MAX_PERMITS;
    let least_one = [
        ("max_connections", config.max_connections, most),
        ("cached_streams", config.cached_streams, u32::MAX as usize),
        ("queue_length", config.queue_length, most),
        ("snapshot_every", usize::try_from(config.snapshot_every).unwrap_or(usize::MAX), usize::MAX),
    ];
    if let Some((key, value, most)) = least_one.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
        bail!("{key} = {value} is out of range; at least 1 is needed, at most {most} can be");
    }
    match &config.public_url {
        Some(url) if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) => {
            bail!("public_url = '{url}' is no address that clients could reach; write https://shop.example")
        }
        Some(_) | None => Ok(()),
    }
}
