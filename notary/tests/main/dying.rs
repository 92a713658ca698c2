//! Notaries that die between deciding and publishing, and two at once.

use crate::world::{World, published};
use futures::future::join_all;
use notary::Step;

#[tokio::test]
async fn what_was_decided_and_not_published_is_published_first_and_to_the_byte() {
    let (world, twin) = (World::of(70).await, World::of(70).await);
    let key = world.notary().await.verifier_key().clone();
    world.checkpoints.kill(world.notary().await).await;
    assert_eq!(world.published().await, []);
    world.grow(30).await;
    let next = world.notary().await;
    let (first, second) = (published(next.step().await), published(next.step().await));
    assert_eq!((first.size, second.size), (70, 100));
    assert_eq!(next.step().await.unwrap(), Step::NothingNew);
    assert_eq!(*next.verifier_key(), key);
    // What the one that died would have published: the same key signs the same.
    let seed = vault::Vault::signing_key(&*world.vault, crate::world::incarnation(1)).await.unwrap().unwrap();
    vault::Vault::put_signing_key(&*twin.vault, crate::world::incarnation(1), seed).await.unwrap();
    assert_eq!(published(twin.notary().await.step().await), first);
    world.check().await;
}

#[tokio::test]
async fn one_that_dies_again_and_again_loses_nothing() {
    let world = World::of(3).await;
    for round in 0..5 {
        world.checkpoints.kill(world.notary().await).await;
        world.grow(round + 1).await;
    }
    let notary = world.notary().await;
    assert_eq!(published(notary.step().await).size, 3, "nothing is decided before what was is published");
    assert_eq!(published(notary.step().await).size, 18);
    world.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_at_once_sign_what_one_would() {
    let world = World::of(10).await;
    for _ in 0..15 {
        let notaries = join_all((0..4).map(|_| world.notary())).await;
        let steps = join_all(notaries.iter().map(|notary| async {
            // The tree grows between the steps of the others.
            world.append(3);
            let grown = world.follower().catch_up(|_| ()).await;
            (grown.is_ok(), notary.step().await.unwrap())
        }));
        for (_, step) in steps.await {
            assert!(!matches!(step, Step::Behind { .. }), "{step:?}");
        }
    }
    let last = world.notary().await;
    while last.step().await.unwrap() != Step::NothingNew {}
    assert_eq!(world.published().await.last().unwrap().size, 10 + 15 * 4 * 3);
    assert_eq!(world.signed().await.unwrap().size, 190);
    world.check().await;
}

/// One has decided and sleeps; another goes on; the first one wakes.
#[tokio::test]
async fn one_that_publishes_late_contradicts_nobody() {
    let world = World::of(10).await;
    let (late, other) = (world.notary().await, world.notary().await);
    world.checkpoints.set_deadly(true);
    {
        let step = late.step();
        tokio::pin!(step);
        tokio::select! {
            step = &mut step => panic!("{step:?}"),
            () = world.checkpoints.reached.notified() => {}
        }
        world.checkpoints.set_deadly(false);
        assert_eq!(published(other.step().await).size, 10);
        world.grow(5).await;
        assert_eq!(published(other.step().await).size, 15);
    }
    assert_eq!(late.step().await.unwrap(), Step::NothingNew);
    world.check().await;
}

/// One has looked at what was signed and at the tree; another goes on meanwhile.
#[tokio::test]
async fn one_that_was_overtaken_publishes_nothing() {
    let world = World::of(10).await;
    let (late, other) = (world.notary().await, world.notary().await);
    published(late.step().await);
    world.grow(5).await;
    {
        let step = late.step();
        tokio::pin!(step);
        // Between what it has looked at and what it decides.
        world.checkpoints.set_slow(true);
        tokio::select! {
            step = &mut step => panic!("{step:?}"),
            () = world.checkpoints.reached.notified() => {}
        }
        world.checkpoints.set_slow(false);
        world.grow(5).await;
        assert_eq!(published(other.step().await).size, 20);
        world.checkpoints.released.notify_one();
        assert_eq!(step.await.unwrap(), Step::Overtaken);
    }
    assert_eq!(late.step().await.unwrap(), Step::NothingNew);
    let sizes: Vec<u64> = world.published().await.iter().map(|one| one.size).collect();
    assert_eq!((sizes, world.signed().await.unwrap().size), (vec![10, 20], 20));
    world.check().await;
}
