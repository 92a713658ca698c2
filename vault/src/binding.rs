//! Which log a vault belongs to, and up to where it is known to have what that log needs.
//!
//! What lives here: the rule by which a vault and a log are held against each other before anybody is served, and what is found out
//! for it. What doesn't: where the binding is kept, which is the adapters'. The rule: a vault that has more than the log needs is
//! fine, one that lacks something is not, and one that does not say which log it belongs to is that of the log whose sealed data its
//! keys open. What holds: a key is in the vault before the event that needs it is in the log; so a vault that is bound up to a
//! position lacks nothing up to there, and only what came later is looked through.

use super::{Kind, Vault, VaultError};
use domain::store::StoreEvent;
use domain::{Category, CredentialId, CustomerId, Event, Personal, StoreId};
use eventlog::{LogError, LogId, LogUnit, Position, Room, StreamName};
use journal::{Delivery, Journal, JournalError, Tail};
use std::collections::{BTreeSet, HashMap};

/// What a vault says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub log_id: LogId,
    /// Whatever that log needs up to there is in the vault.
    pub whole_to: Position,
}

/// Why a vault is not the log's.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    #[error("the vault belongs to log {vault}, and this is log {log}")]
    OfAnotherLog { vault: LogId, log: LogId },
    /// It was deleted, or another place is meant.
    #[error("log {0} is empty, and the vault holds keys to what a log held")]
    LogIsEmpty(LogId),
    /// It was deleted, is an earlier copy, or was copied without its write-ahead log.
    #[error("the vault lacks {0}")]
    Lacks(Missing),
    #[error("the vault's keys open none of the log's sealed data")]
    OpensNothing,
    #[error("the vault can't be held against the log")]
    Vault(#[from] VaultError),
    #[error("the vault can't be held against the log")]
    Log(#[from] LogError),
    #[error("the vault can't be held against the log")]
    Journal(#[from] JournalError),
}

/// What the log needs of its vault, and is not there. None of it is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    #[error("the key of customer {}, whose data the log holds", .0.0)]
    CustomerKey(CustomerId),
    #[error("the key to the names that are taken")]
    KeyOfNames,
    #[error("the secret of store {}", .0.0)]
    Secret(StoreId),
}

impl BindingError {
    /// Whether somebody who knows better may have it so all the same.
    pub fn can_be_accepted(&self) -> bool {
        match self {
            Self::OfAnotherLog { .. } | Self::LogIsEmpty(_) | Self::Lacks(_) | Self::OpensNothing => true,
            Self::Vault(_) | Self::Log(_) | Self::Journal(_) => false,
        }
    }
}

/// Of a log with a vault that says nothing of itself, so much is looked through at either end.
const LOOKED_THROUGH_EVENTS: u64 = 100_000;
const LOOKED_THROUGH_BYTES: u64 = 64 * 1024 * 1024;
/// What is read at once.
const PAGE: Room = Room { events: 1_000, bytes: 8 * 1024 * 1024 };

/// Holds the vault against the log, and binds it where it is the log's. `progress` is told how far that is: up to which position it
/// was looked, and up to which it will be.
///
/// # Errors
/// See [`BindingError`]; the vault is left as it was.
pub async fn bind(
    vault: &dyn Vault,
    journal: &Journal,
    progress: &mut (dyn FnMut(Position, Position) + Send),
) -> Result<(), BindingError> {
    let (log_id, head) = (journal.log_id().await?, journal.head().await?);
    let bound = vault.binding().await?;
    let stretches = match bound {
        Some(Binding { log_id: of, .. }) if of != log_id => {
            return Err(BindingError::OfAnotherLog { vault: of, log: log_id });
        }
        Some(Binding { whole_to, .. }) if head == Position::START && whole_to > head => {
            return Err(BindingError::LogIsEmpty(log_id));
        }
        Some(Binding { whole_to, .. }) => vec![(whole_to, head)],
        None if head == Position::START && !is_empty(vault).await? => return Err(BindingError::LogIsEmpty(log_id)),
        None => both_ends(journal.unit(), head),
    };
    let mut needed = Needed::default();
    for (after, to) in stretches {
        needed.look_through(vault, journal, after, to, progress).await?;
    }
    needed.check(vault, journal).await?;
    // A log that was put back has its vault's end at its own.
    let whole_to = head;
    if bound != Some(Binding { log_id, whole_to }) {
        vault.bind(Binding { log_id, whole_to }).await?;
    }
    Ok(())
}

/// Binds the vault to the log whatever it holds: somebody knows better.
///
/// # Errors
/// One of the two is away.
pub async fn bind_anyway(vault: &dyn Vault, journal: &Journal) -> Result<(), BindingError> {
    let binding = Binding { log_id: journal.log_id().await?, whole_to: journal.head().await? };
    Ok(vault.bind(binding).await?)
}

/// Says that the vault has what the log needs up to its head, as it was read before anything else; called by whoever has had both
/// open since they were held against each other.
///
/// # Errors
/// One of the two is away.
pub async fn bind_to_head(vault: &dyn Vault, journal: &Journal) -> Result<(), BindingError> {
    let (log_id, whole_to) = (journal.log_id().await?, journal.head().await?);
    match vault.binding().await? {
        // Somebody has bound it to another log meanwhile: that is for the next start to say.
        Some(bound) if bound.log_id != log_id || bound.whole_to == whole_to => Ok(()),
        _ => Ok(vault.bind(Binding { log_id, whole_to }).await?),
    }
}

/// Nothing was ever kept in it of what a log tells. An operator's token may be there before the first store is.
async fn is_empty(vault: &dyn Vault) -> Result<bool, VaultError> {
    for kind in [Kind::HmacKey, Kind::CustomerKey, Kind::Credential] {
        if !vault.entries(kind, &[], 1).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The log's beginning and its end, or all of it if it is no longer than that.
fn both_ends(unit: LogUnit, head: Position) -> Vec<(Position, Position)> {
    let much = match unit {
        LogUnit::Events => LOOKED_THROUGH_EVENTS,
        LogUnit::Bytes => LOOKED_THROUGH_BYTES,
    };
    let (beginning, end) = (Position(much.min(head.0)), Position(head.0.saturating_sub(much)));
    if beginning >= end { vec![(Position::START, head)] } else { vec![(Position::START, beginning), (end, head)] }
}

/// What a stretch of the log needs of its vault.
#[derive(Default)]
struct Needed {
    /// The first customer whose sealed data stands there, and who never had a key.
    keyless: Option<CustomerId>,
    opened: bool,
    locked: bool,
    /// The secret in force of each store, as far as the stretch says.
    secrets: HashMap<StoreId, CredentialId>,
    has_stores: bool,
}

impl Needed {
    async fn look_through(
        &mut self,
        vault: &dyn Vault,
        journal: &Journal,
        mut after: Position,
        to: Position,
        progress: &mut (dyn FnMut(Position, Position) + Send),
    ) -> Result<(), BindingError> {
        while after < to && self.keyless.is_none() {
            let page = journal.read_all_within(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position();
            let erased: BTreeSet<CustomerId> = page.iter().filter_map(|delivery| self.see(delivery)).collect();
            if !erased.is_empty() {
                let erased: Vec<CustomerId> = erased.into_iter().collect();
                self.keyless = vault.never_had(&erased).await?.first().copied();
            }
            progress(after, to);
        }
        Ok(())
    }

    /// Gives the customer whose key is not there.
    fn see(&mut self, delivery: &Delivery) -> Option<CustomerId> {
        let envelope = match delivery {
            Delivery::Event(envelope) => envelope,
            Delivery::Unreadable(unreadable) => {
                self.locked |= unreadable.is_locked;
                return None;
            }
        };
        let (category, id) = Category::of_stream(envelope.stream.as_str())?;
        match &envelope.event {
            Event::Store(event) if category == Category::Store => self.see_store(id.parse().ok()?, event),
            Event::Customer(event) => match event.clone().personal_mut() {
                Some(Personal::Erased) => return id.parse().ok(),
                Some(Personal::Open(_)) => self.opened = true,
                Some(Personal::Sealed(_)) | None => {}
            },
            _ => {}
        }
        None
    }

    fn see_store(&mut self, store: StoreId, event: &StoreEvent) {
        self.has_stores = true;
        if let Some(secret) = event.credential_id() {
            self.secrets.insert(store, secret);
        }
        if let StoreEvent::StoreDeleted(_) = event {
            self.secrets.remove(&store);
        }
    }

    async fn check(self, vault: &dyn Vault, journal: &Journal) -> Result<(), BindingError> {
        if let Some(customer) = self.keyless {
            return Err(BindingError::Lacks(Missing::CustomerKey(customer)));
        }
        if self.locked && !self.opened {
            return Err(BindingError::OpensNothing);
        }
        if self.locked {
            tracing::warn!(
                "some of the log's sealed data is not opened by the vault's keys: `cartlog audit history` says which"
            );
        }
        // The key for the names that are unique in the whole log is made for the first store, and stays.
        if self.has_stores && vault.entries(Kind::HmacKey, &[], 1).await?.is_empty() {
            return Err(BindingError::Lacks(Missing::KeyOfNames));
        }
        for (store, secret) in self.secrets {
            // Another one may be in force by now, beyond what was looked through; then this one was swept.
            if vault.credential(secret).await?.is_none() && in_force(journal, store).await? == Some(secret) {
                return Err(BindingError::Lacks(Missing::Secret(store)));
            }
        }
        Ok(())
    }
}

/// The secret that the store's own stream names last; `None` once it is deleted.
async fn in_force(journal: &Journal, store: StoreId) -> Result<Option<CredentialId>, JournalError> {
    let stream = StreamName::new(Category::Store.stream(store));
    let (mut tail, mut secret) = (Tail::default(), None);
    loop {
        let slice = journal.read_stream_within(&stream, tail, PAGE).await?;
        for envelope in &slice.events {
            match &envelope.event {
                Event::Store(StoreEvent::StoreDeleted(_)) => secret = None,
                Event::Store(event) => secret = event.credential_id().or(secret),
                _ => {}
            }
        }
        tail = slice.tail;
        if !slice.is_full {
            return Ok(secret);
        }
    }
}
