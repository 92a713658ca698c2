//! How far each store is: never less than it is, and not as far as others.

use crate::support::*;
use cartlog_journal::StoreHeads;
use std::time::Duration;

/// What nothing waits for, where it works.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_store_is_as_far_as_its_newest_event_and_no_farther_for_what_others_did() {
    let desk = Desk::new();
    let heads = StoreHeads::begin(desk.journal.clone()).await.unwrap();
    let [ours, others] = [1, 2].map(|number| domain::StoreId(uuid::Uuid::from_u128(number)));
    let mine = desk.append_of(ours, &product_stream(1), &[repriced(1)]).await;
    let head = desk.append_of(others, &product_stream(2), &[repriced(2), repriced(3)]).await;
    let look = async {
        assert_eq!(heads.of(ours, head, LONG).await, mine);
        assert_eq!(heads.of(others, head, LONG).await, head);
        assert_eq!(heads.of(others, mine, LONG).await, mine, "no later than what is asked for");
    };
    tokio::select! {
        never = heads.run() => match never.unwrap() {},
        () = look => {}
    }
}

#[tokio::test]
async fn what_was_there_before_and_what_nobody_follows_may_be_anybodys() {
    let desk = Desk::new();
    let [ours, others] = [1, 2].map(|number| domain::StoreId(uuid::Uuid::from_u128(number)));
    let before = desk.append_of(others, &product_stream(2), &[repriced(1)]).await;
    let heads = StoreHeads::begin(desk.journal.clone()).await.unwrap();
    assert_eq!(heads.of(ours, before, LONG).await, before);
    let head = desk.append_of(others, &product_stream(2), &[repriced(2)]).await;
    assert_eq!(heads.of(ours, head, Duration::ZERO).await, head);
}
