//! Stores.

use super::{CREATED, STORE};
use crate::at::ViewsAt;
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, ReadError, RowKey, Source, View, Views};
use domain::numbers::NumberSettings;
use domain::store::{CreditOrder, Store, StoreEvent};
use domain::{Category, Decider, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A store (api.md §2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoreRow {
    pub store_id: StoreId,
    pub name: String,
    pub tagline: Option<String>,
    pub app_id: String,
    pub credit_order_preference: CreditOrder,
    pub tax_rate_in_basis_points: u32,
    /// IANA name.
    pub timezone: String,
    /// 0: never.
    pub cart_expires_after_minutes: u32,
    pub numbering: NumberSettings,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub revision: u64,
}

pub struct Stores;

/// Whose open carts expire, in the order of their ids.
const EXPIRING: Index = Index { name: "expiring", equal: &["carts_expire"], sort: None, covering: &[] };

impl View for Stores {
    type Row = StoreRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "stores",
        version: 2,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE, CREATED, Column::integer("carts_expire")],
        indexes: &[EXPIRING],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Store);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<StoreRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Store(event) = &envelope.event else {
            return Err(Misfit("the event is not a store's"));
        };
        match event {
            StoreEvent::StoreCreated(_) => created(row, event, envelope),
            // May come before the store.
            StoreEvent::StoreClaimGivenUp(_) => Ok(()),
            StoreEvent::StoreRenamed(_)
            | StoreEvent::StoreTaglineChanged(_)
            | StoreEvent::StoreCreditOrderChanged(_)
            | StoreEvent::StoreTaxRateChanged(_)
            | StoreEvent::StoreTimezoneChanged(_)
            | StoreEvent::StoreCartExpiryChanged(_)
            | StoreEvent::StoreNumberingChanged(_)
            | StoreEvent::StoreSecretChanged(_)
            | StoreEvent::StoreTokenIssued(_)
            | StoreEvent::StoreActorForgotten(_)
            | StoreEvent::StoreTokenRevoked(_)
            | StoreEvent::StoreTokensAllRevoked(_)
            | StoreEvent::StoreDeleted(_)
            | StoreEvent::BatchCreditStarted(_)
            | StoreEvent::BatchCreditCompleted(_) => {
                changed(existing(row)?, event, envelope);
                Ok(())
            }
        }
    }

    fn columns(row: &StoreRow) -> Vec<Value> {
        let carts_expire = row.cart_expires_after_minutes > 0 && row.deleted_at.is_none();
        vec![row.store_id.0.into(), row.created_at.into(), carts_expire.into()]
    }
}

fn created(row: &mut Option<StoreRow>, event: &StoreEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let StoreEvent::StoreCreated(event) = event else {
        return Err(Misfit("the event creates no store"));
    };
    let at = envelope.metadata.occurred_at;
    create(
        row,
        StoreRow {
            store_id: event.store_id,
            name: event.name.clone(),
            tagline: event.tagline.clone(),
            app_id: event.app_id.clone(),
            credit_order_preference: event.credit_order_preference,
            tax_rate_in_basis_points: event.tax_rate_in_basis_points,
            timezone: event.timezone.clone(),
            cart_expires_after_minutes: event.cart_expires_after_minutes,
            numbering: event.numbering.clone().unwrap_or_default(),
            created_at: at,
            updated_at: at,
            deleted_at: None,
            revision: envelope.revision,
        },
    )
}

fn changed(row: &mut StoreRow, event: &StoreEvent, envelope: &Envelope) {
    let at = envelope.metadata.occurred_at;
    match event {
        StoreEvent::StoreRenamed(event) => row.name.clone_from(&event.name),
        StoreEvent::StoreTaglineChanged(event) => row.tagline.clone_from(&event.tagline),
        StoreEvent::StoreCreditOrderChanged(event) => {
            row.credit_order_preference = event.credit_order_preference;
        }
        StoreEvent::StoreTaxRateChanged(event) => {
            row.tax_rate_in_basis_points = event.tax_rate_in_basis_points;
        }
        StoreEvent::StoreTimezoneChanged(event) => row.timezone.clone_from(&event.timezone),
        StoreEvent::StoreCartExpiryChanged(event) => {
            row.cart_expires_after_minutes = event.cart_expires_after_minutes;
        }
        StoreEvent::StoreNumberingChanged(event) => row.numbering.clone_from(&event.numbering),
        StoreEvent::StoreDeleted(_) => row.deleted_at = Some(at),
        StoreEvent::StoreCreated(_)
        | StoreEvent::StoreClaimGivenUp(_)
        | StoreEvent::StoreActorForgotten(_)
        | StoreEvent::StoreSecretChanged(_)
        | StoreEvent::StoreTokenIssued(_)
        | StoreEvent::StoreTokenRevoked(_)
        | StoreEvent::StoreTokensAllRevoked(_)
        | StoreEvent::BatchCreditStarted(_)
        | StoreEvent::BatchCreditCompleted(_) => {}
    }
    if Store::changes_representation(event) {
        row.updated_at = at;
        row.revision = envelope.revision;
    }
}

impl Views {
    /// The store, unless deleted.
    pub async fn store(&self, store: StoreId) -> Result<Option<Arc<StoreRow>>, ReadError> {
        let row = self.of::<Stores>()?.get(store.0).await?;
        Ok(row.filter(|row| row.deleted_at.is_none()))
    }

    /// Up to `limit` stores whose open carts expire, in the order of their ids, after `after`.
    pub async fn stores_with_cart_expiry(
        &self,
        after: Option<StoreId>,
        limit: u32,
    ) -> Result<Vec<Arc<StoreRow>>, ReadError> {
        let list = List::through(&EXPIRING, vec![true.into()]).ascending().limit(limit);
        self.of::<Stores>()?.list_after(list, after.map(|after| after.0)).await
    }
}

impl ViewsAt {
    /// As [`Views::store`].
    pub async fn store(&self, store: StoreId) -> Result<Option<Arc<StoreRow>>, ReadError> {
        Ok(self.row::<Stores>(store.0).await?.filter(|row| row.deleted_at.is_none()))
    }
}
