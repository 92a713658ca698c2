//! Views that know nothing, and hold nothing.

use crate::{CartPlace, Creation, DueCarts, Lookups, LookupsError, WalletEntry};
use async_trait::async_trait;
use domain::past::{Fact, PastQuestion};
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::{Position, StreamName};

/// The views of a store in which nobody is, whatever the log has.
pub struct Nobody;

#[async_trait]
impl Lookups for Nobody {
    async fn wallet(
        &self,
        _: Position,
        _: StoreId,
        _: CustomerId,
        _: domain::Currency,
    ) -> Result<Vec<WalletEntry>, LookupsError> {
        Ok(Vec::new())
    }

    async fn past(&self, _: Position, _: &StreamName, _: &PastQuestion) -> Result<Option<Fact>, LookupsError> {
        Ok(None)
    }

    async fn stores_with_cart_expiry(&self, _: Option<StoreId>, _: usize) -> Result<Vec<(StoreId, u32)>, LookupsError> {
        Ok(Vec::new())
    }

    async fn carts_due(
        &self,
        _: StoreId,
        _: Timestamp,
        _: Option<CartPlace>,
        _: usize,
    ) -> Result<DueCarts, LookupsError> {
        Ok(DueCarts { customers: Vec::new(), next: None })
    }

    async fn creation(&self, _: Position, _: StoreId, _: &str) -> Result<Option<Creation>, LookupsError> {
        Ok(None)
    }

    async fn customers_at(
        &self,
        _: Position,
        _: StoreId,
        _: Option<CustomerId>,
        _: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        Ok(Vec::new())
    }

    async fn customers_of_mailbox(
        &self,
        _: Position,
        _: StoreId,
        _: &str,
        _: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        Ok(Vec::new())
    }
}
