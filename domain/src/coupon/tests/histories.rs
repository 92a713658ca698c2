//! Random histories: at no moment is a limit passed, and each invoice has one answer.

use super::*;
use crate::recent::KEPT_IN_TEST;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug)]
enum Step {
    Redeem { by: u8, invoice: u8, items_total: i64 },
    Reverse { invoice: u8 },
    Void,
    Wait,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..4u8, 0..30u8, 0..5_000i64)
            .prop_map(|(by, invoice, items_total)| Step::Redeem { by, invoice, items_total }),
        10 => (0..30u8).prop_map(|invoice| Step::Reverse { invoice }),
        1 => prop::bool::weighted(0.3).prop_map(|void| if void { Step::Void } else { Step::Wait }),
        2 => Just(Step::Wait),
    ]
}

fn any_coupon() -> impl Strategy<Value = CouponCreated> {
    let limit = || proptest::option::of(0..6u64);
    let style = prop_oneof![Just(CouponStyle::DollarsOff), Just(CouponStyle::PercentOff)];
    let minimum = proptest::option::of(0..2_000i64);
    (style, 0..=100i64, limit(), limit(), minimum).prop_map(|(style, amount, in_all, each, minimum)| CouponCreated {
        style,
        amount,
        usage_limit: in_all,
        usage_limit_per_customer: each,
        minimum_amount_in_cents: minimum.map(cents),
        ..ten_percent()
    })
}

fn command(step: &Step) -> Option<CouponCommand> {
    match step {
        Step::Redeem { by, invoice, items_total } => Some(redeem_by(*by, *invoice, *items_total)),
        Step::Reverse { invoice } => Some(reverse(*invoice)),
        Step::Void => Some(CouponCommand::Void),
        Step::Wait => None,
    }
}

/// The uses that count, told from the events alone.
#[derive(Default)]
struct Auditor {
    uses: HashMap<InvoiceId, CustomerId>,
    answered: Vec<InvoiceId>,
}

impl Auditor {
    fn see(&mut self, event: &CouponEvent, rules: &CouponCreated, items_total: Option<Cents>) {
        match event {
            CouponEvent::CouponRedeemed(event) => {
                self.answer(event.invoice_id);
                self.uses.insert(event.invoice_id, event.customer_id);
                let of_customer = self.uses.values().filter(|by| **by == event.customer_id).count() as u64;
                assert!(rules.usage_limit.is_none_or(|limit| self.uses.len() as u64 <= limit));
                assert!(rules.usage_limit_per_customer.is_none_or(|limit| of_customer <= limit));
                assert!(rules.minimum_amount_in_cents.is_none_or(|minimum| items_total >= Some(minimum)));
                assert!(Some(event.amount_in_cents) <= items_total);
            }
            CouponEvent::CouponRefused(event) => self.answer(event.invoice_id),
            CouponEvent::CouponRedemptionReversed(event) => {
                assert!(self.uses.remove(&event.invoice_id).is_some(), "a use went back twice");
            }
            CouponEvent::CouponCreated(_) | CouponEvent::CouponVoided(_) | CouponEvent::CouponClaimGivenUp(_) => {}
        }
    }

    fn answer(&mut self, invoice: InvoiceId) {
        assert!(!self.answered.contains(&invoice), "an invoice was answered twice");
        self.answered.push(invoice);
    }

    fn assert_agrees(&self, coupon: &KnownCoupon) {
        assert_eq!(coupon.redemption_count, self.uses.len() as u64);
    }
}

proptest! {
    #[test]
    fn no_limit_is_ever_passed(rules in any_coupon(), steps in vec(any_step(), 0..120), kept in 1..40usize) {
        KEPT_IN_TEST.set(kept);
        let mut history = History::<Coupon>::new();
        history.send(&create(rules.clone())).unwrap();
        let mut auditor = Auditor::default();
        for step in &steps {
            let Some(command) = command(step) else {
                history.now = history.now.plus(TimeDelta::minutes(5));
                continue;
            };
            let items_total = match step {
                Step::Redeem { items_total, .. } => Some(cents(*items_total)),
                Step::Reverse { .. } | Step::Void | Step::Wait => None,
            };
            for event in history.send(&command).unwrap() {
                auditor.see(&event, &rules, items_total);
            }
            prop_assert_eq!(history.send(&command), Ok(Vec::new()), "{:?} was repeated", step);
            auditor.assert_agrees(history.state.known().unwrap());
        }
        history.assert_survives_storage();
    }
}
