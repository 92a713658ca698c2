//! A customer's emails.

use crate::assert_refused;
use crate::support::{PASSWORD, Shop, done};
use commands::CommandError;
use commands::guard::Client;
use domain::customer::{Customer, CustomerRejection};
use domain::{CustomerId, Rejection};
use futures::future::join_all;
use uuid::Uuid;

const ADA: &str = "ada@example.com";
const SECOND: &str = "second@example.com";

#[tokio::test]
async fn emails_are_added_marked_and_removed() {
    let shop = Shop::new().await;
    let (node, request, customer) = (&shop.node, shop.request(), shop.customer(ADA).await);
    done(node.add_email(&request, customer, "Second@Example.com", true).await);
    done(node.log_in(&request, Client::UNKNOWN, SECOND, PASSWORD).await);
    assert_refused!(node.log_in(&request, Client::UNKNOWN, ADA, PASSWORD).await, CommandError::InvalidCredentials);
    done(node.make_email_primary(&request, customer, ADA).await);
    done(node.remove_email(&request, customer, "SECOND@example.com").await);
    let state = shop.state::<Customer>(&customer).await;
    assert_eq!(state.live().unwrap().emails.len(), 1);
    // Free for anybody, also for the same customer again.
    done(node.add_email(&request, customer, SECOND, false).await);
    done(node.remove_email(&request, customer, SECOND).await);
    shop.customer(SECOND).await;
}

#[tokio::test]
async fn the_rules_of_emails_reach_the_client() {
    let shop = Shop::new().await;
    let (node, request, customer) = (&shop.node, shop.request(), shop.customer(ADA).await);
    shop.customer("bob@example.com").await;
    macro_rules! rejected {
        ($call:expr, $rejection:ident) => {
            assert_refused!($call.await, CommandError::Rejected(Rejection::Customer(CustomerRejection::$rejection)))
        };
    }
    assert_refused!(node.add_email(&request, customer, "BOB@example.com", false).await, CommandError::EmailTaken);
    rejected!(node.add_email(&request, customer, ADA, true), EmailAlreadyExists);
    rejected!(node.remove_email(&request, customer, ADA), PrimaryEmail);
    rejected!(node.remove_email(&request, customer, "bob@example.com"), EmailNotFound);
    rejected!(node.make_email_primary(&request, customer, "nobody@example.com"), EmailNotFound);
    let nobody = CustomerId(Uuid::now_v7());
    rejected!(node.remove_email(&request, nobody, ADA), CustomerNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_customers_who_add_one_email_leave_it_to_one() {
    let shop = Shop::new().await;
    let mut customers = Vec::new();
    for number in 0..4 {
        customers.push(shop.customer(&format!("{number}@example.com")).await);
    }
    let (nodes, request) = ([shop.other_node(), shop.other_node()], shop.request());
    let add = |attempt: usize| nodes[attempt % 2].add_email(&request, customers[attempt % 4], SECOND, false);
    let outcomes = join_all((0..32).map(add)).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(shop.count("CustomerEmailAdded").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_adds_an_email_once() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let (nodes, request) = ([shop.other_node(), shop.other_node()], shop.keyed("/email", "k", "b"));
    let outcomes = join_all((0..32).map(|n| nodes[n % 2].add_email(&request, customer, SECOND, false))).await;
    let again = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().replayed).count();
    assert_eq!((again, shop.count("CustomerEmailAdded").await), (31, 1));
    let removal = shop.keyed("/email/remove", "k", "b");
    assert!(!nodes[0].remove_email(&removal, customer, SECOND).await.unwrap().replayed);
    assert!(nodes[1].remove_email(&removal, customer, SECOND).await.unwrap().replayed);
    // The removal's repeat did not take the email from whoever has it now.
    shop.customer(SECOND).await;
    assert!(nodes[1].remove_email(&removal, customer, SECOND).await.unwrap().replayed);
    done(nodes[0].log_in(&shop.request(), Client::UNKNOWN, SECOND, PASSWORD).await);
}
