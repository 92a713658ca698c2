//! A vault copied into another one: what is refused, and what is not.

use domain::{ActorId, ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use journal::Keys;
use uuid::Uuid;
use vault::copy::{Counts, VaultCopyError, copy};
use vault::{
    ConfirmationEntry, CredentialOwner, CustomerTokenEntry, Entry, Inventory, Kind, MemoryVault, OperatorRole,
    OperatorToken, SqliteVault, TokenEntry, Vault,
};

const SECRET: &str = "$argon2id$v=19$m=19456,t=2,p=1$a salt$a hash that nobody may see";

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

fn token(expires_at: Timestamp) -> TokenEntry {
    TokenEntry { store_id: StoreId(Uuid::nil()), token_id: TokenId(Uuid::now_v7()), expires_at }
}

fn shopper(expires_at: Timestamp) -> CustomerTokenEntry {
    let TokenEntry { store_id, token_id, .. } = token(expires_at);
    CustomerTokenEntry { store_id, customer_id: CustomerId(Uuid::now_v7()), token_id, expires_at }
}

fn operator() -> OperatorToken {
    OperatorToken {
        token_id: TokenId(Uuid::now_v7()),
        role: OperatorRole::Auditor,
        name: "the bank's".to_owned(),
        created_at: at(1),
        expires_at: None,
        revoked_at: None,
    }
}

fn link() -> ConfirmationEntry {
    let customer_id = CustomerId(Uuid::now_v7());
    ConfirmationEntry { store_id: StoreId(Uuid::nil()), customer_id, confirmation_id: ConfirmationId(Uuid::now_v7()) }
}

/// All entries, in a form that can be compared.
async fn everything(vault: &dyn Inventory) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for entry in vault.entries(kind, &[], 9_999).await.unwrap() {
            let secret = match &entry {
                Entry::Credential { hash, .. } => hash.clone().into_bytes(),
                Entry::HmacKey { key, .. } => key.0.to_vec(),
                Entry::CustomerKey { key, .. } => key.as_ref().map_or(Vec::new(), |key| key.0.to_vec()),
                Entry::TokenName { name, .. } => name.clone().into_bytes(),
                Entry::Actor { tag, key, .. } => {
                    [tag.map_or(Vec::new(), Vec::from), key.as_ref().map_or(Vec::new(), |key| key.0.to_vec())].concat()
                }
                Entry::SigningKey { key, .. } => key.0.to_vec(),
                Entry::SignedHead { head, .. } => format!("{head:?}").into_bytes(),
                Entry::OperatorToken { token, .. } => format!("{token:?}").into_bytes(),
                Entry::Token { .. } | Entry::CustomerToken { .. } | Entry::Confirmation { .. } => Vec::new(),
            };
            all.push((format!("{kind:?} {:?}", entry.id()), secret));
        }
    }
    all
}

