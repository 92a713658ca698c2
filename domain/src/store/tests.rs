//! What a store answers.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::limits::MAX_TOKENS;
use crate::numbers::{Document, NumberFormat, NumberRestart, NumberSettings, NumbersCouldRepeat};
use crate::testing::{Given, NOW, given, id, live_through, nothing};
use crate::{ActorId, Cents, ClaimId, CredentialId, Decider, JobId, StoreId, Timestamp, TokenId};
use chrono::TimeDelta;
use proptest::prelude::*;

const DAY: TimeDelta = TimeDelta::hours(24);

fn claim(number: u128) -> ClaimId {
    ClaimId(id(number))
}

fn create(claim_id: ClaimId) -> StoreCommand {
    StoreCommand::Create(StoreCreated {
        store_id: StoreId(id(1)),
        name: "Tea and More".into(),
        tagline: Some("Leaves".into()),
        app_id: "tea".into(),
        claim_id,
        credential_id: CredentialId(id(3)),
        credit_order_preference: CreditOrder::GiftCard,
        tax_rate_in_basis_points: 1_900,
        timezone: "Europe/Berlin".into(),
        cart_expires_after_minutes: 20_160,
        numbering: None,
    })
}

fn created() -> StoreCreated {
    StoreCreated {
        store_id: StoreId(id(1)),
        name: "Tea and More".into(),
        tagline: Some("Leaves".into()),
        app_id: "tea".into(),
        claim_id: claim(2),
        credential_id: CredentialId(id(3)),
        credit_order_preference: CreditOrder::GiftCard,
        tax_rate_in_basis_points: 1_900,
        timezone: "Europe/Berlin".into(),
        cart_expires_after_minutes: 20_160,
        numbering: None,
    }
}

fn shop() -> Given<Store> {
    given([created()])
}

fn token(number: u128) -> TokenId {
    TokenId(id(1_000 + number))
}

fn issue(number: u128, expires_at: Timestamp) -> StoreCommand {
    StoreCommand::IssueToken { token_id: token(number), expires_at, role: Role::Admin }
}

fn issued(number: u128, expires_at: Timestamp) -> StoreTokenIssued {
    StoreTokenIssued { token_id: token(number), expires_at, role: Role::Admin }
}

#[test]
fn a_token_has_the_role_that_it_was_issued_with() {
    let expires_at = NOW.plus(TimeDelta::hours(24));
    for role in Role::ALL {
        let issue = StoreCommand::IssueToken { token_id: token(1), expires_at, role };
        let after = shop().when(issue).then([StoreTokenIssued { token_id: token(1), expires_at, role }]);
        let roles = after.and_a_repeat_gives_nothing().state.live().map(|store| store.tokens[0].role);
        assert_eq!(roles, Some(role));
    }
}

fn revoke(number: u128) -> StoreCommand {
    StoreCommand::RevokeToken { token_id: token(number) }
}

fn revoked(number: u128, reason: TokenRevocation) -> StoreTokenRevoked {
    StoreTokenRevoked { token_id: token(number), reason }
}

fn start_job(number: u128) -> StoreCommand {
    StoreCommand::StartBatchCredit { job_id: JobId(id(number)), amount_in_cents: Cents::new(500).unwrap() }
}

fn complete_job(number: u128) -> StoreCommand {
    StoreCommand::CompleteBatchCredit { job_id: JobId(id(number)), issued: 12 }
}

fn all_but_creation() -> Vec<StoreCommand> {
    vec![
        StoreCommand::Change(ChangeStore::default()),
        StoreCommand::ChangeSecret { credential_id: CredentialId(id(4)) },
        issue(1, NOW.plus(DAY)),
        revoke(1),
        StoreCommand::RevokeAllTokens,
        StoreCommand::Delete,
        start_job(7),
        complete_job(7),
    ]
}

#[test]
fn a_store_is_created_once() {
    nothing::<Store>().when(create(claim(2))).then([created()]).and_a_repeat_is_rejected(StoreRejection::StoreExists);
}

#[test]
fn the_earlier_of_two_broken_rules_is_named() {
    for command in all_but_creation() {
        nothing::<Store>().when(command.clone()).then_rejected(StoreRejection::StoreNotFound);
        shop().and([StoreDeleted {}]).when(command).then_rejected(StoreRejection::StoreNotFound);
    }
    let gave_up = StoreClaimGivenUp { claim_id: claim(9) };
    shop().and([gave_up.clone()]).when(create(claim(9))).then_rejected(StoreRejection::StoreExists);
    shop().and([StoreDeleted {}]).when(create(claim(9))).then_rejected(StoreRejection::StoreExists);
    given::<Store>([gave_up]).when(create(claim(9))).then_rejected(StoreRejection::ClaimGivenUp { claim_id: claim(9) });
    shop().when(revoke(1)).then_rejected(StoreRejection::TokenNotFound);
    shop().when(complete_job(7)).then_rejected(StoreRejection::JobNotFound);
}

