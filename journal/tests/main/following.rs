//! Followers: each event once and in order, near the head, far behind it, and across every break of the subscription.

use crate::support::*;
use cartlog_journal::{Batch, Delivery, Follower, Journal, JournalError, Tail};
use eventlog::{MemoryLog, Position};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// What turns a wait for an event that never comes into a failure; nothing waits for this time.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// The ids that a follower gets until it has `count` of them, with batches of up to `max`. Troubles of the log are passing.
async fn follow(mut follower: Follower, count: usize, max: usize) -> Vec<Uuid> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let next = tokio::time::timeout(LIMIT, follower.next(max)).await;
        match next.unwrap_or_else(|_| panic!("{} of {count} came", ids.len())) {
            Ok(batch) => take(&mut ids, &batch, max, &follower),
            Err(JournalError::Log(_) | JournalError::Keys(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    ids
}

fn take(ids: &mut Vec<Uuid>, batch: &Batch, max: usize, follower: &Follower) {
    assert!(batch.events.len() <= max);
    if let Some(last) = batch.events.last() {
        assert_eq!(last.position(), follower.position());
    }
    ids.extend(batch.events.iter().map(Delivery::id));
}

fn ids(range: std::ops::Range<u128>) -> Vec<Uuid> {
    range.map(Uuid::from_u128).collect()
}

#[tokio::test]
async fn an_empty_log_is_caught_up_with_at_once_and_then_waited_for() {
    let desk = Desk::new();
    let mut follower = desk.journal.follow(Position::START);
    let batch = follower.next(10).await.unwrap();
    assert!(batch.caught_up && batch.events.is_empty());
    let (stream, events) = (product_stream(1), [repriced(1)]);
    let (batch, _) = tokio::join!(follower.next(10), desk.append(&stream, &events));
    let batch = batch.unwrap();
    assert!(batch.caught_up);
    assert_eq!(batch.events.len(), 1);
}

#[tokio::test]
async fn a_follower_that_waited_in_vain_misses_nothing() {
    let desk = Desk::new();
    let mut follower = desk.journal.follow(Position::START);
    follower.next(10).await.unwrap();
    for id in 1..50u128 {
        // Given up while it waits, as a `select!` does.
        tokio::select! {
            biased;
            _ = follower.next(10) => panic!("there was nothing to get"),
            () = std::future::ready(()) => {}
        }
        desk.append(&product_stream(1), &[repriced(id)]).await;
        let batch = follower.next(10).await.unwrap();
        assert_eq!(batch.events.iter().map(Delivery::id).collect::<Vec<_>>(), ids(id..id + 1));
    }
}

#[tokio::test]
async fn caught_up_is_said_with_the_batch_that_reaches_the_head() {
    let desk = Desk::new();
    desk.append_many(&product_stream(1), 1, 250).await;
    let mut follower = desk.journal.follow(Position::START);
    let mut said = Vec::new();
    for _ in 0..3 {
        let batch = follower.next(100).await.unwrap();
        said.push((batch.events.len(), batch.caught_up));
    }
    assert_eq!(said, [(100, false), (100, false), (50, true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_followers_get_every_event_once_while_others_append() {
    const EACH: u128 = 2_000;
    let desk = Arc::new(Desk::new());
    desk.append_many(&product_stream(1), 1, 500).await;
    let writers: Vec<_> = (2..5u128)
        .map(|writer| {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move { desk.append_many(&product_stream(writer), writer * 100_000, EACH).await })
        })
        .collect();
    let all = 500 + 3 * EACH as usize;
    let followers: Vec<_> = [(0, 1), (0, 7), (0, 1_000), (3, 64), (499, 100), (500, 3), (500, 8_192)]
        .into_iter()
        .map(|(after, max)| {
            let follower = desk.journal.follow(Position(after));
            tokio::spawn(async move { (after, follow(follower, all - after as usize, max).await) })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let expected: Vec<Uuid> = desk.read().await.iter().map(Delivery::id).collect();
    assert_eq!(expected.len(), all);
    for follower in followers {
        let (after, got) = follower.await.unwrap();
        assert!(got == expected[after as usize..], "after {after}");
    }
}

#[tokio::test]
async fn one_that_falls_behind_the_recent_events_reads_the_log_and_comes_back() {
    const EVENTS: u128 = 30_000;
    let desk = Desk::new();
    let mut slow = desk.journal.follow(Position::START);
    let mut quick = desk.journal.follow(Position::START);
    slow.next(1).await.unwrap();
    quick.next(1).await.unwrap();
    let mut tail = Tail::default();
    let all: Vec<_> = (1..=EVENTS).map(repriced).collect();
    let (mut got, mut quick_got) = (Vec::new(), Vec::new());
    for (round, events) in all.chunks(500).enumerate() {
        tail = desk.journal.append(&product_stream(1), tail, events).await.unwrap().tail;
        while quick_got.len() < (round + 1) * 500 {
            let batch = quick.next(200).await.unwrap();
            take(&mut quick_got, &batch, 200, &quick);
        }
        // Now and then a little: it is thousands of events behind most of the time.
        if round % 20 == 19 {
            let batch = slow.next(300).await.unwrap();
            take(&mut got, &batch, 300, &slow);
        }
    }
    got.extend(follow(slow, EVENTS as usize - got.len(), 999).await);
    assert!(got == ids(1..EVENTS + 1));
    assert!(quick_got == ids(1..EVENTS + 1));
}

/// With a paused clock the pauses between subscriptions take no time.
#[tokio::test(start_paused = true)]
async fn broken_subscriptions_and_failed_reads_lose_and_repeat_nothing() {
    for (breaks_after, fails_every) in [(1, 0), (1, 2), (2, 3), (3, 0), (0, 2)] {
        let log = Arc::new(MemoryLog::new());
        let shaky = Arc::new(Shaky::new(Arc::clone(&log), breaks_after, fails_every));
        let journal =
            Journal::new(Arc::<Shaky>::clone(&shaky), Arc::new(cartlog_journal::testing::MemoryKeys::default()));
        let desk = Desk::on(log, Arc::default());
        desk.append_many(&product_stream(1), 1, 300).await;
        let first = follow(journal.follow(Position::START), 300, 50).await;
        assert_eq!(first, ids(1..301));
        if breaks_after == 0 {
            continue; // brings nothing, ever
        }
        let follower = journal.follow(Position(300));
        let append = async {
            for id in 0..100u128 {
                desk.append(&product_stream(2), &[repriced(1_000 + id)]).await;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let (got, ()) = tokio::join!(follow(follower, 100, 50), append);
        assert_eq!(got, ids(1_000..1_100), "breaks after {breaks_after}");
        assert!(shaky.subscriptions.load(Ordering::Relaxed) > 5, "it did break");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_vault_is_away_a_follower_waits_and_then_gets_everything() {
    let log = Arc::new(MemoryLog::new());
    let journal = Journal::new(Arc::<MemoryLog>::clone(&log), Arc::new(ShakyKeys::default()));
    let writes = async {
        let mut tail = Tail::default();
        for id in 1..=40u128 {
            let written = journal.append(&customer_stream(1), tail, &[renamed(id, "Ann")]).await;
            tail = written.unwrap().tail;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let (got, ()) = tokio::join!(follow(journal.follow(Position::START), 40, 10), writes);
    assert_eq!(got, ids(1..41));
}

/// A defect wherever an event is decoded must not leave all that follow the log waiting for ever.
#[tokio::test(start_paused = true)]
async fn a_task_behind_the_followers_that_breaks_off_is_started_again_and_nobody_misses_anything() {
    let (log, keys) = (Arc::new(MemoryLog::new()), Arc::<BrittleKeys>::default());
    let journal = Journal::new(Arc::<MemoryLog>::clone(&log), Arc::<BrittleKeys>::clone(&keys));
    let mut follower = journal.follow(Position::START);
    follower.next(10).await.unwrap();
    keys.breaks.store(true, Ordering::SeqCst);
    journal.append(&customer_stream(1), Tail::default(), &[renamed(1, "Ann")]).await.unwrap();
    assert_eq!(follow(follower, 1, 10).await, ids(1..2));
    assert!(!keys.breaks.load(Ordering::SeqCst), "it did break off");
}

#[tokio::test]
async fn the_log_is_let_go_with_the_last_handle() {
    let desk = Desk::new();
    let mut follower = desk.journal.follow(Position::START);
    desk.append(&product_stream(1), &[repriced(1)]).await;
    follower.next(10).await.unwrap();
    let weak = Arc::downgrade(&desk.log);
    drop(follower);
    drop(desk);
    assert!(weak.upgrade().is_none(), "the task behind the followers holds on to the log");
}
