//! Views that several nodes share: every node answers, one fills, and another takes its place.

use crate::answers::{answers, assert_same};
use crate::history::Historian;
use crate::world::{World, until};
use cartlog_projections::store::{GenerationState, ReadStore};
use cartlog_projections::{PostgresReadStore, ProjectionSettings, ReadError, SharedViews};
use postgres::testing::Scratch;
use postgres::{Candidate, LeadershipStatus, Pace};
use std::time::Duration;

/// Candidates that notice at once that nobody leads.
fn pace() -> Pace {
    Pace { poll: Duration::from_millis(10), ..Pace::default() }
}

/// A node of that name; one that fills when it leads, or one that only reads.
async fn node(scratch: &Scratch, world: &World, name: Option<&str>) -> SharedViews {
    node_with(scratch, world, name, ProjectionSettings::default()).await
}

async fn node_with(scratch: &Scratch, world: &World, name: Option<&str>, settings: ProjectionSettings) -> SharedViews {
    let database = scratch.database().await;
    let store = PostgresReadStore::open(&database).await.expect("opens");
    let shared = SharedViews::new(database.clone(), store, world.restarted_journal(), settings);
    let candidate = name.map(|name| Candidate::new(database, shared.roles(), name).pace(pace()));
    shared.start(candidate, |_| {});
    shared
}

