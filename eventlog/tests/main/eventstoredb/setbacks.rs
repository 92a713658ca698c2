//! What a server may do to a log without being its enemy: a leader that has not caught up, a backup put in place, streams of which
//! something is gone.

use super::*;

#[tokio::test]
async fn an_end_that_went_back_stops_everything_until_it_is_there_again() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(3)).await.unwrap();
    next_events(&mut subscription, 3).await;
    server.double.go_away().await;
    // Another node leads by now, and has not indexed all that the one before had.
    let all = server.double.records();
    server.double.show(all - 2);
    server.double.come_back();
    let before = server.pauses().len();
    while server.pauses().len() < before + 5 {
        tokio::task::yield_now().await;
    }
    let said = |error: LogError| match error {
        LogError::Unavailable(said) => assert!(said.to_string().contains("but was read up to"), "{said}"),
        other => panic!("taken for final damage: {other}"),
    };
    said(log.head().await.unwrap_err());
    said(log.read_stream(&cart(), 0, 10).await.unwrap_err());
    match append(&*log, 3, &events(1)).await {
        Err(AppendError::Unavailable { source, .. }) => said(source),
        other => panic!("{other:?}"),
    }
    server.double.show(all);
    in_time(async {
        while log.head().await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    append(&*log, 3, &events(1)).await.unwrap();
    assert_eq!(next_events(&mut subscription, 1).await.len(), 1);
}

#[tokio::test]
async fn a_log_that_went_on_differently_is_damage() {
    let server = Server::start().await;
    let log = server.log();
    log.log_id().await.unwrap();
    let begun = server.double.records();
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(3)).await.unwrap();
    next_events(&mut subscription, 3).await;
    server.double.go_away().await;
    server.double.set_back(begun);
    for _ in 0..5 {
        server.others_append("cart-1", &["Happened"]).await;
    }
    server.double.come_back();
    while next(&mut subscription).await.is_some_and(|item| item.is_ok()) {}
    let refused = log.head().await.unwrap_err();
    assert!(
        matches!(&refused, LogError::Damaged(said) if said.to_string().contains("went on differently")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_stream_that_was_deleted_for_ever_is_told_as_such() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(2)).await.unwrap();
    server.double.tombstone("cart-1").await.unwrap();
    for refused in [log.read_stream(&cart(), 0, 10).await, log.read_stream_backwards(&cart(), 1).await] {
        let refused = refused.unwrap_err();
        assert!(
            matches!(&refused, LogError::Damaged(said) if said.to_string().contains("deleted for ever")),
            "{refused}"
        );
    }
    let refused = append(&*log, 2, &events(1)).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unavailable { source: LogError::Damaged(_), .. }), "{refused:?}");
    let other = StreamName::new("cart-2");
    log.append(&other, ExpectedRevision::NoStream, events(1)).await.unwrap();
}

#[tokio::test]
async fn a_stream_of_which_the_beginning_is_gone_is_damage_and_says_what_is_gone() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(3)).await.unwrap();
    server.double.delete("cart-1").await.unwrap();
    // Somebody goes on in it, as the server allows: the numbers go on as well.
    let appended = append(&*log, 0, &events(1)).await;
    assert!(
        matches!(&appended, Err(AppendError::OutcomeUnknown { source: LogError::Damaged(said), .. }) if said.to_string().contains("revision 3")),
        "{appended:?}"
    );
    let refused = log.read_stream(&cart(), 0, 10).await.unwrap_err();
    assert!(
        matches!(&refused, LogError::Damaged(said) if said.to_string().contains("revisions 0 to 2 of cart-1 are gone")),
        "{refused}"
    );
    assert_eq!(log.read_stream(&cart(), 3, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_say_where_events_stand_is_told_by_name() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(1)).await.unwrap();
    server.double.hide_positions_in_streams();
    let refused = log.read_stream(&cart(), 0, 10).await.unwrap_err();
    assert!(matches!(&refused, LogError::Damaged(said) if said.to_string().contains("22.10")), "{refused}");
}

/// What a stream has lost is gone from the log as well; whoever stood at one of those events goes on behind it.
#[tokio::test]
async fn a_scavenged_server_is_read_and_followed_past_what_is_gone() {
    let server = Server::start().await;
    let log = server.log();
    let other = StreamName::new("cart-2");
    append(&*log, 0, &events(3)).await.unwrap();
    log.append(&other, ExpectedRevision::NoStream, events(2)).await.unwrap();
    let before = log.read_all(Position::START, 10).await.unwrap();
    server.double.delete("cart-1").await.unwrap();
    server.double.scavenge();

    let restarted = server.log();
    let left = restarted.read_all(Position::START, 10).await.unwrap();
    let places = |events: &[RecordedEvent]| events.iter().map(|event| (event.position, event.id)).collect::<Vec<_>>();
    // The last event of the stream stays: its number is needed.
    assert_eq!(places(&left), places(&before[2..]));
    assert_eq!(restarted.head().await.unwrap(), before[4].position);
    // As a reader does that looks whether its checkpoint is of this log: the event is not there, and another one is no error.
    let at = restarted.read_all(Position(before[1].position.0 - 1), 1).await.unwrap();
    assert_eq!(places(&at), places(&before[2..3]));
    for after in [Position::START, before[0].position, before[1].position] {
        let mut subscription = restarted.subscribe(after);
        assert_eq!(places(&next_events(&mut subscription, 3).await), places(&before[2..]));
    }
    restarted.append(&other, ExpectedRevision::Exact(1), events(1)).await.unwrap();
    assert_eq!(restarted.read_stream(&other, 0, 10).await.unwrap().len(), 3);
    // One that ran meanwhile goes on as well.
    log.append(&other, ExpectedRevision::Exact(2), events(1)).await.unwrap();
}
