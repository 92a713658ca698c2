//! What a subscription promises.

use super::Subject;
use super::concurrency::start_writers;
use super::support::*;
use crate::{EventLog, Position, SubscriptionItem};
use std::sync::Arc;
use tokio::task::JoinSet;

pub async fn a_subscription_brings_all_then_marks_then_what_comes(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    fill(&*log, &cart, 5).await;
    let mut subscription = log.subscribe(Position::START);
    let (caught_up, mark) = until_caught_up(&mut subscription).await;
    assert_eq!(caught_up, everything(&*log).await);
    assert_eq!(mark, log.head().await.unwrap());
    for length in 5..10 {
        append(&*log, &cart, length, events(1)).await.unwrap();
        let live = next_events(&mut subscription, 1).await;
        assert_eq!(live, log.read_stream(&cart, length, 1).await.unwrap());
    }
}

pub async fn a_subscription_starts_after_any_position(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    fill(&*log, &cart, 6).await;
    let all = everything(&*log).await;
    let mut subscriptions = Vec::new();
    for (at, event) in all.iter().enumerate() {
        let mut subscription = log.subscribe(event.position);
        let (caught_up, mark) = until_caught_up(&mut subscription).await;
        assert_eq!(caught_up, all[at + 1..], "after the event at {at}");
        assert_eq!(mark, log.head().await.unwrap());
        subscriptions.push(subscription);
    }
    append(&*log, &cart, 6, events(1)).await.unwrap();
    let live = log.read_stream(&cart, 6, 1).await.unwrap();
    for subscription in &mut subscriptions {
        assert_eq!(next_events(subscription, 1).await, live);
    }
}

pub async fn a_subscription_to_an_empty_log_is_caught_up_at_once(subject: &dyn Subject) {
    let log = subject.open().await;
    let mut subscription = log.subscribe(Position::START);
    let first = next(&mut subscription).await;
    assert!(matches!(first, SubscriptionItem::CaughtUp(Position::START)), "{first:?}");
    append(&*log, &stream("cart-1"), 0, events(3)).await.unwrap();
    assert_eq!(next_events(&mut subscription, 3).await, everything(&*log).await);
}

pub async fn subscriptions_that_start_while_others_write_miss_nothing(subject: &dyn Subject) {
    let log = subject.open().await;
    let (mut writers, count) = start_writers(&log);
    let mut followers = JoinSet::new();
    let mut started_after = Vec::new();
    // One more follower at each tenth of the way, from the start and from where the log is.
    for tenth in 1..10 {
        while events_so_far(&*log).await < count * tenth / 10 {
            tokio::task::yield_now().await;
        }
        let head = log.head().await.unwrap();
        started_after.push(head);
        for after in [Position::START, head] {
            let mut subscription = log.subscribe(after);
            let log = Arc::clone(&log);
            followers.spawn(async move {
                let already = log.read_all(Position::START, usize::MAX).await.unwrap();
                let before = already.iter().take_while(|event| event.position <= after).count();
                (after, next_events(&mut subscription, count - before).await)
            });
        }
    }
    while writers.join_next().await.transpose().unwrap().is_some() {}
    let stored = everything(&*log).await;
    for (after, received) in followers.join_all().await {
        let expected: Vec<_> = stored.iter().filter(|event| event.position > after).cloned().collect();
        assert!(received == expected, "each event after {after} once, in order");
    }
}

async fn events_so_far(log: &dyn EventLog) -> usize {
    everything(log).await.len()
}

pub async fn a_subscriber_that_falls_behind_misses_nothing(subject: &dyn Subject) {
    let log = subject.open().await;
    let mut subscription = log.subscribe(Position::START);
    next(&mut subscription).await;
    // Nobody asks the subscription for anything meanwhile.
    for nth in 0..60 {
        append(&*log, &stream(&format!("cart-{nth}")), 0, events(100)).await.unwrap();
    }
    let received = next_events(&mut subscription, 6000).await;
    assert!(received == everything(&*log).await, "each event once, in order");
    append(&*log, &stream("cart-0"), 100, events(1)).await.unwrap();
    assert_eq!(positions(&next_events(&mut subscription, 1).await), [log.head().await.unwrap()]);
}

pub async fn many_subscribers_all_get_the_same(subject: &dyn Subject) {
    let log = subject.open().await;
    let mut followers = JoinSet::new();
    let (writers, count) = start_writers(&log);
    for _ in 0..32 {
        let mut subscription = log.subscribe(Position::START);
        followers.spawn(async move { next_events(&mut subscription, count).await });
    }
    writers.join_all().await;
    let stored = everything(&*log).await;
    for received in followers.join_all().await {
        assert!(received == stored, "each event once, in order");
    }
}

pub async fn a_dropped_subscription_disturbs_nobody(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    fill(&*log, &cart, 3).await;
    let mut stays = log.subscribe(Position::START);
    let mut goes = log.subscribe(Position::START);
    next(&mut goes).await;
    drop(goes);
    drop(log.subscribe(Position::START));
    assert_eq!(next_events(&mut stays, 3).await.len(), 3);
    append(&*log, &cart, 3, events(1)).await.unwrap();
    assert_eq!(next_events(&mut stays, 1).await.len(), 1);
}
