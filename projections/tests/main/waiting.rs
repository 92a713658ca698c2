//! Waiting for a position, and reading what was written.

use crate::world::{LONG, World};
use cartlog_projections::ReadError;
use eventlog::Position;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_query_after_the_wait_sees_the_event() {
    let mut world = World::default();
    let store = world.store().await;
    let (projections, views) = world.views().await;
    for number in 0..50 {
        let customer = world.customer(store, &format!("c{number}@example.com")).await;
        let head = world.journal.head().await.expect("a head");
        views.wait_for(head, LONG).await.expect("reached");
        assert!(views.customer(store, customer).await.expect("a query").is_some());
        let deleted = world.delete_customer(store, customer).await;
        views.wait_for(deleted, LONG).await.expect("reached");
        assert_eq!(views.customer(store, customer).await.expect("a query"), None, "a row in memory is as new");
    }
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_beyond_the_end_of_the_log_is_waited_for() {
    let mut world = World::default();
    let store = world.store().await;
    let (projections, views) = world.views().await;
    let beyond = Position(world.journal.head().await.expect("a head").0 + 2);
    let waiting = tokio::spawn({
        let views = views.clone();
        async move { views.wait_for(beyond, LONG).await }
    });
    world.product(store, "One").await;
    world.product(store, "Two").await;
    waiting.await.expect("no panic").expect("reached");
    projections.stop().await;
}

#[tokio::test]
async fn when_time_is_up_the_answer_says_how_far_the_views_are() {
    let mut world = World::default();
    world.store().await;
    let views = world.open().await.views();
    // From here on nothing but time is waited for.
    tokio::time::pause();
    let outcome = views.wait_for(Position(100), Duration::from_secs(2)).await;
    let Err(ReadError::Behind { asked, reached }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((asked, reached), (Position(100), Position(1)));
}

/// Customers are counted as they were at a position, whatever happened since.
#[tokio::test(flavor = "multi_thread")]
async fn customers_at_a_position_are_those_that_were_there() {
    let mut world = World::default();
    let store = world.store().await;
    let mut customers = Vec::new();
    for number in 0..5 {
        customers.push(world.customer(store, &format!("c{number}@example.com")).await);
    }
    let before = world.journal.head().await.expect("a head");
    let deleted = world.delete_customer(store, customers[2]).await;
    let late = world.customer(store, "late@example.com").await;
    let views = world.open().await.views();
    let at = |position, after, limit| {
        let views = views.clone();
        async move { views.customers_at(store, position, after, limit).await.expect("customers") }
    };
    assert_eq!(at(before, None, 10).await, customers);
    assert_eq!(at(before, Some(customers[1]), 2).await, customers[2..4]);
    assert_eq!(at(deleted, None, 10).await, [customers[0], customers[1], customers[3], customers[4]]);
    assert_eq!(at(Position(deleted.0 + 1), Some(customers[3]), 10).await, [customers[4], late]);
    assert_eq!(at(Position::START, None, 10).await, []);
    assert_eq!(views.count_customers_at(store, before).await.expect("a count"), 5);
    assert_eq!(views.count_customers_at(store, deleted).await.expect("a count"), 4);
}
