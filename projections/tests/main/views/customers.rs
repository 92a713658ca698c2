//! Customers (api.md §4), but for what their carts and purchases say of them.

use super::lists::{all, before, between, letters, since};
use super::story::{STORE, Story, at, id, moment};
use crate::world::World;
use cartlog_projections::views::{CustomerFilter, Customers};
use domain::customer::*;
use domain::*;
use serde_json::{Value, json};

const CUSTOMER: CustomerId = CustomerId(id(10));
const EMAIL: EmailId = EmailId(id(20));
const OTHER_EMAIL: EmailId = EmailId(id(21));
const ADDRESS: AddressId = AddressId(id(30));
const OTHER_ADDRESS: AddressId = AddressId(id(31));

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn personal_address(address_id: AddressId, city: Option<&str>) -> PersonalAddress {
    let city = city.map(str::to_owned);
    PersonalAddress { address_id, street: text("Main Street 1"), city, zip: None, state: None, country: None }
}

fn address(address_id: AddressId, city: &str, is_primary: bool, created_at: Value, updated_at: Value) -> Value {
    json!({
        "address_id": address_id, "street": "Main Street 1", "city": city, "zip": null, "state": null, "country": null,
        "is_primary": is_primary, "created_at": created_at, "updated_at": updated_at,
    })
}

fn email(email_id: EmailId, email: &str, is_primary: bool, created_at: Value, updated_at: Value) -> Value {
    json!({
        "email_id": email_id, "email": email, "is_primary": is_primary, "created_at": created_at,
        "updated_at": updated_at,
    })
}

fn created() -> CustomerCreated {
    let personal = PersonalData {
        email: text("ada@example.com"),
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        addresses: vec![personal_address(ADDRESS, Some("London"))],
    };
    CustomerCreated {
        customer_id: CUSTOMER,
        store_id: STORE,
        currency: "GBP".parse().expect("a currency"),
        email_id: EMAIL,
        claim_id: ClaimId(id(2)),
        credential_id: CredentialId(id(3)),
        addresses: vec![NewAddress { address_id: ADDRESS, is_primary: true }],
        personal: personal.into(),
    }
}

fn ada() -> Story<Customers, CustomerEvent> {
    Story::of(CUSTOMER.0, format!("customer-{CUSTOMER}")).then(
        created(),
        json!({
            "customer_id": CUSTOMER, "store_id": STORE, "currency": "GBP", "first_name": "Ada", "last_name": "Lovelace",
            "last_seen_at": null, "log_out_expires_at": null, "confirmed_at": null,
            "emails": [email(EMAIL, "ada@example.com", true, at(0), at(0))],
            "addresses": [address(ADDRESS, "London", true, at(0), at(0))],
            "created_at": at(0), "updated_at": at(0), "deleted_at": null, "revision": 0,
            "created_position": 1, "deleted_position": null,
        }),
    )
}

#[test]
fn names_currency_and_password_change() {
    let first_name = PersonalData { first_name: text("Augusta"), ..Default::default() };
    let currency = CustomerCurrencyChanged { currency: "EUR".parse().expect("a currency") };
    ada()
        .then(
            CustomerRenamed { personal: first_name.into() },
            json!({"first_name": "Augusta", "updated_at": at(1), "revision": 1}),
        )
        .then(currency, json!({"currency": "EUR", "updated_at": at(2), "revision": 2}))
        .then(
            CustomerPasswordChanged { credential_id: CredentialId(id(9)) },
            json!({"updated_at": at(3), "revision": 3}),
        );
}

/// Logging in and out is no edit: `updated_at` stays.
#[test]
fn a_customer_logs_in_and_out_and_confirms() {
    let expires_at = moment(86_400);
    let confirmation_id = ConfirmationId(id(40));
    let story = ada().then(
        CustomerLoggedIn { expires_at, credential_id: None },
        json!({"last_seen_at": at(1), "log_out_expires_at": at(86_400), "revision": 1}),
    );
    for (second, is_logged_in) in [(1, true), (86_399, true), (86_400, false)] {
        assert_eq!(story.row().is_logged_in(moment(second)), is_logged_in, "at {second}");
    }
    let story = story
        .then(CustomerLoggedOut {}, json!({"last_seen_at": at(2), "log_out_expires_at": null, "revision": 2}))
        .then(CustomerConfirmationRequested { confirmation_id, expires_at, email_id: None }, json!({}))
        .then(
            CustomerConfirmed { confirmation_id },
            json!({"confirmed_at": at(4), "updated_at": at(4), "revision": 4}),
        );
    assert!(!story.row().is_logged_in(moment(4)));
}

