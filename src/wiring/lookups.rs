//! What commands ask of the views: the adapter between `commands` and `projections`, which don't know one another.

use async_trait::async_trait;
use chrono::TimeDelta;
use commands::{Creation, Lookups, LookupsError, WalletEntry};
use domain::past::{Asked, Fact};
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::{Position, StreamName};
use projections::{ReadError, Views};
use std::time::Duration;

/// How long a command waits for the views.
const WAITS: Duration = Duration::from_secs(2);
/// Stores that are looked up at once.
const PAGE: u32 = 500;

/// Answers from the views, once they are where the command needs them.
pub struct ViewLookups {
    views: Views,
}

impl ViewLookups {
    pub fn new(views: Views) -> Self {
        Self { views }
    }

    async fn reach(&self, position: Position) -> Result<(), LookupsError> {
        self.views.wait_for(position, WAITS).await.map_err(away)
    }
}

fn away(error: ReadError) -> LookupsError {
    LookupsError(error.to_string())
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
    ) -> Result<Vec<WalletEntry>, LookupsError> {
        self.reach(at_least).await?;
        let entries = self.views.wallet(store, customer).await.map_err(away)?;
        let entry = |entry: projections::views::WalletEntry| WalletEntry {
            balance: entry.balance,
            currency: entry.currency,
            created_at: entry.created_at,
        };
        Ok(entries.into_iter().map(entry).collect())
    }

    async fn past(&self, at_least: Position, stream: &StreamName, asked: &Asked) -> Result<Option<Fact>, LookupsError> {
        self.reach(at_least).await?;
        self.views.past(stream.as_str(), asked).await.map_err(away)
    }

    async fn carts_due(&self, now: Timestamp, limit: usize) -> Result<Vec<(StoreId, CustomerId)>, LookupsError> {
        let (mut due, mut after) = (Vec::new(), None);
        loop {
            let stores = self.views.stores_with_cart_expiry(after, PAGE).await.map_err(away)?;
            for store in &stores {
                let idle_since = now.minus(TimeDelta::minutes(i64::from(store.cart_expires_after_minutes)));
                let room = bounded(limit - due.len());
                let customers = self.views.carts_due(store.store_id, idle_since, room).await.map_err(away)?;
                due.extend(customers.into_iter().map(|customer| (store.store_id, customer)));
                if due.len() >= limit {
                    return Ok(due);
                }
            }
            after = stores.last().map(|store| store.store_id);
            if stores.len() < PAGE as usize {
                return Ok(due);
            }
        }
    }

    async fn customers_at(
        &self,
        position: Position,
        store: StoreId,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.reach(position).await?;
        self.views.customers_at(store, position, after, bounded(limit)).await.map_err(away)
    }

    async fn customers_of_mailbox(
        &self,
        at_least: Position,
        store: StoreId,
        mailbox: &str,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.reach(at_least).await?;
        self.views.customers_of_mailbox(store, mailbox, bounded(limit)).await.map_err(away)
    }

    async fn creation(&self, at_least: Position, store: StoreId, key: &str) -> Result<Option<Creation>, LookupsError> {
        self.reach(at_least).await?;
        let row = self.views.creation(store, key).await.map_err(away)?;
        Ok(row.map(|row| Creation { stream: row.stream.clone(), revision: row.revision }))
    }
}
