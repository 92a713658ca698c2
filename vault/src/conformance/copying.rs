//! What every vault promises of being gone through: that a copy is made of it, and that it is a copy of another.

use super::{Subject, at, customer, ids, store};
use crate::copy::{Counts, copy};
use crate::{
    ConfirmationEntry, CredentialOwner, CustomerTokenEntry, Kind, MemoryVault, OperatorRole, OperatorToken, TokenEntry,
    Vault,
};
use domain::{ActorId, ConfirmationId, CredentialId, StoreId, TokenId};
use journal::Keys;
use uuid::Uuid;

pub async fn all_that_it_holds_is_copied_out_and_in(subject: &dyn Subject) {
    let (vault, other) = (subject.open().await, MemoryVault::default());
    let (ids, kept, erased, nil) = (ids(5), customer(), customer(), StoreId(Uuid::nil()));
    let link = ConfirmationEntry { store_id: nil, customer_id: kept, confirmation_id: ConfirmationId(Uuid::now_v7()) };
    let token = TokenEntry { store_id: nil, token_id: TokenId(Uuid::now_v7()), expires_at: at(10) };
    for id in &ids {
        vault.put_credential(*id, CredentialOwner::Customer(kept), &format!("hash of {}", id.0), at(1)).await.unwrap();
    }
    vault.settle_credentials(&ids[..2], &[]).await.unwrap();
    vault.put_token([0; 32], token).await.unwrap();
    vault.put_token([255; 32], token).await.unwrap();
    vault.put_confirmation([7; 32], link, at(20)).await.unwrap();
    let hmac = vault.hmac_key(nil).await.unwrap().0;
    vault.hmac_key(StoreId(Uuid::max())).await.unwrap();
    let key = vault.key_or_new(kept).await.unwrap().unwrap().0;
    vault.destroy_key(erased).await.unwrap();

    is_listed_in_order(&*vault).await;
    let counts =
        Counts { credentials: 5, tokens: 2, confirmations: 1, hmac_keys: 2, customer_keys: 2, ..Counts::default() };
    for _ in 0..2 {
        assert_eq!(copy(&*vault, &other, at(0)).await.unwrap(), counts);
    }
    assert_eq!(other.hmac_key(nil).await.unwrap().0, hmac);
    assert_eq!(other.keys(&[erased, kept]).await.unwrap()[1].as_ref().unwrap().0, key);

    // And in: what is new, and what has changed since.
    let (new, more) = (CredentialId(Uuid::from_u128(99)), customer());
    other.put_credential(new, store(), "new hash", at(3)).await.unwrap();
    other.settle_credentials(&ids[2..4], &[]).await.unwrap();
    other.destroy_key(kept).await.unwrap();
    other.put_token([9; 32], token).await.unwrap();
    let more_key = other.key_or_new(more).await.unwrap().unwrap().0;
    let counts = Counts { credentials: 6, tokens: 3, customer_keys: 3, ..counts };
    for _ in 0..2 {
        assert_eq!(copy(&other, &*vault, at(0)).await.unwrap(), counts);
    }
    assert_eq!(vault.credential(new).await.unwrap().as_deref(), Some("new hash"));
    assert_eq!(vault.credential(ids[0]).await.unwrap(), Some(format!("hash of {}", ids[0].0)));
    let due = vault.credentials_to_review(at(9), None, 9).await.unwrap();
    assert_eq!(due.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[4], new]);
    assert!(vault.key_or_new(kept).await.unwrap().is_none(), "a destroyed key lives on in the copy");
    assert_eq!(vault.key_or_new(more).await.unwrap().unwrap().0, more_key);
    assert_eq!(vault.token([9; 32]).await.unwrap(), Some(token));
}

