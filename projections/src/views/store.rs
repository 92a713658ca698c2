//! Stores: the tenants.

use crate::reader::{ReadError, Views};
use crate::store::{Column, Index, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::store::{CreditOrder, StoreEvent};
use domain::{Category, Decider, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRow {
    pub store_id: StoreId,
    /// Of the last event that changed what a client sees.
    pub revision: u64,
    pub name: String,
    pub tagline: Option<String>,
    pub app_id: String,
    pub credit_order_preference: CreditOrder,
    pub tax_rate_in_basis_points: u32,
    pub timezone: String,
    pub cart_expires_after_minutes: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// Stores by id.
pub struct Stores;

/// Stores whose carts expire.
const EXPIRING: Index = Index { name: "expiring", equal: &["expires"], sort: None, covering: &[] };

impl View for Stores {
    type Row = StoreRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "stores",
        version: 1,
        columns: &[Column::integer("expires")],
        indexes: &[EXPIRING],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Store);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    /// A claim may have been given up before the store was created.
    fn begins(_envelope: &Envelope) -> bool {
        false
    }

    fn apply(row: &mut Option<StoreRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Store(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        match event {
            StoreEvent::StoreCreated(created) => {
                let new = StoreRow {
                    store_id: created.store_id,
                    revision: envelope.revision,
                    name: created.name.clone(),
                    tagline: created.tagline.clone(),
                    app_id: created.app_id.clone(),
                    credit_order_preference: created.credit_order_preference,
                    tax_rate_in_basis_points: created.tax_rate_in_basis_points,
                    timezone: created.timezone.clone(),
                    cart_expires_after_minutes: created.cart_expires_after_minutes,
                    created_at: at,
                    updated_at: at,
                    deleted_at: None,
                };
                return create(row, new);
            }
            StoreEvent::StoreRenamed(event) => existing(row)?.name.clone_from(&event.name),
            StoreEvent::StoreTaglineChanged(event) => existing(row)?.tagline.clone_from(&event.tagline),
            StoreEvent::StoreCreditOrderChanged(event) => existing(row)?.credit_order_preference = event.credit_order_preference,
            StoreEvent::StoreTaxRateChanged(event) => existing(row)?.tax_rate_in_basis_points = event.tax_rate_in_basis_points,
            StoreEvent::StoreTimezoneChanged(event) => existing(row)?.timezone.clone_from(&event.timezone),
            StoreEvent::StoreCartExpiryChanged(event) => {
                existing(row)?.cart_expires_after_minutes = event.cart_expires_after_minutes;
            }
            StoreEvent::StoreDeleted(_) => existing(row)?.deleted_at = Some(at),
            StoreEvent::StoreSecretChanged(_)
            | StoreEvent::StoreTokenIssued(_)
            | StoreEvent::StoreTokenRevoked(_)
            | StoreEvent::StoreTokensAllRevoked(_)
            | StoreEvent::BatchCreditStarted(_)
            | StoreEvent::BatchCreditCompleted(_)
            | StoreEvent::StoreClaimGivenUp(_) => {}
        }
        if domain::store::Store::changes_representation(event) {
            let row = existing(row)?;
            row.revision = envelope.revision;
            row.updated_at = at;
        }
        Ok(())
    }

    fn columns(row: &StoreRow) -> Vec<Value> {
        vec![(row.deleted_at.is_none() && row.cart_expires_after_minutes > 0).into()]
    }
}

impl Views {
    /// The store, unless deleted.
    pub async fn store(&self, store: StoreId) -> Result<Option<StoreRow>, ReadError> {
        let row = self.get::<Stores>(store.0).await?;
        Ok(row.filter(|row| row.deleted_at.is_none()))
    }

    /// Up to `limit` live stores whose carts expire, in the order of their ids, after `after`: with the minutes.
    pub async fn stores_with_cart_expiry(&self, after: Option<StoreId>, limit: u32) -> Result<Vec<(StoreId, u32)>, ReadError> {
        let list = List::through(&EXPIRING, vec![true.into()]).ascending().limit(limit).after_key(after.map(|store| store.0));
        let rows = self.rows::<Stores>(list).await?;
        Ok(rows.into_iter().map(|row| (row.store_id, row.cart_expires_after_minutes)).collect())
    }
}