#[test]
fn a_change_says_only_what_changes() {
    let change = ChangeStore {
        name: Some("Tea".into()),
        tagline: Some(None),
        credit_order_preference: Some(CreditOrder::GiftCard),
        tax_rate_in_basis_points: Some(700),
        timezone: Some("Europe/Berlin".into()),
        cart_expires_after_minutes: Some(0),
        invoice_number_format: Some(format("R-{n}")),
        credit_note_number_format: Some(None),
        number_restart: Some(NumberRestart::Never),
    };
    let numbering = NumberSettings { invoice_number_format: format("R-{n}"), ..NumberSettings::default() };
    shop()
        .when(StoreCommand::Change(change))
        .then([
            StoreEvent::from(StoreRenamed { name: "Tea".into() }),
            StoreTaglineChanged { tagline: None }.into(),
            StoreTaxRateChanged { tax_rate_in_basis_points: 700 }.into(),
            StoreCartExpiryChanged { cart_expires_after_minutes: 0 }.into(),
            StoreNumberingChanged { numbering }.into(),
        ])
        .and_a_repeat_gives_nothing();
}

fn format(text: &str) -> NumberFormat {
    text.parse().unwrap()
}

fn numbered(invoices: &str, number_restart: NumberRestart) -> NumberSettings {
    NumberSettings { invoice_number_format: format(invoices), credit_note_number_format: None, number_restart }
}

fn number_so(settings: NumberSettings) -> StoreCommand {
    StoreCommand::Change(ChangeStore {
        invoice_number_format: Some(settings.invoice_number_format),
        credit_note_number_format: Some(settings.credit_note_number_format),
        number_restart: Some(settings.number_restart),
        ..ChangeStore::default()
    })
}

/// Whatever formats a store had, none may come that could give one of their numbers again.
#[test]
fn a_format_that_could_repeat_a_number_is_refused() {
    let in_force = |numbering| StoreNumberingChanged { numbering };
    let yearly = shop().and([in_force(numbered("R-{year}-{n}", NumberRestart::Yearly))]);
    let without_year = NumbersCouldRepeat::NoYear { of: Document::Invoice };
    yearly.clone().when(number_so(numbered("R-{n}", NumberRestart::Yearly))).then_rejected(without_year.into());
    for (then, restart, earlier) in [
        // The ranks of all are not those of a year.
        ("R-{year}-{n:04}", NumberRestart::Never, "R-{year}-{n}"),
        ("R-2027-{n}", NumberRestart::Never, "R-{year}-{n}"),
        // The one that a store begins with.
        ("1{n}", NumberRestart::Never, "{n}"),
    ] {
        let rejected =
            NumbersCouldRepeat::Earlier { of: Document::Invoice, new: format(then), earlier: format(earlier) };
        yearly.clone().when(number_so(numbered(then, restart))).then_rejected(rejected.into());
    }
    // Back to what it was before, with more digits, and again.
    let before = numbered("{n:06}", NumberRestart::Never);
    let again = numbered("R-{year}-{n:06}", NumberRestart::Yearly);
    yearly
        .when(number_so(before.clone()))
        .then([in_force(before)])
        .and_a_repeat_gives_nothing()
        .when(number_so(again.clone()))
        .then([in_force(again)]);
}

#[test]
fn a_new_secret_leaves_the_tokens() {
    let credential_id = CredentialId(id(4));
    let after = shop()
        .and([issued(1, NOW.plus(DAY))])
        .when(StoreCommand::ChangeSecret { credential_id })
        .then([StoreSecretChanged { credential_id }])
        .and_a_repeat_gives_nothing();
    assert_eq!(after.state.live().unwrap().live_tokens(NOW).count(), 1);
}

#[test]
fn the_oldest_token_goes_when_there_are_too_many() {
    let expires_at = NOW.plus(DAY);
    let full = shop().and((0..MAX_TOKENS as u128).map(|number| issued(number, expires_at)));
    let after = full
        .when(issue(5_000, expires_at))
        .then([StoreEvent::from(revoked(0, TokenRevocation::Evicted)), issued(5_000, expires_at).into()])
        .and_a_repeat_gives_nothing();
    let store = after.state.live().unwrap();
    assert_eq!(store.tokens.len(), MAX_TOKENS);
    assert_eq!(store.tokens[0].token_id, token(1));
}

