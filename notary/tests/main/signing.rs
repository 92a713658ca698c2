//! What is signed, as others read it.

use crate::world::{World, event, incarnation, published};
use eventlog::{RecordedEvent, StreamName};
use notary::{NotaryError, Step};
use signed_note::{StandardVerifier, VerifierList};
use tlog::Published;
use vault::{SignedHead, Vault};

const ORIGIN: &str = "example.com/log/00000000-0000-0000-0000-00000000004d/1";

#[tokio::test]
async fn a_head_is_signed_that_other_programs_open() {
    let world = World::of(300).await;
    let notary = world.notary().await;
    assert_eq!(notary.latest().await.unwrap(), None);
    let first = published(notary.step().await);
    let root = world.reading().root(300).await.unwrap();
    let text = format!("{ORIGIN}\n300\n{root}\n");
    assert!(first.note.starts_with(&format!("{text}\n— {ORIGIN} ")), "{}", first.note);
    let key = StandardVerifier::new(&notary.verifier_key().to_string()).unwrap();
    let read = signed_note::Note::from_bytes(first.note.as_bytes()).unwrap();
    let (verified, others) = read.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
    assert_eq!((read.text(), verified.len(), others.len()), (text.as_bytes(), 1, 0));
    assert_eq!((first.size, notary.latest().await.unwrap()), (300, Some(first)));
}

#[tokio::test]
async fn nothing_is_signed_where_nothing_is_new() {
    let world = World::of(0).await;
    let notary = world.notary().await;
    assert_eq!(notary.step().await.unwrap(), Step::NothingNew);
    // One without a leaf.
    world.log.change(|events| events.push(RecordedEvent { stream: StreamName::new("cartlog-log"), ..event(1) }));
    world.grow(0).await;
    assert_eq!(world.reading().state().await.unwrap().unwrap().size(), 0);
    assert_eq!(notary.step().await.unwrap(), Step::NothingNew);
    assert_eq!(world.signed().await, None);
    world.grow(1).await;
    published(notary.step().await);
    assert_eq!(notary.step().await.unwrap(), Step::NothingNew);
    assert_eq!(world.published().await.len(), 1);
}

#[tokio::test]
async fn each_head_extends_the_one_before_also_of_another_process_with_the_same_key() {
    let world = World::of(5).await;
    let key = world.notary().await.verifier_key().clone();
    for events in [1, 2, 250, 1, 700] {
        let notary = world.notary().await;
        assert_eq!(*notary.verifier_key(), key);
        published(notary.step().await);
        world.grow(events).await;
    }
    let sizes: Vec<u64> = world.published().await.iter().map(|one| one.size).collect();
    assert_eq!(sizes, [5, 6, 8, 258, 259]);
    world.check().await;
}

#[tokio::test]
async fn each_incarnation_has_a_key_and_an_origin_of_its_own() {
    let world = World::of(5).await;
    let (one, two) = (world.notary().await, world.notary_as("example.com/log", incarnation(2)).await.unwrap());
    assert_ne!(one.verifier_key().public_key(), two.verifier_key().public_key());
    assert!(two.origin().ends_with("/2") && published(two.step().await).note.starts_with(two.origin()));
    assert_eq!(one.latest().await.unwrap(), None);
}

#[tokio::test]
async fn a_log_that_has_signed_signs_under_no_other_name() {
    let world = World::of(5).await;
    published(world.notary().await.step().await);
    world.grow(1).await;
    let renamed = world.notary_as("example.org/log", incarnation(1)).await.unwrap();
    let refused = renamed.step().await;
    assert!(matches!(&refused, Err(NotaryError::OtherOrigin { signed, .. }) if signed == ORIGIN), "{refused:?}");
    assert_eq!(world.signed().await.unwrap().size, 5);
    published(world.notary().await.step().await);
}

#[tokio::test]
async fn the_tree_of_another_log_is_not_signed() {
    let world = World::of(5).await;
    let other = vault::IncarnationId::new(eventlog::LogId(uuid::Uuid::from_u128(78)), 1);
    let refused = world.notary_as("example.com/log", other).await.unwrap().step().await;
    assert!(matches!(refused, Err(NotaryError::OtherLog { .. })), "{refused:?}");
    assert_eq!(world.vault.signed_head(other).await.unwrap(), None);
}

#[tokio::test]
async fn a_checkpoint_that_somebody_else_has_put_is_not_taken_for_the_one_that_was_signed() {
    let world = World::of(5).await;
    let notary = world.notary().await;
    let forged = Published { origin: ORIGIN.to_owned(), size: 5, note: "forged".to_owned() };
    tlog::Checkpoints::put(&*world.checkpoints, forged).await.unwrap();
    assert!(matches!(notary.step().await, Err(NotaryError::OtherNote { size: 5 })));
}

#[tokio::test]
async fn the_vault_has_the_head_before_the_world_has() {
    let world = World::of(5).await;
    let notary = world.notary().await;
    world.checkpoints.kill(notary).await;
    let root = *world.reading().root(5).await.unwrap().as_bytes();
    assert_eq!(world.signed().await, Some(SignedHead { origin: ORIGIN.to_owned(), size: 5, root }));
    assert_eq!(world.published().await, []);
}
