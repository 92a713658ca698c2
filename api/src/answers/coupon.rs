//! A coupon code as clients see it (api.md §10).

use super::{Time, list, one};
use domain::coupon::CouponStyle;
use projections::views::CouponRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A coupon code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Coupon {
    pub coupon_code_id: Uuid,
    pub store_id: Uuid,
    /// As given; compared without regard to case.
    pub code: String,
    pub style: Style,
    /// Minor units, or 0–100 percent.
    pub amount: i64,
    /// Uses that count: those of failed invoices were given back.
    pub redemption_count: u64,
    pub last_redemption_at: Option<Time>,
    pub starts_at: Option<Time>,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    /// Of the items, in minor units.
    pub minimum_amount_in_cents: Option<i64>,
    pub created_at: Time,
    pub updated_at: Time,
    pub expires_at: Time,
    pub voided_at: Option<Time>,
}

/// How the amount is meant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CouponStyle)]
pub enum Style {
    DollarsOff,
    PercentOff,
}

/// A coupon and how often it was used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsedCoupon {
    #[serde(flatten)]
    pub coupon: Coupon,
    /// Uses in the last two hours.
    pub redemptions: u64,
}

/// Whether a coupon can be used now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponValidity {
    /// False when voided, expired, not started or used up in all.
    pub result: bool,
    pub coupon: Coupon,
}

one! {
    /// The coupon.
    CouponAnswer { coupon: Coupon }
}
list! {
    /// One page of coupons, newest first.
    CouponList { coupons: Coupon }
}
one! {
    /// The coupon most used.
    TopCoupon { coupon: UsedCoupon }
}

impl From<&CouponRow> for Coupon {
    fn from(row: &CouponRow) -> Self {
        Self {
            coupon_code_id: row.coupon_id.0,
            store_id: row.store_id.0,
            code: row.code.clone(),
            style: match row.style {
                CouponStyle::DollarsOff => Style::DollarsOff,
                CouponStyle::PercentOff => Style::PercentOff,
            },
            amount: row.amount,
            redemption_count: row.redemption_count,
            last_redemption_at: row.last_redemption_at.map(Time::from),
            starts_at: row.starts_at.map(Time::from),
            usage_limit: row.usage_limit,
            usage_limit_per_customer: row.usage_limit_per_customer,
            minimum_amount_in_cents: row.minimum_amount_in_cents.map(|minimum| minimum.get()),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            expires_at: row.expires_at.into(),
            voided_at: row.voided_at.map(Time::from),
        }
    }
}
