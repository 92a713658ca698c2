//! The rules one by one.

use super::*;

fn live(coupon: CouponCreated) -> Given<Coupon> {
    given::<Coupon>([coupon])
}

#[test]
fn a_coupon_takes_off_at_most_what_the_items_cost_rounded_down() {
    let off = |style, amount, items_total| {
        let state = live(CouponCreated { style, amount, ..ten_percent() }).state;
        state.known().unwrap().discount(cents(items_total)).unwrap().get()
    };
    let table = [
        (CouponStyle::DollarsOff, 500, 1_999, 500),
        (CouponStyle::DollarsOff, 500, 499, 499),
        (CouponStyle::DollarsOff, 0, 1_000, 0),
        (CouponStyle::PercentOff, 10, 1_999, 199),
        (CouponStyle::PercentOff, 33, 1, 0),
        (CouponStyle::PercentOff, 100, 1_999, 1_999),
        (CouponStyle::PercentOff, 10, 997_500, 99_750),
        (CouponStyle::PercentOff, 100, Cents::MAX.get(), Cents::MAX.get()),
    ];
    for (style, amount, items_total, expected) in table {
        assert_eq!(off(style, amount, items_total), expected, "{style:?} {amount} of {items_total}");
    }
}

#[test]
fn an_invoice_is_answered_once_and_the_first_answer_stands() {
    let used = live(ten_percent()).when(redeem(1, 1_000)).then([redeemed(1, 100)]).and_a_repeat_gives_nothing();
    // Whatever it asks later, and whatever became of the coupon.
    used.clone().when(redeem(1, 5_000)).then_nothing();
    used.clone().and([CouponVoided {}]).when(redeem(1, 1_000)).then_nothing();
    used.clone().later(TimeDelta::days(1)).when(redeem(1, 1_000)).then_nothing();
    let known = used.state.known().unwrap();
    assert_eq!(known.answer(invoice(1)).unwrap().unwrap().amount_in_cents, cents(100));
    assert_eq!(known.answer(invoice(2)), None);

    let minimum = CouponCreated { minimum_amount_in_cents: Some(cents(1_000)), ..ten_percent() };
    let no = refused(1, CouponRefusal::MinimumNotReached);
    live(minimum.clone()).when(redeem(1, 1_000)).then([redeemed(1, 100)]);
    let refused = live(minimum).when(redeem(1, 999)).then([no]).and_a_repeat_gives_nothing();
    refused.clone().when(redeem(1, 1_000)).then_nothing();
    assert_eq!(refused.state.known().unwrap().answer(invoice(1)), Some(Err(CouponRefusal::MinimumNotReached)));
}

#[test]
fn a_coupon_is_in_force_from_its_first_instant_until_before_its_expiry() {
    let hour = TimeDelta::hours(1);
    let coupon =
        || live(CouponCreated { starts_at: Some(NOW.plus(hour)), expires_at: NOW.plus(hour * 2), ..ten_percent() });
    let no = || refused(1, CouponRefusal::NotInForce);
    let millisecond = TimeDelta::milliseconds(1);
    coupon().when(redeem(1, 1_000)).then([no()]);
    coupon().later(hour - millisecond).when(redeem(1, 1_000)).then([no()]);
    coupon().later(hour).when(redeem(1, 1_000)).then([redeemed(1, 100)]);
    coupon().later(hour * 2 - millisecond).when(redeem(1, 1_000)).then([redeemed(1, 100)]);
    coupon().later(hour * 2).when(redeem(1, 1_000)).then([no()]);
    coupon().later(hour).and([CouponVoided {}]).when(redeem(1, 1_000)).then([no()]);
}

/// Each coupon breaks the rule it is refused by and all later ones.
#[test]
fn of_the_rules_that_forbid_a_use_the_first_one_is_named() {
    let minimum = CouponCreated { minimum_amount_in_cents: Some(cents(1_000)), ..ten_percent() };
    let one_each = CouponCreated { usage_limit_per_customer: Some(1), ..minimum.clone() };
    let one_in_all = CouponCreated { usage_limit: Some(1), ..one_each.clone() };
    let used = |coupon| live(coupon).and([redeemed(9, 100)]);
    used(minimum).when(redeem(1, 999)).then([refused(1, CouponRefusal::MinimumNotReached)]);
    used(one_each).when(redeem(1, 999)).then([refused(1, CouponRefusal::UsedUpForCustomer)]);
    used(one_in_all.clone()).when(redeem(1, 999)).then([refused(1, CouponRefusal::UsedUp)]);
    let voided = used(one_in_all).and([CouponVoided {}]);
    voided.when(redeem(1, 999)).then([refused(1, CouponRefusal::NotInForce)]);
}

