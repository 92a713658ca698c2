//! The rules. Which of them forbids a use stands in [`KnownCoupon::refusal`].

use super::*;
use crate::limits::COUPON_DAYS;
use crate::past::{Fact, PastQuestion};
use crate::{
    Category, Cents, ClaimId, Context, CouponRedemptionId, CustomerId, Decider, Impossible, InvoiceId, StoreId,
    Timestamp,
};
use chrono::TimeDelta;

type Decision = Result<Vec<CouponEvent>, CouponRejection>;

impl Decider for Coupon {
    const CATEGORY: Category = Category::Coupon;

    type Id = crate::CouponId;
    type Command = CouponCommand;
    type Event = CouponEvent;
    type Rejection = CouponRejection;

    fn decide(&self, command: &CouponCommand, context: &Context<'_>) -> Decision {
        match command {
            CouponCommand::Create(command) => self.create(command, context.now),
            CouponCommand::Redeem { invoice_id, customer_id, items_total } => {
                self.redeem(*invoice_id, *customer_id, *items_total, context)
            }
            CouponCommand::Reverse { invoice_id } => self.reverse(*invoice_id),
            CouponCommand::Void => self.void(),
            CouponCommand::GiveUpClaim { claim_id } => self.give_up_claim(*claim_id),
        }
    }

    fn evolve(&mut self, event: &CouponEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn asks(&self, command: &CouponCommand) -> Option<PastQuestion> {
        let coupon = self.known()?;
        match command {
            CouponCommand::Redeem { invoice_id, customer_id, .. } => coupon.asks(*invoice_id, Some(*customer_id)),
            CouponCommand::Reverse { invoice_id } => coupon.asks(*invoice_id, None),
            CouponCommand::Create(_) | CouponCommand::Void | CouponCommand::GiveUpClaim { .. } => None,
        }
    }

    fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        if let Coupon::Known(coupon) = self {
            coupon.told(asked, fact);
        }
    }

    fn forget_told(&mut self) {
        if let Coupon::Known(coupon) = self {
            coupon.forget_told();
        }
    }

    fn event(event: crate::Event) -> Option<CouponEvent> {
        match event {
            crate::Event::Coupon(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        self.known().map(|coupon| coupon.store_id)
    }

    /// Neither a refusal nor a claim is anything that a client sees of the coupon.
    fn changes_representation(event: &CouponEvent) -> bool {
        !matches!(event, CouponEvent::CouponRefused(_) | CouponEvent::CouponClaimGivenUp(_))
    }

    fn creates(event: &CouponEvent) -> bool {
        matches!(event, CouponEvent::CouponCreated(_))
    }
}

impl Coupon {
    fn create(&self, command: &CreateCoupon, now: Timestamp) -> Decision {
        if self.known().is_some() {
            return Err(CouponRejection::CouponExists);
        }
        if self.has_given_up(command.claim_id) {
            return Err(CouponRejection::ClaimGivenUp { claim_id: command.claim_id });
        }
        check_amount(command.style, command.amount)?;
        let expires_at = ends(command, now)?;
        let created = CouponCreated {
            coupon_id: command.coupon_id,
            store_id: command.store_id,
            claim_id: command.claim_id,
            code: command.code.clone(),
            style: command.style,
            amount: command.amount,
            starts_at: command.starts_at,
            expires_at,
            usage_limit: command.usage_limit,
            usage_limit_per_customer: command.usage_limit_per_customer,
            minimum_amount_in_cents: command.minimum_amount_in_cents,
        };
        Ok(vec![created.into()])
    }

    fn redeem(&self, invoice: InvoiceId, customer: CustomerId, items_total: Cents, context: &Context<'_>) -> Decision {
        let coupon = self.known().ok_or(CouponRejection::CouponNotFound)?;
        if coupon.answers.contains_key(&invoice) {
            return Ok(Vec::new());
        }
        if let Some(reason) = coupon.refusal(customer, items_total, context.now) {
            return Ok(vec![CouponRefused { invoice_id: invoice, reason }.into()]);
        }
        let redeemed = CouponRedeemed {
            amount_in_cents: coupon.discount(items_total)?,
            redemption_id: CouponRedemptionId(context.ids.next()),
            invoice_id: invoice,
            customer_id: customer,
        };
        Ok(vec![redeemed.into()])
    }

    fn reverse(&self, invoice_id: InvoiceId) -> Decision {
        let coupon = self.known().ok_or(CouponRejection::CouponNotFound)?;
        let went_back = coupon.reversed_late.contains_key(&invoice_id);
        Ok(match coupon.answers.get(&invoice_id).filter(|_| !went_back) {
            Some(CouponAnswer::Redeemed { redemption_id, reversed: false, .. }) => {
                vec![CouponRedemptionReversed { redemption_id: *redemption_id, invoice_id }.into()]
            }
            Some(CouponAnswer::Redeemed { reversed: true, .. } | CouponAnswer::Refused(_)) | None => Vec::new(),
        })
    }

    fn void(&self) -> Decision {
        let coupon = self.known().ok_or(CouponRejection::CouponNotFound)?;
        Ok(if coupon.voided { Vec::new() } else { vec![CouponVoided {}.into()] })
    }

    fn give_up_claim(&self, claim_id: ClaimId) -> Decision {
        if self.has_given_up(claim_id) || self.names_claim(claim_id) {
            return Ok(Vec::new());
        }
        Ok(vec![CouponClaimGivenUp { claim_id }.into()])
    }
}

/// When it ends: as asked, else 30 days after it can be used first. One that has no start may have ended already, as codes that
/// are brought along from elsewhere have.
fn ends(command: &CreateCoupon, now: Timestamp) -> Result<Timestamp, CouponRejection> {
    let first_use = command.starts_at.map_or(now, |starts_at| starts_at.max(now));
    let in_30_days = || first_use.plus(TimeDelta::days(COUPON_DAYS)).min(Timestamp::LAST);
    let expires_at = command.expires_at.unwrap_or_else(in_30_days);
    match command.starts_at {
        Some(starts_at) if expires_at <= starts_at => Err(CouponRejection::EndsBeforeItStarts),
        Some(_) | None => Ok(expires_at),
    }
}

fn check_amount(style: CouponStyle, amount: i64) -> Result<(), CouponRejection> {
    match style {
        CouponStyle::DollarsOff => Ok(Cents::new(amount).map(drop)?),
        CouponStyle::PercentOff if (0..=100).contains(&amount) => Ok(()),
        CouponStyle::PercentOff => Err(CouponRejection::PercentOutOfRange),
    }
}
