//! Each vault passes the suite; and what only the one on disk promises.

use async_trait::async_trait;
use domain::{ActorId, CredentialId, CustomerId, StoreId, Timestamp};
use journal::Keys;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;
use vault::conformance::Subject;
use vault::{CredentialOwner, Entry, Inventory, MemoryVault, SqliteKeys, SqliteVault, Vault, VaultError};

/// The vault itself: what outlives it is nothing.
struct Memory(Arc<MemoryVault>);

#[async_trait]
impl Subject for Memory {
    async fn open(&self) -> Arc<dyn Vault> {
        Arc::clone(&self.0) as Arc<dyn Vault>
    }
}

struct Sqlite(TempDir);

#[async_trait]
impl Subject for Sqlite {
    async fn open(&self) -> Arc<dyn Vault> {
        Arc::new(SqliteVault::open(&self.0.path().join("vault.db")).unwrap())
    }
}

mod memory {
    vault::conformance!(super::Memory(Default::default()));
}

mod sqlite {
    vault::conformance!(super::Sqlite(tempfile::tempdir().unwrap()));
}

/// Whether any file of the directory has the bytes in it.
fn stands_on_disk(directory: &Path, bytes: &[u8]) -> bool {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.into_iter().any(|content| content.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test]
async fn a_destroyed_key_stands_nowhere_on_disk_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let vault = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    let (customer, others) = (CustomerId(Uuid::now_v7()), [(); 50].map(|()| CustomerId(Uuid::now_v7())));
    for other in others {
        vault.key_or_new(other).await.unwrap();
    }
    let key = vault.key_or_new(customer).await.unwrap().unwrap().0;
    assert!(stands_on_disk(directory.path(), &key));
    vault.destroy_key(customer).await.unwrap();
    assert!(!stands_on_disk(directory.path(), &key));
    let kept = vault.key_or_new(others[7]).await.unwrap().unwrap().0;
    assert!(stands_on_disk(directory.path(), &kept));
}

#[tokio::test]
async fn of_who_was_forgotten_neither_key_nor_tag_stands_on_disk_any_more() {
    const TAG: [u8; 32] = *b"a tag that is looked for on disk";
    let directory = tempfile::tempdir().unwrap();
    let vault = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    let (store, copied) = (StoreId(Uuid::nil()), ActorId(Uuid::now_v7()));
    for number in 0..50 {
        vault.actor(store, [number; 32], ActorId(Uuid::now_v7())).await.unwrap();
    }
    let actor = vault.actor(store, TAG, ActorId(Uuid::now_v7())).await.unwrap();
    assert!(stands_on_disk(directory.path(), &actor.key.0) && stands_on_disk(directory.path(), &TAG));
    vault.forget_actor(store, actor.actor_id).await.unwrap();
    assert!(!stands_on_disk(directory.path(), &actor.key.0) && !stands_on_disk(directory.path(), &TAG));
    // And where another vault says so.
    let key = vault.actor(store, TAG, copied).await.unwrap().key.0;
    assert!(vault.actor_keys(store, &[copied]).await.unwrap()[0].is_some());
    assert!(stands_on_disk(directory.path(), &key));
    vault.put_entries(vec![Entry::Actor { actor_id: copied, store, tag: None, key: None }]).await.unwrap();
    assert!(!stands_on_disk(directory.path(), &key) && !stands_on_disk(directory.path(), &TAG));
    assert!(vault.actor_keys(store, &[copied]).await.unwrap()[0].is_none());
    let kept = vault.actor(store, [7; 32], ActorId(Uuid::now_v7())).await.unwrap().key.0;
    assert!(stands_on_disk(directory.path(), &kept));
}