fn leads(node: &SharedViews) -> bool {
    matches!(node.standing(), Some(LeadershipStatus::Leading { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_answers_the_same_and_another_fills_when_the_leader_is_gone() {
    let (scratch, mut world, mut historian) = (Scratch::default(), World::default(), Historian::new(5));
    historian.live(&mut world, 60).await;
    let first = node(&scratch, &world, Some("first")).await;
    until(async || leads(&first)).await;
    let second = node(&scratch, &world, Some("second")).await;
    let reader = node(&scratch, &world, None).await;
    for _ in 0..3 {
        historian.live(&mut world, 20).await;
        let expected = world.answers_from_nothing(&historian.known).await;
        for node in [&first, &second, &reader] {
            let views = node.views();
            assert_same(&answers(world.caught_up(&views).await, &historian.known).await, &expected);
        }
    }
    assert!(leads(&first) && !leads(&second), "{:?} {:?}", first.standing(), second.standing());
    first.stop().await;
    until(async || leads(&second)).await;
    historian.live(&mut world, 40).await;
    let expected = world.answers_from_nothing(&historian.known).await;
    for node in [&second, &reader] {
        let views = node.views();
        assert_same(&answers(world.caught_up(&views).await, &historian.known).await, &expected);
    }
    second.stop().await;
    reader.stop().await;
}

/// What a reader knows must follow a rebuild on another node, and queries go on throughout.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_on_the_leader_is_noticed_by_all_before_the_old_tables_go() {
    let (scratch, mut world, mut historian) = (Scratch::default(), World::default(), Historian::new(9));
    historian.live(&mut world, 40).await;
    let leader = node(&scratch, &world, Some("leader")).await;
    let reader = node(&scratch, &world, None).await;
    let (at_leader, at_reader) = (leader.views(), reader.views());
    let before = answers(world.caught_up(&at_reader).await, &historian.known).await;
    until(async || leader.leading().is_some()).await;
    let projections = leader.leading().expect("it leads");
    let rebuilding = tokio::spawn(async move { projections.rebuild(None, |_| {}).await });
    while !rebuilding.is_finished() {
        assert_same(&answers(&at_reader, &historian.known).await, &before);
    }
    rebuilding.await.expect("no panic").expect("rebuilt");
    assert_same(&answers(&at_reader, &historian.known).await, &before);
    assert_same(&answers(&at_leader, &historian.known).await, &before);
    let generations = reader.views().status().views;
    assert!(generations.iter().all(|view| view.generation == 2), "{generations:?}");
    leader.stop().await;
    reader.stop().await;
}

/// As when this node was cut off and did not notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_was_passed_over_writes_nothing_more_and_reads_along() {
    let (scratch, mut world, mut historian) = (Scratch::default(), World::default(), Historian::new(13));
    historian.live(&mut world, 40).await;
    let first = node(&scratch, &world, Some("first")).await;
    until(async || first.leading().is_some()).await;
    scratch.execute("UPDATE leaders SET epoch = epoch + 1, node = 'another'").await;
    historian.live(&mut world, 40).await;
    // It learns of it by its writes or its heartbeat, asks again, and goes on from what the store holds.
    let views = first.views();
    let expected = world.answers_from_nothing(&historian.known).await;
    assert_same(&answers(world.caught_up(&views).await, &historian.known).await, &expected);
    let Some(LeadershipStatus::Leading { held, others: 0 }) = first.standing() else {
        panic!("{:?}", first.standing())
    };
    assert!(held.iter().all(|held| held.epoch == 3), "one of its own, one of another, one anew: {held:?}");
    first.stop().await;
}

/// Positions of one log say nothing of another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_another_log_shows_nothing_of_the_views_that_are_there() {
    let (scratch, mut world, mut other) = (Scratch::default(), World::default(), World::default());
    let store = world.store().await;
    // So that the two worlds' ids are not the same.
    (0..100).for_each(|_| _ = other.id());
    other.store().await;
    let leader = node(&scratch, &world, Some("leader")).await;
    world.caught_up(&leader.views()).await;
    let stranger = node(&scratch, &other, None).await;
    until(async || stranger.views().status().trouble.is_some()).await;
    assert!(matches!(stranger.views().store(store).await, Err(ReadError::NotReady(_))));
    leader.stop().await;
    // One that would fill them from its own log leaves them as they are, and says of which log they are.
    let intruder = node(&scratch, &other, Some("intruder")).await;
    let theirs = world.journal.log_id().await.expect("an id").to_string();
    until(async || intruder.views().status().trouble.is_some_and(|trouble| trouble.contains(&theirs))).await;
    intruder.stop().await;
    let leader = node(&scratch, &world, Some("leader")).await;
    assert!(world.caught_up(&leader.views()).await.store(store).await.expect("an answer").is_some());
    leader.stop().await;
    // The log that the store is used with from now on, as somebody has said.
    let accepting = ProjectionSettings { accept_log: true, ..ProjectionSettings::default() };
    let heir = node_with(&scratch, &other, Some("heir"), accepting).await;
    let views = stranger.views();
    other.caught_up(&views).await;
    assert!(views.store(store).await.expect("an answer").is_none());
    let database = scratch.database().await;
    let read_store = PostgresReadStore::open(&database).await.expect("opens");
    let live = read_store.generations().await.expect("generations");
    let log_id = other.journal.log_id().await.expect("an id");
    let is_live = |state| state == GenerationState::Live;
    assert!(live.iter().filter(|known| is_live(known.state)).all(|known| known.checkpoint.log_id == log_id));
    heir.stop().await;
    stranger.stop().await;
}

/// As after somebody dropped it by hand, or a restore left it out: nothing else is filled again for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_whose_table_is_gone_is_filled_anew_alone_whether_somebody_leads_or_not() {
    let (scratch, mut world, mut historian) = (Scratch::default(), World::default(), Historian::new(17));
    historian.live(&mut world, 60).await;
    let expected = world.answers_from_nothing(&historian.known).await;
    let reader = node(&scratch, &world, None).await;
    let first = node(&scratch, &world, Some("first")).await;
    world.caught_up(&reader.views()).await;
    until(async || first.leading().is_some()).await;
    // Nothing is appended meanwhile: nobody has to write to it to notice.
    scratch.execute("DROP TABLE products_1").await;
    let generation = async |view: &str| {
        let known = reader.views().status().views.into_iter().find(|known| known.name == view);
        known.map(|known| known.generation)
    };
    until(async || generation("products").await == Some(2)).await;
    assert_same(&answers(world.caught_up(&reader.views()).await, &historian.known).await, &expected);
    first.stop().await;
    scratch.execute("DROP TABLE customers_1_history").await;
    let second = node(&scratch, &world, Some("second")).await;
    until(async || generation("customers").await == Some(2)).await;
    assert_same(&answers(world.caught_up(&reader.views()).await, &historian.known).await, &expected);
    assert_eq!(generation("stores").await, Some(1));
    // What comes then is folded into all of them.
    historian.live(&mut world, 30).await;
    let expected = world.answers_from_nothing(&historian.known).await;
    assert_same(&answers(world.caught_up(&reader.views()).await, &historian.known).await, &expected);
    second.stop().await;
    reader.stop().await;
}