pub async fn who_has_access_is_copied_out_and_in(subject: &dyn Subject) {
    let (vault, other, nil) = (subject.open().await, MemoryVault::default(), StoreId(Uuid::nil()));
    let [till, robot, office] = [7, 0, 9].map(|number| TokenId(Uuid::from_u128(number)));
    let shopper = CustomerTokenEntry { store_id: nil, customer_id: customer(), token_id: till, expires_at: at(30) };
    let operator = of_an_auditor();
    let [ada, ben, new_ada] = [2, 3, 1].map(|number| ActorId(Uuid::from_u128(number)));
    vault.put_customer_token([0; 32], shopper).await.unwrap();
    vault.put_customer_token([255; 32], shopper).await.unwrap();
    vault.put_token_name(nil, till, "the till").await.unwrap();
    vault.put_token_name(nil, robot, "the robot").await.unwrap();
    vault.put_operator_token([5; 32], &operator).await.unwrap();
    vault.put_operator_token([4; 32], &OperatorToken { expires_at: None, ..operator.clone() }).await.unwrap();
    vault.actor(nil, [1; 32], ada).await.unwrap();
    let ben_key = vault.actor(nil, [2; 32], ben).await.unwrap().key.0;
    is_listed_in_order(&*vault).await;
    let counts = Counts { token_names: 2, customer_tokens: 2, operator_tokens: 2, actors: 2, ..Counts::default() };
    for _ in 0..2 {
        assert_eq!(copy(&*vault, &other, at(0)).await.unwrap(), counts);
    }
    assert_eq!(other.customer_token([0; 32]).await.unwrap(), Some(shopper));
    assert_eq!(other.token_names(nil, &[till]).await.unwrap(), [Some("the till".to_owned())]);
    assert_eq!(other.operator_token([5; 32]).await.unwrap(), Some(operator.clone()));

    // And in: what is new, and what has changed since.
    other.put_customer_token([9; 32], shopper).await.unwrap();
    other.put_token_name(nil, office, "the back office").await.unwrap();
    other.revoke_operator_token(operator.token_id, at(7)).await.unwrap();
    other.forget_actor(nil, ada).await.unwrap();
    let new_key = other.actor(nil, [1; 32], new_ada).await.unwrap().key.0;
    let counts = Counts { token_names: 3, customer_tokens: 3, actors: 3, ..counts };
    for _ in 0..2 {
        assert_eq!(copy(&other, &*vault, at(0)).await.unwrap(), counts);
    }
    assert_eq!(vault.customer_token([9; 32]).await.unwrap(), Some(shopper));
    assert_eq!(vault.token_names(nil, &[office]).await.unwrap(), [Some("the back office".to_owned())]);
    let revoked = vault.operator_token([5; 32]).await.unwrap();
    assert_eq!(revoked, Some(OperatorToken { revoked_at: Some(at(7)), ..operator }), "it is good in the copy");
    let actors = vault.actor_keys(nil, &[ada, ben, new_ada]).await.unwrap();
    let actors: Vec<_> = actors.iter().map(|key| key.as_ref().map(|key| key.0)).collect();
    assert_eq!(actors, [None, Some(ben_key), Some(new_key)], "who was forgotten lives on in the copy");
}

fn of_an_auditor() -> OperatorToken {
    OperatorToken {
        token_id: TokenId(Uuid::from_u128(1)),
        role: OperatorRole::Auditor,
        name: "the bank's".to_owned(),
        created_at: at(1),
        expires_at: Some(at(40)),
        revoked_at: None,
    }
}

/// Page by page, each entry once.
async fn is_listed_in_order(vault: &dyn Vault) {
    for kind in Kind::ALL {
        let all = vault.entries(kind, &[], 100).await.unwrap();
        let mut after = Vec::new();
        for entry in &all {
            let next = vault.entries(kind, &after, 1).await.unwrap();
            assert_eq!(next.iter().map(|next| next.id()).collect::<Vec<_>>(), [entry.id()], "{kind:?} after {after:?}");
            after = entry.id().to_vec();
        }
        assert!(vault.entries(kind, &after, 1).await.unwrap().is_empty());
    }
}
