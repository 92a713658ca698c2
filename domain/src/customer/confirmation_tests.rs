//! What a customer answers about the links that are mailed, and what they confirm.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::tests::{
    DAY, ann, claim, confirm, confirm_at, confirmed, email_added, link_mailed, live, request_link, request_link_to,
};
use super::*;
use crate::limits::MAX_CONFIRMATIONS;
use crate::testing::{Given, NOW, id};
use crate::{ConfirmationId, EmailId, Timestamp};
use chrono::TimeDelta;

/// So many links, each expiring that much after the one before.
fn links(numbers: std::ops::Range<u128>, first: Timestamp, apart: TimeDelta) -> Vec<CustomerConfirmationRequested> {
    let nth = |(nth, number)| link_mailed(number, first.plus(apart * nth));
    (0..).zip(numbers).map(nth).collect()
}

fn too_many(wait_seconds: u32) -> CustomerRejection {
    CustomerRejection::TooManyConfirmations { wait_seconds }
}

#[test]
fn each_link_confirms_once_and_until_it_expires() {
    let expires_at = NOW.plus(DAY);
    let one = ann().when(request_link(7, expires_at)).then([link_mailed(7, expires_at)]).and_a_repeat_gives_nothing();
    let two = one.when(request_link(8, expires_at)).then([link_mailed(8, expires_at)]).so();
    two.clone().when(confirm(9)).then_rejected(CustomerRejection::ConfirmationNotFound);
    two.clone().when(confirm_at(8, expires_at)).then_rejected(CustomerRejection::ConfirmationNotFound);
    let after =
        two.when(confirm(7)).then([confirmed(7)]).and_a_repeat_is_rejected(CustomerRejection::ConfirmationNotFound);
    assert!(live(&after).confirmed);
    after.when(confirm(8)).then([confirmed(8)]);
}

/// A clock that is ahead for one link ends none: back again, all work.
#[test]
fn no_link_ends_another_by_its_time() {
    let day = |number| NOW.plus(DAY * number);
    let ahead = ann().and([link_mailed(7, day(1))]).later(DAY * 400).and([link_mailed(8, day(401))]);
    let back = ahead.later(DAY * -400);
    back.clone().when(confirm(7)).then([confirmed(7)]);
    back.when(confirm(8)).then([confirmed(8)]);
}

#[test]
fn beyond_the_most_links_the_oldest_stops_working() {
    let expires_at = NOW.plus(DAY);
    let full = ann().and(links(100..101 + MAX_CONFIRMATIONS as u128, expires_at, TimeDelta::zero()));
    assert_eq!(live(&full).confirmations.len(), MAX_CONFIRMATIONS);
    full.clone().when(confirm(100)).then_rejected(CustomerRejection::ConfirmationNotFound);
    full.when(confirm(101)).then([confirmed(101)]);
}

#[test]
fn a_link_confirms_the_address_that_it_was_mailed_to_and_no_other() {
    let gone = CustomerRejection::ConfirmationNotFound;
    let mailed = ann().and([link_mailed(7, NOW.plus(DAY))]);
    let moved = mailed.clone().and([email_added(9, "b@example.com", true)]);
    moved.clone().when(confirm(7)).then_rejected(gone.clone());
    moved.clone().when(request_link(8, NOW.plus(DAY))).then_rejected(CustomerRejection::PrimaryEmailHasChanged);
    // The events of older versions do not name it: it is what was primary when they were written.
    let old = CustomerConfirmationRequested { email_id: None, ..link_mailed(7, NOW.plus(DAY)) };
    ann().and([old.clone()]).when(confirm(7)).then([confirmed(7)]);
    let moved_since = ann().and([old]).and([email_added(9, "b@example.com", true)]);
    moved_since.clone().when(confirm(7)).then_rejected(gone);
    // Back again, it is good for what it was mailed to.
    moved_since.and([CustomerEmailMadePrimary { email_id: EmailId(id(3)) }]).when(confirm(7)).then([confirmed(7)]);
}

#[test]
fn a_link_is_open_then_used_and_gone_once_it_expires() {
    let expires_at = NOW.plus(DAY);
    let link = |customer: &Given<Customer>, now| live(customer).link(ConfirmationId(id(7)), now);
    let mailed = ann().and([link_mailed(7, expires_at)]);
    assert_eq!((link(&ann(), NOW), link(&mailed, NOW)), (LinkState::Gone, LinkState::Open));
    assert_eq!(link(&mailed, expires_at), LinkState::Gone);
    let used = mailed.and([confirmed(7)]);
    assert_eq!((link(&used, NOW), link(&used, expires_at)), (LinkState::Used, LinkState::Used));
}

#[test]
fn an_address_gets_five_mails_an_hour() {
    let (minute, expires_at) = (TimeDelta::minutes(1), NOW.plus(DAY));
    let full = ann().and(links(100..105, expires_at, minute));
    full.clone().when(request_link(7, expires_at.plus(minute * 5))).then_rejected(too_many(55 * 60));
    let almost = expires_at.plus(minute * 60).minus(TimeDelta::milliseconds(1));
    full.clone().when(request_link(7, almost)).then_rejected(too_many(1));
    full.clone()
        .when(request_link(7, expires_at.plus(minute * 60)))
        .then([link_mailed(7, expires_at.plus(minute * 60))]);
    // Used ones count, and so do those to the same address after it was removed and added again; another's don't.
    let used = full.clone().and([confirmed(100)]);
    used.when(request_link(7, expires_at.plus(minute * 5))).then_rejected(too_many(55 * 60));
    let moved = full.and([email_added(9, "b@example.com", true)]);
    let to_new = CustomerConfirmationRequested { email_id: Some(EmailId(id(9))), ..link_mailed(7, expires_at) };
    moved.clone().when(request_link_to(9, 7, expires_at)).then([to_new]);
    let again = moved.and([CustomerEmailRemoved { email_id: EmailId(id(3)), claim_id: claim(4) }]).and([email_added(
        10,
        "ann@example.com",
        true,
    )]);
    again.when(request_link_to(10, 7, expires_at.plus(minute * 5))).then_rejected(too_many(55 * 60));
}

#[test]
fn a_clock_that_was_wrong_and_was_set_right_keeps_nobody_from_being_mailed() {
    let (hour, expires_at) = (TimeDelta::hours(1), NOW.plus(DAY));
    let ahead = ann().later(DAY).and(links(100..105, expires_at.plus(TimeDelta::hours(25)), TimeDelta::zero()));
    // The stream's own time stays ahead.
    ahead.clone().when(request_link(7, expires_at)).then([link_mailed(7, expires_at)]);
    // By less than an hour, it is never waited for longer than that.
    let a_little = ann().and(links(100..105, expires_at.plus(TimeDelta::minutes(59)), TimeDelta::zero()));
    a_little.when(request_link(7, expires_at)).then_rejected(too_many(3_600));
    // Nor does it lose what was mailed.
    let before = ann().and([link_mailed(7, expires_at)]).later(DAY + hour);
    let set_back = before.and([link_mailed(8, expires_at.plus(DAY))]);
    set_back.when(confirm(7)).then([confirmed(7)]);
}

#[test]
fn a_customer_is_mailed_no_more_often_than_is_remembered() {
    let expires_at = NOW.plus(DAY);
    let others = (0..MAX_CONFIRMATIONS as u128).map(|number| CustomerConfirmationRequested {
        email_id: Some(EmailId(id(5_000 + number))),
        ..link_mailed(100 + number, expires_at)
    });
    ann().and(others).when(request_link(7, expires_at)).then_rejected(too_many(3_600));
}
