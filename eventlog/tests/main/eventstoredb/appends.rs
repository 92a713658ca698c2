//! Appends whose answers are lost, late or untrue.

use super::*;
use eventstoredb_double::{Act, Call, When};
use tonic::Status;

#[tokio::test]
async fn an_append_is_done_once_wherever_the_connection_breaks() {
    for when in [When::Before, When::After] {
        let server = Server::begun().await;
        let log = server.log();
        let batch = events(3);
        server.double.on_next(Call::Append, when, Act::Cut);
        let appended = append(&*log, 0, &batch).await.unwrap();
        let stored = everything(&*log).await;
        assert_eq!(ids(&stored), new_ids(&batch), "{when:?}");
        assert_eq!(appended, Appended { revision: 2, position: stored[2].position }, "{when:?}");
        assert_eq!(server.pauses(), [1], "{when:?}: it waited before it sent it again");
    }
}

#[tokio::test]
async fn an_append_that_was_taken_is_no_conflict_whatever_the_server_says() {
    let server = Server::begun().await;
    let log = server.log();
    append(&*log, 0, &events(1)).await.unwrap();
    let batch = events(2);
    server.double.on_next(Call::Append, When::After, Act::WrongExpectedVersion);
    let appended = append(&*log, 1, &batch).await.unwrap();
    let stored = everything(&*log).await;
    assert_eq!(ids(&stored[1..]), new_ids(&batch));
    assert_eq!(appended, Appended { revision: 2, position: stored[2].position });
    assert_eq!(server.double.appends(), 3, "it was found by reading");
}

#[tokio::test]
async fn who_lost_against_another_is_told_also_after_a_broken_connection() {
    let server = Server::begun().await;
    let log = server.log();
    server.double.on_next(Call::Append, When::Before, Act::Cut);
    let mut held = server.double.hold_next(Call::Append, When::Before);
    let losing = tokio::spawn(async move { append(&*log, 0, &events(2)).await });
    held.arrived().await;
    server.others_append("cart-1", &["Happened", "Happened", "Happened"]).await;
    held.go_on();
    let refused = losing.await.unwrap();
    assert!(matches!(refused, Err(AppendError::Conflict { actual: Some(2), .. })), "{refused:?}");
}

#[tokio::test]
async fn an_answer_without_the_position_is_completed() {
    let server = Server::begun().await;
    let log = server.log();
    server.double.on_next(Call::Append, When::After, Act::NoPosition);
    let appended = append(&*log, 0, &events(3)).await.unwrap();
    assert_eq!(appended, Appended { revision: 2, position: everything(&*log).await[2].position });
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_asked_for_again() {
    for when in [When::Before, When::After] {
        let server = Server::begun().await;
        let log = server.log();
        server.double.on_next(Call::Append, when, Act::Nonsense);
        let appended = append(&*log, 0, &events(1)).await.unwrap();
        assert_eq!(appended.position, everything(&*log).await[0].position, "{when:?}");
    }
}

#[tokio::test]
async fn an_append_that_the_server_keeps_silent_about_is_settled() {
    for when in [When::Before, When::After] {
        let server = Server::begun().await;
        let log = open(EventStoreDbOptions { request_timeout: IMPATIENCE, ..server.options() });
        let batch = events(2);
        let _held = server.double.hold_next(Call::Append, when);
        in_time(append(&*log, 0, &batch)).await.unwrap();
        assert_eq!(ids(&everything(&*log).await), new_ids(&batch), "{when:?}");
    }
}

#[tokio::test]
async fn an_append_is_pursued_until_its_deadline_and_can_be_repeated_after_it() {
    let server = Server::begun().await;
    let too_long = Arc::new(|_| Duration::from_secs(3600));
    let log = open(EventStoreDbOptions { pauses: too_long, ..server.options() });
    let batch = events(2);
    server.double.on_next(Call::Append, When::After, Act::Refuse(Status::unavailable("Commit phase timeout.")));
    let refused = append(&*log, 0, &batch).await;
    assert!(
        matches!(refused, Err(AppendError::OutcomeUnknown { source: LogError::Unavailable(_), .. })),
        "{refused:?}"
    );
    let repeated = append(&*log, 0, &batch).await.unwrap();
    assert_eq!(repeated.revision, 1);
    assert_eq!(everything(&*log).await.len(), 2);
}

#[tokio::test]
async fn an_append_to_a_server_that_is_away_fails_at_once() {
    let server = Server::begun().await;
    server.double.go_away().await;
    let log = server.log();
    let refused = append(&*log, 0, &events(1)).await;
    assert!(matches!(refused, Err(AppendError::Unavailable { source: LogError::Unavailable(_), .. })), "{refused:?}");
    assert_eq!(server.pauses(), [] as [u32; 0], "there was nothing to wait for");
    server.double.come_back();
    append(&*log, 0, &events(1)).await.unwrap();
}

#[tokio::test]
async fn what_the_server_finds_too_large_is_not_sent_again() {
    let server = Server::start_with(DoubleOptions { max_append_bytes: 1000, ..DoubleOptions::default() }).await;
    let log = server.log();
    let large = NewEvent { data: vec![b'7'; 2000].into(), ..event() };
    let refused = append(&*log, 0, &[large]).await;
    assert!(matches!(refused, Err(AppendError::TooLarge { bytes: 2018, .. })), "{refused:?}");
    assert_eq!(server.pauses(), [] as [u32; 0]);
    append(&*log, 0, &events(1)).await.unwrap();
}

#[tokio::test]
async fn what_is_known_to_be_too_large_is_not_sent_at_all() {
    let server = Server::begun().await;
    let log = open(EventStoreDbOptions { max_append_bytes: 1000, ..server.options() });
    // A type counts twice, as the server counts it.
    let large = NewEvent { event_type: "T".repeat(500), ..event() };
    let refused = append(&*log, 0, &[large]).await;
    assert!(matches!(refused, Err(AppendError::TooLarge { bytes: 1004, .. })), "{refused:?}");
    assert_eq!(server.double.appends(), 1, "only the log's identity");
}

#[tokio::test]
async fn an_append_to_a_stream_that_was_ended_for_ever_is_refused_for_good() {
    let server = Server::begun().await;
    let log = server.log();
    append(&*log, 0, &events(1)).await.unwrap();
    server.double.tombstone("cart-1").await.unwrap();
    for length in [0, 1] {
        let refused = append(&*log, length, &events(1)).await;
        assert!(matches!(refused, Err(AppendError::Unavailable { source: LogError::Damaged(_), .. })), "{refused:?}");
    }
    assert!(log.read_stream(&cart(), 0, 10).await.is_err());
    assert_eq!(everything(&*log).await.len(), 1, "its tombstone is no event of ours");
}
