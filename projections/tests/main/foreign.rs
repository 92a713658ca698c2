//! A store that was filled from another log, or from a longer one, is never built on.

use crate::place::GENERATIONS;
use crate::world::{World, until};
use cartlog_projections::{ProjectionSettings, Projections};

/// As where a setting was forgotten that names the log; or, if somebody says so, after a copy of the log to another engine.
#[tokio::test(flavor = "multi_thread")]
async fn views_of_another_log_are_left_alone_and_filled_anew_only_if_it_is_said_to_be_the_right_one() {
    let (mut world, mut other) = (World::default(), World::default());
    let store = world.store().await;
    // So that the two worlds' ids are not the same.
    (0..100).for_each(|_| _ = other.id());
    let others = other.store().await;
    world.product(store, "A").await;
    other.product(others, "B").await;
    drop(world.open().await);
    let before = world.read_store().await.generations().await.expect("generations");
    let refused =
        Projections::open(world.read_store().await, other.journal.clone(), ProjectionSettings::default(), |_| {}).await;
    let refused = refused.err().map(|error| error.to_string()).expect("it is another log's");
    for log in [&world, &other] {
        let log_id = log.journal.log_id().await.expect("an id").to_string();
        assert!(refused.contains(&log_id), "{refused}");
    }
    assert_eq!(world.read_store().await.generations().await.expect("generations"), before);
    let accepting = ProjectionSettings { accept_log: true, ..ProjectionSettings::default() };
    let opened = Projections::open(world.read_store().await, other.journal.clone(), accepting, |_| {});
    let projections = opened.await.expect("opens");
    let views = projections.views();
    assert!(views.store(store).await.expect("an answer").is_none(), "of the log before");
    assert!(views.store(others).await.expect("an answer").is_some());
    projections.start();
    // What was filled from the log before goes.
    let read_store = world.read_store().await;
    let log_id = other.journal.log_id().await.expect("an id");
    until(async || {
        let generations = read_store.generations().await.expect("generations");
        generations.iter().all(|known| known.checkpoint.log_id == log_id)
    })
    .await;
    projections.stop().await;
}

/// As after a backup of the log was put in its place, or a power cut took the end of one that doesn't wait for the disk.
#[tokio::test(flavor = "multi_thread")]
async fn views_that_are_ahead_of_their_log_are_filled_anew() {
    // Beyond the log's end, and where another event stands now.
    for ahead in ["position = 5", "position = 1"] {
        let mut world = World::default();
        let store = world.store().await;
        world.product(store, "A").await;
        drop(world.open().await);
        world.edit_read_store(&format!("UPDATE {GENERATIONS} SET {ahead}")).await;
        let before = world.read_store().await.generations().await.expect("generations");
        let projections = world.open().await;
        assert!(projections.views().store(store).await.expect("an answer").is_some(), "{ahead}");
        assert_eq!(projections.views().position(), world.journal.head().await.expect("a head"), "{ahead}");
        projections.start();
        // What had seen more goes.
        let read_store = world.read_store().await;
        until(async || {
            let now = read_store.generations().await.expect("generations");
            now.iter()
                .all(|known| before.iter().all(|old| old.generation != known.generation || old.view != known.view))
        })
        .await;
        projections.stop().await;
    }
}
