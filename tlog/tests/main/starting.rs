//! What becomes of a tree that is not of the log as it is now.

use crate::log::TestLog;
use crate::model::{Naive, leaves};
use crate::place::{EDGE, OTHER_BYTES, STATE, STORES, TILES};
use crate::seeds::seeds;
use crate::story::{Story, follower, follower_with};
use eventlog::{LogId, Mismatch, RecordedEvent};

use std::sync::Arc;
use tlog::{FollowError, FollowSettings, Follower, Rules, TreeError, UnknownRules, WhyAnew};
use uuid::Uuid;

/// Builds on, and says why the tree was taken away, if it was.
async fn built(story: &Story, log: &TestLog) -> Result<Option<WhyAnew>, FollowError> {
    let follower = follower(log, story.place.store("tree").await);
    follower.catch_up(|_| ()).await?;
    Ok(follower.status().borrow().anew.clone().map(|anew| anew.why))
}

#[tokio::test]
async fn a_tree_of_another_log_is_left_alone_unless_it_is_said_to_be_this_one() {
    for seed in seeds("a_tree_of_another_log", 1) {
        let story = Story::of(&seed, 300).await;
        let before = story.place.rows("tree").await;
        let other = story.log.clone().with_id(78);
        let refused = built(&story, &other).await;
        assert!(matches!(refused, Err(FollowError::OtherLog { .. })), "{refused:?}");
        assert_eq!(story.place.rows("tree").await, before);
        let settings = FollowSettings { accept_log: true, ..FollowSettings::default() };
        let accepting = follower_with(&other, story.place.store("tree").await, settings);
        accepting.catch_up(|_| ()).await.unwrap();
        let why = accepting.status().borrow().anew.clone().unwrap().why;
        assert_eq!(why, WhyAnew::OtherLog(LogId(Uuid::from_u128(77))));
        assert_eq!(story.tree.state().await.unwrap().unwrap().checkpoint.log_id, LogId(Uuid::from_u128(78)));
    }
}

/// As after a restore: the end is gone, and other events may stand there since.
#[tokio::test]
async fn a_log_that_was_put_back_gets_a_new_tree_which_says_so() {
    for seed in seeds("a_log_that_was_put_back", 1) {
        let mut story = Story::of(&seed, 600).await;
        story.log.change(|events| events.truncate(400));
        assert_eq!(built(&story, &story.log).await.unwrap(), Some(WhyAnew::PutBack(Mismatch::NoEvent)));
        let kept = leaves(&story.told[..400]);
        assert_eq!(story.tree.root(kept.len() as u64).await.unwrap(), Naive::of(&kept).root(0, kept.len()));
        assert_eq!(story.tree.state().await.unwrap().unwrap().size(), kept.len() as u64);

        // It went on otherwise, from before where the tree stands, to beyond it.
        let mut told = story.told[..300].to_vec();
        for mut other in story.world.events(200) {
            other.event.position.0 = told.last().unwrap().event.position.0 + 1;
            told.push(other);
        }
        let at = story.told[399].event.position;
        let mut standing = story.world.events(1).remove(0);
        standing.event.position = at;
        told.retain(|told| told.event.position < at);
        told.push(standing.clone());
        story.log.change(|events| *events = told.iter().map(|told| told.event.clone()).collect());
        let why = built(&story, &story.log).await.unwrap();
        assert_eq!(why, Some(WhyAnew::PutBack(Mismatch::OtherEvent(standing.event.id))));
        let kept = leaves(&told);
        assert_eq!(story.tree.root(kept.len() as u64).await.unwrap(), Naive::of(&kept).root(0, kept.len()));
        assert_eq!(built(&story, &story.log).await.unwrap(), None);
    }
}

