//! Reading a server that others use too, and that breaks off.

use super::*;
use eventstoredb_double::{Act, Call, When};
use futures::future::join_all;

#[tokio::test]
async fn a_read_that_breaks_off_is_read_again() {
    let server = Server::start().await;
    let log = server.log();
    let batch = events(5);
    append(&*log, 0, &batch).await.unwrap();
    for when in [When::Before, When::After] {
        server.double.on_next(Call::ReadStream, when, Act::Cut);
        assert_eq!(ids(&log.read_stream(&cart(), 0, 10).await.unwrap()), new_ids(&batch), "{when:?}");
        server.double.on_next(Call::ReadAll, when, Act::Cut);
        assert_eq!(ids(&everything(&*log).await), new_ids(&batch), "{when:?}");
    }
}

#[tokio::test]
async fn a_read_that_the_server_keeps_silent_in_ends_and_the_next_goes_through() {
    let server = Server::start().await;
    let log = open(EventStoreDbOptions { request_timeout: IMPATIENCE, ..server.options() });
    append(&*log, 0, &events(1)).await.unwrap();
    for when in [When::Before, When::After] {
        let _held = server.double.hold_next(Call::ReadStream, when);
        let refused = in_time(log.read_stream(&cart(), 0, 10)).await;
        // Not only once a whole answer would be too late.
        let is_told = matches!(&refused, Err(LogError::Unavailable(why)) if why.to_string().contains("silent"));
        assert!(is_told, "{when:?}: {refused:?}");
        assert_eq!(log.read_stream(&cart(), 0, 10).await.unwrap().len(), 1, "{when:?}");
    }
}

/// It is never silent for long, and never done.
#[tokio::test]
async fn a_read_whose_answer_drips_in_is_not_waited_for_for_ever() {
    let server = Server::start().await;
    append(&*server.log(), 0, &events(1)).await.unwrap();
    let log = open(EventStoreDbOptions { request_timeout: IMPATIENCE, ..server.options() });
    server.double.on_next(Call::ReadStream, When::After, Act::Drip);
    let refused = in_time(log.read_stream(&cart(), 0, 10)).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn what_a_newer_server_says_is_passed_over() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(3)).await.unwrap();
    for when in [When::Before, When::After] {
        server.double.on_next(Call::ReadStream, when, Act::Nonsense);
        assert_eq!(log.read_stream(&cart(), 0, 10).await.unwrap().len(), 3, "{when:?}");
    }
}

#[tokio::test]
async fn events_of_others_are_not_ours_and_don_t_count() {
    let server = Server::start().await;
    let log = server.log();
    log.log_id().await.unwrap();
    let mut ours = Vec::new();
    for length in 0..6 {
        server.others_append("other-1", &["Happened"]).await;
        server.others_append("cartoon-1", &["Happened"]).await;
        let batch = events(1);
        log.append(&StreamName::new("cart-1"), ExpectedRevision::of_length(length), batch.clone()).await.unwrap();
        ours.extend(new_ids(&batch));
        // What the server itself puts into a stream: links.
        server.others_append("cart-2", &["$>"]).await;
        let ended = format!("cart-ended-{length}");
        server.others_append(&ended, &["Happened"]).await;
        server.double.tombstone(&ended).await.unwrap();
    }
    let stored = everything(&*log).await;
    let of_cart: Vec<_> = stored.iter().filter(|event| event.stream == cart()).cloned().collect();
    assert_eq!(ids(&of_cart), ours);
    assert!(stored.len() == 12 && stored.iter().all(|event| &*event.event_type == "Happened"), "{stored:?}");
    for limit in 1..=stored.len() {
        assert_eq!(log.read_all(Position::START, limit).await.unwrap(), stored[..limit], "at most {limit}");
        for (at, event) in stored.iter().enumerate() {
            let rest = log.read_all(event.position, limit).await.unwrap();
            assert_eq!(rest, stored[at + 1..][..limit.min(stored.len() - at - 1)], "at most {limit} after {at}");
        }
    }
    assert_eq!(log.read_stream(&StreamName::new("cart-2"), 0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn the_log_is_read_from_any_position_also_where_no_event_stands() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(2)).await.unwrap();
    server.others_append("other-1", &["Happened"]).await;
    append(&*log, 2, &events(2)).await.unwrap();
    let stored = everything(&*log).await;
    let end = log.head().await.unwrap().0;
    for after in (0..end + 3).map(Position) {
        let expected: Vec<_> = stored.iter().filter(|event| event.position > after).cloned().collect();
        for limit in [1, 3, 10] {
            let read = log.read_all(after, limit).await.unwrap();
            assert_eq!(read, expected[..limit.min(expected.len())], "at most {limit} after {after}");
        }
    }
    assert_eq!(log.read_all(Position(u64::MAX), 10).await.unwrap(), []);
}

#[tokio::test]
async fn one_event_at_its_position_is_read_by_one_question() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(9)).await.unwrap();
    for event in everything(&*log).await {
        let before = server.double.reads_of_all();
        assert_eq!(log.read_all(Position(event.position.0 - 1), 1).await.unwrap(), [event]);
        assert_eq!(server.double.reads_of_all(), before + 1);
    }
}

