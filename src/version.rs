//! What this program is: its version, the commit it is built from, and what it is made of.

use std::sync::LazyLock;

/// The version alone.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// `unknown` when it was built without its repository.
pub const COMMIT: &str = env!("CARTLOG_BUILD_FROM");

/// What `--version` says after the name: one line each for version and commit, for engines, and for SQLite.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let engines = engines();
        let engines = if engines.is_empty() { "none".to_owned() } else { engines.join(", ") };
        format!("{VERSION} (commit {COMMIT})\nengines: {engines}\nSQLite: {}", eventlog::sqlite_version())
    });
    &TEXT
}

/// The engines that this build can run on, beside the data directory.
fn engines() -> Vec<&'static str> {
    let built = [
        ("EventStoreDB", cfg!(feature = "eventstoredb")),
        ("Kafka", cfg!(feature = "kafka")),
        ("PostgreSQL", cfg!(feature = "postgres")),
        ("Redis", cfg!(feature = "redis")),
    ];
    built.into_iter().filter(|(_, is_built)| *is_built).map(|(name, _)| name).collect()
}
