//! What a unique name answers.

use super::*;
use crate::testing::{Given, NOW, given, id, live_through, nothing};
use crate::{ClaimId, Decider};
use chrono::TimeDelta;
use proptest::prelude::*;

const ANNA: &str = "customer-anna";
const BERT: &str = "customer-bert";

fn claim_id(number: u128) -> ClaimId {
    ClaimId(id(number))
}

fn claim(number: u128, owner: &str) -> ClaimCommand {
    ClaimCommand::Claim { claim_id: claim_id(number), owner: owner.into(), instead_of: None }
}

fn take_over(number: u128, owner: &str, instead_of: u128) -> ClaimCommand {
    ClaimCommand::Claim { claim_id: claim_id(number), owner: owner.into(), instead_of: Some(claim_id(instead_of)) }
}

fn release(number: u128, owner: &str) -> ClaimCommand {
    ClaimCommand::Release { claim_id: claim_id(number), owner: owner.into() }
}

fn claimed(number: u128, owner: &str) -> NameClaimed {
    NameClaimed { claim_id: claim_id(number), owner: owner.into() }
}

fn released(number: u128, owner: &str) -> NameReleased {
    NameReleased { claim_id: claim_id(number), owner: owner.into() }
}

fn held(number: u128, owner: &str) -> ClaimRejection {
    ClaimRejection::Held { claim_id: claim_id(number), owner: owner.into() }
}

fn annas() -> Given<Claim> {
    given([claimed(1, ANNA)])
}

#[test]
fn a_free_name_is_claimed_and_a_repeat_is_an_answer() {
    let after = nothing::<Claim>().when(claim(1, ANNA)).then([claimed(1, ANNA)]).and_a_repeat_gives_nothing();
    assert_eq!(after.state, Claim::Held { claim_id: claim_id(1), owner: ANNA.into(), since: NOW });
    assert_eq!(after.state.store_id(), None);
}

#[test]
fn a_held_name_is_refused_with_its_holder() {
    annas().when(claim(2, BERT)).then_rejected(held(1, ANNA));
    annas().when(claim(2, ANNA)).then_rejected(held(1, ANNA));
    annas().when(claim(1, BERT)).then_rejected(held(1, ANNA));
}

#[test]
fn a_name_is_taken_over_from_exactly_the_claim_that_was_given_up() {
    annas()
        .when(take_over(2, BERT, 1))
        .then([ClaimEvent::from(released(1, ANNA)), claimed(2, BERT).into()])
        .and_a_repeat_gives_nothing();
    annas().when(take_over(2, BERT, 3)).then_rejected(held(1, ANNA));
    nothing::<Claim>().when(take_over(2, BERT, 1)).then([claimed(2, BERT)]);
}

#[test]
fn a_claim_that_was_given_up_does_not_come_back_for_another_owner() {
    annas().when(take_over(1, BERT, 1)).then_rejected(held(1, ANNA));
}

#[test]
fn a_release_names_claim_and_owner_or_does_nothing() {
    annas().when(release(2, ANNA)).then_nothing();
    annas().when(release(1, BERT)).then_nothing();
    let free = annas().when(release(1, ANNA)).then([released(1, ANNA)]).and_a_repeat_gives_nothing();
    assert_eq!(free.state, Claim::Free);
    free.when(claim(2, BERT)).then([claimed(2, BERT)]).so().when(release(1, ANNA)).then_nothing();
}

#[test]
fn what_can_not_be_is_not_folded() {
    annas().is_impossible(claimed(2, BERT));
    annas().is_impossible(released(2, ANNA));
    nothing::<Claim>().is_impossible(released(1, ANNA));
}

fn any_command() -> impl Strategy<Value = ClaimCommand> {
    let owner = prop_oneof![Just(ANNA), Just(BERT)];
    let (number, of) = (0..3u128, prop::option::of(0..3u128));
    prop_oneof![
        (number.clone(), owner.clone(), of).prop_map(|(number, owner, of)| match of {
            Some(of) => take_over(number, owner, of),
            None => claim(number, owner),
        }),
        (number, owner).prop_map(|(number, owner)| release(number, owner)),
    ]
}

proptest! {
    #[test]
    fn every_command_is_repeatable(commands in prop::collection::vec(any_command(), 0..40)) {
        live_through::<Claim>(&commands, TimeDelta::seconds(1), |_| true, |_, _, _| {});
    }
}
