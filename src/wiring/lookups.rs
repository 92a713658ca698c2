//! What commands ask of the views: the adapter between `commands` and `projections`, which don't know one another.

use async_trait::async_trait;
use commands::{CartPlace, Creation, DueCarts, Lookups, LookupsError, WalletEntry};
use domain::limits::MAX_WALLET;
use domain::past::{Fact, PastQuestion};
use domain::{Currency, CustomerId, StoreId, Timestamp};
use eventlog::{Position, StreamName};
use journal::StoreHeads;
use projections::views::IdlePlace;
use projections::{ReadError, Views};
use std::sync::Arc;
use std::time::Duration;

/// How long a command waits to hear what others did: that is quick, or it will be late anyway.
const WAITS_FOR_LOG: Duration = Duration::from_millis(500);

/// Answers from the views, once they are where the command needs them.
pub struct ViewLookups {
    views: Views,
    heads: Arc<StoreHeads>,
    /// How long a command waits for the views.
    wait: Duration,
}

impl ViewLookups {
    pub fn new(views: Views, heads: Arc<StoreHeads>, wait: Duration) -> Self {
        Self { views, heads, wait }
    }

    /// As [`Self::reach`], for what is about one store: what others did until then need not be there.
    async fn reach_of(&self, store: StoreId, position: Position) -> Result<(), LookupsError> {
        if self.views.position() >= position {
            return Ok(());
        }
        self.reach(self.heads.of(store, position, WAITS_FOR_LOG).await).await
    }

    async fn reach(&self, position: Position) -> Result<(), LookupsError> {
        self.views.wait_for(position, self.wait).await.map_err(away)
    }
}

fn away(error: ReadError) -> LookupsError {
    LookupsError(error.into())
}

fn bounded(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

#[async_trait]
impl Lookups for ViewLookups {
    async fn wallet(
        &self,
        at_least: Position,
        store: StoreId,
        customer: CustomerId,
        currency: Currency,
    ) -> Result<Vec<WalletEntry>, LookupsError> {
        self.reach_of(store, at_least).await?;
        let entries = self.views.wallet(store, customer, currency, MAX_WALLET).await.map_err(away)?;
        let entry = |entry: projections::views::WalletEntry| WalletEntry {
            balance: entry.balance,
            currency: entry.currency,
            created_at: entry.created_at,
        };
        Ok(entries.into_iter().map(entry).collect())
    }

    async fn past(
        &self,
        at_least: Position,
        stream: &StreamName,
        asked: &PastQuestion,
    ) -> Result<Option<Fact>, LookupsError> {
        self.reach(at_least).await?;
        self.views.past(stream.as_str(), asked).await.map_err(away)
    }

    async fn stores_with_cart_expiry(
        &self,
        after: Option<StoreId>,
        limit: usize,
    ) -> Result<Vec<(StoreId, u32)>, LookupsError> {
        let stores = self.views.stores_with_cart_expiry(after, bounded(limit)).await.map_err(away)?;
        Ok(stores.iter().map(|store| (store.store_id, store.cart_expires_after_minutes)).collect())
    }

    async fn carts_due(
        &self,
        store: StoreId,
        idle_since: Timestamp,
        after: Option<CartPlace>,
        limit: usize,
    ) -> Result<DueCarts, LookupsError> {
        let after = after.map(|CartPlace { minute, customer }| IdlePlace { minute, customer });
        let (customers, next) = self.views.carts_due(store, idle_since, after, bounded(limit)).await.map_err(away)?;
        Ok(DueCarts { customers, next: next.map(|IdlePlace { minute, customer }| CartPlace { minute, customer }) })
    }

    async fn customers_at(
        &self,
        position: Position,
        store: StoreId,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.reach_of(store, position).await?;
        self.views.customers_at(store, position, after, bounded(limit)).await.map_err(away)
    }

    async fn customers_of_mailbox(
        &self,
        at_least: Position,
        store: StoreId,
        mailbox: &str,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.reach_of(store, at_least).await?;
        self.views.customers_of_mailbox(store, mailbox, bounded(limit)).await.map_err(away)
    }

    async fn creation(&self, at_least: Position, store: StoreId, key: &str) -> Result<Option<Creation>, LookupsError> {
        self.reach_of(store, at_least).await?;
        let row = self.views.creation(store, key).await.map_err(away)?;
        Ok(row.map(|row| Creation { stream: row.stream.clone(), revision: row.revision }))
    }
}
