//! What every vault promises of the people at a store's desk.

use super::Subject;
use crate::{ActorEntry, Entry, Kind, StoredKey, Vault, VaultError};
use domain::{ActorId, StoreId};
use futures::future::join_all;
use journal::SealingKey;
use uuid::Uuid;

const ADA: [u8; 32] = [1; 32];
const BEN: [u8; 32] = [2; 32];

pub async fn an_actor_is_made_once_for_each_tag_of_a_store(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (one, two) = (a_store(), a_store());
    let ids: Vec<_> = (0..16).map(|_| fresh()).collect();
    let made = join_all(ids.iter().map(|id| vault.actor(one, ADA, *id))).await;
    let ada = known(made[0].as_ref().unwrap());
    assert!(ids.contains(&ada.0));
    assert!(made.iter().all(|actor| known(actor.as_ref().unwrap()) == ada));
    assert_eq!(listed(&*vault).await.len(), 1, "who asked at once made others");
    let (ben, other) = (fresh(), fresh());
    let ben = known(&vault.actor(one, BEN, ben).await.unwrap());
    // The same name at another store's desk is somebody else.
    let other = known(&vault.actor(two, ADA, other).await.unwrap());
    assert!(ben.1 != ada.1 && other.1 != ada.1 && other.1 != ben.1);
    drop(vault);
    let vault = subject.open().await;
    for (store, tag, actor) in [(one, ADA, ada), (one, BEN, ben), (two, ADA, other)] {
        assert_eq!(known(&vault.actor(store, tag, fresh()).await.unwrap()), actor);
    }
}

pub async fn actors_keys_are_their_stores_alone(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (one, two, nobody) = (a_store(), a_store(), fresh());
    let ada = known(&vault.actor(one, ADA, fresh()).await.unwrap());
    let ben = known(&vault.actor(one, BEN, fresh()).await.unwrap());
    let other = known(&vault.actor(two, ADA, fresh()).await.unwrap());
    let asked = [ben.0, nobody, other.0, ada.0, ben.0];
    // Twice, as what was told once may be remembered.
    for _ in 0..2 {
        assert_eq!(keys(&*vault, one, &asked).await, [Some(ben.1), None, None, Some(ada.1), Some(ben.1)]);
        assert_eq!(keys(&*vault, two, &asked).await, [None, None, Some(other.1), None, None]);
        assert_eq!(keys(&*vault, one, &[]).await, [None; 0]);
    }
    // Who was asked for before is found once they are there.
    let made = known(&vault.actor(one, [3; 32], nobody).await.unwrap());
    assert_eq!(keys(&*vault, one, &[nobody]).await, [Some(made.1)]);
}

pub async fn who_was_forgotten_is_somebody_new(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (one, two) = (a_store(), a_store());
    let ada = known(&vault.actor(one, ADA, fresh()).await.unwrap());
    let ben = known(&vault.actor(one, BEN, fresh()).await.unwrap());
    assert_eq!(keys(&*vault, one, &[ada.0]).await, [Some(ada.1)]);
    assert!(!vault.forget_actor(two, ada.0).await.unwrap(), "another store has nobody of this id");
    assert!(!vault.forget_actor(one, fresh()).await.unwrap());
    assert_eq!(keys(&*vault, one, &[ada.0]).await, [Some(ada.1)]);
    for _ in 0..2 {
        assert!(vault.forget_actor(one, ada.0).await.unwrap());
        assert_eq!(keys(&*vault, one, &[ada.0, ben.0]).await, [None, Some(ben.1)]);
    }
    let again = known(&vault.actor(one, ADA, fresh()).await.unwrap());
    assert!(again.0 != ada.0 && again.1 != ada.1);
    // To forget the one once more is nothing to the other.
    assert!(vault.forget_actor(one, ada.0).await.unwrap());
    drop(vault);
    let vault = subject.open().await;
    assert_eq!(known(&vault.actor(one, ADA, fresh()).await.unwrap()), again);
    assert_eq!(keys(&*vault, one, &[ada.0, again.0, ben.0]).await, [None, Some(again.1), Some(ben.1)]);
    let mut left = listed(&*vault).await;
    left.retain(|(actor, ..)| *actor == ada.0);
    assert_eq!(left, [(ada.0, one, None, None)], "that there was somebody stays");
}

