//! Whatever a store's event has is found, and nothing of another store.

use crate::seeds::seeds;
use crate::story::Story;
use domain::StoreId;
use eventlog::testing::Chance;
use tlog::{Key, Sought};
use uuid::Uuid;

/// A complete block, and an open one.
const EVENTS: usize = 7_000;

fn sought(store: Uuid, key: &Key, before: Option<u64>, limit: usize, blocks: usize) -> Sought {
    Sought { store: StoreId(store), key: key.clone(), before, limit, blocks }
}

/// The leaves that have the key, newest first.
fn with(story: &Story, store: Uuid, key: &Key) -> Vec<u64> {
    let has = |(told, leaf): &(crate::world::Told, proof::leaf::Leaf)| {
        told.store == store && (told.keys.contains(key) || *key == Key::Event(leaf.id))
    };
    let mut leaves: Vec<u64> =
        story.leaves.iter().zip(0..).filter(|(leaf, _)| has(leaf)).map(|(_, index)| index).collect();
    leaves.reverse();
    leaves
}

#[tokio::test]
async fn every_key_is_found_with_all_its_events_and_none_of_another_store() {
    for seed in seeds("every_key_is_found", 1) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, EVENTS).await;
        for _ in 0..20 {
            let (told, leaf) = &story.leaves[chance.below(story.leaves.len())];
            let keys: Vec<Key> = told.keys.iter().cloned().chain([Key::Event(leaf.id)]).collect();
            let key = &keys[chance.below(keys.len())];
            // The event's own store, and one whose events may have the same key.
            for store in
                [told.store, story.world.stores()[chance.below(story.world.stores().len())], Uuid::from_u128(5)]
            {
                let found = story.tree.find(&sought(store, key, None, usize::MAX, usize::MAX)).await.unwrap();
                let indexes: Vec<u64> = found.found.iter().map(|found| found.index).collect();
                assert_eq!(indexes, with(&story, store, key), "{key:?} of {store}");
                assert_eq!(found.before, None);
                for found in &found.found {
                    assert_eq!(found.event, story.leaves[found.index as usize].0.event);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_search_goes_on_where_it_stopped() {
    for seed in seeds("a_search_goes_on", 1) {
        let story = Story::of(&seed, EVENTS).await;
        let (told, key) = story
            .leaves
            .iter()
            .find_map(|(told, _)| {
                let key = told.keys.iter().find(|key| matches!(key, Key::Token(_)))?;
                Some((told, key))
            })
            .unwrap();
        for (limit, blocks) in [(1_000, 1), (7, 1), (100, 2), (usize::MAX, 1)] {
            let (mut before, mut indexes, mut pages) = (None, Vec::new(), 0);
            loop {
                let page = story.tree.find(&sought(told.store, key, before, limit, blocks)).await.unwrap();
                assert!(page.found.len() <= limit);
                indexes.extend(page.found.iter().map(|found| found.index));
                pages += 1;
                before = page.before;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(indexes, with(&story, told.store, key), "{limit} and {blocks}");
            assert!(pages > 1, "{limit} and {blocks}");
        }
    }
}

/// Filters are what keeps blocks from being read: of a key that a complete block has not, it is not.
#[tokio::test]
async fn blocks_without_the_key_are_not_read() {
    for seed in seeds("blocks_without_the_key", 1) {
        let story = Story::of(&seed, EVENTS).await;
        // Whoever reads the first block finds that its first event is gone.
        story.log.change(|events| drop(events.remove(0)));
        let store = story.world.stores()[0];
        let mut read = 0;
        for number in 0..200 {
            let key = Key::Event(Uuid::from_u128(1 << 100 | number));
            read += usize::from(story.tree.find(&sought(store, &key, Some(4_096), 9, 9)).await.is_err());
        }
        assert!(read <= 2, "{read} of 200 were read for nothing");
        let first = Key::Event(story.leaves[0].1.id);
        story.tree.find(&sought(story.leaves[0].0.store, &first, None, 9, 9)).await.unwrap_err();
    }
}