#[tokio::test]
async fn a_destroyed_hash_stands_nowhere_on_disk_any_more() {
    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$a salt$a hash that is looked for";
    let directory = tempfile::tempdir().unwrap();
    let vault = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    let owner = CredentialOwner::Store(StoreId(Uuid::nil()));
    let ids: Vec<_> = (1..20).map(|number| CredentialId(Uuid::from_u128(number))).collect();
    for id in &ids {
        let hash = if *id == ids[9] { HASH } else { "another hash" };
        vault.put_credential(*id, owner, hash, Timestamp::from_millis(1)).await.unwrap();
    }
    assert!(stands_on_disk(directory.path(), HASH.as_bytes()));
    vault.settle_credentials(&ids[..9], &ids[9..10]).await.unwrap();
    assert!(!stands_on_disk(directory.path(), HASH.as_bytes()));
    assert!(stands_on_disk(directory.path(), b"another hash"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let vault = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    vault.hmac_key(StoreId(Uuid::nil())).await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[tokio::test]
async fn a_newer_or_foreign_file_is_refused_with_what_to_do_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let (newer, foreign) = (directory.path().join("newer.db"), directory.path().join("foreign.db"));
    drop(SqliteVault::open(&newer).unwrap());
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9).unwrap();
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    for (path, reason) in
        [(newer, "has format 9, and this version reads format 4"), (foreign, "is not a vault of cartlog")]
    {
        let before = std::fs::read(&path).unwrap();
        let error = SqliteVault::open(&path).err().unwrap();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    let error = SqliteVault::open(&directory.path().join("missing/vault.db")).err().unwrap();
    assert!(error.to_string().contains("missing/vault.db"), "{error}");
}

#[tokio::test]
async fn a_store_and_a_customer_of_the_same_id_have_credentials_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let vault = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    let (id, at) = (Uuid::now_v7(), Timestamp::from_millis(1_000));
    let owners = [CredentialOwner::Store(StoreId(id)), CredentialOwner::Customer(CustomerId(id))];
    let credentials = [1, 2].map(|number| CredentialId(Uuid::from_u128(number)));
    for (credential, owner) in credentials.into_iter().zip(owners) {
        vault.put_credential(credential, owner, "hash", at).await.unwrap();
    }
    vault.settle_credentials(&credentials, &[]).await.unwrap();
    vault.review_credentials(owners[1], at).await.unwrap();
    let due = vault.credentials_to_review(Timestamp::from_millis(9_000), None, 9).await.unwrap();
    assert_eq!(due, [(credentials[1], owners[1])]);
}

/// Reads that go on while keys are destroyed never bring one back into memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_read_while_it_is_destroyed_does_not_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault.db");
    for _ in 0..20 {
        let customer = CustomerId(Uuid::now_v7());
        SqliteVault::open(&path).unwrap().key_or_new(customer).await.unwrap();
        // Opened anew, so that the key isn't in memory yet.
        let vault = Arc::new(SqliteVault::open(&path).unwrap());
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let vault = Arc::clone(&vault);
                tokio::spawn(async move { vault.keys(&[customer]).await.unwrap() })
            })
            .collect();
        vault.destroy_key(customer).await.unwrap();
        for reader in readers {
            reader.await.unwrap();
        }
        assert!(vault.keys(&[customer]).await.unwrap()[0].is_none());
        assert!(vault.key_or_new(customer).await.unwrap().is_none());
    }
}

/// As [`a_key_that_is_read_while_it_is_destroyed_does_not_come_back`], of somebody at a store's desk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_read_while_they_are_forgotten_does_not_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let (path, store) = (directory.path().join("vault.db"), StoreId(Uuid::nil()));
    for _ in 0..20 {
        let made = SqliteVault::open(&path).unwrap().actor(store, [1; 32], ActorId(Uuid::now_v7())).await.unwrap();
        // Opened anew, so that the key isn't in memory yet.
        let (vault, actor) = (Arc::new(SqliteVault::open(&path).unwrap()), made.actor_id);
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let vault = Arc::clone(&vault);
                tokio::spawn(async move { vault.actor_keys(store, &[actor]).await.unwrap() })
            })
            .collect();
        vault.forget_actor(store, actor).await.unwrap();
        for reader in readers {
            reader.await.unwrap();
        }
        assert!(vault.actor_keys(store, &[actor]).await.unwrap()[0].is_none());
    }
}

