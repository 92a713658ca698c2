//! Coupon codes: each taken once in its store, for ever.

use crate::assert_refused;
use crate::support::{Shop, done, new_coupon};
use commands::{CommandError, NewCoupon, Resource};
use domain::Rejection;
use domain::coupon::{Coupon, CouponRejection};
use futures::future::join_all;
use std::collections::HashSet;

#[tokio::test]
async fn a_coupon_lives_30_days_unless_told_otherwise() {
    let shop = Shop::new().await;
    let coupon = done(shop.node.create_coupon(&shop.request(), new_coupon("Spring-1")).await);
    let state = shop.state::<Coupon>(&coupon).await;
    let known = state.known().unwrap();
    assert_eq!((known.code.as_str(), known.expires_at.to_string().as_str()), ("Spring-1", "2026-12-24T10:00:00.000Z"));
}

#[tokio::test]
async fn a_code_is_taken_whatever_its_case_and_also_once_voided() {
    let shop = Shop::new().await;
    done(shop.node.create_coupon(&shop.request(), new_coupon("SPRING")).await);
    assert_refused!(shop.node.create_coupon(&shop.request(), new_coupon("spring")).await, CommandError::CouponTaken);
    let voided = done(shop.node.void_coupon(&shop.request(), "Spring").await);
    assert!(shop.state::<Coupon>(&voided).await.known().unwrap().voided);
    assert_eq!(done(shop.node.void_coupon(&shop.request(), "SPRING").await), voided);
    assert_eq!(shop.count("CouponVoided").await, 1);
    assert_refused!(shop.node.create_coupon(&shop.request(), new_coupon("SPRING")).await, CommandError::CouponTaken);
}

#[tokio::test]
async fn codes_of_other_stores_are_neither_taken_nor_found() {
    let shop = Shop::new().await;
    let stranger = shop.stranger().await;
    done(shop.node.create_coupon(&shop.request(), new_coupon("SPRING")).await);
    assert_refused!(shop.node.void_coupon(&stranger, "SPRING").await, CommandError::NotFound(Resource::Coupon));
    done(shop.node.create_coupon(&stranger, new_coupon("SPRING")).await);
    assert_refused!(shop.node.void_coupon(&shop.request(), "AUTUMN").await, CommandError::NotFound(Resource::Coupon));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_coupons_with_one_code_exactly_one_is_created() {
    let shop = Shop::new().await;
    let (nodes, request) = ([shop.other_node(), shop.other_node()], shop.request());
    let attempts = (0..32).map(|attempt| nodes[attempt % 2].create_coupon(&request, new_coupon("SPRING")));
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
        assert_refused!(outcome, CommandError::CouponTaken);
    }
    assert_eq!(shop.count("CouponCreated").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_creates_one_coupon() {
    let shop = Shop::new().await;
    let nodes = [shop.other_node(), shop.other_node()];
    let request = shop.keyed("/coupon_code", "k", "body");
    let created = join_all((0..32).map(|attempt| nodes[attempt % 2].create_coupon(&request, new_coupon("S")))).await;
    let ids: HashSet<_> = created.iter().map(|outcome| outcome.as_ref().unwrap().outcome).collect();
    assert_eq!((ids.len(), shop.count("CouponCreated").await), (1, 1));
    // Longer than a stream remembers other keys: a creation's is remembered for ever.
    shop.clock.advance(chrono::TimeDelta::days(400));
    assert!(shop.other_node().create_coupon(&request, new_coupon("S")).await.unwrap().replayed);
}

#[tokio::test]
async fn a_refused_coupon_leaves_its_code_free() {
    let shop = Shop::new().await;
    let too_much = NewCoupon { amount: 101, ..new_coupon("SPRING") };
    assert_refused!(
        shop.node.create_coupon(&shop.request(), too_much).await,
        CommandError::Rejected(Rejection::Coupon(CouponRejection::PercentOutOfRange))
    );
    done(shop.other_node().create_coupon(&shop.request(), new_coupon("SPRING")).await);
}