#[test]
fn emails_are_added_marked_and_removed() {
    let added = |email_id, email: &str, is_primary| CustomerEmailAdded {
        email_id,
        claim_id: ClaimId(id(5)),
        is_primary,
        personal: PersonalData { email: text(email), ..Default::default() }.into(),
    };
    let removed = CustomerEmailRemoved { email_id: EMAIL, claim_id: ClaimId(id(2)) };
    let story = ada()
        .then(
            added(OTHER_EMAIL, "lovelace@example.com", true),
            json!({
                "emails": [
                    email(EMAIL, "ada@example.com", false, at(0), at(1)),
                    email(OTHER_EMAIL, "lovelace@example.com", true, at(1), at(1)),
                ],
                "updated_at": at(1), "revision": 1,
            }),
        )
        .then(
            CustomerEmailMadePrimary { email_id: EMAIL },
            json!({
                "emails": [
                    email(EMAIL, "ada@example.com", true, at(0), at(2)),
                    email(OTHER_EMAIL, "lovelace@example.com", false, at(1), at(2)),
                ],
                "updated_at": at(2), "revision": 2,
            }),
        )
        .unfit(CustomerEmailMadePrimary { email_id: EmailId(id(99)) })
        .then(
            CustomerEmailMadePrimary { email_id: OTHER_EMAIL },
            json!({
                "emails": [
                    email(EMAIL, "ada@example.com", false, at(0), at(4)),
                    email(OTHER_EMAIL, "lovelace@example.com", true, at(1), at(4)),
                ],
                "updated_at": at(4), "revision": 4,
            }),
        )
        .then(
            removed,
            json!({
                "emails": [email(OTHER_EMAIL, "lovelace@example.com", true, at(1), at(4))],
                "updated_at": at(5), "revision": 5,
            }),
        );
    assert_eq!(story.row().email(), Some("lovelace@example.com"));
}

#[test]
fn addresses_are_added_changed_marked_and_removed() {
    let added = CustomerAddressAdded {
        address_id: OTHER_ADDRESS,
        is_primary: true,
        personal: PersonalData {
            addresses: vec![personal_address(OTHER_ADDRESS, Some("Paris"))],
            ..Default::default()
        }
        .into(),
    };
    let moved = PersonalAddress { street: None, ..personal_address(OTHER_ADDRESS, Some("Lyon")) };
    let changed = |address_id| CustomerAddressChanged {
        address_id,
        personal: PersonalData { addresses: vec![moved.clone()], ..Default::default() }.into(),
    };
    let marked = |address_id, is_primary| CustomerAddressMarked { address_id, is_primary };
    let removed = CustomerAddressRemoved { address_id: ADDRESS };
    ada()
        .then(added, json!({
            "addresses": [
                address(ADDRESS, "London", false, at(0), at(1)), address(OTHER_ADDRESS, "Paris", true, at(1), at(1)),
            ],
            "updated_at": at(1), "revision": 1,
        }))
        .then(changed(OTHER_ADDRESS), json!({
            "addresses": [
                address(ADDRESS, "London", false, at(0), at(1)), address(OTHER_ADDRESS, "Lyon", true, at(1), at(2)),
            ],
            "updated_at": at(2), "revision": 2,
        }))
        .then(marked(OTHER_ADDRESS, false), json!({
            "addresses": [
                address(ADDRESS, "London", false, at(0), at(1)), address(OTHER_ADDRESS, "Lyon", false, at(1), at(3)),
            ],
            "updated_at": at(3), "revision": 3,
        }))
        .then(marked(ADDRESS, true), json!({
            "addresses": [
                address(ADDRESS, "London", true, at(0), at(4)), address(OTHER_ADDRESS, "Lyon", false, at(1), at(3)),
            ],
            "updated_at": at(4), "revision": 4,
        }))
        .then(marked(OTHER_ADDRESS, true), json!({
            "addresses": [
                address(ADDRESS, "London", false, at(0), at(5)), address(OTHER_ADDRESS, "Lyon", true, at(1), at(5)),
            ],
            "updated_at": at(5), "revision": 5,
        }))
        .then(removed, json!({
            "addresses": [address(OTHER_ADDRESS, "Lyon", true, at(1), at(5))],
            "updated_at": at(6), "revision": 6,
        }))
        .unfit(changed(ADDRESS))
        .unfit(marked(ADDRESS, true));
}

