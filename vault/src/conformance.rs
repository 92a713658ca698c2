//! The suite that every vault passes (feature `testing`). An adapter joins with one line in its tests:
//!
//! ```ignore
//! mod my_vault { vault::conformance!(MySubject::new()); }
//! ```

#![allow(clippy::unwrap_used, reason = "a check that can't go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a check draws the ids that it needs")]

mod actors;
mod copying;
mod operators;
mod signing;
mod tokens;

pub use actors::*;
pub use copying::*;
pub use operators::*;
pub use signing::*;
pub use tokens::*;

use super::{ConfirmationEntry, CredentialOwner, TokenEntry, Vault};
use async_trait::async_trait;
use domain::{ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use futures::future::join_all;
use std::sync::Arc;
use uuid::Uuid;

/// The vault that is put to the test. Each check makes a subject of its own.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Opens the subject's vault: an empty one at first, and the same again after every handle to it was dropped.
    async fn open(&self) -> Arc<dyn Vault>;
}

/// Makes a test of every check, each with a subject of its own, in the module where it stands. Needs `tokio` with its test
/// macros there.
#[macro_export]
macro_rules! conformance {
    ($subject:expr) => {
        $crate::conformance!(@all $subject,
            a_credential_is_kept_as_it_was_first_put,
            credentials_are_reviewed_until_they_are_settled,
            a_review_is_listed_page_by_page,
            a_new_review_finds_all_that_the_owner_has,
            tokens_are_found_by_their_hash_until_long_expired,
            a_tokens_name_is_kept_as_it_was_first_put_and_outlives_the_token,
            another_stores_token_has_no_name,
            customers_tokens_are_found_by_their_hash_until_long_expired,
            a_stores_token_is_no_customers,
            an_operators_token_is_kept_as_it_was_first_put,
            operators_tokens_are_listed_in_the_order_they_were_made,
            an_operators_token_is_revoked_once,
            a_revoked_operators_token_stays_so,
            confirmations_are_found_by_their_hash_until_long_expired,
            an_hmac_key_is_made_once_for_each_store,
            a_customers_key_is_made_once,
            keys_that_were_never_made_are_not_made_by_looking,
            a_destroyed_key_is_never_made_again,
            an_actor_is_made_once_for_each_tag_of_a_store,
            actors_keys_are_their_stores_alone,
            who_was_forgotten_is_somebody_new,
            an_actors_id_that_is_taken_makes_nobody,
            who_was_forgotten_stays_so_in_a_copy,
            everything_outlives_reopening,
            all_that_it_holds_is_copied_out_and_in,
            who_has_access_is_copied_out_and_in,
            a_signing_key_is_kept_as_it_was_first_put,
            of_many_who_put_a_signing_key_at_once_all_get_the_same,
            a_head_is_signed_after_the_one_it_was_built_on,
            of_many_who_sign_at_once_one_does,
            a_head_is_never_taken_back_by_a_copy,
            what_signs_is_copied_out_and_in,
        );
    };
    (@all $subject:expr, $($check:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                $crate::conformance::$check(&$subject).await;
            }
        )*
    };
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

/// In the order in which they are made.
fn ids(count: u128) -> Vec<CredentialId> {
    (1..=count).map(|number| CredentialId(Uuid::from_u128(number))).collect()
}

fn store() -> CredentialOwner {
    CredentialOwner::Store(StoreId(Uuid::now_v7()))
}

fn customer() -> CustomerId {
    CustomerId(Uuid::now_v7())
}

pub async fn a_credential_is_kept_as_it_was_first_put(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (id, owner) = (CredentialId(Uuid::now_v7()), store());
    assert_eq!(vault.credential(id).await.unwrap(), None);
    vault.put_credential(id, owner, "$argon2id$first", at(1)).await.unwrap();
    vault.put_credential(id, owner, "$argon2id$first", at(2)).await.unwrap();
    vault.put_credential(id, owner, "$argon2id$second", at(3)).await.unwrap();
    assert_eq!(vault.credential(id).await.unwrap().as_deref(), Some("$argon2id$first"));
}

pub async fn credentials_are_reviewed_until_they_are_settled(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (ids, owner) = (ids(3), store());
    for (id, second) in ids.iter().zip(1..) {
        vault.put_credential(*id, owner, "hash", at(second)).await.unwrap();
    }
    // The third was stored at the very moment, not before it.
    let due = vault.credentials_to_review(at(3), None, 10).await.unwrap();
    assert_eq!(due, [(ids[0], owner), (ids[1], owner)]);
    vault.settle_credentials(&ids[..1], &ids[1..2]).await.unwrap();
    assert_eq!(vault.credentials_to_review(at(99), None, 10).await.unwrap(), [(ids[2], owner)]);
    assert!(vault.credential(ids[0]).await.unwrap().is_some());
    assert_eq!(vault.credential(ids[1]).await.unwrap(), None);
}

