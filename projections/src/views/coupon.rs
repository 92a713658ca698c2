//! Coupon codes.

use crate::page::{Page, PageRequest};
use crate::reader::{ReadError, Views};
use crate::store::{Column, Index, Labels, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::coupon::{CouponEvent, CouponStyle};
use domain::{Category, Cents, CouponId, Decider, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRow {
    pub coupon_id: CouponId,
    pub store_id: StoreId,
    pub revision: u64,
    /// As given.
    pub code: String,
    pub style: CouponStyle,
    /// Cents, or 0–100 percent.
    pub amount: i64,
    /// Uses that count.
    pub redemption_count: u64,
    pub last_redemption_at: Option<Timestamp>,
    pub starts_at: Option<Timestamp>,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    pub minimum_amount_in_cents: Option<Cents>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub expires_at: Timestamp,
    pub voided_at: Option<Timestamp>,
}

/// Coupons by id.
pub struct Coupons;

const OF_STORE: Index = Index { name: "of_store", equal: &["store_id"], sort: Some("created_at"), covering: &[] };

impl View for Coupons {
    type Row = CouponRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "coupons",
        version: 1,
        columns: &[Column::id("store_id"), Column::integer("created_at")],
        indexes: &[OF_STORE],
        labels: Some(Labels { name: "codes", equal: &["store_id"], sort: "created_at" }),
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Coupon);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    /// A claim may have been given up before the coupon was created.
    fn begins(_envelope: &Envelope) -> bool {
        false
    }

    fn apply(row: &mut Option<CouponRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Coupon(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        match event {
            CouponEvent::CouponCreated(created) => {
                let new = CouponRow {
                    coupon_id: created.coupon_id,
                    store_id: created.store_id,
                    revision: envelope.revision,
                    code: created.code.clone(),
                    style: created.style,
                    amount: created.amount,
                    redemption_count: 0,
                    last_redemption_at: None,
                    starts_at: created.starts_at,
                    usage_limit: created.usage_limit,
                    usage_limit_per_customer: created.usage_limit_per_customer,
                    minimum_amount_in_cents: created.minimum_amount_in_cents,
                    created_at: at,
                    updated_at: at,
                    expires_at: created.expires_at,
                    voided_at: None,
                };
                return create(row, new);
            }
            CouponEvent::CouponRedeemed(_) => {
                let row = existing(row)?;
                row.redemption_count += 1;
                row.last_redemption_at = Some(at);
            }
            CouponEvent::CouponRedemptionReversed(_) => {
                let row = existing(row)?;
                row.redemption_count = row.redemption_count.checked_sub(1).ok_or(Misfit("a use that there isn't is given back"))?;
            }
            CouponEvent::CouponVoided(_) => existing(row)?.voided_at = Some(at),
            CouponEvent::CouponRefused(_) | CouponEvent::CouponClaimGivenUp(_) => return Ok(()),
        }
        if domain::coupon::Coupon::changes_representation(event) {
            let row = existing(row)?;
            row.revision = envelope.revision;
            row.updated_at = at;
        }
        Ok(())
    }

    fn columns(row: &CouponRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.created_at.into()]
    }

    /// The code, without regard to case.
    fn labels(row: &CouponRow) -> Vec<String> {
        vec![row.code.to_lowercase()]
    }
}

impl Views {
    /// The coupon of the code, whatever its case.
    pub async fn coupon_by_code(&self, store: StoreId, code: &str) -> Result<Option<CouponRow>, ReadError> {
        let list = List::labeled(code.to_lowercase(), vec![store.0.into()]).limit(1);
        Ok(self.rows::<Coupons>(list).await?.into_iter().next())
    }

    pub async fn coupon(&self, store: StoreId, coupon: CouponId) -> Result<Option<CouponRow>, ReadError> {
        let row = self.get::<Coupons>(coupon.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The store's coupons, newest first.
    pub async fn coupons(&self, store: StoreId, page: &PageRequest) -> Result<Page<CouponRow>, ReadError> {
        let list = List::through(&OF_STORE, vec![store.0.into()]);
        self.page::<Coupons>("coupons", &[store.0], list, page).await
    }
}