#[test]
fn expired_tokens_make_room_before_any_is_evicted() {
    let soon = NOW.plus(TimeDelta::hours(1));
    let almost_full = shop().and((0..MAX_TOKENS as u128 - 1).map(|number| issued(number, NOW.plus(DAY))));
    let after = almost_full
        .and([issued(4_999, soon)])
        .later(TimeDelta::hours(1))
        .when(issue(5_000, NOW.plus(DAY)))
        .then([StoreEvent::from(revoked(4_999, TokenRevocation::Evicted)), issued(5_000, NOW.plus(DAY)).into()])
        .so();
    let store = after.state.live().unwrap();
    assert_eq!(store.tokens.len(), MAX_TOKENS);
    assert!(store.tokens.iter().all(|kept| kept.token_id != token(4_999)));
}

/// A clock that is ahead for one token, or was for all others, ends none.
#[test]
fn no_token_ends_another_by_its_time() {
    let hours = TimeDelta::hours;
    let live = |given: &Given<Store>, now| {
        let tokens = given.state.live().unwrap().live_tokens(now);
        tokens.map(|token| token.token_id).collect::<Vec<_>>()
    };
    let first = shop().and([issued(1, NOW.plus(DAY))]);
    let ahead = first.later(hours(25)).when(issue(2, NOW.plus(hours(49)))).then([issued(2, NOW.plus(hours(49)))]).so();
    assert_eq!(live(&ahead, NOW), [token(1), token(2)]);
    let back = ahead.later(hours(-25)).when(issue(3, NOW.plus(DAY))).then([issued(3, NOW.plus(DAY))]).so();
    let years = back.later(hours(24 * 400)).and([issued(4, NOW.plus(hours(24 * 401)))]).later(hours(-24 * 400));
    assert_eq!(live(&years, NOW), [1, 2, 3, 4].map(token));
    assert_eq!(live(&years, NOW.plus(DAY)), [2, 4].map(token));
}

/// Logs of before hold more tokens than may be kept, as what had expired went by time then. Whichever has gone here, its end changes
/// nothing.
#[test]
fn the_fold_keeps_the_latest_tokens_whatever_their_times() {
    let many = MAX_TOKENS as u128 + 10;
    let full = shop().and((0..many).map(|number| issued(number, NOW.plus(TimeDelta::minutes(number as i64 % 7)))));
    assert_eq!(full.state.live().unwrap().tokens.len(), MAX_TOKENS);
    assert_eq!(full.state.live().unwrap().tokens[0].token_id, token(10));
    let after = full.and([revoked(3, TokenRevocation::Evicted), revoked(10, TokenRevocation::Requested)]);
    assert_eq!(after.state.live().unwrap().tokens.len(), MAX_TOKENS - 1);
}

#[test]
fn one_token_is_revoked_and_the_others_live() {
    let two = shop().and([issued(1, NOW.plus(DAY)), issued(2, NOW.plus(DAY))]);
    let after = two
        .when(revoke(1))
        .then([revoked(1, TokenRevocation::Requested)])
        .and_a_repeat_is_rejected(StoreRejection::TokenNotFound);
    let left: Vec<TokenId> = after.state.live().unwrap().live_tokens(NOW).map(|live| live.token_id).collect();
    assert_eq!(left, [token(2)]);
}

#[test]
fn an_expired_token_can_not_be_revoked() {
    let expired = shop().and([issued(1, NOW.plus(DAY))]).later(DAY);
    expired.clone().when(revoke(1)).then_rejected(StoreRejection::TokenNotFound);
    expired.when(StoreCommand::RevokeAllTokens).then_nothing();
}

#[test]
fn all_tokens_are_revoked_at_once() {
    shop()
        .and([issued(1, NOW.plus(DAY)), issued(2, NOW.plus(DAY))])
        .when(StoreCommand::RevokeAllTokens)
        .then([StoreTokensAllRevoked {}])
        .and_a_repeat_gives_nothing();
}

#[test]
fn a_deleted_store_is_gone_but_its_app_id_stays_taken() {
    let after = shop()
        .when(StoreCommand::Delete)
        .then([StoreDeleted {}])
        .and_a_repeat_is_rejected(StoreRejection::StoreNotFound);
    assert!(after.state.names_claim(claim(2)));
    assert_eq!(after.state.store_id(), Some(StoreId(id(1))));
}

#[test]
fn a_job_is_started_and_completed_once() {
    let started = BatchCreditStarted { job_id: JobId(id(7)), amount_in_cents: Cents::new(500).unwrap() };
    let running = shop().when(start_job(7)).then([started]).and_a_repeat_gives_nothing();
    running
        .when(complete_job(7))
        .then([BatchCreditCompleted { job_id: JobId(id(7)), issued: 12 }])
        .and_a_repeat_is_rejected(StoreRejection::JobNotFound);
}

