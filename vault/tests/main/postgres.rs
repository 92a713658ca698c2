//! The vault in PostgreSQL passes the suite that every vault passes; and what only one that several nodes share promises.

use async_trait::async_trait;
use domain::{ActorId, CredentialId, CustomerId, StoreId, Timestamp};
use journal::Keys;
use postgres::testing::Scratch;
use postgres::{Database, DatabaseError, DatabaseOptions};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use vault::conformance::Subject;
use vault::{CredentialOwner, Inventory, Kind, PostgresVault, Vault};

/// The vault of a schema.
#[derive(Default)]
struct InPostgres(Scratch);

#[async_trait]
impl Subject for InPostgres {
    async fn open(&self) -> Arc<dyn Vault> {
        Arc::new(vault(&self.0).await)
    }
}

async fn vault(scratch: &Scratch) -> PostgresVault {
    PostgresVault::open(&scratch.database().await).await.unwrap()
}

mod suite {
    vault::conformance!(super::InPostgres::default());
}

/// No node goes on with what it once read.
#[tokio::test]
async fn a_key_that_one_node_destroyed_is_gone_for_the_others_at_once() {
    let scratch = Scratch::default();
    let (one, two) = (vault(&scratch).await, vault(&scratch).await);
    let customer = CustomerId(Uuid::now_v7());
    let key = one.key_or_new(customer).await.unwrap().unwrap().0;
    assert_eq!(two.keys(&[customer]).await.unwrap()[0].as_ref().unwrap().0, key);
    one.destroy_key(customer).await.unwrap();
    assert!(two.keys(&[customer]).await.unwrap()[0].is_none());
    assert!(two.key_or_new(customer).await.unwrap().is_none());
}

