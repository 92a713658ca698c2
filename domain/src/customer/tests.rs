//! What a customer answers: as a whole. Emails and addresses stand in `contacts_tests.rs`, links that
//! confirm in `confirmation_tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::limits::{MAX_CONTACTS, MAX_CUSTOMER_TOKENS};
use crate::testing::{Given, NOW, given, id, live_through, nothing};
use crate::{
    AddressId, ClaimId, ConfirmationId, CredentialId, Currency, CustomerId, Decider, EmailId, Personal,
    PersonalAddress, PersonalData, StoreId, Timestamp, TokenId,
};
use chrono::TimeDelta;
use proptest::prelude::*;

pub(super) const DAY: TimeDelta = TimeDelta::hours(24);

pub(super) fn claim(number: u128) -> ClaimId {
    ClaimId(id(number))
}

pub(super) fn password(number: u128) -> CredentialId {
    CredentialId(id(number))
}

pub(super) fn address(number: u128) -> PersonalAddress {
    PersonalAddress {
        address_id: AddressId(id(number)),
        street: Some("1 Elm Street".into()),
        city: Some("Springfield".into()),
        zip: Some("12345".into()),
        state: Some("OR".into()),
        country: Some("US".into()),
    }
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

pub(super) fn create(claim_id: ClaimId, addresses: Vec<(PersonalAddress, bool)>) -> CustomerCommand {
    CustomerCommand::Create(CreateCustomer {
        customer_id: CustomerId(id(1)),
        store_id: StoreId(id(2)),
        currency: euro(),
        email_id: EmailId(id(3)),
        claim_id,
        credential_id: password(5),
        email: "Ann@Example.com".into(),
        first_name: "Ann".into(),
        last_name: "Lee".into(),
        addresses,
    })
}

pub(super) fn created(addresses: Vec<(PersonalAddress, bool)>) -> CustomerCreated {
    let mark = |(address, is_primary): &(PersonalAddress, bool)| NewAddress {
        address_id: address.address_id,
        is_primary: *is_primary,
    };
    let data = PersonalData {
        email: Some("Ann@Example.com".into()),
        first_name: Some("Ann".into()),
        last_name: Some("Lee".into()),
        addresses: addresses.iter().map(|(address, _)| address.clone()).collect(),
    };
    CustomerCreated {
        customer_id: CustomerId(id(1)),
        store_id: StoreId(id(2)),
        currency: euro(),
        email_id: EmailId(id(3)),
        claim_id: claim(4),
        credential_id: password(5),
        addresses: addresses.iter().map(mark).collect(),
        personal: data.into(),
    }
}

/// Ann, with one email and no address.
pub(super) fn ann() -> Given<Customer> {
    given([created(Vec::new())])
}

pub(super) fn live(customer: &Given<Customer>) -> &LiveCustomer {
    customer.state.live().unwrap()
}

pub(super) fn deleted(customer: Given<Customer>) -> Given<Customer> {
    customer.and([CustomerDeleted { claim_ids: vec![claim(4)] }])
}

pub(super) fn add_email(number: u128, email: &str, is_primary: bool) -> CustomerCommand {
    CustomerCommand::AddEmail {
        email_id: EmailId(id(number)),
        claim_id: claim(number),
        email: email.into(),
        is_primary,
    }
}

pub(super) fn email_added(number: u128, email: &str, is_primary: bool) -> CustomerEmailAdded {
    let personal = PersonalData { email: Some(email.into()), ..PersonalData::default() }.into();
    CustomerEmailAdded { email_id: EmailId(id(number)), claim_id: claim(number), is_primary, personal }
}

fn log_in(credential_id: CredentialId, claim_id: ClaimId, expires_at: Timestamp) -> CustomerCommand {
    CustomerCommand::LogIn { credential_id, claim_id, expires_at }
}

pub(super) fn request_link(number: u128, expires_at: Timestamp) -> CustomerCommand {
    request_link_to(3, number, expires_at)
}

/// To the email of that number; Ann came with the third.
pub(super) fn request_link_to(email: u128, number: u128, expires_at: Timestamp) -> CustomerCommand {
    let (confirmation_id, email_id) = (ConfirmationId(id(number)), EmailId(id(email)));
    CustomerCommand::RequestConfirmation { confirmation_id, email_id, expires_at }
}

pub(super) fn link_mailed(number: u128, expires_at: Timestamp) -> CustomerConfirmationRequested {
    let (confirmation_id, email_id) = (ConfirmationId(id(number)), Some(EmailId(id(3))));
    CustomerConfirmationRequested { confirmation_id, email_id, expires_at }
}

pub(super) fn confirm(number: u128) -> CustomerCommand {
    confirm_at(number, NOW)
}

pub(super) fn confirm_at(number: u128, now: Timestamp) -> CustomerCommand {
    CustomerCommand::Confirm { confirmation_id: ConfirmationId(id(number)), now }
}

pub(super) fn confirmed(number: u128) -> CustomerConfirmed {
    CustomerConfirmed { confirmation_id: ConfirmationId(id(number)) }
}

fn give_up(number: u128) -> CustomerCommand {
    CustomerCommand::GiveUpClaim { claim_id: claim(number) }
}

fn gave_up(number: u128) -> CustomerClaimGivenUp {
    CustomerClaimGivenUp { claim_id: claim(number) }
}

fn need_a_customer() -> Vec<CustomerCommand> {
    vec![
        CustomerCommand::Change(ChangeCustomer::default()),
        add_email(9, "b@example.com", false),
        CustomerCommand::MakeEmailPrimary { email: "x@example.com".into() },
        CustomerCommand::RemoveEmail { email: "x@example.com".into() },
        CustomerCommand::AddAddress { address: address(7), is_primary: true },
        CustomerCommand::ChangeAddress { change: address(7), is_primary: None },
        CustomerCommand::MakeAddressPrimary { address_id: AddressId(id(7)) },
        CustomerCommand::RemoveAddress { address_id: AddressId(id(7)) },
        CustomerCommand::LogOut,
        request_link(8, NOW.plus(DAY)),
        confirm(8),
        CustomerCommand::Delete,
    ]
}

#[test]
fn a_customer_is_created_once_with_the_email_as_given() {
    let addresses = vec![(address(6), false), (address(7), true)];
    let after = nothing::<Customer>()
        .when(create(claim(4), addresses.clone()))
        .then([created(addresses)])
        .and_a_repeat_is_rejected(CustomerRejection::CustomerExists);
    let customer = live(&after);
    assert_eq!(customer.primary_email().unwrap().email.as_deref(), Some("Ann@Example.com"));
    assert!(customer.address(AddressId(id(7))).unwrap().is_primary);
    assert!(!customer.confirmed);
}

#[test]
fn the_earlier_of_two_broken_rules_is_named() {
    for command in need_a_customer() {
        nothing::<Customer>().when(command.clone()).then_rejected(CustomerRejection::CustomerNotFound);
        given::<Customer>([gave_up(9)]).when(command.clone()).then_rejected(CustomerRejection::CustomerNotFound);
        deleted(ann()).when(command).then_rejected(CustomerRejection::CustomerNotFound);
    }
    let given_up = || CustomerRejection::ClaimGivenUp { claim_id: claim(9) };
    let two_primaries = |count: usize| (0..count).map(|number| (address(number as u128), number < 2)).collect();
    let broken = || create(claim(9), two_primaries(MAX_CONTACTS + 1));
    ann().and([gave_up(9)]).when(broken()).then_rejected(CustomerRejection::CustomerExists);
    deleted(ann()).when(broken()).then_rejected(CustomerRejection::CustomerExists);
    given::<Customer>([gave_up(9)]).when(broken()).then_rejected(given_up());
    nothing::<Customer>().when(broken()).then_rejected(CustomerRejection::MultiplePrimaryAddresses);
    let many = (0..=MAX_CONTACTS).map(|number| (address(number as u128), false)).collect();
    nothing::<Customer>().when(create(claim(9), many)).then_rejected(CustomerRejection::TooManyContacts);

    let others = (1..MAX_CONTACTS as u128).map(|number| email_added(1_000 + number, &format!("{number}@b.c"), false));
    let full = ann().and(others);
    let clash = || add_email(9, "ann@example.com", false);
    full.clone().and([gave_up(9)]).when(clash()).then_rejected(given_up());
    full.clone().when(clash()).then_rejected(CustomerRejection::EmailAlreadyExists);
    full.when(add_email(9, "new@b.c", false)).then_rejected(CustomerRejection::TooManyContacts);
}

#[test]
fn a_change_says_only_what_changes() {
    let change = ChangeCustomer {
        currency: Some("USD".parse().unwrap()),
        first_name: Some("Ann".into()),
        last_name: Some("Marsh".into()),
        credential_id: Some(password(6)),
        email: None,
    };
    let names = PersonalData { last_name: Some("Marsh".into()), ..PersonalData::default() };
    let after = ann()
        .when(CustomerCommand::Change(change))
        .then([
            CustomerEvent::from(CustomerRenamed { personal: names.into() }),
            CustomerCurrencyChanged { currency: "USD".parse().unwrap() }.into(),
            CustomerPasswordChanged { credential_id: password(6) }.into(),
        ])
        .and_a_repeat_gives_nothing();
    let customer = live(&after);
    assert_eq!((customer.first_name.as_deref(), customer.last_name.as_deref()), (Some("Ann"), Some("Marsh")));
}

#[test]
fn a_change_with_an_email_that_is_refused_changes_nothing_else_either() {
    let change = ChangeCustomer {
        first_name: Some("Anna".into()),
        email: Some(ChangedEmail::Own { email: "no@example.com".into() }),
        ..ChangeCustomer::default()
    };
    ann().when(CustomerCommand::Change(change)).then_rejected(CustomerRejection::EmailNotFound);
}

#[test]
fn log_in_wants_the_password_in_force_and_the_claim_of_the_primary_email() {
    let expires_at = NOW.plus(DAY);
    let wrong = CustomerRejection::InvalidCredentials;
    let two = ann().and([email_added(9, "b@example.com", false)]);
    two.clone().when(log_in(password(6), claim(4), expires_at)).then_rejected(wrong.clone());
    two.clone().when(log_in(password(5), claim(9), expires_at)).then_rejected(wrong.clone());
    nothing::<Customer>().when(log_in(password(5), claim(4), expires_at)).then_rejected(wrong.clone());
    deleted(ann()).when(log_in(password(5), claim(4), expires_at)).then_rejected(wrong.clone());
    let changed = two.clone().and([CustomerPasswordChanged { credential_id: password(6) }]);
    changed.when(log_in(password(5), claim(4), expires_at)).then_rejected(wrong);
    two.when(log_in(password(5), claim(4), expires_at))
        .then([CustomerLoggedIn { expires_at, credential_id: Some(password(5)) }]);
}

#[test]
fn log_out_ends_a_log_in_that_has_not_ended_by_itself() {
    let logged_in = ann().and([CustomerLoggedIn { expires_at: NOW.plus(DAY), credential_id: None }]);
    ann().when(CustomerCommand::LogOut).then_nothing();
    logged_in.clone().later(DAY).when(CustomerCommand::LogOut).then_nothing();
    logged_in.when(CustomerCommand::LogOut).then([CustomerLoggedOut {}]).and_a_repeat_gives_nothing();
}

fn issue_token(number: u128, expires_at: Timestamp) -> CustomerCommand {
    CustomerCommand::IssueToken { token_id: TokenId(id(number)), expires_at }
}

fn token_issued(number: u128, expires_at: Timestamp) -> CustomerTokenIssued {
    CustomerTokenIssued { token_id: TokenId(id(number)), expires_at }
}

#[test]
fn a_token_is_good_until_it_expires_or_its_customer_logs_out_everywhere() {
    let expires_at = NOW.plus(DAY);
    let with_token = ann().when(issue_token(7, expires_at)).then([token_issued(7, expires_at)]);
    let with_token = with_token.and_a_repeat_gives_nothing();
    let good = |customer: &Given<Customer>, number, now| live(customer).has_token(TokenId(id(number)), now);
    assert!(good(&with_token, 7, NOW) && !good(&with_token, 8, NOW) && !good(&with_token, 7, expires_at));
    // Whoever signed up and never logged in has a token all the same.
    let out = with_token.clone().when(CustomerCommand::LogOut).then([CustomerLoggedOut {}]);
    assert!(!good(&out.and_a_repeat_gives_nothing(), 7, NOW));
    let change = ChangeCustomer { credential_id: Some(password(6)), ..ChangeCustomer::default() };
    let changed = CustomerPasswordChanged { credential_id: password(6) };
    let after = with_token
        .clone()
        .when(CustomerCommand::Change(change))
        .then([CustomerEvent::from(changed), CustomerLoggedOut {}.into()])
        .and_a_repeat_gives_nothing();
    assert!(!good(&after, 7, NOW));
    with_token.later(DAY).when(CustomerCommand::LogOut).then_nothing();
    nothing::<Customer>().when(issue_token(7, expires_at)).then_rejected(CustomerRejection::CustomerNotFound);
    deleted(ann()).when(issue_token(7, expires_at)).then_rejected(CustomerRejection::CustomerNotFound);
}

#[test]
fn the_oldest_token_goes_when_there_are_too_many() {
    let expires_at = NOW.plus(DAY);
    let most = MAX_CUSTOMER_TOKENS as u128;
    let full = (0..most).fold(ann(), |customer, number| customer.and([token_issued(1_000 + number, expires_at)]));
    assert!(live(&full).has_token(TokenId(id(1_000)), NOW));
    let more = full.when(issue_token(9, expires_at)).then([token_issued(9, expires_at)]);
    let more = more.and_a_repeat_gives_nothing();
    let good = |number| live(&more).has_token(TokenId(id(number)), NOW);
    assert!(!good(1_000) && good(1_001) && good(9));
}

#[test]
fn another_password_ends_a_log_in() {
    let change = || {
        let credential_id = Some(password(6));
        CustomerCommand::Change(ChangeCustomer { credential_id, ..ChangeCustomer::default() })
    };
    let changed = || CustomerPasswordChanged { credential_id: password(6) };
    let logged_in = ann().and([CustomerLoggedIn { expires_at: NOW.plus(DAY), credential_id: None }]);
    let after = logged_in
        .clone()
        .when(change())
        .then([CustomerEvent::from(changed()), CustomerLoggedOut {}.into()])
        .and_a_repeat_gives_nothing();
    assert!(!live(&after).is_logged_in(NOW));
    logged_in.clone().later(DAY).when(change()).then([changed()]);
    ann().when(change()).then([changed()]);
    let name = ChangeCustomer { first_name: Some("Anna".into()), ..ChangeCustomer::default() };
    let named = PersonalData { first_name: Some("Anna".into()), ..PersonalData::default() };
    logged_in.when(CustomerCommand::Change(name)).then([CustomerRenamed { personal: named.into() }]);
}

#[test]
fn a_deleted_customer_names_no_claim_any_more() {
    let after = ann()
        .and([email_added(9, "b@example.com", true)])
        .when(CustomerCommand::Delete)
        .then([CustomerDeleted { claim_ids: vec![claim(4), claim(9)] }])
        .and_a_repeat_is_rejected(CustomerRejection::CustomerNotFound);
    assert!(!after.state.names_claim(claim(4)));
    assert_eq!(after.state.store_id(), Some(StoreId(id(2))));
    assert_eq!(after.state.currency(), Some(euro()));
    after.when(give_up(4)).then_nothing();
}

#[test]
fn a_claim_that_was_given_up_is_never_named() {
    let awaited = nothing::<Customer>().when(give_up(4)).then([gave_up(4)]).and_a_repeat_gives_nothing();
    let refused = CustomerRejection::ClaimGivenUp { claim_id: claim(4) };
    let awaited = awaited.when(create(claim(4), Vec::new())).then_rejected(refused.clone());
    awaited.is_impossible(created(Vec::new()));
    let live = awaited
        .when(create(claim(8), Vec::new()))
        .then([CustomerCreated { claim_id: claim(8), ..created(Vec::new()) }])
        .so();
    live.clone().when(add_email(4, "b@example.com", false)).then_rejected(refused.clone());
    let email = ChangedEmail::New { email_id: EmailId(id(4)), claim_id: claim(4), email: "b@example.com".into() };
    let change = ChangeCustomer { email: Some(email), ..ChangeCustomer::default() };
    live.clone().when(CustomerCommand::Change(change)).then_rejected(refused);
    live.is_impossible(email_added(4, "b@example.com", false));
}

#[test]
fn a_claim_in_force_is_never_given_up() {
    let two = ann().and([email_added(9, "b@example.com", false)]);
    for number in [4, 9] {
        let after = two.clone().when(give_up(number)).then_nothing().so();
        assert!(after.state.names_claim(claim(number)));
        after.is_impossible(gave_up(number));
    }
    two.when(give_up(10)).then([gave_up(10)]).and_a_repeat_gives_nothing();
}

#[test]
fn an_erased_customer_can_still_be_folded_and_asked() {
    let erased = CustomerCreated { personal: Personal::Erased, ..created(vec![(address(6), true)]) };
    let renamed = CustomerRenamed { personal: Personal::Erased };
    let added = CustomerEmailAdded { personal: Personal::Erased, ..email_added(9, "b@example.com", true) };
    let address_id = AddressId(id(6));
    let moved = CustomerAddressChanged { address_id, personal: Personal::Sealed("…".into()) };
    let customer = given::<Customer>([CustomerEvent::from(erased), renamed.into(), added.into(), moved.into()]);
    assert_eq!(live(&customer).first_name, None);
    assert!(live(&customer).emails.iter().all(|email| email.email.is_none()));
    assert_eq!(live(&customer).addresses[0].address, PersonalAddress::unknown(address_id));
    let remove = CustomerCommand::RemoveEmail { email: "b@example.com".into() };
    customer.clone().when(remove).then_rejected(CustomerRejection::EmailNotFound);
    let expires_at = NOW.plus(DAY);
    let logged_in = CustomerLoggedIn { expires_at, credential_id: Some(password(5)) };
    customer.clone().when(log_in(password(5), claim(9), expires_at)).then([logged_in]);
    customer.when(CustomerCommand::Delete).then([CustomerDeleted { claim_ids: vec![claim(4), claim(9)] }]);
}

#[test]
fn nothing_of_a_person_is_shown_by_debug() {
    let addresses = vec![(address(6), true)];
    let event = created(addresses.clone());
    let customer = given::<Customer>([event.clone()]).and([email_added(9, "b@example.com", false)]);
    let names = ChangeCustomer { first_name: Some("Ann".into()), ..ChangeCustomer::default() };
    let mut shown = vec![
        format!("{:?}", customer.state),
        format!("{:?}{:?}", live(&customer).emails, live(&customer).addresses),
        format!("{event:?}{:?}", event.personal.open()),
        format!("{:?}", create(claim(4), addresses)),
        format!("{:?}", CustomerCommand::Change(names)),
    ];
    shown.extend(need_a_customer().iter().map(|command| format!("{command:?}")));
    for text in shown {
        for personal in ["nn", "Lee", "xample", "Elm", "Springfield", "12345"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
}

#[test]
fn only_what_a_client_sees_moves_the_revision() {
    assert!(!Customer::changes_representation(&gave_up(9).into()));
    assert!(!Customer::changes_representation(&link_mailed(7, NOW).into()));
    assert!(!Customer::changes_representation(&token_issued(7, NOW).into()));
    assert!(Customer::changes_representation(&confirmed(7).into()));
}

#[test]
fn what_can_not_be_is_not_folded() {
    nothing::<Customer>().is_impossible(CustomerLoggedOut {});
    ann().is_impossible(created(Vec::new()));
    ann().is_impossible(CustomerLoggedOut {});
    ann().is_impossible(CustomerEmailRemoved { email_id: EmailId(id(3)), claim_id: claim(4) });
    ann().is_impossible(CustomerEmailMadePrimary { email_id: EmailId(id(9)) });
    ann().is_impossible(CustomerAddressRemoved { address_id: AddressId(id(7)) });
    ann().is_impossible(email_added(4, "b@example.com", false));
    deleted(ann()).is_impossible(CustomerDeleted { claim_ids: vec![] });
    deleted(ann()).is_impossible(gave_up(9));
}

fn any_command() -> impl Strategy<Value = CustomerCommand> {
    let number = || 3..8u128;
    let email = || prop_oneof![Just("ann@example.com"), Just("b@example.com"), Just("c@example.com")];
    let text = || prop::option::of("[ab]");
    let change = (text(), text(), prop::option::of((any::<bool>(), number(), email())));
    let moved = (number(), text(), prop::option::of(any::<bool>()));
    prop_oneof![
        change.prop_map(|(first_name, last_name, email)| {
            let email = email.map(|(is_new, number, email)| changed_email(is_new, number, email));
            CustomerCommand::Change(ChangeCustomer { first_name, last_name, email, ..ChangeCustomer::default() })
        }),
        (number(), email(), any::<bool>()).prop_map(|(number, email, primary)| add_email(number, email, primary)),
        email().prop_map(|email| CustomerCommand::MakeEmailPrimary { email: email.into() }),
        email().prop_map(|email| CustomerCommand::RemoveEmail { email: email.into() }),
        (number(), any::<bool>())
            .prop_map(|(number, is_primary)| CustomerCommand::AddAddress { address: address(number), is_primary }),
        moved.prop_map(|(number, city, is_primary)| CustomerCommand::ChangeAddress {
            change: PersonalAddress { city, ..PersonalAddress::unknown(AddressId(id(number))) },
            is_primary,
        }),
        number().prop_map(|number| CustomerCommand::MakeAddressPrimary { address_id: AddressId(id(number)) }),
        number().prop_map(|number| CustomerCommand::RemoveAddress { address_id: AddressId(id(number)) }),
        number().prop_map(|number| log_in(password(5), claim(number), NOW.plus(DAY))),
        Just(CustomerCommand::LogOut),
        number().prop_map(|number| issue_token(number, NOW.plus(DAY))),
        (number(), 0..40i64).prop_map(|(number, hours)| request_link(number, NOW.plus(TimeDelta::hours(hours)))),
        number().prop_map(confirm),
        number().prop_map(give_up),
    ]
}

fn changed_email(is_new: bool, number: u128, email: &str) -> ChangedEmail {
    let email = email.to_owned();
    match is_new {
        true => ChangedEmail::New { email_id: EmailId(id(number)), claim_id: claim(number), email },
        false => ChangedEmail::Own { email },
    }
}

fn gives_nothing_again(command: &CustomerCommand) -> bool {
    match command {
        CustomerCommand::Change(_)
        | CustomerCommand::AddEmail { .. }
        | CustomerCommand::MakeEmailPrimary { .. }
        | CustomerCommand::AddAddress { .. }
        | CustomerCommand::ChangeAddress { .. }
        | CustomerCommand::MakeAddressPrimary { .. }
        | CustomerCommand::LogOut
        | CustomerCommand::IssueToken { .. }
        | CustomerCommand::RequestConfirmation { .. }
        | CustomerCommand::GiveUpClaim { .. } => true,
        CustomerCommand::Create(_)
        | CustomerCommand::RemoveEmail { .. }
        | CustomerCommand::RemoveAddress { .. }
        | CustomerCommand::LogIn { .. }
        | CustomerCommand::Confirm { .. }
        | CustomerCommand::Delete => false,
    }
}

proptest! {
    #[test]
    fn a_repeat_gives_nothing_and_one_email_is_always_the_primary(
        commands in prop::collection::vec(any_command(), 0..60),
    ) {
        let mut script = vec![create(claim(4), Vec::new())];
        script.extend(commands);
        live_through::<Customer>(&script, TimeDelta::hours(1), gives_nothing_again, |customer, _, _| {
            let LiveCustomer { emails, addresses, given_up, .. } = customer.live().unwrap();
            assert_eq!(emails.iter().filter(|email| email.is_primary).count(), 1);
            assert!(addresses.iter().filter(|address| address.is_primary).count() <= 1);
            assert!(emails.iter().all(|email| !given_up.contains(&email.claim_id)));
            let distinct: std::collections::HashSet<_> = emails.iter().map(|email| &email.email).collect();
            assert_eq!(distinct.len(), emails.len());
        });
    }
}
