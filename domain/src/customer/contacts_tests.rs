//! What a customer answers about emails and addresses.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::tests::{add_email, address, ann, claim, create, created, email_added, live};
use super::*;
use crate::limits::MAX_CONTACTS;
use crate::testing::{Given, given, id, nothing};
use crate::{AddressId, EmailId, PersonalAddress, PersonalData};

fn make_primary(email: &str) -> CustomerCommand {
    CustomerCommand::MakeEmailPrimary { email: email.into() }
}

fn made_primary(number: u128) -> CustomerEmailMadePrimary {
    CustomerEmailMadePrimary { email_id: EmailId(id(number)) }
}

fn remove_email(email: &str) -> CustomerCommand {
    CustomerCommand::RemoveEmail { email: email.into() }
}

fn change_email(email: ChangedEmail) -> CustomerCommand {
    CustomerCommand::Change(ChangeCustomer { email: Some(email), ..ChangeCustomer::default() })
}

fn add_address(number: u128, is_primary: bool) -> CustomerCommand {
    CustomerCommand::AddAddress { address: address(number), is_primary }
}

fn address_added(number: u128, is_primary: bool) -> CustomerAddressAdded {
    let personal = PersonalData { addresses: vec![address(number)], ..PersonalData::default() }.into();
    CustomerAddressAdded { address_id: AddressId(id(number)), is_primary, personal }
}

fn marked(number: u128, is_primary: bool) -> CustomerAddressMarked {
    CustomerAddressMarked { address_id: AddressId(id(number)), is_primary }
}

/// Ann with a second email and two addresses, of which the first is primary.
fn ann_with_contacts() -> Given<Customer> {
    let emails = ann().and([email_added(9, "b@example.com", false)]);
    emails.and([address_added(6, true), address_added(7, false)])
}

fn primary_email(customer: &Given<Customer>) -> EmailId {
    let primaries: Vec<_> = live(customer).emails.iter().filter(|email| email.is_primary).collect();
    assert_eq!(primaries.len(), 1);
    primaries[0].email_id
}

fn primary_addresses(customer: &Given<Customer>) -> Vec<AddressId> {
    let addresses = live(customer).addresses.iter();
    addresses.filter(|address| address.is_primary).map(|address| address.address.address_id).collect()
}

#[test]
fn an_email_is_added_as_given_and_moves_the_mark_when_it_says_so() {
    let secondary = ann()
        .when(add_email(9, "B@Example.com", false))
        .then([email_added(9, "B@Example.com", false)])
        .and_a_repeat_gives_nothing();
    assert_eq!(primary_email(&secondary), EmailId(id(3)));
    let primary = ann()
        .when(add_email(9, "B@Example.com", true))
        .then([email_added(9, "B@Example.com", true)])
        .and_a_repeat_gives_nothing();
    assert_eq!(primary_email(&primary), EmailId(id(9)));
}

#[test]
fn an_email_of_ones_own_can_not_be_added_again_in_any_case() {
    for email in ["ann@example.com", "ANN@example.com"] {
        ann().when(add_email(9, email, true)).then_rejected(CustomerRejection::EmailAlreadyExists);
    }
}

/// An older version took them for two.
#[test]
fn of_two_spellings_of_one_mailbox_each_is_found_as_it_was_written() {
    let both =
        ann().and([email_added(9, "a@bücher.example", false), email_added(10, "a@xn--bcher-kva.example", false)]);
    let removed = |number: u128| CustomerEmailRemoved { email_id: EmailId(id(number)), claim_id: claim(number) };
    both.clone().when(remove_email("A@Bücher.example")).then([removed(9)]);
    both.clone().when(remove_email("a@xn--bcher-kva.example")).then([removed(10)]);
    both.and([removed(10)]).when(remove_email("a@xn--bcher-kva.example")).then([removed(9)]);
}

#[test]
fn the_mark_of_an_email_moves_once() {
    let moved =
        ann_with_contacts().when(make_primary("B@example.com")).then([made_primary(9)]).and_a_repeat_gives_nothing();
    assert_eq!(primary_email(&moved), EmailId(id(9)));
    moved.when(make_primary("x@example.com")).then_rejected(CustomerRejection::EmailNotFound);
}

#[test]
fn a_removed_email_is_free_for_a_new_claim() {
    let removed = CustomerEmailRemoved { email_id: EmailId(id(9)), claim_id: claim(9) };
    let after = ann_with_contacts()
        .when(remove_email("B@example.com"))
        .then([removed])
        .and_a_repeat_is_rejected(CustomerRejection::EmailNotFound);
    assert!(!after.state.names_claim(claim(9)));
    after.when(add_email(10, "b@example.com", false)).then([email_added(10, "b@example.com", false)]);
}

#[test]
fn the_primary_email_is_not_removed() {
    ann_with_contacts().when(remove_email("ann@example.com")).then_rejected(CustomerRejection::PrimaryEmail);
}

