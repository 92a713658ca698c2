//! Coupon codes (api.md §10).

use super::lists::{all, letters};
use super::story::{STORE, Story, at, id, moment};
use crate::world::World;
use cartlog_projections::views::{CouponRow, Coupons};
use domain::coupon::*;
use domain::*;
use serde_json::json;

const COUPON: CouponId = CouponId(id(10));

fn created() -> CouponCreated {
    CouponCreated {
        coupon_id: COUPON,
        store_id: STORE,
        claim_id: ClaimId(id(2)),
        code: "Save-10".to_owned(),
        style: CouponStyle::PercentOff,
        amount: 10,
        starts_at: Some(moment(10)),
        expires_at: moment(100),
        usage_limit: Some(2),
        usage_limit_per_customer: Some(1),
        minimum_amount_in_cents: Some(Cents::new(500).expect("cents")),
    }
}

fn redeemed(invoice: u128) -> CouponRedeemed {
    CouponRedeemed {
        redemption_id: CouponRedemptionId(id(invoice + 1)),
        invoice_id: InvoiceId(id(invoice)),
        customer_id: CustomerId(id(3)),
        amount_in_cents: Cents::ZERO,
    }
}

fn reversed(invoice: u128) -> CouponRedemptionReversed {
    let redemption_id = CouponRedemptionId(id(invoice + 1));
    CouponRedemptionReversed { redemption_id, invoice_id: InvoiceId(id(invoice)) }
}

fn in_force() -> Story<Coupons, CouponEvent> {
    Story::of(COUPON.0, format!("coupon-{COUPON}")).then(
        created(),
        json!({
            "coupon_id": COUPON, "store_id": STORE, "code": "Save-10", "style": "percent_off", "amount": 10,
            "redemption_count": 0, "last_redemption_at": null, "starts_at": at(10), "expires_at": at(100),
            "usage_limit": 2, "usage_limit_per_customer": 1, "minimum_amount_in_cents": 500, "created_at": at(0),
            "updated_at": at(0), "voided_at": null, "revision": 0,
        }),
    )
}

/// A use that goes back no longer counts, but it was the last one still; a refusal changes nothing.
#[test]
fn uses_count_until_they_go_back() {
    in_force()
        .then(
            redeemed(20),
            json!({"redemption_count": 1, "last_redemption_at": at(1), "updated_at": at(1), "revision": 1}),
        )
        .then(
            redeemed(30),
            json!({"redemption_count": 2, "last_redemption_at": at(2), "updated_at": at(2), "revision": 2}),
        )
        .then(CouponRefused { invoice_id: InvoiceId(id(40)), reason: CouponRefusal::UsedUp }, json!({}))
        .then(reversed(20), json!({"redemption_count": 1, "updated_at": at(4), "revision": 4}))
        .then(reversed(30), json!({"redemption_count": 0, "updated_at": at(5), "revision": 5}))
        .unfit(reversed(30))
        .then(CouponVoided {}, json!({"voided_at": at(7), "updated_at": at(7), "revision": 7}))
        .unfit(created());
}

#[test]
fn a_claim_that_is_given_up_may_come_before_the_coupon() {
    let given_up = CouponClaimGivenUp { claim_id: ClaimId(id(9)) };
    Story::<Coupons, CouponEvent>::of(COUPON.0, format!("coupon-{COUPON}"))
        .then(given_up, json!({}))
        .unfit(CouponVoided {});
}

#[test]
fn a_coupon_is_valid_from_its_start_to_its_end_until_it_is_used_up_or_voided() {
    let fresh = in_force().row().clone();
    let used = |redemption_count| CouponRow { redemption_count, ..fresh.clone() };
    let voided = CouponRow { voided_at: Some(moment(1)), ..fresh.clone() };
    let unlimited = CouponRow { usage_limit: None, starts_at: None, ..used(1_000) };
    for (coupon, second, is_valid) in [
        (&fresh, 9, false),
        (&fresh, 10, true),
        (&fresh, 99, true),
        (&fresh, 100, false),
        (&used(1), 50, true),
        (&used(2), 50, false),
        (&voided, 50, false),
        (&unlimited, 0, true),
    ] {
        assert_eq!(coupon.is_valid(moment(second)), is_valid, "{coupon:?} at {second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn coupons_are_found_by_code_in_any_case_and_listed_newest_first() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let mut coupons = Vec::new();
    for (store_id, code) in [(store, "Spring"), (store, "SUMMER-26"), (other, "Spring"), (store, "autumn")] {
        let coupon_id = CouponId(world.id());
        let created = CouponCreated { coupon_id, store_id, code: code.to_owned(), ..created() };
        world.append(store_id, format!("coupon-{coupon_id}"), CouponEvent::from(created)).await;
        coupons.push(coupon_id);
    }
    world.append(store, format!("coupon-{}", coupons[1]), CouponEvent::from(CouponVoided {})).await;
    let views = world.open().await.views();
    for (of, code, found) in [
        (store, "spring", "A"),
        (store, "SPRING", "A"),
        (store, "Summer-26", "B"),
        (other, "Spring", "C"),
        (other, "autumn", ""),
        (store, "winter", ""),
    ] {
        let coupon = views.coupon_by_code(of, code).await.expect("a query");
        assert_eq!(letters(&coupons, coupon.map(|row| row.coupon_id)), found, "{code}");
    }
    for (of, found) in [(store, "DBA"), (other, "C")] {
        let rows = all(async |page| views.coupons(of, &page).await).await;
        assert_eq!(letters(&coupons, rows.iter().map(|row| row.coupon_id)), found);
    }
}
