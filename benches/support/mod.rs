//! What the benches share: the real server in a directory of its own, a client that costs little, the load, and what came of it.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub mod client;
pub mod pressure;
pub mod report;
pub mod server;

use eventlog::{SqliteLog, SqliteOptions, Synchronous};
use journal::{Journal, Keys};
use std::path::Path;
use std::sync::Arc;
use vault::SqliteVault;

/// The vault in the directory of a server that has ended.
pub fn vault(data: &Path) -> Arc<SqliteVault> {
    Arc::new(SqliteVault::open(&data.join("vault.sqlite")).expect("the server made it"))
}

/// The log in the directory of a server that has ended, to write into as commands would have: by way of HTTP it takes too long.
pub fn journal(data: &Path, keys: Arc<dyn Keys>) -> Journal {
    let options =
        SqliteOptions { synchronous: Synchronous::Normal, format: domain::FORMAT, ..SqliteOptions::default() };
    let log = SqliteLog::open(&data.join("log.sqlite"), options).expect("the server made it");
    Journal::new(Arc::new(log), keys)
}
