//! Look-ups by position and by time are what a look at every event says.

use crate::place::CASES;
use crate::seeds::seeds;
use crate::story::Story;
use domain::Timestamp;
use eventlog::Position;
use eventlog::testing::Chance;
use tlog::AsOf;

#[tokio::test]
async fn a_position_has_the_leaf_that_a_look_at_all_finds() {
    for seed in seeds("a_position_has_the_leaf", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 1_500).await;
        let last = story.told.last().unwrap().event.position.0;
        let near: Vec<u64> = story.told.iter().map(|told| told.event.position.0).collect();
        for _ in 0..150 {
            let position = match chance.below(3) {
                0 => chance.below(last as usize + 10) as u64,
                _ => near[chance.below(near.len())] + chance.below(3) as u64,
            };
            let up_to = story.leaves.iter().filter(|(told, _)| told.event.position.0 <= position).count();
            let at = story.leaves.iter().position(|(told, _)| told.event.position.0 == position);
            let position = Position(position);
            assert_eq!(story.tree.leaves_up_to(position).await.unwrap(), up_to as u64, "{position}");
            assert_eq!(story.tree.leaf_at(position).await.unwrap(), at.map(|at| at as u64), "{position}");
        }
        for index in [0, 1, 255, 256, story.leaves.len() - 1] {
            let place = story.tree.place(index as u64).await.unwrap();
            let (told, leaf) = &story.leaves[index];
            assert_eq!((place.position, place.rank, place.number), (told.event.position, leaf.rank, leaf.number));
        }
    }
}

#[tokio::test]
async fn a_time_has_the_position_that_a_look_at_all_finds() {
    for seed in seeds("a_time_has_the_position", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 2_500).await;
        // Those that are told, and those that are the latest so far, at which the answer changes.
        let mut times: Vec<i64> = story.leaves.iter().filter_map(|(told, _)| Some(told.at?.as_millis())).collect();
        let maxima = times.iter().scan(i64::MIN, |maximum, time| {
            *maximum = (*maximum).max(*time);
            Some(*maximum)
        });
        times.extend(maxima.collect::<Vec<_>>());
        let (first, last) = (times[0], times.iter().max().unwrap());
        for _ in 0..150 {
            let time = match chance.below(8) {
                0 => first - 1 - chance.below(20_000_000) as i64,
                1 => last + chance.below(2) as i64,
                2 => i64::MIN,
                3 => i64::MAX,
                _ => times[chance.below(times.len())] + chance.below(3) as i64 - 1,
            };
            let time = Timestamp::from_millis(time);
            let mut maximum = None;
            let not_after = story.leaves.iter().take_while(|(told, _)| {
                maximum = maximum.max(told.at);
                maximum <= Some(time)
            });
            let leaves = not_after.count() as u64;
            let expected = leaves
                .checked_sub(1)
                .map(|last| AsOf { leaves, position: story.leaves[last as usize].0.event.position });
            assert_eq!(story.tree.as_of(time).await.unwrap(), expected, "{time}");
        }
    }
}

#[tokio::test]
async fn a_tree_without_leaves_has_no_places() {
    for seed in seeds("a_tree_without_leaves", 1) {
        let story = Story::untold(&seed, 0).await;
        story.build().await.unwrap();
        assert_eq!(story.tree.as_of(Timestamp::LAST).await.unwrap(), None);
        assert_eq!(story.tree.leaf_at(Position(1)).await.unwrap(), None);
        assert_eq!(story.tree.leaves_up_to(Position(9)).await.unwrap(), 0);
        assert_eq!(story.tree.root(0).await.unwrap(), proof::hash::empty_root());
    }
}

/// What says no time is moved to none.
#[tokio::test]
async fn events_that_say_no_time_are_there_at_any() {
    for seed in seeds("events_that_say_no_time", 1) {
        let story = Story::untold(&seed, 600).await;
        story
            .log
            .change(|events| events.iter_mut().for_each(|event| event.metadata = bytes::Bytes::from_static(b"{}")));
        story.build().await.unwrap();
        let (last, leaves) = (story.leaves.last().unwrap().0.event.position, story.size());
        for time in [i64::MIN, 0, i64::MAX] {
            let found = story.tree.as_of(Timestamp::from_millis(time)).await.unwrap();
            assert_eq!(found, Some(AsOf { leaves, position: last }));
        }
        assert_eq!(story.tree.state().await.unwrap().unwrap().latest, None);
    }
}