#[tokio::test]
async fn whom_one_node_forgot_is_gone_for_the_others_at_once() {
    let scratch = Scratch::default();
    let (one, two) = (vault(&scratch).await, vault(&scratch).await);
    let (store, fresh) = (StoreId(Uuid::now_v7()), || ActorId(Uuid::now_v7()));
    let ada = one.actor(store, [1; 32], fresh()).await.unwrap();
    assert_eq!(two.actor(store, [1; 32], fresh()).await.unwrap().actor_id, ada.actor_id);
    assert!(two.actor_keys(store, &[ada.actor_id]).await.unwrap()[0].is_some());
    assert!(one.forget_actor(store, ada.actor_id).await.unwrap());
    assert!(two.actor_keys(store, &[ada.actor_id]).await.unwrap()[0].is_none());
    let again = two.actor(store, [1; 32], fresh()).await.unwrap();
    assert!(again.actor_id != ada.actor_id && again.key.0 != ada.key.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_meet_somebody_at_once_know_the_same() {
    let scratch = Scratch::default();
    let (one, two) = (Arc::new(vault(&scratch).await), Arc::new(vault(&scratch).await));
    for number in 0..20 {
        let store = StoreId(Uuid::now_v7());
        let both = [&one, &two].map(|vault| {
            let vault = Arc::clone(vault);
            tokio::spawn(async move {
                let actor = vault.actor(store, [number; 32], ActorId(Uuid::now_v7())).await.unwrap();
                (actor.actor_id, actor.key.0)
            })
        });
        let [one, two] = both;
        assert_eq!(one.await.unwrap(), two.await.unwrap());
    }
    assert_eq!(one.entries(Kind::Actor, &[], 99).await.unwrap().len(), 20);
}

#[tokio::test]
async fn tables_of_the_version_before_are_brought_up_with_all_that_they_hold() {
    let scratch = Scratch::default();
    let (store, customer) = (StoreId(Uuid::now_v7()), CustomerId(Uuid::now_v7()));
    let key = vault(&scratch).await.key_or_new(customer).await.unwrap().unwrap().0;
    for table in ["token_names", "customer_tokens", "operator_tokens", "actors"] {
        scratch.execute(&format!("DROP TABLE vault_{table}")).await;
    }
    scratch.execute("DELETE FROM vault_migrations WHERE version = 3").await;
    let vault = vault(&scratch).await;
    assert_eq!(vault.keys(&[customer]).await.unwrap()[0].as_ref().unwrap().0, key);
    vault.actor(store, [1; 32], ActorId(Uuid::now_v7())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_make_a_key_at_once_make_the_same() {
    let scratch = Scratch::default();
    let (one, two) = (Arc::new(vault(&scratch).await), Arc::new(vault(&scratch).await));
    for _ in 0..20 {
        let (customer, store) = (CustomerId(Uuid::now_v7()), StoreId(Uuid::now_v7()));
        let both = [&one, &two].map(|vault| {
            let vault = Arc::clone(vault);
            tokio::spawn(async move {
                (vault.key_or_new(customer).await.unwrap().unwrap().0, vault.hmac_key(store).await.unwrap().0)
            })
        });
        let [one, two] = both;
        assert_eq!(one.await.unwrap(), two.await.unwrap());
    }
}

/// Whatever becomes of it, the answer holds nothing that was to be kept.
#[tokio::test]
async fn no_error_holds_a_secret() {
    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$a salt$a hash that is looked for";
    let scratch = Scratch::default();
    let vault = vault(&scratch).await;
    let (owner, at) = (CredentialOwner::Store(StoreId(Uuid::nil())), Timestamp::from_millis(1));
    let put = || vault.put_credential(CredentialId(Uuid::now_v7()), owner, HASH, at);
    for damage in [
        // PostgreSQL tells all of such a row beside its message.
        "ALTER TABLE vault_credentials ADD CONSTRAINT never CHECK (hash = 'nothing') NOT VALID",
        "ALTER TABLE vault_credentials DROP COLUMN hash CASCADE",
        "DROP TABLE vault_credentials",
    ] {
        scratch.execute(damage).await;
        let error = put().await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("looked for"), "{error}");
    }
    scratch.execute("ALTER TABLE vault_actors ADD CONSTRAINT never CHECK (length(key) = 1) NOT VALID").await;
    let error = vault.actor(StoreId(Uuid::nil()), [0xab; 32], ActorId(Uuid::now_v7())).await.err().unwrap();
    // As PostgreSQL writes bytes.
    assert!(!format!("{error} {error:?}").contains("abababab"), "{error}");
}

#[tokio::test]
async fn a_server_that_ends_its_sessions_is_asked_again() {
    let scratch = Scratch::default();
    let vault = vault(&scratch).await;
    let customer = CustomerId(Uuid::now_v7());
    let key = vault.key_or_new(customer).await.unwrap().unwrap().0;
    let ends = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    assert!(!scratch.texts(ends).await.is_empty());
    assert_eq!(vault.key_or_new(customer).await.unwrap().unwrap().0, key);
}

#[tokio::test]
async fn a_vault_that_a_newer_version_made_is_refused() {
    let scratch = Scratch::default();
    vault(&scratch).await;
    scratch
        .execute(
            "INSERT INTO vault_migrations SELECT 1000, description, now(), true, checksum, 1 FROM vault_migrations LIMIT 1",
        )
        .await;
    let error = PostgresVault::open(&scratch.database().await).await.err().unwrap();
    assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains("newer version")), "{error}");
}

/// As somebody may set it for the database to make it faster: an answer of the vault is on disk all the same.
#[tokio::test]
async fn what_is_answered_is_durable_whatever_the_servers_settings_are() {
    let scratch = Scratch::default();
    let hasty = format!("{}&options=-csynchronous_commit%3Doff", postgres::testing::url());
    let options = DatabaseOptions { connections: 1, acquire_timeout: Duration::from_secs(10), ..scratch.options() };
    let vault = PostgresVault::open(&Database::open(&hasty, options).await.unwrap()).await.unwrap();
    // What a session itself is set to, only it can tell: it writes it down with what it writes.
    scratch
        .execute(
            "CREATE TABLE seen (setting text);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
             CREATE TRIGGER see AFTER INSERT ON vault_customer_keys FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .await;
    vault.key_or_new(CustomerId(Uuid::now_v7())).await.unwrap().unwrap();
    assert_eq!(scratch.texts("SELECT setting FROM seen").await, ["on"]);
}
