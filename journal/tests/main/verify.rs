//! A checkpoint is of this log, or whoever reads stops.

use crate::support::*;
use eventlog::{Checkpoint, EventLog, LogError, LogId, Position};
use uuid::Uuid;

async fn is_foreign(desk: &Desk, checkpoint: Checkpoint, why: &str) {
    match desk.journal.verify(&checkpoint).await {
        Err(LogError::ForeignCheckpoint { log_id, position, reason }) => {
            assert_eq!((log_id, position), (checkpoint.log_id, checkpoint.position));
            assert!(reason.to_string().contains(why), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn checkpoints_of_this_log_pass_and_others_do_not() {
    let desk = Desk::new();
    let log_id = desk.log.log_id().await.unwrap();
    let start = Checkpoint::start(log_id);
    desk.journal.verify(&start).await.unwrap();
    desk.append(&product_stream(1), &[repriced(10), repriced(11), repriced(12)]).await;
    desk.journal.verify(&start).await.unwrap();
    for (position, id) in [(1, 10), (2, 11), (3, 12)] {
        let event_id = Uuid::from_u128(id);
        let checkpoint = Checkpoint { log_id, position: Position(position), event_id };
        desk.journal.verify(&checkpoint).await.unwrap();
        let other = Uuid::from_u128(id + 1);
        is_foreign(&desk, Checkpoint { event_id: other, ..checkpoint }, "stands there").await;
        let other = LogId(Uuid::from_u128(9));
        is_foreign(&desk, Checkpoint { log_id: other, ..checkpoint }, "this is log").await;
    }
    let beyond = Checkpoint { log_id, position: Position(4), event_id: Uuid::from_u128(12) };
    is_foreign(&desk, beyond, "shorter").await;
    is_foreign(&desk, Checkpoint { position: Position(u64::MAX), ..beyond }, "shorter").await;
    is_foreign(&desk, Checkpoint::start(LogId(Uuid::nil())), "this is log").await;
}

#[tokio::test]
async fn a_follower_says_where_it_is() {
    let desk = Desk::new();
    desk.append(&product_stream(1), &[repriced(10), repriced(11)]).await;
    let mut follower = desk.journal.follow(Position(1));
    assert_eq!(follower.position(), Position(1));
    follower.next(10).await.unwrap();
    assert_eq!(follower.position(), Position(2));
    assert_eq!(desk.journal.head().await.unwrap(), Position(2));
    assert_eq!(desk.journal.log_id().await.unwrap(), desk.log.log_id().await.unwrap());
}
