//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Coupon {
    const CATEGORY: Category = Category::Coupon;

    type Id = crate::CouponId;
    type Command = CouponCommand;
    type Event = CouponEvent;
    type Rejection = CouponRejection;

    fn decide(&self, _command: &CouponCommand, _context: &Context<'_>) -> Result<Vec<CouponEvent>, CouponRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &CouponEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<CouponEvent> {
        match event {
            crate::Event::Coupon(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
