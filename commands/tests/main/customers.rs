//! Customers and their addresses.

use crate::assert_refused;
use crate::support::{PASSWORD, Shop, done, new_address, new_customer};
use commands::guard::Client;
use commands::{AddressChange, CommandError, CustomerChange, IfMatch, NewCustomer, Request, Resource};
use domain::customer::{Customer, CustomerRejection, LiveCustomer};
use domain::{AddressId, CustomerId, Rejection};
use futures::future::join_all;
use std::collections::HashSet;
use uuid::Uuid;

const ADA: &str = "ada@example.com";

async fn live(shop: &Shop, customer: CustomerId) -> LiveCustomer {
    shop.state::<Customer>(&customer).await.live().unwrap().clone()
}

#[tokio::test]
async fn a_customer_is_created_as_asked_for() {
    let shop = Shop::new().await;
    let addresses = vec![new_address("first", false), new_address("second", true)];
    let new = NewCustomer { addresses, ..new_customer("Ada@Example.COM") };
    let customer = live(&shop, done(shop.node.create_customer(&shop.request(), new).await)).await;
    assert_eq!(customer.primary_email().unwrap().email.as_deref(), Some("Ada@Example.COM"));
    assert_eq!(customer.addresses.iter().map(|address| address.is_primary).collect::<Vec<_>>(), [false, true]);
    assert!(!customer.confirmed);
}

#[tokio::test]
async fn an_email_belongs_to_one_customer_of_a_store() {
    let shop = Shop::new().await;
    shop.customer(ADA).await;
    for email in [ADA, "ADA@example.com"] {
        assert_refused!(
            shop.node.create_customer(&shop.request(), new_customer(email)).await,
            CommandError::CustomerAlreadyExists
        );
    }
    done(shop.node.create_customer(&shop.stranger().await, new_customer(ADA)).await);
}

#[tokio::test]
async fn a_refused_customer_leaves_the_email_free() {
    let shop = Shop::new().await;
    let addresses = vec![new_address("first", true), new_address("second", true)];
    let new = NewCustomer { addresses, ..new_customer(ADA) };
    assert_refused!(
        shop.node.create_customer(&shop.request(), new).await,
        CommandError::Rejected(Rejection::Customer(CustomerRejection::MultiplePrimaryAddresses))
    );
    done(shop.other_node().create_customer(&shop.request(), new_customer(ADA)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_customers_with_one_email_exactly_one_is_created() {
    let shop = Shop::new().await;
    let (nodes, request) = ([shop.other_node(), shop.other_node()], shop.request());
    let outcomes =
        join_all((0..32).map(|attempt| nodes[attempt % 2].create_customer(&request, new_customer(ADA)))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
        assert_refused!(outcome, CommandError::CustomerAlreadyExists);
    }
    assert_eq!(shop.count("CustomerCreated").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_creates_one_customer() {
    let shop = Shop::new().await;
    let nodes = [shop.other_node(), shop.other_node()];
    let request = shop.keyed("/customer", "k", "body");
    let outcomes =
        join_all((0..32).map(|attempt| nodes[attempt % 2].create_customer(&request, new_customer(ADA)))).await;
    let ids: HashSet<_> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap().outcome).collect();
    assert_eq!((ids.len(), shop.count("CustomerCreated").await), (1, 1));
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.as_ref().unwrap().replayed).count(), 1);
    for node in [&shop.node, &nodes[0]] {
        let other_body = shop.keyed("/customer", "k", "other body");
        assert_refused!(
            node.create_customer(&other_body, new_customer("b@example.com")).await,
            CommandError::KeyReused
        );
    }
}

#[tokio::test]
async fn after_an_error_a_key_may_be_used_with_another_body() {
    let shop = Shop::new().await;
    shop.customer(ADA).await;
    let create = async |body: &str, email: &str, password: &str| {
        let new = NewCustomer { password: password.to_owned(), ..new_customer(email) };
        shop.node.create_customer(&shop.keyed("/customer", "k", body), new).await
    };
    assert_refused!(create("one", ADA, "first").await, CommandError::CustomerAlreadyExists);
    done(create("two", "bob@example.com", "second").await);
    // The password in force is the second one's, though both attempts had the same key.
    assert_refused!(
        shop.node.log_in(&shop.request(), Client::UNKNOWN, "bob@example.com", "first").await,
        CommandError::InvalidCredentials
    );
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, "bob@example.com", "second").await);
}

