//! What every vault promises of what stores call their tokens, and of the tokens of customers.

use super::{Subject, at, customer};
use crate::{CustomerTokenEntry, TokenEntry};
use domain::{StoreId, TokenId};
use uuid::Uuid;

pub async fn a_tokens_name_is_kept_as_it_was_first_put_and_outlives_the_token(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (store_id, token_id) = (StoreId(Uuid::now_v7()), TokenId(Uuid::now_v7()));
    assert_eq!(vault.token_names(store_id, &[token_id]).await.unwrap(), [None]);
    vault.put_token([1; 32], TokenEntry { store_id, token_id, expires_at: at(10) }).await.unwrap();
    for name in ["the till", "the till", "the back office"] {
        vault.put_token_name(store_id, token_id, name).await.unwrap();
    }
    vault.remove_expired(at(11)).await.unwrap();
    assert_eq!(vault.token([1; 32]).await.unwrap(), None);
    drop(vault);
    let named = subject.open().await.token_names(store_id, &[token_id]).await.unwrap();
    assert_eq!(named, [Some("the till".to_owned())]);
}

pub async fn another_stores_token_has_no_name(subject: &dyn Subject) {
    let vault = subject.open().await;
    let [one, two] = [(); 2].map(|()| StoreId(Uuid::now_v7()));
    let [till, robot, unnamed] = [(); 3].map(|()| TokenId(Uuid::now_v7()));
    vault.put_token_name(one, till, "the till").await.unwrap();
    vault.put_token_name(two, robot, "the robot").await.unwrap();
    let asked = [robot, till, unnamed, till];
    let till = Some("the till".to_owned());
    assert_eq!(vault.token_names(one, &asked).await.unwrap(), [None, till.clone(), None, till.clone()]);
    assert_eq!(vault.token_names(two, &asked).await.unwrap(), [Some("the robot".to_owned()), None, None, None]);
    assert_eq!(vault.token_names(one, &[]).await.unwrap(), [None; 0]);
    // Nor does another store give it one.
    vault.put_token_name(two, asked[1], "mine").await.unwrap();
    assert_eq!(vault.token_names(one, &asked[1..2]).await.unwrap(), [till]);
    assert_eq!(vault.token_names(two, &asked[1..2]).await.unwrap(), [None]);
}

pub async fn customers_tokens_are_found_by_their_hash_until_long_expired(subject: &dyn Subject) {
    let vault = subject.open().await;
    let token = of_a_customer();
    vault.put_customer_token([1; 32], token).await.unwrap();
    vault.put_customer_token([1; 32], token).await.unwrap();
    vault.put_customer_token([1; 32], CustomerTokenEntry { expires_at: at(99), ..token }).await.unwrap();
    drop(vault);
    let vault = subject.open().await;
    assert_eq!(vault.customer_token([1; 32]).await.unwrap(), Some(token));
    assert_eq!(vault.customer_token([2; 32]).await.unwrap(), None);
    vault.remove_expired(at(10)).await.unwrap();
    assert_eq!(vault.customer_token([1; 32]).await.unwrap(), Some(token));
    vault.remove_expired(at(11)).await.unwrap();
    assert_eq!(vault.customer_token([1; 32]).await.unwrap(), None);
}

/// Whoever is handed one of them is let in by it alone.
pub async fn a_stores_token_is_no_customers(subject: &dyn Subject) {
    let vault = subject.open().await;
    let token = of_a_customer();
    vault.put_customer_token([1; 32], token).await.unwrap();
    let CustomerTokenEntry { store_id, token_id, expires_at, .. } = token;
    vault.put_token([2; 32], TokenEntry { store_id, token_id, expires_at }).await.unwrap();
    assert_eq!(vault.token([1; 32]).await.unwrap(), None);
    assert_eq!(vault.customer_token([2; 32]).await.unwrap(), None);
}

fn of_a_customer() -> CustomerTokenEntry {
    CustomerTokenEntry {
        store_id: StoreId(Uuid::now_v7()),
        customer_id: customer(),
        token_id: TokenId(Uuid::now_v7()),
        expires_at: at(10),
    }
}