#[test]
fn a_claim_that_was_given_up_is_never_named() {
    let give_up = |number| StoreCommand::GiveUpClaim { claim_id: claim(number) };
    let awaited = nothing::<Store>()
        .when(give_up(2))
        .then([StoreClaimGivenUp { claim_id: claim(2) }])
        .and_a_repeat_gives_nothing();
    let rejected = awaited.when(create(claim(2))).then_rejected(StoreRejection::ClaimGivenUp { claim_id: claim(2) });
    rejected.is_impossible(created());
    let live = rejected.when(create(claim(5))).then([StoreCreated { claim_id: claim(5), ..created() }]).so();
    live.clone().when(give_up(2)).then_nothing();
    live.clone().when(give_up(6)).then([StoreClaimGivenUp { claim_id: claim(6) }]).and_a_repeat_gives_nothing();
    live.and([StoreDeleted {}]).when(give_up(8)).then_nothing();
}

#[test]
fn the_claim_in_force_is_never_given_up() {
    let give_up = StoreCommand::GiveUpClaim { claim_id: claim(2) };
    let live = shop().when(give_up.clone()).then_nothing().so();
    assert!(live.state.names_claim(claim(2)));
    live.is_impossible(StoreClaimGivenUp { claim_id: claim(2) });
    live.and([StoreDeleted {}]).when(give_up).then_nothing();
}

#[test]
fn only_what_a_client_sees_moves_the_revision() {
    let unseen: [StoreEvent; 6] = [
        issued(1, NOW).into(),
        revoked(1, TokenRevocation::Requested).into(),
        StoreTokensAllRevoked {}.into(),
        BatchCreditStarted { job_id: JobId(id(7)), amount_in_cents: Cents::ZERO }.into(),
        BatchCreditCompleted { job_id: JobId(id(7)), issued: 0 }.into(),
        StoreClaimGivenUp { claim_id: claim(2) }.into(),
    ];
    assert!(unseen.iter().all(|event| !Store::changes_representation(event)));
    assert!(Store::changes_representation(&StoreRenamed { name: "Tea".into() }.into()));
}

#[test]
fn what_can_not_be_is_not_folded() {
    nothing::<Store>().is_impossible(StoreDeleted {});
    shop().is_impossible(created());
    shop().and([issued(1, NOW.plus(DAY))]).is_impossible(issued(1, NOW.plus(DAY)));
    shop().is_impossible(BatchCreditCompleted { job_id: JobId(id(7)), issued: 0 });
    shop().and([StoreDeleted {}]).is_impossible(StoreRenamed { name: "Tea".into() });
}

fn any_command() -> impl Strategy<Value = StoreCommand> {
    let small = 0..4u128;
    let change = (prop::option::of("[ab]"), prop::option::of(prop::option::of("[ab]")), prop::option::of(0..2u32));
    let change = change.prop_map(|(name, tagline, tax_rate_in_basis_points)| {
        StoreCommand::Change(ChangeStore { name, tagline, tax_rate_in_basis_points, ..ChangeStore::default() })
    });
    prop_oneof![
        small.clone().prop_map(|number| create(claim(number))),
        change,
        small.clone().prop_map(|number| StoreCommand::ChangeSecret { credential_id: CredentialId(id(number)) }),
        (small.clone(), 0..20i64).prop_map(|(number, hours)| issue(number, NOW.plus(TimeDelta::hours(hours)))),
        small.clone().prop_map(revoke),
        Just(StoreCommand::RevokeAllTokens),
        small.clone().prop_map(|number| StoreCommand::ForgetActor { actor_id: ActorId(id(number)) }),
        small.clone().prop_map(start_job),
        small.clone().prop_map(complete_job),
        small.prop_map(|number| StoreCommand::GiveUpClaim { claim_id: claim(number) }),
    ]
}

fn gives_nothing_again(command: &StoreCommand) -> bool {
    match command {
        StoreCommand::Change(_)
        | StoreCommand::ChangeSecret { .. }
        | StoreCommand::IssueToken { .. }
        | StoreCommand::RevokeAllTokens
        | StoreCommand::StartBatchCredit { .. }
        | StoreCommand::GiveUpClaim { .. } => true,
        StoreCommand::Create(_)
        | StoreCommand::RevokeToken { .. }
        | StoreCommand::Delete
        | StoreCommand::ForgetActor { .. }
        | StoreCommand::CompleteBatchCredit { .. } => false,
    }
}

proptest! {
    #[test]
    fn a_repeat_gives_nothing_and_a_given_up_claim_is_never_named(
        commands in prop::collection::vec(any_command(), 0..40),
    ) {
        live_through::<Store>(&commands, TimeDelta::hours(1), gives_nothing_again, |store, _, _| {
            assert!((0..4).all(|number| !(store.names_claim(claim(number)) && store.has_given_up(claim(number)))));
        });
    }
}
