//! What makes a repeat by key the same request: its secret too, though no hash of that stands in the log; and the rule of the
//! version that stored the first one.

use crate::assert_refused;
use crate::support::{PASSWORD, Shop, done, key, new_customer, new_product, new_store, request};
use chrono::TimeDelta;
use commands::guard::Client;
use commands::{CommandError, Commands, CustomerChange, Done, NewCustomer, NewStore, Request};
use domain::CustomerId;
use journal::Metadata;
use serde_json::{Value, json};

const ADA: &str = "ada@example.com";
const NEW: &str = "another secret";

/// The requests that carry a secret.
#[derive(Clone, Copy, Debug)]
enum Secret {
    NewStore,
    OfStore,
    NewCustomer,
    Password,
    LogIn,
}

impl Secret {
    const ALL: [Secret; 5] = [Secret::NewStore, Secret::OfStore, Secret::NewCustomer, Secret::Password, Secret::LogIn];

    async fn run(self, node: &Commands, shop: &Shop, ada: CustomerId, secret: &str) -> Result<bool, CommandError> {
        let with = |field: &str| shop.keyed(&format!("/{self:?}"), "k", &json!({ "x": 1, field: secret }).to_string());
        let app = NewStore { app_secret: secret.to_owned(), ..new_store("new app") };
        let bob = NewCustomer { password: secret.to_owned(), ..new_customer("bob@example.com") };
        let change = CustomerChange { password: Some(secret.to_owned()), ..CustomerChange::default() };
        let replayed = |done: Done<()>| done.replayed;
        match self {
            Secret::NewStore => {
                node.create_store(Client::UNKNOWN, app, None, with("app_secret").idempotency).await.map(|d| d.map(drop))
            }
            Secret::OfStore => {
                node.change_store_secret(&with("app_secret"), secret.to_owned()).await.map(|d| d.map(drop))
            }
            Secret::NewCustomer => node.create_customer(&with("password"), bob).await.map(|d| d.map(drop)),
            Secret::Password => node.change_customer(&with("password"), ada, change).await.map(|d| d.map(drop)),
            Secret::LogIn => node.log_in(&with("password"), Client::UNKNOWN, ADA, secret).await.map(|d| d.map(drop)),
        }
        .map(replayed)
    }
}

#[tokio::test]
async fn a_repeat_with_another_secret_is_another_request() {
    for secret in Secret::ALL {
        let shop = Shop::new().await;
        let ada = shop.customer(ADA).await;
        let right = if matches!(secret, Secret::LogIn) { PASSWORD } else { NEW };
        assert!(!secret.run(&shop.node, &shop, ada, right).await.unwrap(), "{secret:?}");
        let length = shop.stored().await.len();
        for node in [&shop.node, &shop.other_node()] {
            assert!(secret.run(node, &shop, ada, right).await.unwrap(), "{secret:?}");
            assert_refused!(secret.run(node, &shop, ada, "some other secret").await, CommandError::KeyReused);
        }
        assert_eq!(shop.stored().await.len(), length);
    }
}

/// With the log and the vault in hand, nobody can try words against a fingerprint.
#[tokio::test]
async fn no_fingerprint_is_made_of_a_secret() {
    for secret in Secret::ALL {
        let (shop, mut fingerprints) = (Shop::new().await, Vec::new());
        let ada = shop.customer(ADA).await;
        for word in ["first secret", "second secret"] {
            let copy = shop.copy().await;
            if matches!(secret, Secret::LogIn) {
                let change = CustomerChange { password: Some(word.to_owned()), ..CustomerChange::default() };
                done(copy.node.change_customer(&copy.request(), ada, change).await);
            }
            assert!(!secret.run(&copy.node, &copy, ada, word).await.unwrap());
            let carried = copy.events().await.into_iter().filter_map(|event| event.metadata.idempotency.clone());
            fingerprints.push(carried.last().unwrap().fingerprint);
        }
        assert_eq!(fingerprints[0], fingerprints[1], "{secret:?}");
    }
}

#[tokio::test]
async fn a_secret_that_was_swept_away_is_not_compared() {
    let shop = Shop::new().await;
    let ada = shop.customer(ADA).await;
    assert!(!Secret::NewCustomer.run(&shop.node, &shop, ada, NEW).await.unwrap());
    let bob = done(shop.node.log_in(&shop.request(), Client::UNKNOWN, "bob@example.com", NEW).await);
    let change = CustomerChange { password: Some("third secret".to_owned()), ..CustomerChange::default() };
    done(shop.node.change_customer(&shop.request(), bob, change).await);
    assert_refused!(Secret::NewCustomer.run(&shop.node, &shop, ada, "other").await, CommandError::KeyReused);
    shop.clock.advance(TimeDelta::hours(25));
    shop.node.sweep_vault().await.unwrap();
    assert!(Secret::NewCustomer.run(&shop.other_node(), &shop, ada, "other").await.unwrap());
}

