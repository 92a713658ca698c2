//! Logs that are not what they were.

use crate::world::{World, event, published};
use eventlog::RecordedEvent;
use notary::{NotaryError, Step};
use proof::hash::Hash;
use tlog::WhyAnew;

/// Nothing is signed, however often it is tried, and what was stays.
async fn is_refused(world: &World, signed: u64, now: u64) {
    let before = (world.published().await, world.signed().await);
    for _ in 0..2 {
        match world.notary().await.step().await {
            Err(NotaryError::Contradicts { signed: was, now: is }) => assert_eq!((was.size, is.size), (signed, now)),
            other => panic!("{other:?}"),
        }
        world.append(1);
        world.follower().catch_up(|_| ()).await.unwrap();
        assert_eq!((world.published().await, world.signed().await), before);
        world.log.change(|events| drop(events.pop()));
        world.follower().rebuild(|_| ()).await.unwrap();
    }
}

fn altered(mut event: RecordedEvent) -> RecordedEvent {
    event.data = "{}".into();
    event
}

/// Events, chains, leaves and tree: all of it as if it had always been so.
#[tokio::test]
async fn a_log_that_was_rewritten_with_all_that_follows_from_it_is_refused() {
    for at in [0, 7, 255, 256, 298] {
        let world = World::of(299).await;
        published(world.notary().await.step().await);
        world.append(20);
        let mut original = Vec::new();
        world.log.change(|events| {
            original = events.clone();
            events[at] = altered(events[at].clone());
        });
        world.follower().rebuild(|_| ()).await.unwrap();
        is_refused(&world, 299, 319).await;
        // What was is brought back.
        world.log.change(|events| *events = original);
        world.follower().rebuild(|_| ()).await.unwrap();
        assert_eq!(published(world.notary().await.step().await).size, 319);
        world.check().await;
    }
}

#[tokio::test]
async fn what_came_after_the_last_head_nobody_has_signed_yet() {
    let world = World::of(10).await;
    published(world.notary().await.step().await);
    world.grow(5).await;
    world.log.change(|events| events[12] = altered(events[12].clone()));
    world.follower().rebuild(|_| ()).await.unwrap();
    assert_eq!(published(world.notary().await.step().await).size, 15);
}

#[tokio::test]
async fn a_log_that_was_put_back_is_refused_also_once_it_has_grown_again() {
    let world = World::of(100).await;
    published(world.notary().await.step().await);
    world.log.change(|events| events.truncate(60));
    let follower = world.follower();
    follower.catch_up(|_| ()).await.unwrap();
    assert!(matches!(follower.status().borrow().anew.clone().unwrap().why, WhyAnew::PutBack(_)));
    is_refused(&world, 100, 60).await;
    world.log.change(|events| events.extend((61..=150).map(|at| event(at + 1_000))));
    world.follower().catch_up(|_| ()).await.unwrap();
    is_refused(&world, 100, 150).await;
}

#[tokio::test]
async fn an_event_that_was_taken_away_or_put_in_between_is_refused() {
    for change in [
        |events: &mut Vec<RecordedEvent>| drop(events.remove(3)),
        |events: &mut Vec<RecordedEvent>| {
            let again = RecordedEvent { id: uuid::Uuid::from_u128(7_777), ..events[3].clone() };
            events.insert(3, again);
            (1..).zip(events.iter_mut()).for_each(|(at, event)| event.position.0 = at);
        },
    ] {
        let world = World::of(20).await;
        published(world.notary().await.step().await);
        world.log.change(change);
        world.append(10);
        world.follower().rebuild(|_| ()).await.unwrap();
        assert!(matches!(world.notary().await.step().await, Err(NotaryError::Contradicts { .. })));
        assert_eq!(world.signed().await.unwrap().size, 20);
    }
}

#[tokio::test]
async fn a_tree_that_is_built_anew_is_waited_for() {
    let world = World::of(600).await;
    let notary = world.notary().await;
    let first = published(notary.step().await);
    world.tree.clear().await.unwrap();
    assert_eq!(notary.step().await.unwrap(), Step::Behind { signed: 600, now: 0 });
    // Half of it.
    let mut all = Vec::new();
    world.log.change(|events| {
        all = events.clone();
        events.truncate(300);
    });
    world.follower().catch_up(|_| ()).await.unwrap();
    world.log.change(|events| *events = all);
    assert_eq!(notary.step().await.unwrap(), Step::Behind { signed: 600, now: 300 });
    world.follower().catch_up(|_| ()).await.unwrap();
    assert_eq!(notary.step().await.unwrap(), Step::NothingNew);
    world.grow(1).await;
    published(notary.step().await);
    assert_eq!(world.published().await[0], first);
    world.check().await;
}

#[tokio::test]
async fn an_empty_log_where_there_was_one_is_refused() {
    let world = World::of(5).await;
    published(world.notary().await.step().await);
    world.log.change(Vec::clear);
    world.tree.clear().await.unwrap();
    let refused = world.notary().await.step().await;
    assert!(matches!(refused, Err(NotaryError::Contradicts { now, .. }) if now.size == 0), "{refused:?}");
}

#[tokio::test]
async fn a_tile_that_rotted_is_no_rewritten_log_and_nothing_is_signed_of_it() {
    let world = World::of(20).await;
    published(world.notary().await.step().await);
    world.grow(10).await;
    let rotten = vec![9; 30 * Hash::BYTES];
    let file = rusqlite::Connection::open(world.path_of_tree()).unwrap();
    file.execute("UPDATE tiles SET hashes = ?1", [rotten]).unwrap();
    let refused = world.notary().await.step().await;
    assert!(matches!(refused, Err(NotaryError::DamagedTree)), "{refused:?}");
    assert_eq!(world.signed().await.unwrap().size, 20);
    world.follower().rebuild(|_| ()).await.unwrap();
    published(world.notary().await.step().await);
    world.check().await;
}
