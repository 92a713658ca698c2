//! Confirmation by a mailed link.

use crate::assert_refused;
use crate::support::{Shop, done, key};
use chrono::TimeDelta;
use commands::{CommandError, Resource, Service};
use domain::customer::Customer;

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_mailed_link_confirms_once() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    assert_eq!(shop.mailbox.token_for(ADA).as_ref(), Some(&token));
    let node = shop.other_node();
    assert_eq!(done(node.confirm(&token, None, None, None).await), (shop.store, customer));
    assert!(shop.state::<Customer>(&customer).await.live().unwrap().confirmed);
    assert_refused!(node.confirm(&token, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
}

#[tokio::test]
async fn a_link_confirms_once_more_for_the_key_that_confirmed_by_it() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    let keyed = || Some(key("/customer/confirm/link", "k", ""));
    let first = shop.node.confirm(&token, None, keyed(), None).await.unwrap();
    let again = shop.other_node().confirm(&token, None, keyed(), None).await.unwrap();
    assert_eq!((again.outcome, again.position), (first.outcome, first.position));
    assert!(again.replayed && !first.replayed);
    assert_refused!(shop.node.confirm(&token, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
}

#[tokio::test]
async fn a_link_lives_24_hours_and_an_unknown_one_not_at_all() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    shop.clock.advance(TimeDelta::hours(24));
    for token in [token.as_str(), "", "clc_", "clc_AAAA", &token[1..]] {
        assert_refused!(
            shop.node.confirm(token, None, None, None).await,
            CommandError::NotFound(Resource::Confirmation)
        );
    }
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    shop.clock.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    done(shop.node.confirm(&token, None, None, None).await);
}

#[tokio::test]
async fn links_of_who_is_gone_confirm_nothing() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer(ADA).await, shop.customer("bob@example.com").await);
    let to_ada = done(shop.node.send_confirmation(&shop.request(), ada).await).unwrap();
    let to_bob = done(shop.node.send_confirmation(&shop.request(), bob).await).unwrap();
    done(shop.node.delete_customer(&shop.request(), ada).await);
    assert_refused!(shop.node.confirm(&to_ada, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
    done(shop.node.delete_store(&shop.request()).await);
    assert_refused!(shop.node.confirm(&to_bob, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
}

#[tokio::test]
async fn a_key_is_ignored_and_each_call_mails() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let request = shop.keyed("/send_confirmation", "k", "");
    let first = shop.node.send_confirmation(&request, customer).await.unwrap();
    let second = shop.node.send_confirmation(&request, customer).await.unwrap();
    assert!(!second.replayed && first.outcome != second.outcome);
}

#[tokio::test]
async fn mail_that_can_not_be_sent_is_said() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    assert_refused!(
        shop.node_without_mail().send_confirmation(&shop.request(), customer).await,
        CommandError::Unavailable { service: Service::Mail, .. }
    );
    assert!(!shop.state::<Customer>(&customer).await.live().unwrap().confirmed);
}
