//! Coupon codes, each claimed within its store.

use crate::claims::{ClaimStanding, Names, Outcome, Owner, decide_claiming};
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, Resource, UnderWay};
use domain::coupon::{Coupon, CouponCommand, CouponStyle, CreateCoupon};
use domain::{Cents, CouponId, Timestamp};

#[derive(Clone, Debug)]
pub struct NewCoupon {
    pub code: String,
    pub style: CouponStyle,
    /// Cents, or 0–100 percent.
    pub amount: i64,
    pub starts_at: Option<Timestamp>,
    /// After `starts_at`. `None`: 30 days from then, or from now where it has started.
    pub expires_at: Option<Timestamp>,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    pub minimum_amount_in_cents: Option<Cents>,
}

impl Commands {
    /// Creates a coupon. Its code must be free in the store; codes differ by more than case, and voiding frees none.
    pub fn create_coupon(&self, request: &Request, new: NewCoupon) -> UnderWay<CouponId> {
        self.run("create_coupon", request, move |session| async move { create(&session, new).await })
    }

    /// Voids the coupon of this code; voided already: nothing changes.
    pub fn void_coupon(&self, request: &Request, code: &str) -> UnderWay<CouponId> {
        let code = code.to_owned();
        self.run("void_coupon", request, move |session| async move {
            let coupon = by_code(&session, &code).await?.ok_or(CommandError::NotFound(Resource::Coupon))?;
            let executed = session.decide::<Coupon>(&coupon, CouponCommand::Void).await.map_err(refused::<Coupon>)?;
            Ok(session.done(coupon, executed.replayed))
        })
    }
}

async fn create(session: &Session, new: NewCoupon) -> Result<Done<CouponId>, CommandError> {
    let coupon_id = CouponId(session.new_id("coupon"));
    if session.recall::<Coupon>(&coupon_id).await?.is_some() {
        return Ok(session.done(coupon_id, true));
    }
    let name = session.node.coupon_code(session.store_id(), &new.code).await?;
    let create = |claim_id| {
        CouponCommand::Create(CreateCoupon {
            coupon_id,
            store_id: session.store_id(),
            claim_id,
            code: new.code.clone(),
            style: new.style,
            amount: new.amount,
            starts_at: new.starts_at,
            expires_at: new.expires_at,
            usage_limit: new.usage_limit,
            usage_limit_per_customer: new.usage_limit_per_customer,
            minimum_amount_in_cents: new.minimum_amount_in_cents,
        })
    };
    let owner = Owner::Coupon(coupon_id);
    match decide_claiming::<Coupon>(session, &name, (owner, &coupon_id), create).await? {
        Outcome::Done(executed) => Ok(session.done(coupon_id, executed.replayed)),
        // The same request, done by another node in the meantime.
        Outcome::Taken(other) if other == owner && session.recall::<Coupon>(&coupon_id).await?.is_some() => {
            Ok(session.done(coupon_id, true))
        }
        Outcome::Taken(_) => Err(CommandError::CouponTaken),
    }
}

/// The coupon that has the code in the session's store, resolved by its claim; `None` when nobody has it.
pub(crate) async fn by_code(session: &Session, code: &str) -> Result<Option<CouponId>, CommandError> {
    let name = session.node.coupon_code(session.store_id(), code).await?;
    let Some(held) = session.node.holder(&name).await? else { return Ok(None) };
    let Owner::Coupon(coupon) = held.owner else { return Ok(None) };
    let standing = move |coupon: &Coupon| coupon.standing(held.claim_id);
    let standing = session.node.look_at::<Coupon, _>(&coupon, standing).await?;
    Ok((standing == ClaimStanding::Named).then_some(coupon))
}
