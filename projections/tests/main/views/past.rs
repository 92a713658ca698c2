//! What states don't keep of the past.

use super::story::{STORE, Story, id};
use crate::world::World;
use cartlog_projections::ReadError;
use cartlog_projections::views::Past;
use domain::coupon::*;
use domain::past::{Fact, PastQuestion};
use domain::*;
use serde_json::json;

const COUPON: CouponId = CouponId(id(10));

fn redeemed(number: u128, by: CustomerId) -> CouponRedeemed {
    CouponRedeemed {
        redemption_id: CouponRedemptionId(id(100 + number)),
        invoice_id: InvoiceId(id(200 + number)),
        customer_id: by,
        amount_in_cents: Cents::new(7).expect("cents"),
    }
}

fn reversed(number: u128) -> CouponRedemptionReversed {
    CouponRedemptionReversed {
        redemption_id: CouponRedemptionId(id(100 + number)),
        invoice_id: InvoiceId(id(200 + number)),
    }
}

fn asked(number: u128) -> PastQuestion {
    PastQuestion::CouponAnswer { coupon_id: COUPON, invoice_id: InvoiceId(id(200 + number)) }
}

#[test]
fn an_answer_is_told_once_and_its_use_goes_back_once() {
    let by = CustomerId(id(20));
    let told = |reversed: bool| {
        json!({"fact": {"coupon_answer": {"Redeemed": {
            "redemption_id": id(101), "customer_id": by, "amount_in_cents": 7, "reversed": reversed,
        }}}})
    };
    let mut first = told(false);
    first["store_id"] = json!(STORE);
    first["coupon_id"] = json!(COUPON);
    let key = asked(1).key().expect("a key");
    Story::<Past, CouponEvent>::of(key, format!("coupon-{COUPON}"))
        .then(redeemed(1, by), first)
        .passing_by(redeemed(2, by))
        .then(reversed(1), told(true))
        .unfit(reversed(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_that_count_are_counted_by_customer() {
    let mut world = World::default();
    let store = world.store().await;
    let (ada, bob) = (CustomerId(id(21)), CustomerId(id(22)));
    let stream = format!("coupon-{COUPON}");
    for (number, by) in [(1, ada), (2, bob), (3, ada), (4, ada)] {
        world.append(store, stream.clone(), CouponEvent::from(redeemed(number, by))).await;
    }
    let refused = CouponRefused { invoice_id: InvoiceId(id(205)), reason: CouponRefusal::UsedUp };
    world.append(store, stream.clone(), CouponEvent::from(refused)).await;
    world.append(store, stream.clone(), CouponEvent::from(reversed(3))).await;
    let views = world.open().await.views();
    for (customer_id, uses) in [(ada, 2), (bob, 1), (CustomerId(id(23)), 0)] {
        let asked = PastQuestion::CouponUses { coupon_id: COUPON, customer_id };
        assert_eq!(views.past(&stream, &asked).await.expect("a query"), Some(Fact::CouponUses(uses)));
    }
    let answer = views.past(&stream, &asked(5)).await.expect("a query");
    assert_eq!(answer, Some(Fact::CouponAnswer(CouponAnswer::Refused(CouponRefusal::UsedUp))));
    assert_eq!(views.past(&stream, &asked(6)).await.expect("a query"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_no_answer() {
    let mut world = World::default();
    let store = world.store().await;
    let stream = format!("coupon-{COUPON}");
    // What no history can contain: a use goes back that never was.
    world.append(store, stream.clone(), CouponEvent::from(reversed(1))).await;
    world.append(store, stream.clone(), CouponEvent::from(redeemed(2, CustomerId(id(21))))).await;
    let views = world.open().await.views();
    let parked = views.past(&stream, &asked(1)).await;
    assert!(matches!(parked, Err(ReadError::Store(_))), "{parked:?}");
    assert!(views.past(&stream, &asked(2)).await.expect("a query").is_some(), "the others are told");
}
