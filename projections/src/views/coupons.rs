//! Coupon codes. What depends on the moment (expired, not begun) is computed when they are shown.

use super::{BY_STORE, CREATED, STORE};
use crate::at::ViewsAt;
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, View, Views};
use domain::coupon::{Coupon, CouponEvent, CouponStyle};
use domain::{Category, Cents, CouponId, Decider, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A coupon code (api.md §10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CouponRow {
    pub coupon_id: CouponId,
    pub store_id: StoreId,
    /// As given.
    pub code: String,
    pub style: CouponStyle,
    /// Cents, or 0–100 percent.
    pub amount: i64,
    /// Uses that count: those of failed invoices don't.
    pub redemption_count: u64,
    /// The last time that it was used, whatever became of the invoice.
    pub last_redemption_at: Option<Timestamp>,
    pub starts_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    pub minimum_amount_in_cents: Option<Cents>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub voided_at: Option<Timestamp>,
    pub revision: u64,
}

impl CouponRow {
    /// Whether somebody can use it now: not voided, not expired, begun, and not used up in all (api.md §10).
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.voided_at.is_none()
            && now < self.expires_at
            && self.starts_at.is_none_or(|starts_at| starts_at <= now)
            && self.usage_limit.is_none_or(|limit| self.redemption_count < limit)
    }
}

pub struct Coupons;

const BY_CODE: Index = Index { name: "by_code", equal: &["store_id", "code"], sort: None, covering: &[] };

impl View for Coupons {
    type Row = CouponRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "coupons",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        // The code in lower case.
        columns: &[STORE, CREATED, Column::text("code")],
        indexes: &[BY_STORE, BY_CODE],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Coupon);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<CouponRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Coupon(event) = &envelope.event else {
            return Err(Misfit("the event is not a coupon's"));
        };
        let at = envelope.metadata.occurred_at;
        match event {
            CouponEvent::CouponCreated(event) => create(
                row,
                CouponRow {
                    coupon_id: event.coupon_id,
                    store_id: event.store_id,
                    code: event.code.clone(),
                    style: event.style,
                    amount: event.amount,
                    redemption_count: 0,
                    last_redemption_at: None,
                    starts_at: event.starts_at,
                    expires_at: event.expires_at,
                    usage_limit: event.usage_limit,
                    usage_limit_per_customer: event.usage_limit_per_customer,
                    minimum_amount_in_cents: event.minimum_amount_in_cents,
                    created_at: at,
                    updated_at: at,
                    voided_at: None,
                    revision: envelope.revision,
                },
            ),
            // May come before the coupon.
            CouponEvent::CouponClaimGivenUp(_) => Ok(()),
            CouponEvent::CouponRedeemed(_)
            | CouponEvent::CouponRefused(_)
            | CouponEvent::CouponRedemptionReversed(_)
            | CouponEvent::CouponVoided(_) => changed(existing(row)?, event, envelope),
        }
    }

    fn columns(row: &CouponRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.created_at.into(), row.code.to_lowercase().into()]
    }
}

fn changed(row: &mut CouponRow, event: &CouponEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        CouponEvent::CouponCreated(_) => return Err(Misfit("the row exists already")),
        CouponEvent::CouponRedeemed(_) => {
            row.redemption_count += 1;
            row.last_redemption_at = Some(at);
        }
        CouponEvent::CouponRedemptionReversed(_) => {
            let count = row.redemption_count.checked_sub(1);
            row.redemption_count = count.ok_or(Misfit("the coupon was not used"))?;
        }
        CouponEvent::CouponVoided(_) => row.voided_at = Some(at),
        CouponEvent::CouponRefused(_) | CouponEvent::CouponClaimGivenUp(_) => {}
    }
    if Coupon::changes_representation(event) {
        row.updated_at = at;
        row.revision = envelope.revision;
    }
    Ok(())
}

impl Views {
    pub async fn coupon(&self, store: StoreId, coupon: CouponId) -> Result<Option<Arc<CouponRow>>, ReadError> {
        let row = self.of::<Coupons>()?.get(coupon.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The coupon with that code, in any case, voided or not.
    pub async fn coupon_by_code(&self, store: StoreId, code: &str) -> Result<Option<Arc<CouponRow>>, ReadError> {
        let equal = vec![store.0.into(), code.to_lowercase().into()];
        let list = List::through(&BY_CODE, equal).limit(1);
        let found = self.of::<Coupons>()?.list(list).await?;
        Ok(found.into_iter().next())
    }

    /// The coupons, voided or not, newest first.
    pub async fn coupons(&self, store: StoreId, page: &PageRequest) -> Result<Page<Arc<CouponRow>>, ReadError> {
        let list = List::through(&BY_STORE, vec![store.0.into()]);
        self.of::<Coupons>()?.page("coupons", &[store.0], list, page).await
    }
}

impl ViewsAt {
    /// As [`Views::coupon_by_code`]: a code stays its coupon's.
    pub async fn coupon_by_code(&self, store: StoreId, code: &str) -> Result<Option<Arc<CouponRow>>, ReadError> {
        let Some(now) = self.views.coupon_by_code(store, code).await? else { return Ok(None) };
        self.row::<Coupons>(now.coupon_id.0).await
    }
}