/// A fingerprint as versions before wrote it: of the query and the body as they came.
async fn earlier(shop: &Shop, body: &str) -> String {
    use vault::Vault;
    let hmac = shop.vault.hmac_key(shop.store).await.unwrap();
    let mut hasher = blake3::Hasher::new_keyed(&hmac.0);
    for part in ["request fingerprint", "", body] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(&hasher.finalize().as_bytes()[..16])
}

#[tokio::test]
async fn a_key_that_an_earlier_version_stored_is_compared_by_its_rule() {
    let shop = Shop::new().await;
    let body = json!({ "email": ADA, "password": PASSWORD }).to_string();
    let keyed = |body: &str| shop.keyed("/customer", "k", body);
    let customer = done(shop.node.create_customer(&keyed(&body), new_customer(ADA)).await);
    let before = earlier(&shop, &body).await;
    let stored_before = |metadata: &mut Metadata| {
        if let Some(idempotency) = &mut metadata.idempotency {
            idempotency.fingerprint = before.clone();
        }
    };
    let shop = shop.copy_with(stored_before).await;
    let create = async |request: Request| shop.node.create_customer(&request, new_customer(ADA)).await;
    let again = create(keyed(&body)).await.unwrap();
    assert_eq!((again.outcome, again.replayed), (customer, true));
    for other in [format!(" {body}"), body.replace(PASSWORD, "other")] {
        assert_refused!(create(keyed(&other)).await, CommandError::KeyReused);
    }
}

#[tokio::test]
async fn the_same_request_written_otherwise_is_the_same() {
    let shop = Shop::new().await;
    let with = |query: &str, body: &str| {
        let key = commands::IdempotencyKey { query: query.to_owned(), ..key("/product", "k", body) };
        Request { idempotency: Some(key), ..request(shop.store) }
    };
    let create = async |query: &str, body: &str| shop.node.create_product(&with(query, body), new_product()).await;
    let first = done(create("b=2&a=x%20y", r#"{"title":"Tea/pot","n":1}"#).await);
    let again = create("a=x+y&&b=%32", "{ \"n\" : 1,\r\n \"title\": \"Te\\u0061\\/pot\" }").await.unwrap();
    assert_eq!((again.outcome, again.replayed), (first, true));
    for (query, body) in [("b=2&a=x", r#"{"title":"Tea/pot","n":1}"#), ("b=2&a=x%20y", r#"{"title":"Tea/pot","n":2}"#)]
    {
        assert_refused!(create(query, body).await, CommandError::KeyReused);
    }
}

/// A key that somebody logged in or out by is about whom it was about, whoever has the email now.
#[tokio::test]
async fn a_log_in_repeated_after_the_email_changed_hands_is_the_first_ones() {
    let shop = Shop::new().await;
    let ada = shop.customer(ADA).await;
    let (log_in, log_out) = (shop.keyed("/login", "k", ""), shop.keyed("/logout", "k", ""));
    done(shop.node.log_in(&log_in, Client::UNKNOWN, ADA, PASSWORD).await);
    done(shop.node.log_out(&log_out, ADA).await);
    done(shop.node.delete_customer(&shop.request(), ada).await);
    let next = shop.customer(ADA).await;
    done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await);
    let length = shop.stored().await.len();
    let node = shop.other_node();
    let logged_in = node.log_in(&log_in, Client::UNKNOWN, ADA, PASSWORD).await.unwrap();
    let logged_out = node.log_out(&log_out, ADA).await.unwrap();
    assert_eq!(
        (logged_in.outcome, logged_in.replayed, logged_out.outcome, logged_out.replayed),
        (ada, true, ada, true)
    );
    assert_eq!(shop.stored().await.len(), length);
    assert_ne!(next, ada);
}

/// What stands in the log beside the data, as JSON.
#[tokio::test]
async fn what_is_stored_of_a_key_says_by_which_rule() {
    let shop = Shop::new().await;
    done(shop.node.create_product(&shop.keyed("/product", "k", "{}"), new_product()).await);
    let stored = shop.stored().await;
    let metadata: Value = serde_json::from_slice(&stored.last().unwrap().metadata).unwrap();
    let idempotency = metadata["idempotency"].as_object().unwrap();
    assert_eq!(idempotency.keys().collect::<Vec<_>>(), ["fingerprint", "key"]);
    assert!(idempotency["fingerprint"].as_str().unwrap().starts_with("v2:"));
}