#[tokio::test]
async fn a_customer_is_changed() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let change = CustomerChange {
        currency: Some("USD".parse().unwrap()),
        first_name: Some("Augusta".to_owned()),
        password: Some("new password".to_owned()),
        ..CustomerChange::default()
    };
    done(shop.node.change_customer(&shop.request(), customer, change).await);
    let changed = live(&shop, customer).await;
    assert_eq!((changed.first_name.as_deref(), changed.last_name.as_deref()), (Some("Augusta"), Some("Lovelace")));
    assert_refused!(
        shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await,
        CommandError::InvalidCredentials
    );
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, "new password").await);
}

#[tokio::test]
async fn a_new_email_becomes_the_primary_one_and_the_old_one_stays() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    shop.customer("bob@example.com").await;
    let to = |email: &str| CustomerChange { email: Some(email.to_owned()), ..CustomerChange::default() };
    let emails = |customer: LiveCustomer| -> Vec<_> {
        customer.emails.into_iter().map(|email| (email.email.unwrap(), email.is_primary)).collect()
    };
    done(shop.node.change_customer(&shop.request(), customer, to("New@example.com")).await);
    let both = [(ADA.to_owned(), false), ("New@example.com".to_owned(), true)];
    assert_eq!(emails(live(&shop, customer).await), both);
    done(shop.node.change_customer(&shop.request(), customer, to(ADA)).await);
    let back = [(ADA.to_owned(), true), ("New@example.com".to_owned(), false)];
    assert_eq!(emails(live(&shop, customer).await), back);
    assert_refused!(
        shop.node.change_customer(&shop.request(), customer, to("bob@example.com")).await,
        CommandError::CustomerAlreadyExists
    );
}

#[tokio::test]
async fn a_change_by_the_same_key_is_done_once() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let request = shop.keyed("/customer/x", "k", "b");
    let change = CustomerChange {
        email: Some("new@example.com".to_owned()),
        password: Some("new password".to_owned()),
        ..CustomerChange::default()
    };
    let (one, two) = (shop.other_node(), shop.other_node());
    assert!(!one.change_customer(&request, customer, change.clone()).await.unwrap().replayed);
    for node in [one, two] {
        assert!(node.change_customer(&request, customer, change.clone()).await.unwrap().replayed);
    }
    assert_eq!((shop.count("CustomerEmailAdded").await, shop.count("CustomerPasswordChanged").await), (1, 1));
}

#[tokio::test]
async fn a_stale_change_changes_nothing_and_leaves_the_email_free() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let stale = Request { if_match: Some(IfMatch::from_iter([9])), ..shop.request() };
    let change = CustomerChange { email: Some("new@example.com".to_owned()), ..CustomerChange::default() };
    assert_refused!(
        shop.node.change_customer(&stale, customer, change).await,
        CommandError::RevisionMismatch { current: 0 }
    );
    shop.customer("new@example.com").await;
}

#[tokio::test]
async fn a_deleted_customer_is_gone_and_all_its_emails_are_free() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    done(shop.node.add_email(&shop.request(), customer, "second@example.com", false).await);
    done(shop.node.add_email(&shop.request(), customer, "removed@example.com", false).await);
    done(shop.node.remove_email(&shop.request(), customer, "removed@example.com").await);
    let deleted = shop.node.delete_customer(&shop.request(), customer).await.unwrap();
    assert!(!deleted.late);
    assert_refused!(
        shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await,
        CommandError::InvalidCredentials
    );
    for email in [ADA, "second@example.com", "removed@example.com"] {
        let again = shop.customer(email).await;
        assert_ne!(again, customer);
    }
    assert_eq!(shop.count("NameReleased").await, 3);
    assert_refused!(
        shop.node.delete_customer(&shop.request(), customer).await,
        CommandError::Rejected(Rejection::Customer(CustomerRejection::CustomerNotFound))
    );
}

