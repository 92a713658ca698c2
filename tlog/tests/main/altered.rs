//! A log that was changed after its tree was built.

use crate::place::CASES;
use crate::seeds::seeds;
use crate::story::Story;
use bytes::Bytes;
use eventlog::testing::Chance;
use eventlog::{Position, RecordedEvent, StreamName};
use proof::tiles::{Rows, Tile};
use tlog::{Difference, Differs, TreeError};
use uuid::Uuid;

/// What nobody may do to a log.
type Change<'c> = &'c dyn Fn(&mut Vec<RecordedEvent>);

fn flipped(bytes: &Bytes, chance: &mut Chance) -> Bytes {
    let mut bytes = bytes.to_vec();
    let at = chance.below(bytes.len());
    bytes[at] ^= 1 << chance.below(8);
    bytes.into()
}

/// What a comparison of all leaves finds, and one of the span alone.
async fn found(story: &Story, index: u64) -> Differs {
    let all = story.tree.compare(0..story.size(), |_| ()).await;
    let Err(TreeError::Differs(all)) = all else { panic!("{all:?}") };
    let (span, width) = (index / 256, (story.size() - index / 256 * 256).min(256) as u16);
    let entries = story.tree.tile(Tile::new(Rows::Entries, span, width).unwrap()).await;
    let Err(TreeError::Differs(entries)) = entries else { panic!("{entries:?}") };
    assert_eq!(entries, all);
    all
}

#[tokio::test]
async fn any_change_of_an_event_names_its_leaf() {
    for seed in seeds("any_change_of_an_event", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 700).await;
        story.tree.compare(0..story.size(), |_| ()).await.unwrap();
        for part in 0..6 {
            let index = chance.below(story.leaves.len());
            let event = &story.leaves[index].0.event;
            let mut changed = event.clone();
            match part {
                0 => changed.data = flipped(&event.data, &mut chance),
                1 => changed.metadata = flipped(&event.metadata, &mut chance),
                2 => changed.event_type = format!("{}x", event.event_type).into(),
                3 => changed.id = Uuid::from_u128(event.id.as_u128() ^ 1 << chance.below(128)),
                4 => changed.revision += 1,
                _ => changed.stream = StreamName::new(format!("{}\n", event.stream)),
            }
            let put = |event: &RecordedEvent| {
                let event = event.clone();
                story.log.change(move |events| {
                    let at = events.iter().position(|known| known.position == event.position).unwrap();
                    events[at] = event;
                });
            };
            put(&changed);
            let differs = Differs { index: index as u64, position: event.position, how: Difference::Content };
            assert_eq!(found(&story, index as u64).await, differs, "part {part}");
            put(event);
            story.tree.compare(0..story.size(), |_| ()).await.unwrap();
        }
    }
}

/// An event whose stream no longer counts is as one that is gone.
#[tokio::test]
async fn events_that_are_gone_or_come_twice_or_in_another_order_are_noticed() {
    for seed in seeds("events_that_are_gone", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 700).await;
        let events: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
        let place = |position: Position| events.iter().position(|event| event.position == position).unwrap();
        let index = chance.below(story.leaves.len() - 1);
        let at = place(story.leaves[index].0.event.position);
        let next = place(story.leaves[index + 1].0.event.position);
        let gone = |events: &mut Vec<RecordedEvent>| drop(events.remove(at));
        let hidden = |events: &mut Vec<RecordedEvent>| events[at].stream = StreamName::new("$hidden");
        let swapped = |events: &mut Vec<RecordedEvent>| {
            let (one, other) = (events[at].position, events[next].position);
            events.swap(at, next);
            (events[at].position, events[next].position) = (one, other);
        };
        let doubled = |events: &mut Vec<RecordedEvent>| events.insert(at + 1, events[at].clone());
        // The rest moves up, as in a log without gaps.
        let moved = |events: &mut Vec<RecordedEvent>| {
            doubled(events);
            events[at + 1..].iter_mut().for_each(|event| event.position.0 += 1);
        };
        let changes: [(Change<'_>, usize); 5] =
            [(&gone, index), (&hidden, index), (&swapped, index), (&doubled, index + 1), (&moved, index + 1)];
        for (number, (change, first)) in changes.into_iter().enumerate() {
            story.log.change(|events| change(events));
            let found = found(&story, first as u64).await;
            assert_eq!(found.index, first as u64, "change {number}: {found}");
            assert_eq!(found.position, story.leaves[first].0.event.position, "change {number}");
            story.log.change(|log| *log = events.clone());
        }
    }
}
