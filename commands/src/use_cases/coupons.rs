//! Coupon codes, each claimed within its store.

use crate::{CommandError, Commands, Done, Request};
use domain::coupon::CouponStyle;
use domain::{Cents, CouponId, Timestamp};

#[derive(Clone, Debug)]
pub struct NewCoupon {
    pub code: String,
    pub style: CouponStyle,
    /// Cents, or 0–100 percent.
    pub amount: i64,
    pub starts_at: Option<Timestamp>,
    /// `None`: in 30 days.
    pub expires_at: Option<Timestamp>,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    pub minimum_amount_in_cents: Option<Cents>,
}

impl Commands {
    pub async fn create_coupon(&self, request: &Request, new: NewCoupon) -> Result<Done<CouponId>, CommandError> {
        todo!()
    }

    /// Voids the coupon of this code; voided already: nothing changes.
    pub async fn void_coupon(&self, request: &Request, code: &str) -> Result<Done<CouponId>, CommandError> {
        todo!()
    }
}

/// The coupon that has the code in the session's store, resolved by its claim; `None` when nobody has it.
pub(crate) async fn by_code(session: &crate::session::Session, code: &str) -> Result<Option<CouponId>, CommandError> {
    todo!()
}