/// Nobody is ever given another's key.
pub async fn an_actors_id_that_is_taken_makes_nobody(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (one, two) = (a_store(), a_store());
    let ada = known(&vault.actor(one, ADA, fresh()).await.unwrap());
    for (store, tag) in [(one, BEN), (two, ADA)] {
        let taken = vault.actor(store, tag, ada.0).await;
        assert!(matches!(taken, Err(VaultError::Away(_))), "{:?}", taken.err());
    }
    vault.forget_actor(one, ada.0).await.unwrap();
    assert!(vault.actor(one, ADA, ada.0).await.is_err(), "nor does who was forgotten come back");
    assert_eq!(keys(&*vault, one, &[ada.0]).await, [None]);
    assert_ne!(known(&vault.actor(one, ADA, fresh()).await.unwrap()), ada);
}

/// Whatever another vault says of them.
pub async fn who_was_forgotten_stays_so_in_a_copy(subject: &dyn Subject) {
    let vault = subject.open().await;
    let store = a_store();
    let [early, ada, unseen] = [1, 5, 6].map(|number| ActorId(Uuid::from_u128(number)));
    let entry = |actor_id, tag, key: Option<[u8; 32]>| Entry::Actor { actor_id, store, tag, key: key.map(SealingKey) };
    let living = || entry(ada, Some(ADA), Some([7; 32]));
    vault.put_entries(vec![living(), entry(unseen, None, None)]).await.unwrap();
    assert_eq!(known(&vault.actor(store, ADA, fresh()).await.unwrap()), (ada, [7; 32]));
    assert_eq!(keys(&*vault, store, &[ada, unseen]).await, [Some([7; 32]), None]);
    // One who has another key, or another's tag, changes nothing.
    vault
        .put_entries(vec![entry(ada, Some(BEN), Some([8; 32])), entry(early, Some(ADA), Some([8; 32]))])
        .await
        .unwrap();
    assert_eq!(known(&vault.actor(store, ADA, fresh()).await.unwrap()), (ada, [7; 32]));
    // Forgotten, and somebody new by now: in whatever order the two are told.
    vault.put_entries(vec![entry(early, Some(ADA), Some([9; 32])), entry(ada, None, None)]).await.unwrap();
    assert_eq!(keys(&*vault, store, &[ada, early]).await, [None, Some([9; 32])]);
    vault.put_entries(vec![living()]).await.unwrap();
    assert_eq!(keys(&*vault, store, &[ada]).await, [None]);
    assert_eq!(known(&vault.actor(store, ADA, fresh()).await.unwrap()), (early, [9; 32]));
    let all = [(early, store, Some(ADA), Some([9; 32])), (ada, store, None, None), (unseen, store, None, None)];
    assert_eq!(listed(&*vault).await, all);
}

fn a_store() -> StoreId {
    StoreId(Uuid::now_v7())
}

fn fresh() -> ActorId {
    ActorId(Uuid::now_v7())
}

/// In a form that can be compared.
fn known(actor: &ActorEntry) -> (ActorId, [u8; 32]) {
    (actor.actor_id, actor.key.0)
}

fn bytes(key: &StoredKey) -> Option<[u8; 32]> {
    key.as_ref().map(|key| key.0)
}

async fn keys(vault: &dyn Vault, store: StoreId, actors: &[ActorId]) -> Vec<Option<[u8; 32]>> {
    vault.actor_keys(store, actors).await.unwrap().iter().map(bytes).collect()
}

async fn listed(vault: &dyn Vault) -> Vec<(ActorId, StoreId, Option<[u8; 32]>, Option<[u8; 32]>)> {
    let entries = vault.entries(Kind::Actor, &[], 99).await.unwrap();
    let read = |entry: &Entry| match entry {
        Entry::Actor { actor_id, store, tag, key } => Some((*actor_id, *store, *tag, bytes(key))),
        _ => None,
    };
    entries.iter().filter_map(read).collect()
}
