//! Clocks that are set ahead and back, and nodes whose clocks differ: nothing that time alone ends is gone once they are right again.

use crate::assert_refused;
use crate::support::{APP, PASSWORD, SECRET, Shop, done};
use chrono::TimeDelta;
use commands::NewToken;
use commands::guard::Client;
use commands::testing::ManualClock;
use commands::{Clock, CommandError, Commands, Swept};
use domain::Timestamp;
use domain::cart::Cart;
use domain::store::Store;
use std::sync::Arc;
use vault::CredentialOwner;

const ADA: &str = "ada@example.com";

async fn issue(node: &Commands) -> String {
    done(node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_one_token_ends_no_other() {
    for ahead in [TimeDelta::seconds(60), TimeDelta::hours(25), TimeDelta::days(400)] {
        let shop = Shop::new().await;
        let mut tokens = vec![issue(&shop.node).await];
        shop.clock.set_ahead(ahead);
        tokens.push(issue(&shop.node).await);
        shop.clock.set_ahead(-ahead);
        for _ in 0..3 {
            tokens.push(issue(&shop.node).await);
        }
        for node in [&shop.node, &shop.other_node()] {
            for (nth, token) in tokens.iter().enumerate() {
                node.authenticate(APP, token, || Ok(()))
                    .await
                    .unwrap_or_else(|error| panic!("token {nth}, {ahead}: {error}"));
            }
        }
        // And what one node issues by a clock that is behind, another with a clock ahead does not end.
        shop.clock.set_ahead(-ahead);
        issue(&shop.node).await;
        shop.clock.set_ahead(ahead);
        shop.other_node().authenticate(APP, &tokens[0], || Ok(())).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_ends_by_the_clock_of_whoever_asks() {
    let shop = Shop::new().await;
    let token = issue(&shop.node).await;
    shop.clock.set_ahead(TimeDelta::hours(25));
    assert_refused!(shop.node.authenticate(APP, &token, || Ok(())).await, CommandError::TokenExpired);
    shop.clock.set_ahead(TimeDelta::hours(-25));
    shop.node.authenticate(APP, &token, || Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_sweep_by_a_clock_that_was_set_ahead_destroys_nothing() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = issue(&shop.node).await;
    // About to be named by an event.
    let (new, owner) = (domain::CredentialId(uuid::Uuid::now_v7()), CredentialOwner::Customer(customer));
    vault::Vault::put_credential(shop.vault.as_ref(), new, owner, "hash", shop.clock.now()).await.unwrap();
    // It has run well for a day before, and for an hour since.
    shop.clock.advance(TimeDelta::hours(23));
    shop.clock.set_ahead(TimeDelta::days(400));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept::default());
    shop.clock.advance(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept::default());
    // Nor does a process that began while it was ahead.
    assert_eq!(shop.other_node().sweep_vault().await.unwrap(), Swept::default());
    shop.clock.set_ahead(TimeDelta::days(-400));
    shop.other_node().authenticate(APP, &token, || Ok(())).await.unwrap();
    assert_eq!(shop.vault.credentials_of(owner).len(), 2);
    // Once it has run evenly again, time does its work.
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept::default());
    shop.clock.advance(TimeDelta::hours(25));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept { in_force: 2, destroyed: 1 });
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await);
}

/// A customer with an open cart.
async fn with_cart(shop: &Shop) -> domain::CustomerId {
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    done(shop.node.confirm(&token, None, None, None).await);
    done(shop.node.open_cart(&shop.request(), customer).await);
    customer
}

async fn is_open(shop: &Shop, customer: domain::CustomerId) -> bool {
    shop.state::<Cart>(&customer).await.current().is_some()
}

#[tokio::test]
async fn carts_are_not_closed_by_a_clock_that_was_set_ahead() {
    let shop = Shop::new().await;
    let customer = with_cart(&shop).await;
    let expiry = shop.node.cart_expiry();
    let store: Store = shop.state(&shop.store).await;
    let minutes = TimeDelta::minutes(i64::from(store.live().unwrap().cart_expires_after_minutes));
    for jump in [TimeDelta::hours(25), TimeDelta::days(400), TimeDelta::days(-400)] {
        shop.clock.advance(minutes / 4);
        assert_eq!(expiry.step().await.unwrap(), 0);
        shop.clock.set_ahead(jump);
        assert_eq!(expiry.step().await.unwrap(), 0, "set by {jump}");
        shop.clock.set_ahead(-jump);
        assert_eq!(expiry.step().await.unwrap(), 0);
        assert!(is_open(&shop, customer).await, "set by {jump}");
    }
    shop.clock.advance(minutes);
    assert_eq!(expiry.step().await.unwrap(), 1);
    assert!(!is_open(&shop, customer).await);
}

/// When the events of the store's own stream took place, oldest first.
async fn times(shop: &Shop) -> Vec<Timestamp> {
    let stream = format!("store-{}", shop.store);
    let events = shop.events().await;
    events.iter().filter(|event| event.stream.as_str() == stream).map(|event| event.metadata.occurred_at).collect()
}

#[tokio::test]
async fn time_in_a_stream_goes_on_with_the_clock_after_one_was_far_ahead() {
    let shop = Shop::new().await;
    let minute_behind = Arc::new(ManualClock::default());
    minute_behind.set_ahead(TimeDelta::seconds(-60));
    let behind = shop.node_with_clock(&minute_behind);
    let now = shop.clock.now();
    // Of two nodes a minute apart, neither goes back in time.
    issue(&shop.node).await;
    issue(&behind).await;
    assert_eq!(times(&shop).await, [now; 3]);
    shop.clock.set_ahead(TimeDelta::days(400));
    issue(&shop.node).await;
    shop.clock.set_ahead(TimeDelta::days(-400));
    shop.clock.advance(TimeDelta::seconds(1));
    issue(&shop.node).await;
    let ahead = now.plus(TimeDelta::days(400));
    assert_eq!(times(&shop).await, [now, now, now, ahead, now.plus(TimeDelta::seconds(1))]);
}
