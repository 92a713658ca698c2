//! Logging in and out.

use crate::assert_refused;
use crate::support::{PASSWORD, Shop, done, new_customer};
use chrono::TimeDelta;
use commands::guard::Client;
use commands::{CommandError, CustomerChange, NewCustomer, Resource};
use domain::customer::Customer;

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_customer_is_logged_in_for_24_hours() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    assert_eq!(done(shop.node.log_in(&shop.request(), Client::UNKNOWN, "Ada@example.com", PASSWORD).await), customer);
    let now = commands::Clock::now(shop.clock.as_ref());
    let until = shop.state::<Customer>(&customer).await.live().unwrap().logged_in_until;
    assert_eq!(until, Some(now.plus(TimeDelta::hours(24))));
    done(shop.node.log_out(&shop.request(), ADA).await);
    done(shop.node.log_out(&shop.request(), ADA).await);
    assert_eq!(shop.state::<Customer>(&customer).await.live().unwrap().logged_in_until, None);
    assert_eq!(shop.count("CustomerLoggedOut").await, 1);
}

#[tokio::test]
async fn whatever_is_wrong_gives_the_same_error() {
    let shop = Shop::new().await;
    let (customer, gone) = (shop.customer(ADA).await, shop.customer("gone@example.com").await);
    done(shop.node.add_email(&shop.request(), customer, "second@example.com", false).await);
    done(shop.node.delete_customer(&shop.request(), gone).await);
    for (email, password) in [
        (ADA, "incorrect horse"),
        (ADA, ""),
        ("nobody@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("second@example.com", PASSWORD),
        ("", PASSWORD),
    ] {
        assert_refused!(
            shop.node.log_in(&shop.request(), Client::UNKNOWN, email, password).await,
            CommandError::InvalidCredentials
        );
    }
    assert_eq!(shop.count("CustomerLoggedIn").await, 0);
}

#[tokio::test]
async fn a_password_is_the_same_however_it_is_typed() {
    let shop = Shop::new().await;
    let (composed, decomposed) = ("caf\u{e9} noir", "cafe\u{301}\u{a0}noir");
    for (email, given) in [(ADA, composed), ("bob@example.com", decomposed)] {
        let new = NewCustomer { password: given.to_owned(), ..new_customer(email) };
        done(shop.node.create_customer(&shop.request(), new).await);
        for typed in [composed, decomposed] {
            done(shop.node.log_in(&shop.request(), Client::UNKNOWN, email, typed).await);
        }
        for wrong in ["cafe noir", "CAF\u{c9} NOIR", "caf\u{e9}noir"] {
            assert_refused!(
                shop.node.log_in(&shop.request(), Client::UNKNOWN, email, wrong).await,
                CommandError::InvalidCredentials
            );
        }
    }
}

#[tokio::test]
async fn any_email_of_the_customer_logs_out_and_an_unknown_one_is_not_found() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    done(shop.node.add_email(&shop.request(), customer, "second@example.com", false).await);
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await);
    assert_eq!(done(shop.node.log_out(&shop.request(), "second@example.com").await), customer);
    assert_refused!(
        shop.node.log_out(&shop.request(), "nobody@example.com").await,
        CommandError::NotFound(Resource::Customer)
    );
}

#[tokio::test]
async fn a_node_sees_at_once_what_another_changed() {
    let shop = Shop::new().await;
    let other = shop.other_node();
    let customer = shop.customer(ADA).await;
    done(other.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await);
    let change = CustomerChange { password: Some("new password".to_owned()), ..CustomerChange::default() };
    done(shop.node.change_customer(&shop.request(), customer, change).await);
    done(other.log_in(&shop.request(), Client::UNKNOWN, ADA, "new password").await);
    assert_refused!(
        other.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await,
        CommandError::InvalidCredentials
    );
    done(shop.node.delete_customer(&shop.request(), customer).await);
    let next = shop.customer(ADA).await;
    assert_eq!(done(other.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await), next);
}

#[tokio::test]
async fn a_log_in_by_the_same_key_counts_once() {
    let shop = Shop::new().await;
    shop.customer(ADA).await;
    let request = shop.keyed("/customer/login", "k", "b");
    assert!(!shop.node.log_in(&request, Client::UNKNOWN, ADA, PASSWORD).await.unwrap().replayed);
    assert!(shop.other_node().log_in(&request, Client::UNKNOWN, ADA, PASSWORD).await.unwrap().replayed);
    assert_eq!(shop.count("CustomerLoggedIn").await, 1);
}