/// What the version before has of its tables.
fn set_back(path: &Path) {
    let file = Connection::open(path).unwrap();
    for table in ["token_names", "customer_tokens", "operator_tokens", "actors", "signing_keys", "signed_heads"] {
        file.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    file.pragma_update(None, "user_version", 2).unwrap();
}

fn tables(path: &Path) -> Vec<Option<String>> {
    let file = Connection::open(path).unwrap();
    let mut schema = file.prepare("SELECT sql FROM sqlite_schema ORDER BY name").unwrap();
    schema.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[tokio::test]
async fn a_file_of_the_version_before_is_brought_up_with_all_that_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    let (path, customer) = (directory.path().join("vault.db"), CustomerId(Uuid::now_v7()));
    let (store, ada) = (StoreId(Uuid::now_v7()), ActorId(Uuid::now_v7()));
    let key = SqliteVault::open(&path).unwrap().key_or_new(customer).await.unwrap().unwrap().0;
    let new = tables(&path);
    set_back(&path);
    // Who only looks leaves it as it is, and finds nobody.
    let looking = SqliteKeys::open(&path).unwrap();
    assert_eq!(looking.keys(&[customer]).await.unwrap()[0].as_ref().unwrap().0, key);
    assert!(looking.actor_keys(store, &[ada, ada]).await.unwrap().iter().all(Option::is_none));
    assert_ne!(tables(&path), new);
    let vault = SqliteVault::open(&path).unwrap();
    assert_eq!(tables(&path), new);
    assert_eq!(vault.keys(&[customer]).await.unwrap()[0].as_ref().unwrap().0, key);
    let made = vault.actor(store, [1; 32], ada).await.unwrap().key.0;
    // And finds them from then on.
    let found = looking.actor_keys(store, &[ActorId(Uuid::nil()), ada]).await.unwrap();
    assert!(found[0].is_none() && found[1].as_ref().unwrap().0 == made);
    assert!(looking.actor_keys(StoreId(Uuid::nil()), &[ada]).await.unwrap()[0].is_none());
}

/// Writes nonsense over the first page of what has this name.
fn spoil(path: &std::path::Path, table: &str) {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    let root: i64 = Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap();
    let root = usize::try_from(root).unwrap();
    let mut file = std::fs::read(path).unwrap();
    file[(root - 1) * 4_096..root * 4_096].fill(0xee);
    std::fs::write(path, file).unwrap();
}

#[tokio::test]
async fn damage_is_told_as_such_for_as_long_as_it_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault.db");
    let id = CredentialId(Uuid::from_u128(1));
    let owner = CredentialOwner::Store(StoreId(Uuid::nil()));
    SqliteVault::open(&path).unwrap().put_credential(id, owner, "a hash", Timestamp::from_millis(1)).await.unwrap();
    spoil(&path, "credentials");
    let before = std::fs::read(&path).unwrap();
    let vault = SqliteVault::open(&path).unwrap();
    assert_eq!(vault.damage(), None);
    for _ in 0..2 {
        let told = vault.credential(id).await;
        assert!(matches!(told, Err(VaultError::Damaged(_))), "{told:?}");
        assert!(vault.damage().is_some());
    }
    vault.key_or_new(CustomerId(Uuid::nil())).await.expect("the rest goes on");
    drop(vault);
    assert!(path.exists() && std::fs::read(&path).unwrap().len() >= before.len(), "nothing was moved away");
}

/// Also the keys that stand in a small vault, which SQLite would keep beside the file for ever.
#[tokio::test]
async fn settled_the_file_alone_is_whole() {
    let (directory, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let vault = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    let key = vault.hmac_key(StoreId(Uuid::nil())).await.unwrap();
    ::sqlite::Settle::settle(&vault).unwrap();
    std::fs::copy(directory.path().join("vault.db"), copy.path().join("vault.db")).unwrap();
    let copied = SqliteVault::open(&copy.path().join("vault.db")).unwrap();
    assert_eq!(copied.hmac_key(StoreId(Uuid::nil())).await.unwrap().0, key.0);
}