#[tokio::test]
async fn addresses_are_added_changed_marked_and_removed() {
    let shop = Shop::new().await;
    let (node, request, customer) = (&shop.node, shop.request(), shop.customer(ADA).await);
    let one = done(node.add_address(&request, customer, new_address("one", true)).await);
    let two = done(node.add_address(&request, customer, new_address("two", false)).await);
    done(node.make_address_primary(&request, customer, two).await);
    let change = AddressChange { street: Some("three".to_owned()), ..AddressChange::default() };
    done(node.change_address(&request, customer, two, change).await);
    done(node.remove_address(&request, customer, one).await);
    let customer_now = live(&shop, customer).await;
    let [address] = customer_now.addresses.as_slice() else { panic!("one address is left") };
    assert_eq!((address.address.address_id, address.is_primary), (two, true));
    assert_eq!((address.address.street.as_deref(), address.address.city.as_deref()), (Some("three"), Some("London")));
    let not_found = CustomerRejection::AddressNotFound;
    for address in [one, AddressId(Uuid::now_v7())] {
        assert_refused!(
            node.remove_address(&request, customer, address).await,
            CommandError::Rejected(Rejection::Customer(rejection)) if rejection == not_found
        );
    }
}

#[tokio::test]
async fn an_address_added_by_the_same_key_is_one_and_found_again() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let request = shop.keyed("/address", "k", "b");
    let first = shop.node.add_address(&request, customer, new_address("one", true)).await.unwrap();
    let again = shop.other_node().add_address(&request, customer, new_address("one", true)).await.unwrap();
    assert_eq!((again.outcome, again.replayed, first.replayed), (first.outcome, true, false));
    assert_eq!(live(&shop, customer).await.addresses.len(), 1);
}

#[tokio::test]
async fn another_stores_customer_is_not_found() {
    let shop = Shop::new().await;
    let (node, stranger, customer) = (&shop.node, shop.stranger().await, shop.customer(ADA).await);
    let address = done(node.add_address(&shop.request(), customer, new_address("one", true)).await);
    macro_rules! not_found {
        ($($call:expr),* $(,)?) => {
            $(assert_refused!($call.await, CommandError::NotFound(Resource::Customer));)*
        };
    }
    let change = CustomerChange { email: Some("x@example.com".to_owned()), ..CustomerChange::default() };
    not_found!(
        node.change_customer(&stranger, customer, change),
        node.change_customer(&stranger, customer, CustomerChange::default()),
        node.delete_customer(&stranger, customer),
        node.add_address(&stranger, customer, new_address("two", false)),
        node.change_address(&stranger, customer, address, AddressChange::default()),
        node.make_address_primary(&stranger, customer, address),
        node.remove_address(&stranger, customer, address),
        node.add_email(&stranger, customer, "x@example.com", false),
        node.remove_email(&stranger, customer, ADA),
        node.make_email_primary(&stranger, customer, ADA),
        node.send_confirmation(&stranger, customer),
        node.log_out(&stranger, ADA),
    );
    assert_refused!(node.log_in(&stranger, Client::UNKNOWN, ADA, PASSWORD).await, CommandError::InvalidCredentials);
    // And its emails were not taken on the way.
    done(node.create_customer(&stranger, new_customer("x@example.com")).await);
}

#[tokio::test]
async fn another_password_ends_a_log_in_in_the_same_append() {
    let shop = Shop::new().await;
    let customer = shop.customer("ada@example.com").await;
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, "ada@example.com", PASSWORD).await);
    let change = CustomerChange { password: Some("another one".to_owned()), ..CustomerChange::default() };
    let request = shop.keyed(&format!("/customer/{customer}"), "k", "");
    done(shop.node.change_customer(&request, customer, change.clone()).await);
    assert_eq!(shop.state::<Customer>(&customer).await.live().unwrap().logged_in_until, None);
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, "ada@example.com", "another one").await);
    // A repeat of the change is no other one.
    assert!(shop.other_node().change_customer(&request, customer, change).await.unwrap().replayed);
    assert!(shop.state::<Customer>(&customer).await.live().unwrap().logged_in_until.is_some());
}