/// What is said, after nothing was changed.
async fn refused(source: &MemoryVault, target: &MemoryVault) -> String {
    // Something that is to be copied and must not be.
    source.put_token([200; 32], token(at(99))).await.unwrap();
    let before = everything(target).await;
    let error = copy(source, target, at(50)).await.unwrap_err();
    assert!(matches!(error, VaultCopyError::Differs(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("nobody may see"), "{error}");
    assert_eq!(everything(target).await, before);
    error.to_string()
}

#[tokio::test]
async fn thousands_of_entries_are_copied_in_pieces_and_only_once() {
    let (directory, source) = (tempfile::tempdir().unwrap(), MemoryVault::default());
    for number in 0..1_234_u32 {
        let mut sha256 = [0; 32];
        sha256[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
        source.put_token(sha256, token(at(99))).await.unwrap();
        source.key_or_new(CustomerId(Uuid::now_v7())).await.unwrap();
    }
    let target = SqliteVault::open(&directory.path().join("vault.db")).unwrap();
    // As after a copy that was stopped: some are there.
    target.put_entries(source.entries(Kind::Token, &[], 600).await.unwrap().split_off(100)).await.unwrap();
    for _ in 0..2 {
        let counts = copy(&source, &target, at(50)).await.unwrap();
        assert_eq!(counts, Counts { tokens: 1_234, customer_keys: 1_234, ..Counts::default() });
        assert_eq!(counts.all(), 2_468);
        assert_eq!(everything(&target).await, everything(&source).await);
    }
}

#[tokio::test]
async fn an_entry_that_differs_is_refused_by_whose_it_is() {
    let (store, customer) = (StoreId(Uuid::now_v7()), CustomerId(Uuid::now_v7()));
    let vaults = || (MemoryVault::default(), MemoryVault::default());

    let (source, target) = vaults();
    source.hmac_key(StoreId(Uuid::nil())).await.unwrap();
    target.hmac_key(StoreId(Uuid::nil())).await.unwrap();
    assert!(refused(&source, &target).await.contains("another key for the names that are unique in the log"));

    let (source, target) = vaults();
    target.hmac_key(store).await.unwrap();
    let said = refused(&source, &target).await;
    assert!(said.contains(&format!("key of store {}, which the source has not", store.0)), "{said}");

    let (source, target) = vaults();
    source.key_or_new(customer).await.unwrap();
    target.key_or_new(customer).await.unwrap();
    assert!(refused(&source, &target).await.contains(&format!("another key of customer {}", customer.0)));
    // Destroyed in the target alone: it does not come back.
    target.destroy_key(customer).await.unwrap();
    assert!(refused(&source, &target).await.contains(&format!("another key of customer {}", customer.0)));

    let (source, target) = vaults();
    let id = CredentialId(Uuid::now_v7());
    source.put_credential(id, CredentialOwner::Customer(customer), SECRET, at(1)).await.unwrap();
    target.put_credential(id, CredentialOwner::Customer(customer), "another", at(1)).await.unwrap();
    assert!(refused(&source, &target).await.contains(&format!("another password of customer {}", customer.0)));

    let (source, target) = vaults();
    source.put_token([1; 32], token(at(60))).await.unwrap();
    target.put_token([1; 32], token(at(60))).await.unwrap();
    assert!(refused(&source, &target).await.contains("another token"));

    let (source, target) = vaults();
    let (named, nil) = (TokenId(Uuid::now_v7()), StoreId(Uuid::nil()));
    source.put_token_name(nil, named, SECRET).await.unwrap();
    target.put_token_name(nil, named, "another").await.unwrap();
    let said = refused(&source, &target).await;
    assert!(said.contains(&format!("another name of token {} of store {}", named.0, nil.0)), "{said}");

    let (source, target) = vaults();
    let token = operator();
    for vault in [&source, &target] {
        vault.put_operator_token([1; 32], &token).await.unwrap();
    }
    target.revoke_operator_token(token.token_id, at(9)).await.unwrap();
    let another = format!("another token {} of an operator", token.token_id.0);
    // Revoked in the target alone, or at another time: it is not good again.
    assert!(refused(&source, &target).await.contains(&another));
    source.revoke_operator_token(token.token_id, at(8)).await.unwrap();
    assert!(refused(&source, &target).await.contains(&another));

    let (source, target) = vaults();
    source.put_operator_token([1; 32], &token).await.unwrap();
    let promoted = OperatorToken { role: OperatorRole::Operator, ..token };
    target.put_operator_token([1; 32], &promoted).await.unwrap();
    assert!(refused(&source, &target).await.contains(&another));

    let (source, target) = vaults();
    target.put_operator_token([1; 32], &promoted).await.unwrap();
    assert!(refused(&source, &target).await.contains("of an operator, which the source has not"));

    let (source, target) = vaults();
    let (nobody, ada) = (ActorId(Uuid::from_u128(1)), ActorId(Uuid::from_u128(2)));
    source.actor(nil, [1; 32], ada).await.unwrap();
    target.actor(nil, [1; 32], ada).await.unwrap();
    let another = format!("another key of actor {} of store {}", ada.0, nil.0);
    assert!(refused(&source, &target).await.contains(&another));
    // Forgotten in the target alone: they do not come back.
    target.forget_actor(nil, ada).await.unwrap();
    assert!(refused(&source, &target).await.contains(&another));

    let (source, target) = vaults();
    source.actor(nil, [1; 32], ada).await.unwrap();
    target.actor(nil, [1; 32], nobody).await.unwrap();
    let said = refused(&source, &target).await;
    assert!(said.contains(&format!("key of actor {}", nobody.0)) && said.contains("the source has not"), "{said}");

    let (source, target) = vaults();
    target.put_customer_token([1; 32], shopper(at(60))).await.unwrap();
    let said = refused(&source, &target).await;
    assert!(said.contains("of customer") && said.contains("which the source has not"), "{said}");

    let (source, target) = vaults();
    target.put_confirmation([1; 32], link(), at(60)).await.unwrap();
    assert!(refused(&source, &target).await.contains("confirmation of customer"));
}

/// The id of who is somebody new comes long before that of who was forgotten, and so is copied in another piece.
#[tokio::test]
async fn a_tag_that_is_anothers_by_now_is_copied_as_theirs() {
    let (source, target, store) = (MemoryVault::default(), MemoryVault::default(), StoreId(Uuid::nil()));
    let [early, late] = [0, 9_999].map(|number| ActorId(Uuid::from_u128(number)));
    for number in 1..=600_u128 {
        let mut tag = [7; 32];
        tag[..16].copy_from_slice(&number.to_be_bytes());
        source.actor(store, tag, ActorId(Uuid::from_u128(number))).await.unwrap();
    }
    source.actor(store, [1; 32], late).await.unwrap();
    assert_eq!(copy(&source, &target, at(50)).await.unwrap().actors, 601);
    source.forget_actor(store, late).await.unwrap();
    source.actor(store, [1; 32], early).await.unwrap();
    for number in 1..=600 {
        source.forget_actor(store, ActorId(Uuid::from_u128(number))).await.unwrap();
    }
    assert_eq!(copy(&source, &target, at(50)).await.unwrap().actors, 602);
    assert_eq!(everything(&target).await, everything(&source).await);
    assert_eq!(target.actor(store, [1; 32], late).await.unwrap().actor_id, early);
}

/// The source was served once more before the copy was begun again.
#[tokio::test]
async fn what_the_source_has_removed_since_does_not_stop_a_repeat() {
    let (source, target) = (MemoryVault::default(), MemoryVault::default());
    let ids: Vec<_> = (1..=2).map(|number| CredentialId(Uuid::from_u128(number))).collect();
    let owner = CredentialOwner::Store(StoreId(Uuid::now_v7()));
    for id in &ids {
        source.put_credential(*id, owner, SECRET, at(1)).await.unwrap();
    }
    source.settle_credentials(&ids, &[]).await.unwrap();
    source.put_token([1; 32], token(at(40))).await.unwrap();
    source.put_customer_token([3; 32], shopper(at(40))).await.unwrap();
    source.put_confirmation([2; 32], link(), at(40)).await.unwrap();
    assert_eq!(copy(&source, &target, at(30)).await.unwrap().all(), 5);
    source.remove_expired(at(50)).await.unwrap();
    source.settle_credentials(&[], &ids[..1]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(copy(&source, &target, at(50)).await.unwrap(), Counts { credentials: 1, ..Counts::default() });
    }
    // The target's own sweep is to look at what is only there.
    assert_eq!(target.credentials_to_review(at(9), None, 9).await.unwrap(), [(ids[0], owner)]);
}
