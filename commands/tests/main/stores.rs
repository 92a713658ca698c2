//! Creating, changing and deleting a store.

use crate::assert_refused;
use crate::support::{APP, SECRET, Shop, done, key, new_store, request};
use commands::NewToken;
use commands::guard::Client;
use commands::{CommandError, IfMatch, NewStore};
use domain::Rejection;
use domain::store::{ChangeStore, Store, StoreRejection};
use futures::future::join_all;
use std::collections::HashSet;

#[tokio::test]
async fn a_store_is_created_as_asked_for() {
    let shop = Shop::new().await;
    let store = shop.state::<Store>(&shop.store).await;
    let live = store.live().unwrap();
    assert_eq!((live.app_id.as_str(), live.tax_rate_in_basis_points), (APP, 825));
}

#[tokio::test]
async fn an_app_id_is_taken_once_whatever_its_case() {
    let shop = Shop::new().await;
    for app_id in ["acme", "ACME", "Acme"] {
        assert_refused!(
            shop.node.create_store(Client::UNKNOWN, new_store(app_id), None, None).await,
            CommandError::AppIdTaken
        );
    }
    done(shop.node.create_store(Client::UNKNOWN, new_store("acme2"), None, None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_stores_with_one_app_id_exactly_one_is_created() {
    let shop = Shop::new().await;
    let nodes = [shop.other_node(), shop.other_node()];
    let attempts =
        (0..32).map(|attempt| nodes[attempt % 2].create_store(Client::UNKNOWN, new_store("fresh"), None, None));
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
        assert_refused!(outcome, CommandError::AppIdTaken);
    }
    assert_eq!(shop.count("StoreCreated").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_creates_one_store() {
    let shop = Shop::new().await;
    let nodes = [shop.other_node(), shop.other_node()];
    let attempts = (0..32).map(|attempt| {
        nodes[attempt % 2].create_store(Client::UNKNOWN, new_store("keyed"), None, Some(key("/store", "k", "b")))
    });
    let outcomes = join_all(attempts).await;
    let ids: HashSet<_> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap().outcome).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.as_ref().unwrap().replayed).count(), 1);
    assert_eq!(shop.count("StoreCreated").await, 2);
    // Also by a node that has never heard of it, and of another one's body.
    let again = shop
        .other_node()
        .create_store(Client::UNKNOWN, new_store("keyed"), None, Some(key("/store", "k", "b")))
        .await
        .unwrap();
    assert!(again.replayed && ids.contains(&again.outcome));
    let other_body =
        shop.other_node().create_store(Client::UNKNOWN, new_store("keyed"), None, Some(key("/store", "k", "c"))).await;
    assert_refused!(other_body, CommandError::KeyReused);
}

#[tokio::test]
async fn a_key_belongs_to_the_app_id() {
    let shop = Shop::new().await;
    let create = |app_id: &str| {
        shop.node.create_store(Client::UNKNOWN, new_store(app_id), None, Some(key("/store", "k", app_id)))
    };
    assert_ne!(done(create("one").await), done(create("two").await));
}

#[tokio::test]
async fn a_refused_creation_leaves_the_key_free() {
    let shop = Shop::new().await;
    let create = |body: &'static str, app: &'static str| {
        shop.node.create_store(Client::UNKNOWN, new_store(app), None, Some(key("/store", "k", body)))
    };
    assert_refused!(create("one", APP).await, CommandError::AppIdTaken);
    assert_refused!(create("two", APP).await, CommandError::AppIdTaken);
}

#[tokio::test]
async fn a_store_is_changed_at_the_revision_that_was_read() {
    let shop = Shop::new().await;
    let change = ChangeStore { name: Some("Emca".to_owned()), ..ChangeStore::default() };
    let stale = commands::Request { if_match: Some(IfMatch::from_iter([7])), ..shop.request() };
    assert_refused!(
        shop.node.change_store(&stale, change.clone()).await,
        CommandError::RevisionMismatch { current: 0 }
    );
    done(
        shop.node
            .change_store(&commands::Request { if_match: Some(IfMatch::from_iter([0])), ..shop.request() }, change)
            .await,
    );
    assert_eq!(shop.state::<Store>(&shop.store).await.live().unwrap().name, "Emca");
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_and_tokens_stay() {
    let shop = Shop::new().await;
    let token = done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token;
    done(shop.node.change_store_secret(&shop.request(), "another secret".to_owned()).await);
    assert_refused!(
        shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await,
        CommandError::InvalidCredentials
    );
    done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, "another secret"), None).await);
    shop.node.authenticate(APP, &token, || Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_new_secret_by_the_same_key_is_put_once() {
    let shop = Shop::new().await;
    let request = shop.keyed("/store/secret", "k", "body");
    assert!(!shop.node.change_store_secret(&request, "first secret".to_owned()).await.unwrap().replayed);
    assert!(shop.other_node().change_store_secret(&request, "first secret".to_owned()).await.unwrap().replayed);
    assert_eq!(shop.count("StoreSecretChanged").await, 1);
}

#[tokio::test]
async fn a_deleted_store_is_gone_and_its_app_id_stays_taken() {
    let shop = Shop::new().await;
    let token = done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token;
    done(shop.node.delete_store(&shop.request()).await);
    assert_refused!(shop.node.authenticate(APP, &token, || Ok(())).await, CommandError::Unauthorized);
    assert_refused!(
        shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await,
        CommandError::InvalidCredentials
    );
    assert_refused!(
        shop.node.create_store(Client::UNKNOWN, new_store(APP), None, None).await,
        CommandError::AppIdTaken
    );
    assert_refused!(
        shop.node.delete_store(&shop.request()).await,
        CommandError::Rejected(Rejection::Store(StoreRejection::StoreNotFound))
    );
}

#[tokio::test]
async fn stores_have_secrets_of_their_own() {
    let shop = Shop::new().await;
    let other = NewStore { app_secret: "quite another".to_owned(), ..new_store("other") };
    let other = done(shop.node.create_store(Client::UNKNOWN, other, None, None).await);
    assert_refused!(
        shop.node.issue_token(Client::UNKNOWN, NewToken::admin("other", SECRET), None).await,
        CommandError::InvalidCredentials
    );
    let token =
        done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin("other", "quite another"), None).await).token;
    assert_eq!(shop.node.authenticate("other", &token, || Ok(())).await.unwrap().store_id, other);
    done(
        shop.node.change_store(&request(other), ChangeStore { name: Some("x".to_owned()), ..Default::default() }).await,
    );
}