/// No backup explains that; a new tree would hide it.
#[tokio::test]
async fn an_event_of_the_open_block_that_was_altered_stops_the_tree_until_somebody_asks_for_a_new_one() {
    for seed in seeds("an_event_of_the_open_block", 1) {
        for (events, altered) in [(600, 3), (600, 500), (6_000, 5_900)] {
            let story = Story::of(&seed, events).await;
            let index =
                story.leaves.iter().position(|(told, _)| told.event.position >= story.told[altered].event.position);
            let index = index.unwrap();
            let position = story.leaves[index].0.event.position;
            let before = story.place.rows("tree").await;
            let alter = |events: &mut Vec<RecordedEvent>| {
                let event = events.iter_mut().find(|event| event.position == position).unwrap();
                event.data = bytes::Bytes::from_static(b"{}");
            };
            story.log.change(alter);
            let refused = built(&story, &story.log).await;
            let Err(FollowError::Tree(TreeError::Differs(differs))) = refused else { panic!("{refused:?}") };
            assert_eq!((differs.index, differs.position), (index as u64, position));
            assert_eq!(story.place.rows("tree").await, before);
            follower(&story.log, story.place.store("tree").await).rebuild(|_| ()).await.unwrap();
            assert_eq!(built(&story, &story.log).await.unwrap(), None);
            assert_ne!(story.tree.root(story.size()).await.unwrap(), story.naive.root(0, story.leaves.len()));
        }
    }
}

#[tokio::test]
async fn what_is_damaged_is_built_anew() {
    for seed in seeds("what_is_damaged", 1) {
        let story = Story::of(&seed, 900).await;
        let whole = story.place.rows("tree").await;
        // Of all rows alike, so that the same words serve every database.
        for damage in [
            format!("DELETE FROM {TILES} WHERE tile = 0"),
            format!("DELETE FROM {TILES} WHERE tile >= 0"),
            format!("DELETE FROM {EDGE} WHERE tile > 1"),
            format!("UPDATE {EDGE} SET hashes = {OTHER_BYTES} WHERE tile > 1"),
            // As long as they were: the tile's leaves, and the rows of the one above, are other leaves'.
            format!("UPDATE {TILES} SET hashes = (SELECT hashes FROM {TILES} WHERE tile = 1) WHERE tile = 0"),
            format!(
                "UPDATE {EDGE} SET hashes = (SELECT substr(hashes, 1, 64) FROM {TILES} WHERE tile = 0) WHERE tile = {}",
                1_u64 << 56
            ),
            format!("UPDATE {STATE} SET frontier = {OTHER_BYTES}"),
            format!("UPDATE {STORES} SET kept = {OTHER_BYTES}"),
        ] {
            story.place.edit("tree", &damage).await;
            // What is kept of stores is looked at once there is something to add.
            let more = story.told.last().unwrap().event.clone();
            let more = RecordedEvent { position: eventlog::Position(more.position.0 + 1), ..more };
            story.log.change(|events| events.push(more));
            let why = built(&story, &story.log).await.unwrap();
            assert!(matches!(why, Some(WhyAnew::Damaged(_))), "{damage}: {why:?}");
            story.log.change(|events| drop(events.pop()));
            // Back to the log as it was.
            built(&story, &story.log).await.unwrap();
            assert_eq!(story.place.rows("tree").await, whole, "{damage}");
        }
    }
}

#[tokio::test]
async fn a_tree_by_other_rules_is_left_alone_and_rules_that_are_not_known_build_nothing() {
    for seed in seeds("a_tree_by_other_rules", 1) {
        let story = Story::of(&seed, 300).await;
        let carts = Rules { categories: ["cart".to_owned()].into(), ..Rules::first() };
        let log = Arc::new(story.log.clone());
        let follow = |rules| Follower::new(log.clone(), story.tree_store.clone(), rules, FollowSettings::default());
        let refused = follow(carts).unwrap().catch_up(|_| ()).await;
        assert!(matches!(refused, Err(FollowError::OtherRules { of }) if of == Rules::first()));
        let newer = Rules { leaf_version: 2, ..Rules::first() };
        assert_eq!(follow(newer).err(), Some(UnknownRules::LeafVersion(2)));
    }
}
