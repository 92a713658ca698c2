//! Views without a row.

use crate::{CartPlace, Creation, DueCarts, Lookups, LookupsError, WalletEntry};
use async_trait::async_trait;
use domain::past::{Fact, PastQuestion};
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::{Position, StreamName};
use std::io;

/// The same answer to whatever is asked, and whatever the log has.
#[derive(Clone, Copy, Debug)]
pub enum StubLookups {
    /// Nobody and nothing is there.
    Empty,
    /// They can't be asked.
    Away,
}

impl StubLookups {
    fn answer<T>(self, nothing: T) -> Result<T, LookupsError> {
        match self {
            StubLookups::Empty => Ok(nothing),
            StubLookups::Away => Err(LookupsError(io::Error::other("the test took them away").into())),
        }
    }
}

#[async_trait]
impl Lookups for StubLookups {
    async fn wallet(
        &self,
        _: Position,
        _: StoreId,
        _: CustomerId,
        _: domain::Currency,
    ) -> Result<Vec<WalletEntry>, LookupsError> {
        self.answer(Vec::new())
    }

    async fn past(&self, _: Position, _: &StreamName, _: &PastQuestion) -> Result<Option<Fact>, LookupsError> {
        self.answer(None)
    }

    async fn stores_with_cart_expiry(&self, _: Option<StoreId>, _: usize) -> Result<Vec<(StoreId, u32)>, LookupsError> {
        self.answer(Vec::new())
    }

    async fn carts_due(
        &self,
        _: StoreId,
        _: Timestamp,
        _: Option<CartPlace>,
        _: usize,
    ) -> Result<DueCarts, LookupsError> {
        self.answer(DueCarts { customers: Vec::new(), next: None })
    }

    async fn creation(&self, _: Position, _: StoreId, _: &str) -> Result<Option<Creation>, LookupsError> {
        self.answer(None)
    }

    async fn customers_at(
        &self,
        _: Position,
        _: StoreId,
        _: Option<CustomerId>,
        _: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.answer(Vec::new())
    }

    async fn customers_of_mailbox(
        &self,
        _: Position,
        _: StoreId,
        _: &str,
        _: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.answer(Vec::new())
    }
}