#[tokio::test]
async fn the_head_of_a_log_just_opened_is_the_last_event_of_ours() {
    let server = Server::start().await;
    assert_eq!(server.log().head().await.unwrap(), Position::START);
    server.others_append("other-1", &["Happened"]).await;
    assert_eq!(server.log().head().await.unwrap(), Position::START);
    let appended = append(&*server.log(), 0, &events(2)).await.unwrap();
    assert_eq!(server.log().head().await.unwrap(), appended.position);
    server.others_append("other-1", &["Happened"]).await;
    server.others_append("cart-1", &["$>"]).await;
    assert_eq!(server.log().head().await.unwrap(), appended.position);
}

#[tokio::test]
async fn the_head_knows_what_another_node_appended() {
    let server = Server::start().await;
    let (log, other) = (server.log(), server.log());
    for length in 0..100 {
        let appended = append(&*other, length, &events(1)).await.unwrap();
        assert_eq!(log.head().await.unwrap(), appended.position);
    }
}

#[tokio::test]
async fn asking_for_the_head_does_not_look_through_the_log_each_time() {
    let server = Server::start().await;
    let log = server.log();
    let appended = append(&*log, 0, &events(1)).await.unwrap();
    for _ in 0..20 {
        server.others_append("other-1", &["Happened"; 100]).await;
    }
    assert_eq!(log.head().await.unwrap(), appended.position);
    // From here on the subscription tells how far the log was seen.
    in_time(server.double.subscription(0)).await;
    let before = server.double.looked_at();
    for _ in 0..10 {
        assert_eq!(log.head().await.unwrap(), appended.position);
    }
    let looked_at = server.double.looked_at() - before;
    assert!(looked_at <= 20, "{looked_at} records were looked at for ten heads");
}

#[tokio::test]
async fn a_stream_that_was_deleted_reads_as_empty() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(3)).await.unwrap();
    server.double.delete("cart-1").await.unwrap();
    assert_eq!(log.read_stream(&cart(), 0, 10).await.unwrap(), []);
    assert_eq!(log.read_stream_backwards(&cart(), 10).await.unwrap(), []);
}

#[tokio::test]
async fn many_who_ask_a_silent_server_for_the_head_wait_together() {
    let server = Server::start().await;
    let log = open(EventStoreDbOptions { request_timeout: IMPATIENCE, ..server.options() });
    log.head().await.unwrap();
    server.double.freeze();
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.head().await })
        })
        .collect();
    let answers = in_time(join_all(asking)).await;
    assert!(answers.into_iter().all(|answer| matches!(answer.unwrap(), Err(LogError::Unavailable(_)))));
    server.double.thaw();
    log.head().await.unwrap();
    assert!(server.double.reads_of_all() < 20, "{} times the server was asked", server.double.reads_of_all());
}