pub async fn a_review_is_listed_page_by_page(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (ids, owner) = (ids(5), CredentialOwner::Customer(customer()));
    for id in &ids {
        vault.put_credential(*id, owner, "hash", at(1)).await.unwrap();
    }
    let mut listed = Vec::new();
    loop {
        let page = vault.credentials_to_review(at(2), listed.last().copied(), 2).await.unwrap();
        assert!(page.iter().all(|(_, of)| *of == owner));
        listed.extend(page.iter().map(|(id, _)| *id));
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(listed, ids);
}

pub async fn a_new_review_finds_all_that_the_owner_has(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (ids, owner, other) = (ids(3), store(), store());
    for (id, owner) in [(ids[0], owner), (ids[1], owner), (ids[2], other)] {
        vault.put_credential(id, owner, "hash", at(1)).await.unwrap();
    }
    vault.settle_credentials(&ids, &[]).await.unwrap();
    assert_eq!(vault.credentials_to_review(at(99), None, 10).await.unwrap(), []);
    vault.review_credentials(owner, at(50)).await.unwrap();
    assert_eq!(vault.credentials_to_review(at(50), None, 10).await.unwrap(), []);
    assert_eq!(vault.credentials_to_review(at(51), None, 10).await.unwrap(), [(ids[0], owner), (ids[1], owner)]);
}

pub async fn tokens_are_found_by_their_hash_until_long_expired(subject: &dyn Subject) {
    let vault = subject.open().await;
    let token = TokenEntry { store_id: StoreId(Uuid::now_v7()), token_id: TokenId(Uuid::now_v7()), expires_at: at(10) };
    vault.put_token([1; 32], token).await.unwrap();
    vault.put_token([1; 32], token).await.unwrap();
    assert_eq!(vault.token([1; 32]).await.unwrap(), Some(token));
    assert_eq!(vault.token([2; 32]).await.unwrap(), None);
    vault.remove_expired(at(10)).await.unwrap();
    assert_eq!(vault.token([1; 32]).await.unwrap(), Some(token));
    vault.remove_expired(at(11)).await.unwrap();
    assert_eq!(vault.token([1; 32]).await.unwrap(), None);
}

pub async fn confirmations_are_found_by_their_hash_until_long_expired(subject: &dyn Subject) {
    let vault = subject.open().await;
    let link = ConfirmationEntry {
        store_id: StoreId(Uuid::now_v7()),
        customer_id: customer(),
        confirmation_id: ConfirmationId(Uuid::now_v7()),
    };
    vault.put_confirmation([1; 32], link, at(10)).await.unwrap();
    assert_eq!(vault.confirmation([1; 32]).await.unwrap(), Some(link));
    assert_eq!(vault.confirmation([2; 32]).await.unwrap(), None);
    vault.remove_expired(at(10)).await.unwrap();
    assert_eq!(vault.confirmation([1; 32]).await.unwrap(), Some(link));
    vault.remove_expired(at(11)).await.unwrap();
    assert_eq!(vault.confirmation([1; 32]).await.unwrap(), None);
}

pub async fn an_hmac_key_is_made_once_for_each_store(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (store, nil) = (StoreId(Uuid::now_v7()), StoreId(Uuid::nil()));
    let keys = join_all((0..16).map(|_| vault.hmac_key(store))).await;
    let first = keys[0].as_ref().unwrap().0;
    assert!(keys.iter().all(|key| key.as_ref().unwrap().0 == first));
    assert_ne!(vault.hmac_key(nil).await.unwrap().0, first);
}

pub async fn a_customers_key_is_made_once(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (one, two) = (customer(), customer());
    let made = join_all((0..16).map(|_| vault.key_or_new(one))).await;
    let first = made[0].as_ref().unwrap().as_ref().unwrap().0;
    assert!(made.iter().all(|key| key.as_ref().unwrap().as_ref().unwrap().0 == first));
    let other = vault.key_or_new(two).await.unwrap().unwrap().0;
    assert_ne!(other, first);
    let found = vault.keys(&[two, one, two]).await.unwrap();
    let found: Vec<_> = found.iter().map(|key| key.as_ref().unwrap().0).collect();
    assert_eq!(found, [other, first, other]);
}

pub async fn keys_that_were_never_made_are_not_made_by_looking(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (known, unknown) = (customer(), customer());
    let key = vault.key_or_new(known).await.unwrap().unwrap().0;
    for _ in 0..2 {
        let found = vault.keys(&[unknown, known]).await.unwrap();
        assert!(found[0].is_none());
        assert_eq!(found[1].as_ref().unwrap().0, key);
    }
    assert!(vault.key_or_new(unknown).await.unwrap().is_some());
    assert!(vault.keys(&[unknown]).await.unwrap()[0].is_some());
}

pub async fn a_destroyed_key_is_never_made_again(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (made, unmade) = (customer(), customer());
    vault.key_or_new(made).await.unwrap().unwrap();
    for erased in [made, unmade] {
        vault.destroy_key(erased).await.unwrap();
        vault.destroy_key(erased).await.unwrap();
        assert!(vault.key_or_new(erased).await.unwrap().is_none());
        assert!(vault.keys(&[erased]).await.unwrap()[0].is_none());
    }
}

pub async fn everything_outlives_reopening(subject: &dyn Subject) {
    let (id, owner) = (CredentialId(Uuid::now_v7()), store());
    let (kept, erased, nil) = (customer(), customer(), StoreId(Uuid::nil()));
    let token = TokenEntry { store_id: nil, token_id: TokenId(Uuid::now_v7()), expires_at: at(10) };
    let vault = subject.open().await;
    vault.put_credential(id, owner, "hash", at(1)).await.unwrap();
    vault.put_token([1; 32], token).await.unwrap();
    let key = vault.key_or_new(kept).await.unwrap().unwrap().0;
    let hmac = vault.hmac_key(nil).await.unwrap().0;
    vault.key_or_new(erased).await.unwrap();
    vault.destroy_key(erased).await.unwrap();
    drop(vault);

    let vault = subject.open().await;
    assert_eq!(vault.credential(id).await.unwrap().as_deref(), Some("hash"));
    assert_eq!(vault.token([1; 32]).await.unwrap(), Some(token));
    assert_eq!(vault.hmac_key(nil).await.unwrap().0, hmac);
    assert_eq!(vault.key_or_new(kept).await.unwrap().unwrap().0, key);
    assert!(vault.key_or_new(erased).await.unwrap().is_none());
}