#[test]
fn a_deleted_customer_is_logged_out_and_stays_known_where_it_was_deleted() {
    ada().then(CustomerLoggedIn { expires_at: moment(9), credential_id: None }, json!({
        "last_seen_at": at(1), "log_out_expires_at": at(9), "revision": 1,
    }))
    .then(CustomerDeleted { claim_ids: Vec::new() }, json!({
        "log_out_expires_at": null, "updated_at": at(2), "deleted_at": at(2), "revision": 2, "deleted_position": 3,
    }))
    .unfit(created());
}

/// Nothing personal is left, and what is not personal stays.
#[test]
fn of_an_erased_customer_nothing_personal_is_shown() {
    let story = Story::<Customers, CustomerEvent>::of(CUSTOMER.0, format!("customer-{CUSTOMER}"));
    let blank = |id_name: &str, id: uuid::Uuid, fields: &[&str]| {
        let mut blank = json!({"is_primary": true, "created_at": at(1), "updated_at": at(1)});
        blank[id_name] = json!(id);
        fields.iter().for_each(|field| blank[*field] = Value::Null);
        blank
    };
    story
        .then(CustomerClaimGivenUp { claim_id: ClaimId(id(9)) }, json!({}))
        .then(
            CustomerCreated { personal: Personal::Erased, ..created() },
            json!({
                "customer_id": CUSTOMER, "store_id": STORE, "currency": "GBP", "first_name": null, "last_name": null,
                "last_seen_at": null, "log_out_expires_at": null, "confirmed_at": null,
                "emails": [blank("email_id", EMAIL.0, &["email"])],
                "addresses": [blank("address_id", ADDRESS.0, &["street", "city", "zip", "state", "country"])],
                "created_at": at(1), "updated_at": at(1), "deleted_at": null, "revision": 1,
                "created_position": 2, "deleted_position": null,
            }),
        )
        .then(CustomerRenamed { personal: Personal::Erased }, json!({"updated_at": at(2), "revision": 2}));
}

/// A to C, each a second after the one before; then A is renamed, B gets another email, and C is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn customers_are_listed_and_counted_by_email_and_dates_newest_first() {
    let mut world = World::default();
    let store = world.store().await;
    let began = world.now;
    let mut customers = Vec::new();
    for email in ["a@example.com", "b@example.com", "c@example.com"] {
        customers.push(world.customer(store, email).await);
    }
    let renamed = PersonalData { first_name: text("Grace"), ..Default::default() };
    world.customer_event(store, customers[0], CustomerRenamed { personal: renamed.into() }).await;
    let added = CustomerEmailAdded {
        email_id: EmailId(world.id()),
        claim_id: ClaimId(world.id()),
        is_primary: true,
        personal: PersonalData { email: text("new@example.com"), ..Default::default() }.into(),
    };
    world.customer_event(store, customers[1], added).await;
    world.delete_customer(store, customers[2]).await;
    let views = world.open().await.views();

    let moment = |second: i64| Timestamp::from_millis(began + second * 1_000);
    let filter = CustomerFilter::default();
    for (filter, expected) in [
        (filter.clone(), "BA"),
        (CustomerFilter { email: text("A@Example.COM"), ..filter.clone() }, "A"),
        (CustomerFilter { email: text("b@example.com"), ..filter.clone() }, "B"),
        (CustomerFilter { email: text("new@example.com"), ..filter.clone() }, "B"),
        (CustomerFilter { email: text("c@example.com"), ..filter.clone() }, ""),
        (CustomerFilter { email: text("a@example.com"), created: since(moment(2)), ..filter.clone() }, ""),
        (CustomerFilter { created: since(moment(2)), ..filter.clone() }, "B"),
        (CustomerFilter { created: before(moment(2)), ..filter.clone() }, "A"),
        (CustomerFilter { updated: between(moment(4), moment(5)), ..filter.clone() }, "A"),
        (CustomerFilter { email: text("new@example.com"), updated: before(moment(5)), ..filter.clone() }, ""),
        (CustomerFilter { created: before(moment(3)), updated: since(moment(5)), ..filter.clone() }, "B"),
    ] {
        let found = all(async |page| views.customers(store, &filter, &page).await).await;
        assert_eq!(letters(&customers, found.iter().map(|row| row.customer_id)), expected, "{filter:?}");
        let count = views.count_customers(store, &filter).await.expect("a count");
        assert_eq!(count, expected.len() as u64, "{filter:?}");
    }
    assert_eq!(views.customer(store, customers[2]).await.expect("a query"), None, "it was deleted");
}
