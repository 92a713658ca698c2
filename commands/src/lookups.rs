//! The port to the views, for what only a list can answer. `src` wires it.

use async_trait::async_trait;
use domain::billing::WalletRef;
use domain::past::{Fact, PastQuestion};
use domain::{Currency, CustomerId, StoreId, Timestamp};
use eventlog::{CausedBy, Position, StreamName};

/// The views are away, or did not reach the log's head within 2 s.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct LookupsError(#[source] pub CausedBy);

/// A balance of a customer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletEntry {
    pub balance: WalletRef,
    pub currency: Currency,
    pub created_at: Timestamp,
}

/// A place in the list of a store's open carts by their last activity. It stays a place when its cart has gone from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CartPlace {
    /// Of the last activity.
    pub minute: i64,
    pub customer: CustomerId,
}

/// Open carts that are due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueCarts {
    pub customers: Vec<CustomerId>,
    /// Where to go on; `None`: these are all.
    pub next: Option<CartPlace>,
}

/// Lists that commands need. Each waits until the view has all of the store that stood in the log at `at_least`; over 2 s is an
/// error, and nothing was written.
#[async_trait]
pub trait Lookups: Send + Sync + 'static {
    /// The customer's received gift cards and credits in the currency with a balance above 0, the oldest first: of each of the two at
    /// least the first [`domain::limits::MAX_WALLET`], as no billing takes more.
    async fn wallet(
        &self,
        at_least: Position,
        store: StoreId,
        customer: CustomerId,
        currency: Currency,
    ) -> Result<Vec<WalletEntry>, LookupsError>;

    /// What the index says of the past, as of `at_least` or later: of the log's last event that the asker has folded. `None`:
    /// nothing up to there. It stands in `stream`. Never a guess: where the index can't be sure, it is an error.
    async fn past(
        &self,
        at_least: Position,
        stream: &StreamName,
        asked: &PastQuestion,
    ) -> Result<Option<Fact>, LookupsError>;

    /// Up to `limit` stores whose open carts expire, each with the minutes after which they do, in the order of their ids, after
    /// `after`.
    async fn stores_with_cart_expiry(
        &self,
        after: Option<StoreId>,
        limit: usize,
    ) -> Result<Vec<(StoreId, u32)>, LookupsError>;

    /// Of the store, up to `limit` customers to whose open cart nothing happened since `idle_since` (at or before it), the longest idle
    /// first, after that place.
    async fn carts_due(
        &self,
        store: StoreId,
        idle_since: Timestamp,
        after: Option<CartPlace>,
        limit: usize,
    ) -> Result<DueCarts, LookupsError>;

    /// Up to `limit` customers of the store that existed at the position, in the order of their ids, after `after`. Waits for
    /// the view to reach the position.
    async fn customers_at(
        &self,
        position: Position,
        store: StoreId,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError>;

    /// Up to `limit` customers that have an email of the mailbox, in the form of [`domain::mailbox`]. A hint: one may have lost it since.
    async fn customers_of_mailbox(
        &self,
        at_least: Position,
        store: StoreId,
        mailbox: &str,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError>;
    /// The creation that carried the stored key, where it was not the first command of its stream. Waits for the view to reach
    /// `at_least`. `None`: the store has none up to there.
    async fn creation(&self, at_least: Position, store: StoreId, key: &str) -> Result<Option<Creation>, LookupsError>;
}

/// Where the last event of a creation stands that carried an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    pub stream: String,
    pub revision: u64,
}
