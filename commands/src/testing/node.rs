//! A node, from what outlives it, and what a client asks of it.

use super::{CountedLookups, ManualClock};
use crate::snapshots::NoSnapshots;
use crate::{
    Clock, CommandDependencies, CommandError, CommandSettings, Done, IdempotencyKey, Mailer, Request, Watermark,
};
use domain::StoreId;
use journal::{Actor, Journal};
use std::sync::Arc;
use std::time::Duration;
use vault::{MemoryVault, Vault};

/// What a node is made of that saves nothing, and counts from the log what others ask the views.
pub fn parts(
    journal: Journal,
    vault: &Arc<MemoryVault>,
    clock: &Arc<ManualClock>,
    mailer: Arc<dyn Mailer>,
) -> CommandDependencies {
    CommandDependencies {
        lookups: Arc::new(CountedLookups::new(journal.clone())),
        journal,
        vault: Arc::clone(vault) as Arc<dyn Vault>,
        snapshots: Arc::new(NoSnapshots),
        progress: Arc::new(NoSnapshots),
        mailer,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        settings: CommandSettings::default(),
    }
}

/// A request in the store, without a key.
pub fn request(store_id: StoreId) -> Request {
    Request {
        store_id,
        actor: Actor::System,
        person: None,
        request_id: None,
        idempotency: None,
        if_match: None,
        watermark: Watermark::default(),
        held: Default::default(),
        spent: Duration::ZERO,
    }
}

/// An `Idempotency-Key`; `path` keeps different commands apart.
pub fn key(path: &str, key: &str, body: &str) -> IdempotencyKey {
    IdempotencyKey {
        method: "POST".to_owned(),
        path: path.to_owned(),
        key: key.to_owned(),
        query: String::new(),
        body: body.to_owned().into(),
        body_is_missing: body.is_empty(),
    }
}

/// The outcome of a command that a test relies on.
///
/// # Panics
/// The command was refused.
#[track_caller]
pub fn done<T>(outcome: Result<Done<T>, CommandError>) -> T {
    match outcome {
        Ok(done) => done.outcome,
        Err(error) => panic!("refused: {error:?}"),
    }
}