#[test]
fn a_use_goes_back_once_when_its_invoice_failed() {
    let one = CouponCreated { usage_limit: Some(1), usage_limit_per_customer: Some(1), ..ten_percent() };
    let used = live(one).and([redeemed(1, 100)]);
    let back = used.when(reverse(1)).then([reversed(1)]).and_a_repeat_gives_nothing();
    let again = back.when(redeem(2, 1_000)).then([redeemed(2, 100)]).so();
    // The use of the second invoice is not the first one's to give back.
    again.clone().when(reverse(1)).then_nothing();
    again.clone().when(redeem(3, 1_000)).then([refused(3, CouponRefusal::UsedUp)]).so().when(reverse(3)).then_nothing();
    again.clone().when(reverse(9)).then_nothing();
    // A failed invoice keeps its answer: it does not use the coupon anew.
    again.clone().when(redeem(1, 1_000)).then_nothing();
    again.and([CouponVoided {}]).when(reverse(2)).then([reversed(2)]);
}

#[test]
fn voiding_is_for_ever_and_a_repeat_changes_nothing() {
    live(ten_percent()).when(CouponCommand::Void).then([CouponVoided {}]).and_a_repeat_gives_nothing();
}

#[test]
fn a_claim_that_was_given_up_is_never_named() {
    let give_up = |number| CouponCommand::GiveUpClaim { claim_id: claim(number) };
    let given_up = |number| CouponClaimGivenUp { claim_id: claim(number) };
    let awaited = nothing::<Coupon>().when(give_up(1)).then([given_up(1)]).and_a_repeat_gives_nothing();
    awaited.clone().when(create(ten_percent())).then_rejected(CouponRejection::ClaimGivenUp { claim_id: claim(1) });
    awaited.is_impossible(ten_percent());
    let other = CouponCreated { claim_id: claim(2), ..ten_percent() };
    let created = awaited.when(give_up(3)).then([given_up(3)]).so().when(create(other.clone())).then([other]).so();
    // The one that it names stays, the others may go, before and after.
    created.clone().when(give_up(2)).then_nothing();
    created.clone().when(give_up(1)).then_nothing();
    created.when(give_up(4)).then([given_up(4)]).and_a_repeat_gives_nothing();
}

#[test]
fn a_coupon_is_created_once_with_an_amount_that_can_be() {
    nothing::<Coupon>()
        .when(create(ten_percent()))
        .then([ten_percent()])
        .and_a_repeat_is_rejected(CouponRejection::CouponExists);
    let of = |style, amount| create(CouponCreated { style, amount, ..ten_percent() });
    for amount in [-1, 101, i64::MAX] {
        nothing::<Coupon>().when(of(CouponStyle::PercentOff, amount)).then_rejected(CouponRejection::PercentOutOfRange);
    }
    for amount in [-1, Cents::MAX.get() + 1] {
        let out_of_range = CouponRejection::Amount(AmountOutOfRange);
        nothing::<Coupon>().when(of(CouponStyle::DollarsOff, amount)).then_rejected(out_of_range);
    }
}

/// Each command breaks the rule it is refused by and as many later ones as it can.
#[test]
fn the_rejections_come_in_the_order_they_are_declared_in() {
    let awaited = given::<Coupon>([CouponClaimGivenUp { claim_id: claim(1) }]).state;
    let bad_percent = CouponCreated { amount: 101, starts_at: Some(ten_percent().expires_at), ..ten_percent() };
    let no_time = CouponCreated { starts_at: Some(ten_percent().expires_at), ..ten_percent() };
    let bad_amount = CouponCreated { amount: -1, style: CouponStyle::DollarsOff, ..no_time.clone() };
    let table = [
        (awaited.clone(), redeem(1, 1), CouponRejection::CouponNotFound),
        (live(ten_percent()).state, create(bad_percent.clone()), CouponRejection::CouponExists),
        (awaited, create(bad_percent.clone()), CouponRejection::ClaimGivenUp { claim_id: claim(1) }),
        (Coupon::None, create(bad_percent), CouponRejection::PercentOutOfRange),
        (Coupon::None, create(bad_amount), CouponRejection::Amount(AmountOutOfRange)),
        (Coupon::None, create(no_time), CouponRejection::EndsBeforeItStarts),
    ];
    let mut ranks = Vec::new();
    for (state, command, expected) in table {
        ranks.push(rank(&expected));
        assert_eq!(decide(&state, &command, NOW), Err(expected), "{command:?}");
    }
    assert_eq!(ranks, (0..ranks.len()).collect::<Vec<_>>(), "the table names every rule, in order");
    for command in [redeem(1, 1), reverse(1), CouponCommand::Void] {
        nothing::<Coupon>().when(command).then_rejected(CouponRejection::CouponNotFound);
    }
}

