//! Following a log that grows, goes away and comes back.

use crate::seeds::seeds;
use crate::story::{Story, follower};
use eventlog::RecordedEvent;
use std::time::Duration;
use tlog::{Follower, TreeStatus};
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
