//! What holds while many write and read at once.

use super::Subject;
use super::support::*;
use crate::{AppendError, Appended, EventLog, Position, RecordedEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinSet;

pub async fn of_many_appenders_at_one_revision_exactly_one_wins(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    for round in 0..5 {
        let mut appenders = JoinSet::new();
        for _ in 0..64 {
            let (log, cart) = (Arc::clone(&log), cart.clone());
            appenders.spawn(async move { append(&*log, &cart, round, events(1)).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) = appenders.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 63), "round {round}");
        for answer in lost {
            assert_conflict(answer, Some(round));
        }
    }
    assert_eq!(log.read_stream(&cart, 0, 100).await.unwrap().len(), 5);
}

pub async fn equal_appends_at_the_same_time_are_done_once(subject: &dyn Subject) {
    let log = subject.open().await;
    let batch = events(2);
    let mut appenders = JoinSet::new();
    for _ in 0..32 {
        let (log, batch) = (Arc::clone(&log), batch.clone());
        appenders.spawn(async move { append(&*log, &stream("cart-1"), 0, batch).await.unwrap() });
    }
    let answers: Vec<Appended> = appenders.join_all().await;
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(everything(&*log).await.len(), 2);
}

const WRITERS: usize = 9;
const APPENDS: usize = 30;

/// Many writers, each with streams of its own and one that all fight for; gives the number of events they will have written.
pub(super) fn start_writers(log: &Arc<dyn EventLog>) -> (JoinSet<()>, usize) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = Arc::clone(log);
        writers.spawn(async move {
            for nth in 0..APPENDS {
                let own = stream(&format!("cart-{writer}-{}", nth % 7));
                append(&*log, &own, (nth / 7 * 2) as u64, events(2)).await.unwrap();
                append_to_shared(&*log).await;
            }
        });
    }
    (writers, WRITERS * APPENDS * 3)
}

async fn append_to_shared(log: &dyn EventLog) {
    let mut length = 0;
    loop {
        match append(log, &stream("product-1"), length, events(1)).await {
            Ok(_) => return,
            Err(AppendError::Conflict { actual, .. }) => length = actual.map_or(0, |last| last + 1),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Reads on from where it got to, again and again, as a worker with a checkpoint does.
async fn read_on(log: Arc<dyn EventLog>, count: usize, limit: usize) -> Vec<RecordedEvent> {
    let mut seen: Vec<RecordedEvent> = Vec::new();
    while seen.len() < count {
        let after = seen.last().map_or(Position::START, |event| event.position);
        seen.extend(log.read_all(after, limit).await.unwrap());
        tokio::task::yield_now().await;
    }
    seen
}

pub async fn no_reader_sees_a_position_before_a_smaller_one(subject: &dyn Subject) {
    let log = subject.open().await;
    let (writers, count) = start_writers(&log);
    let mut readers = JoinSet::new();
    for limit in [1, 10, 1000] {
        readers.spawn(read_on(Arc::clone(&log), count, limit));
    }
    writers.join_all().await;
    let stored = everything(&*log).await;
    assert_eq!(stored.len(), count);
    assert!(stored.is_sorted_by(|earlier, later| earlier.position < later.position));
    for seen in readers.join_all().await {
        assert!(seen == stored, "a reader that goes on from its last position sees every event");
    }
}

pub async fn an_append_of_several_is_seen_whole_or_not_at_all(subject: &dyn Subject) {
    let log = subject.open().await;
    let done = Arc::new(AtomicBool::new(false));
    let (writer_log, writer_done) = (Arc::clone(&log), Arc::clone(&done));
    let writer = tokio::spawn(async move {
        for nth in 0..100 {
            append(&*writer_log, &stream("cart-1"), nth * 3, events(3)).await.unwrap();
        }
        writer_done.store(true, Ordering::Release);
    });
    while !done.load(Ordering::Acquire) {
        assert_eq!(log.read_stream(&stream("cart-1"), 0, 1000).await.unwrap().len() % 3, 0);
        assert_eq!(everything(&*log).await.len() % 3, 0);
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

pub async fn what_was_answered_is_there_to_be_read(subject: &dyn Subject) {
    let log = subject.open().await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            let cart = stream(&format!("cart-{writer}"));
            for length in 0..20 {
                let answer = append(&*log, &cart, length, events(1)).await.unwrap();
                assert!(log.head().await.unwrap() >= answer.position);
                let last = log.read_stream_backwards(&cart, 1).await.unwrap();
                assert_eq!(positions(&last), [answer.position]);
                let all = log.read_all(Position(answer.position.0 - 1), 1).await.unwrap();
                assert_eq!(all, last);
            }
        });
    }
    writers.join_all().await;
}

pub async fn an_append_that_was_given_up_is_done_whole_or_not_at_all(subject: &dyn Subject) {
    let log = subject.open().await;
    for round in 0..40 {
        let (cart, batch) = (stream(&format!("cart-{round}")), events(3));
        let giving_up = tokio::spawn({
            let (log, cart, batch) = (Arc::clone(&log), cart.clone(), batch.clone());
            async move { append(&*log, &cart, 0, batch).await }
        });
        for _ in 0..round % 4 {
            tokio::task::yield_now().await;
        }
        giving_up.abort();
        // Done in the end, or not yet: either way the same append goes through, and once.
        let answer = append(&*log, &cart, 0, batch.clone()).await.unwrap();
        let stored = log.read_stream(&cart, 0, 10).await.unwrap();
        assert_eq!(ids(&stored), new_ids(&batch), "round {round}");
        assert_eq!(stored[2].position, answer.position);
    }
    assert_eq!(everything(&*log).await.len(), 120);
}
