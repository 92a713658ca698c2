//! Following a log that grows, goes away and comes back.

use crate::seeds::seeds;
use crate::story::{Story, follower};
use eventlog::RecordedEvent;
use std::time::Duration;
use tlog::{FoldError, FollowError, Follower, TreeStatus};
use tokio_util::sync::CancellationToken;

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

async fn until(follower: &Follower, is_so: impl FnMut(&TreeStatus) -> bool) -> TreeStatus {
    let mut status = follower.status();
    let waiting = status.wait_for(is_so);
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time").unwrap().clone()
}

#[tokio::test]
async fn what_comes_is_in_the_tree_soon_and_a_stop_ends_it() {
    for seed in seeds("what_comes_is_in_the_tree", 1) {
        let mut story = Story::untold(&seed, 500).await;
        let (follower, stop) = (follower(&story.log, story.tree_store.clone()), CancellationToken::new());
        let running = tokio::spawn({
            let (follower, stop) = (follower.clone(), stop.clone());
            async move { follower.run(stop, |_| ()).await }
        });
        let size = story.size();
        until(&follower, |status| status.size == size && status.is_caught_up).await;
        for _ in 0..5 {
            story.told.extend(story.world.events(40));
            let events: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
            let last = events.last().unwrap().position;
            story.log.change(|log| *log = events);
            until(&follower, |status| status.position == last).await;
        }
        // Away, and back with more.
        story.log.set_away(true);
        let waiting = until(&follower, |status| status.trouble.is_some()).await;
        assert!(waiting.trouble.unwrap().contains("away"));
        story.told.extend(story.world.events(40));
        let events: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
        let last = events.last().unwrap().position;
        story.log.change(|log| *log = events);
        story.log.set_away(false);
        let status = until(&follower, |status| status.position == last).await;
        assert_eq!((status.trouble, status.anew), (None, None));
        stop.cancel();
        tokio::time::timeout(PATIENCE, running).await.expect("it ends").unwrap().unwrap();
        let leaves = crate::model::leaves(&story.told);
        let root = crate::model::Naive::of(&leaves).root(0, leaves.len());
        assert_eq!(story.tree.root(leaves.len() as u64).await.unwrap(), root);
    }
}

#[tokio::test]
async fn one_that_follows_goes_on_after_a_rebuild_beside_it() {
    for seed in seeds("one_that_follows", 1) {
        let mut story = Story::untold(&seed, 1_500).await;
        let (follower, stop) = (follower(&story.log, story.tree_store.clone()), CancellationToken::new());
        let running = tokio::spawn({
            let (follower, stop) = (follower.clone(), stop.clone());
            async move { follower.run(stop, |_| ()).await }
        });
        let size = story.size();
        until(&follower, |status| status.size == size && status.is_caught_up).await;
        follower.rebuild(|_| ()).await.unwrap();
        story.told.extend(story.world.events(40));
        let events: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
        let last = events.last().unwrap().position;
        story.log.change(|log| *log = events);
        until(&follower, |status| status.position == last && status.is_caught_up).await;
        stop.cancel();
        running.await.unwrap().unwrap();
        let leaves = crate::model::leaves(&story.told);
        let root = crate::model::Naive::of(&leaves).root(0, leaves.len());
        assert_eq!(story.tree.root(leaves.len() as u64).await.unwrap(), root);
    }
}

/// As two processes would, of which each believes to be the only one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_follow_at_once_build_one_tree() {
    for seed in seeds("two_that_follow", 1) {
        let story = Story::untold(&seed, 6_000).await;
        let building = (0..2)
            .map(|_| follower(&story.log, story.tree_store.clone()))
            .map(|follower| tokio::spawn(async move { follower.catch_up(|_| ()).await }));
        for built in building.collect::<Vec<_>>() {
            built.await.unwrap().unwrap();
        }
        let root = story.naive.root(0, story.leaves.len());
        assert_eq!(story.tree.root(story.size()).await.unwrap(), root);
        assert_eq!(story.tree.state().await.unwrap().unwrap().size(), story.size());
        story.tree.compare(0..story.size(), |_| ()).await.unwrap();
    }
}

/// Whoever reads where the tree stands finds all rows that it says, whatever is written meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_whole_trees_while_one_grows() {
    for seed in seeds("readers_see_whole_trees", 1) {
        let story = Story::untold(&seed, 6_000).await;
        let follower = follower(&story.log, story.tree_store.clone());
        let growing = tokio::spawn(async move { follower.catch_up(|_| ()).await });
        let mut seen = Vec::new();
        while seen.last() != Some(&story.size()) {
            let Some(state) = story.tree.state().await.unwrap() else { continue };
            let size = state.size();
            assert_eq!(state.root(), story.naive.root(0, size as usize), "{size}");
            assert_eq!(story.tree.root(size).await.unwrap(), state.root(), "{size}");
            if let Some(last) = size.checked_sub(1) {
                let (told, leaf) = &story.leaves[last as usize];
                assert_eq!(story.tree.record(last).await.unwrap(), leaf.to_bytes().unwrap());
                assert_eq!(story.tree.leaf_at(told.event.position).await.unwrap(), Some(last));
                let (store, rank) = (domain::StoreId(told.store), leaf.rank.get());
                assert_eq!(story.tree.leaves_of(store, rank..=rank).await.unwrap(), [last]);
            }
            seen.push(size);
        }
        seen.dedup();
        assert!(seen.len() > 2, "{seen:?}");
        growing.await.unwrap().unwrap();
    }
}

/// No program of ours writes one; that it is there is told, and not passed over.
#[tokio::test]
async fn an_event_that_can_have_no_leaf_stops_the_tree_and_is_named() {
    for seed in seeds("an_event_that_can_have_no_leaf", 1) {
        let story = Story::of(&seed, 300).await;
        let mut event = story.told.last().unwrap().event.clone();
        event.position.0 += 1;
        (event.stream, event.event_type) = (eventlog::StreamName::new("cart-1"), "Cart\nOpened".into());
        let position = event.position;
        story.log.change(|events| events.push(event));
        let stopped = story.build().await;
        let Err(FollowError::Fold(FoldError::Leaf { position: named, .. })) = stopped else { panic!("{stopped:?}") };
        assert_eq!(named, position);
        assert_eq!(story.tree.state().await.unwrap().unwrap().size(), story.size());
    }
}
