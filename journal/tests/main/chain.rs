//! The hash chain: each event's metadata holds the hash of its stream's previous event, over any sequence of appends.

use crate::support::*;
use cartlog_journal::{JournalError, Tail, ToAppend};
use eventlog::chain::{EventHash, hash_of};
use eventlog::{AppendError, Position, RecordedEvent};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashMap;

fn prev(event: &RecordedEvent) -> Option<EventHash> {
    let metadata: cartlog_journal::Metadata = serde_json::from_slice(&event.metadata).unwrap();
    metadata.prev
}

/// Where the chain breaks, if it does.
fn broken(events: &[RecordedEvent]) -> Option<Position> {
    let mut last: HashMap<_, EventHash> = HashMap::new();
    for event in events {
        if prev(event) != last.insert(event.stream.clone(), hash_of(event)) {
            return Some(event.position);
        }
    }
    None
}

async fn append_all(appends: &[(u8, u8)]) -> Desk {
    let desk = Desk::new();
    let mut id = 100;
    for &(stream, count) in appends {
        let mut next = || {
            id += 1;
            id
        };
        let (stream, events): (_, Vec<ToAppend>) = match stream {
            0 => (customer_stream(1), (0..count).map(|_| renamed(next(), "Ann")).collect()),
            other => (product_stream(other.into()), (0..count).map(|_| repriced(next())).collect()),
        };
        desk.append(&stream, &events).await;
    }
    desk
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_event_names_the_one_before_it(appends in vec((0u8..4, 1u8..5), 1..20)) {
        let stored = block_on(async { append_all(&appends).await.stored().await });
        prop_assert_eq!(broken(&stored), None);
    }

    #[test]
    fn what_is_changed_dropped_or_swapped_is_given_away_by_the_next(
        appends in vec((0u8..2, 1u8..5), 4..10), at in any::<proptest::sample::Index>(), how in 0..3,
    ) {
        let mut stored = block_on(async { append_all(&appends).await.stored().await });
        // Any event but the last of its stream: that one has no next.
        let inner: Vec<usize> = (0..stored.len())
            .filter(|&at| stored[at + 1..].iter().any(|later| later.stream == stored[at].stream))
            .collect();
        prop_assume!(!inner.is_empty());
        let at = *at.get(&inner);
        match how {
            0 => stored[at].data = [&stored[at].data[..], b" "].concat().into(),
            1 => drop(stored.remove(at)),
            _ => {
                let next = (at + 1..stored.len()).find(|&next| stored[next].stream == stored[at].stream).unwrap();
                stored.swap(at, next);
            }
        }
        prop_assert!(broken(&stored).is_some());
    }
}

#[tokio::test]
async fn a_stretch_that_is_read_ends_with_the_tail_to_go_on_from() {
    let desk = append_all(&[(1, 5), (1, 2)]).await;
    let stream = product_stream(1);
    let stored = desk.stored().await;
    let head = desk.journal.read_stream(&stream, Tail::default(), 3).await.unwrap();
    assert_eq!(head.tail, Tail { length: 3, last_hash: Some(hash_of(&stored[2])) });
    let rest = desk.journal.read_stream(&stream, head.tail, 100).await.unwrap();
    assert_eq!(rest.events.len(), 4);
    assert_eq!(rest.tail, Tail { length: 7, last_hash: Some(hash_of(&stored[6])) });
    let nothing = desk.journal.read_stream(&stream, rest.tail, 100).await.unwrap();
    assert!(nothing.events.is_empty());
    assert_eq!(nothing.tail, rest.tail);
    let written = desk.journal.append(&stream, rest.tail, &[repriced(9_000)]).await.unwrap();
    assert_eq!(written.tail.length, 8);
    assert_eq!(broken(&desk.stored().await), None);
}

#[tokio::test]
async fn an_append_at_another_end_conflicts() {
    let desk = append_all(&[(1, 2)]).await;
    let stream = product_stream(1);
    for wrong in [0, 1, 3] {
        let tail = Tail { length: wrong, last_hash: None };
        let refused = desk.journal.append(&stream, tail, &[repriced(9_000)]).await;
        let Err(JournalError::Append(AppendError::Conflict { actual, .. })) = refused else {
            panic!("at {wrong}: {refused:?}");
        };
        assert_eq!(actual, Some(1));
    }
}