#[test]
fn a_changed_email_becomes_primary_and_the_old_one_stays() {
    let new = ChangedEmail::New { email_id: EmailId(id(9)), claim_id: claim(9), email: "B@example.com".into() };
    let after =
        ann().when(change_email(new)).then([email_added(9, "B@example.com", true)]).and_a_repeat_gives_nothing();
    assert_eq!(primary_email(&after), EmailId(id(9)));
    assert!(after.state.names_claim(claim(4)));
    let taken = ChangedEmail::New { email_id: EmailId(id(10)), claim_id: claim(10), email: "b@example.com".into() };
    after.when(change_email(taken)).then_rejected(CustomerRejection::EmailAlreadyExists);
}

#[test]
fn a_change_to_an_email_of_ones_own_only_moves_the_mark() {
    let own = |email: &str| change_email(ChangedEmail::Own { email: email.into() });
    ann_with_contacts().when(own("Ann@example.com")).then_nothing();
    ann_with_contacts().when(own("b@example.com")).then([made_primary(9)]).and_a_repeat_gives_nothing();
}

#[test]
fn an_address_is_primary_only_when_it_is_marked() {
    let none = ann().when(add_address(6, false)).then([address_added(6, false)]).and_a_repeat_gives_nothing();
    assert_eq!(primary_addresses(&none), []);
    let six = none.when(add_address(7, true)).then([address_added(7, true)]).so();
    assert_eq!(primary_addresses(&six), [AddressId(id(7))]);
    let eight = six.when(add_address(8, true)).then([address_added(8, true)]).so();
    assert_eq!(primary_addresses(&eight), [AddressId(id(8))]);
}

#[test]
fn there_is_an_end_to_addresses() {
    let full = ann().and((0..MAX_CONTACTS as u128).map(|number| address_added(100 + number, false)));
    full.when(add_address(6, false)).then_rejected(CustomerRejection::TooManyContacts);
}

#[test]
fn two_primaries_are_refused_when_a_customer_is_created() {
    let two = vec![(address(6), true), (address(7), true)];
    nothing::<Customer>().when(create(claim(4), two)).then_rejected(CustomerRejection::MultiplePrimaryAddresses);
}

#[test]
fn a_change_of_an_address_says_only_what_changes() {
    let unknown = PersonalAddress::unknown(AddressId(id(7)));
    let change = PersonalAddress { city: Some("Shelbyville".into()), zip: Some("12345".into()), ..unknown.clone() };
    let fields = PersonalAddress { city: Some("Shelbyville".into()), ..unknown };
    let personal = PersonalData { addresses: vec![fields], ..PersonalData::default() }.into();
    let changed = CustomerAddressChanged { address_id: AddressId(id(7)), personal };
    let after = ann_with_contacts()
        .when(CustomerCommand::ChangeAddress { change: change.clone(), is_primary: Some(true) })
        .then([CustomerEvent::from(changed), marked(7, true).into()])
        .and_a_repeat_gives_nothing();
    assert_eq!(primary_addresses(&after), [AddressId(id(7))]);
    let now = &live(&after).address(AddressId(id(7))).unwrap().address;
    assert_eq!(now, &PersonalAddress { city: Some("Shelbyville".into()), ..address(7) });
    let unmark = CustomerCommand::ChangeAddress { change, is_primary: Some(false) };
    let bare = after.when(unmark).then([marked(7, false)]).and_a_repeat_gives_nothing();
    assert_eq!(primary_addresses(&bare), []);
}

#[test]
fn the_mark_of_an_address_moves_once() {
    let make_primary = |number| CustomerCommand::MakeAddressPrimary { address_id: AddressId(id(number)) };
    let moved = ann_with_contacts().when(make_primary(7)).then([marked(7, true)]).and_a_repeat_gives_nothing();
    assert_eq!(primary_addresses(&moved), [AddressId(id(7))]);
    moved.when(make_primary(8)).then_rejected(CustomerRejection::AddressNotFound);
}

#[test]
fn a_removed_address_takes_the_mark_with_it() {
    let address_id = AddressId(id(6));
    let after = ann_with_contacts()
        .when(CustomerCommand::RemoveAddress { address_id })
        .then([CustomerAddressRemoved { address_id }])
        .and_a_repeat_is_rejected(CustomerRejection::AddressNotFound);
    assert_eq!(primary_addresses(&after), []);
    let change = CustomerCommand::ChangeAddress { change: address(6), is_primary: None };
    after.when(change).then_rejected(CustomerRejection::AddressNotFound);
}

#[test]
fn a_customer_may_be_created_with_addresses() {
    let addresses = vec![(address(6), false), (address(7), true)];
    let customer = given::<Customer>([created(addresses)]);
    assert_eq!(primary_addresses(&customer), [AddressId(id(7))]);
    assert_eq!(live(&customer).address(AddressId(id(6))).unwrap().address, address(6));
}