fn rank(rejection: &CouponRejection) -> usize {
    match rejection {
        CouponRejection::CouponNotFound => 0,
        CouponRejection::CouponExists => 1,
        CouponRejection::ClaimGivenUp { .. } => 2,
        CouponRejection::PercentOutOfRange => 3,
        CouponRejection::Amount(_) => 4,
        CouponRejection::EndsBeforeItStarts => 5,
    }
}

#[test]
fn what_no_history_can_contain_is_impossible() {
    for event in [redeemed(1, 1), refused(1, CouponRefusal::UsedUp), reversed(1), CouponVoided {}.into()] {
        nothing::<Coupon>().is_impossible(event);
    }
    let used = live(ten_percent()).and([redeemed(1, 100)]);
    used.is_impossible(ten_percent());
    used.is_impossible(redeemed(1, 100));
    used.is_impossible(refused(1, CouponRefusal::UsedUp));
    used.is_impossible(reversed(2));
    used.is_impossible(CouponClaimGivenUp { claim_id: claim(1) });
    used.clone().and([reversed(1)]).is_impossible(reversed(1));
    used.and([CouponVoided {}]).is_impossible(CouponVoided {});
}

#[test]
fn what_a_client_does_not_see_changes_no_revision() {
    assert!(!Coupon::changes_representation(&refused(1, CouponRefusal::UsedUp)));
    assert!(!Coupon::changes_representation(&CouponClaimGivenUp { claim_id: claim(1) }.into()));
    assert!(Coupon::changes_representation(&redeemed(1, 1)));
}

/// 30 days after it can be used first; never after the last moment that can be written.
#[test]
fn an_end_that_is_not_given_is_30_days_after_the_start() {
    let days = TimeDelta::days;
    let month_from = |start: Timestamp| start.plus(days(30)).min(Timestamp::LAST);
    let cases = [
        (None, month_from(NOW)),
        (Some(NOW.minus(days(60))), month_from(NOW)),
        (Some(NOW), month_from(NOW)),
        (Some(NOW.plus(days(60))), month_from(NOW.plus(days(60)))),
        (Some(Timestamp::LAST.minus(days(1))), Timestamp::LAST),
    ];
    for (starts_at, expires_at) in cases {
        let coupon = CouponCreated { starts_at, expires_at, ..ten_percent() };
        let CouponCommand::Create(asked) = create(coupon.clone()) else { unreachable!("it creates") };
        let asked = CouponCommand::Create(CreateCoupon { expires_at: None, ..asked });
        nothing::<Coupon>().when(asked).then([coupon]);
    }
}

#[test]
fn a_coupon_ends_after_it_starts_or_is_refused() {
    let hour = TimeDelta::hours(1);
    let create = |starts_at, expires_at| {
        nothing::<Coupon>().when(create(CouponCreated { starts_at, expires_at, ..ten_percent() }))
    };
    for start in [NOW.minus(hour), NOW, NOW.plus(hour)] {
        create(Some(start), start).then_rejected(CouponRejection::EndsBeforeItStarts);
        create(Some(start), start.minus(hour)).then_rejected(CouponRejection::EndsBeforeItStarts);
        let after = start.plus(TimeDelta::milliseconds(1));
        let coupon = CouponCreated { starts_at: Some(start), expires_at: after, ..ten_percent() };
        create(Some(start), after).then([coupon]);
    }
    // Over already, and no start that it could contradict.
    let over = CouponCreated { expires_at: NOW.minus(hour), ..ten_percent() };
    create(None, over.expires_at).then([over]);
}
