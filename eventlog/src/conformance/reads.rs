//! What reading promises.

use super::Subject;
use super::support::*;
use crate::{Position, Room};

pub async fn a_stream_is_read_from_any_revision_with_any_limit(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    fill(&*log, &stream("cart-0"), 2).await;
    let given = new_ids(&fill(&*log, &cart, 5).await);
    fill(&*log, &stream("cart-2"), 2).await;
    for from in 0..7 {
        for limit in [0, 1, 2, 5, 100, usize::MAX] {
            let read = log.read_stream(&cart, from as u64, limit).await.unwrap();
            let expected: Vec<_> = given.iter().copied().skip(from).take(limit).collect();
            assert_eq!(ids(&read), expected, "from {from}, at most {limit}");
            assert!(read.iter().all(|event| event.stream == cart));
            assert!(read.iter().zip(from as u64..).all(|(event, revision)| event.revision == revision));
        }
    }
    assert_eq!(log.read_stream(&cart, u64::MAX, 10).await.unwrap(), []);
    assert_eq!(log.read_stream(&stream("cart-3"), 0, 10).await.unwrap(), []);
}

pub async fn a_stream_is_read_backwards(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let given = new_ids(&fill(&*log, &cart, 5).await);
    fill(&*log, &stream("cart-2"), 2).await;
    for limit in [0, 1, 3, 5, 100, usize::MAX] {
        let read = log.read_stream_backwards(&cart, limit).await.unwrap();
        let expected: Vec<_> = given.iter().rev().copied().take(limit).collect();
        assert_eq!(ids(&read), expected, "at most {limit}");
    }
    let last = log.read_stream_backwards(&cart, 1).await.unwrap();
    assert_eq!(last, log.read_stream(&cart, 4, 1).await.unwrap());
    assert_eq!(log.read_stream_backwards(&stream("cart-3"), 10).await.unwrap(), []);
}

pub async fn all_streams_are_read_in_the_order_of_their_appends(subject: &dyn Subject) {
    let log = subject.open().await;
    let mut given = Vec::new();
    for length in 0..4 {
        for name in ["cart-1", "invoice-1", "cart-2"] {
            let batch = events(1);
            given.extend(new_ids(&batch));
            append(&*log, &stream(name), length, batch).await.unwrap();
        }
    }
    let all = everything(&*log).await;
    assert_eq!(ids(&all), given);
    assert!(all.is_sorted_by(|earlier, later| earlier.position < later.position));
    assert!(all.iter().all(|event| event.position > Position::START));
    for limit in [0, 1, 5, usize::MAX] {
        assert_eq!(log.read_all(Position::START, limit).await.unwrap(), all[..limit.min(12)]);
        for (at, event) in all.iter().enumerate() {
            let rest = log.read_all(event.position, limit).await.unwrap();
            assert_eq!(rest, all[at + 1..][..limit.min(11 - at)], "after the event at {at}");
        }
    }
}

pub async fn a_read_ends_once_it_holds_so_many_bytes(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    fill(&*log, &stream("cart-0"), 1).await;
    fill(&*log, &cart, 5).await;
    let (all, own) = (everything(&*log).await, log.read_stream(&cart, 0, 10).await.unwrap());
    for bytes in [1, 1_000, usize::MAX] {
        let room = Room { events: 4, bytes };
        let whole = log.read_stream_within(&cart, 0, room).await.unwrap();
        assert!(!whole.is_empty() && whole == own[..whole.len()] && room.is_filled_by(&whole));
        let rest = log.read_stream_within(&cart, 4, room).await.unwrap();
        assert_eq!(rest, own[4..], "the last one of them");
        let first = log.read_all_within(Position::START, room).await.unwrap();
        assert!(!first.is_empty() && first == all[..first.len()] && room.is_filled_by(&first));
    }
    let one = Room { events: 10, bytes: 1 };
    assert_eq!(log.read_stream_within(&cart, 1, one).await.unwrap(), own[1..2]);
    assert_eq!(log.read_all_within(all[2].position, one).await.unwrap(), all[3..4]);
    assert_eq!(log.read_all_within(all[5].position, one).await.unwrap(), []);
    let much = Room { events: 10, bytes: usize::MAX };
    assert!(!much.is_filled_by(&log.read_stream_within(&cart, 0, much).await.unwrap()), "there is no more");
}

pub async fn an_empty_log_has_nothing_to_read(subject: &dyn Subject) {
    let log = subject.open().await;
    assert_eq!(log.head().await.unwrap(), Position::START);
    assert_eq!(everything(&*log).await, []);
    assert_eq!(log.read_stream(&stream("cart-1"), 0, 10).await.unwrap(), []);
    assert_eq!(log.read_stream_backwards(&stream("cart-1"), 10).await.unwrap(), []);
}

pub async fn the_head_is_the_position_of_the_last_event(subject: &dyn Subject) {
    let log = subject.open().await;
    for length in 0..5 {
        let appended = append(&*log, &stream("cart-1"), length * 2, events(2)).await.unwrap();
        assert_eq!(log.head().await.unwrap(), appended.position);
    }
    assert_eq!(positions(&everything(&*log).await).last(), Some(&log.head().await.unwrap()));
    assert_eq!(log.read_all(log.head().await.unwrap(), 10).await.unwrap(), []);
}

pub async fn the_log_and_its_identity_outlive_its_closing(subject: &dyn Subject) {
    let log = subject.open().await;
    let log_id = log.log_id().await.unwrap();
    fill(&*log, &stream("cart-1"), 3).await;
    fill(&*log, &stream("cart-2"), 3).await;
    let (all, head) = (everything(&*log).await, log.head().await.unwrap());
    for _ in 0..2 {
        assert_eq!(log.log_id().await.unwrap(), log_id);
    }
    drop(log);
    let log = subject.open().await;
    assert_eq!(log.log_id().await.unwrap(), log_id);
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(everything(&*log).await, all);
    let appended = append(&*log, &stream("cart-1"), 3, events(1)).await.unwrap();
    assert!(appended.position > head, "positions go on rising");
}
