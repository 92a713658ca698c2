//! The vault keeps what is in force, and loses the rest after 24 h.

use crate::assert_refused;
use crate::support::{APP, PASSWORD, SECRET, Shop, done, new_address, new_customer};
use chrono::TimeDelta;
use commands::NewToken;
use commands::guard::Client;
use commands::{CommandError, CustomerChange, NewCustomer, Swept};
use domain::CustomerId;
use vault::CredentialOwner;

const ADA: &str = "ada@example.com";

fn of(customer: CustomerId) -> CredentialOwner {
    CredentialOwner::Customer(customer)
}

#[tokio::test]
async fn what_is_in_force_stays_and_is_looked_at_once() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept::default());
    shop.clock.advance(TimeDelta::hours(24));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept::default());
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept { in_force: 2, destroyed: 0 });
    assert_eq!(shop.other_node().sweep_vault().await.unwrap(), Swept::default());
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await);
    done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await);
    assert_eq!(shop.vault.credentials_of(of(customer)).len(), 1);
}

#[tokio::test]
async fn what_was_replaced_refused_or_deleted_is_destroyed() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer(ADA).await, shop.customer("bob@example.com").await);
    shop.clock.advance(TimeDelta::hours(25));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept { in_force: 3, destroyed: 0 });

    let change = CustomerChange { password: Some("new password".to_owned()), ..CustomerChange::default() };
    done(shop.node.change_customer(&shop.request(), ada, change).await);
    done(shop.node.change_store_secret(&shop.request(), "new secret".to_owned()).await);
    done(shop.node.delete_customer(&shop.request(), bob).await);
    let addresses = vec![new_address("one", true), new_address("two", true)];
    let refused = NewCustomer { addresses, ..new_customer("eve@example.com") };
    shop.node.create_customer(&shop.request(), refused).await.unwrap_err();
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept::default());

    shop.clock.advance(TimeDelta::hours(25));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept { in_force: 2, destroyed: 4 });
    assert_eq!(shop.vault.credentials_of(of(ada)).len(), 1);
    assert_eq!(shop.vault.credentials_of(of(bob)), []);
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, "new password").await);
    done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, "new secret"), None).await);
}

#[tokio::test]
async fn an_expired_token_is_known_as_such_for_another_day() {
    let shop = Shop::new().await;
    let token = done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token;
    shop.clock.advance(TimeDelta::hours(48));
    shop.node.sweep_vault().await.unwrap();
    assert_refused!(shop.other_node().authenticate(APP, &token, || Ok(())).await, CommandError::TokenExpired);
    shop.clock.advance(TimeDelta::milliseconds(1));
    shop.node.sweep_vault().await.unwrap();
    assert_refused!(shop.other_node().authenticate(APP, &token, || Ok(())).await, CommandError::Unauthorized);
}

#[tokio::test]
async fn many_pages_are_swept_in_one_go() {
    let shop = Shop::new().await;
    let nobody = of(CustomerId(uuid::Uuid::now_v7()));
    let at = commands::Clock::now(shop.clock.as_ref());
    for _ in 0..1_201 {
        let id = domain::CredentialId(uuid::Uuid::now_v7());
        vault::Vault::put_credential(shop.vault.as_ref(), id, nobody, "hash", at).await.unwrap();
    }
    shop.clock.advance(TimeDelta::hours(25));
    assert_eq!(shop.node.sweep_vault().await.unwrap(), Swept { in_force: 1, destroyed: 1_201 });
    assert_eq!(shop.vault.credentials_of(nobody), []);
}

#[tokio::test]
async fn a_stream_that_can_not_be_read_keeps_its_own_and_nobody_elses() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer(ADA).await, shop.customer("bob@example.com").await);
    done(shop.node.delete_customer(&shop.request(), bob).await);
    shop.damage(&format!("customer-{ada}")).await;
    let node = shop.other_node();
    shop.clock.advance(TimeDelta::hours(25));
    assert_eq!(node.sweep_vault().await.unwrap(), Swept { in_force: 1, destroyed: 1 });
    assert_eq!(shop.vault.credentials_of(of(ada)).len(), 1);
}
