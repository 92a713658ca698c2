//! Following a server that breaks off, falls silent, ends subscriptions well, and sends checkpoints that aren't true.

use super::*;
use eventstoredb_double::Turn;
use eventstoredb_double::wire::{self, CaughtUp, Empty, ReadContent, ReadEvent, RecordedEvent as Recorded};
use tonic::Status;

fn at(position: Position) -> Option<wire::Position> {
    Some(wire::Position::of(position.0))
}

#[tokio::test]
async fn a_subscription_goes_on_whatever_ended_the_server_s() {
    for end in [Turn::Cut, Turn::End, Turn::Refuse(Status::unavailable("Server Is Too Busy"))] {
        let server = Server::start().await;
        let log = server.log();
        server.double.direct_next_subscription([Turn::Events(2), end.clone()]);
        let mut subscription = live(&server, &*log).await;
        let batch = events(5);
        append(&*log, 0, &batch).await.unwrap();
        let received = next_events(&mut subscription, 5).await;
        assert_eq!(ids(&received), new_ids(&batch), "{end:?}: each event once, in order");
        assert_eq!(server.pauses(), [1], "{end:?}: it waited before it subscribed again");
    }
}

#[tokio::test]
async fn a_subscription_goes_on_after_the_last_event_that_came() {
    let server = Server::start().await;
    let log = server.log();
    server.double.direct_next_subscription([Turn::Events(2), Turn::End]);
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(5)).await.unwrap();
    let received = next_events(&mut subscription, 5).await;
    assert_eq!(in_time(server.double.subscription(1)).await, at(received[1].position));
}

#[tokio::test]
async fn pauses_grow_with_the_failures_and_start_anew_once_something_came() {
    let server = Server::start().await;
    let log = server.log();
    for turns in [vec![Turn::End], vec![Turn::End], vec![Turn::End], vec![Turn::Events(1), Turn::End]] {
        server.double.direct_next_subscription(turns);
    }
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(2)).await.unwrap();
    next_events(&mut subscription, 2).await;
    in_time(server.double.subscription(4)).await;
    assert_eq!(server.pauses(), [1, 2, 3, 1]);
}

#[test]
fn a_usual_pause_grows_to_a_limit_and_is_left_to_chance() {
    let pauses = EventStoreDbOptions::new("", ["cart-"]).pauses;
    let longest_of = |failures| (0..200).map(|_| pauses(failures)).max().unwrap();
    assert!(pauses(1) >= Duration::from_millis(25));
    for failures in 1..7 {
        assert!(longest_of(failures) < longest_of(failures + 1), "after {failures} failures");
    }
    assert!(longest_of(1_000_000) <= Duration::from_secs(5));
    assert!((0..200).any(|_| pauses(3) != pauses(3)));
}

#[tokio::test]
async fn an_early_checkpoint_loses_nothing() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(1)).await.unwrap();
    let first = next_events(&mut subscription, 1).await;
    server.double.go_away().await;
    let second = server.others_append("cart-2", &["Happened"]).await;
    let untrue = Turn::Checkpoint(wire::Position::of(second.position));
    server.double.direct_next_subscription([untrue, Turn::End]);
    server.double.come_back();
    assert_eq!(next_events(&mut subscription, 1).await[0].position.0, second.position);
    assert_eq!(in_time(server.double.subscription(2)).await, at(first[0].position), "the checkpoint did not count yet");
}

#[tokio::test]
async fn a_checkpoint_that_proves_early_is_gone_back_from() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    server.double.go_away().await;
    for stream in ["cart-1", "cart-2", "cart-3"] {
        server.others_append(stream, &["Happened"]).await;
    }
    let beyond = |bytes: u64| Turn::Checkpoint(wire::Position::of(1_000_000 + bytes));
    server.double.direct_next_subscription([beyond(0), beyond(1), Turn::Events(1), Turn::End]);
    server.double.come_back();
    let received = next_events(&mut subscription, 3).await;
    assert!(received.is_sorted_by_key(|event| event.position));
    assert_eq!(in_time(server.double.subscription(2)).await, at(received[0].position));
}

#[tokio::test]
async fn a_checkpoint_counts_once_the_next_has_come() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    server.double.go_away().await;
    let first = server.others_append("other-1", &["Happened"]).await;
    let second = server.others_append("other-1", &["Happened"]).await;
    // Between events, as the server gives it while it catches up: the event that begins there is still to come.
    let place = wire::Position { commit_position: second.position, prepare_position: 0 };
    let last = Turn::Checkpoint(wire::Position::of(second.position));
    server.double.direct_next_subscription([Turn::Checkpoint(place), last, Turn::End]);
    server.double.come_back();
    assert_eq!(in_time(server.double.subscription(2)).await, Some(place), "not from {}", first.position);
    let third = server.others_append("cart-1", &["Happened"]).await;
    assert_eq!(next_events(&mut subscription, 1).await[0].position.0, third.position);
}

#[tokio::test]
async fn the_event_that_begins_where_a_checkpoint_stands_is_not_lost() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    server.double.go_away().await;
    let ours = server.others_append("cart-1", &["Happened"]).await;
    let place = wire::Position { commit_position: ours.position, prepare_position: 0 };
    let next = wire::Position { commit_position: ours.position, prepare_position: 1 };
    server.double.direct_next_subscription([Turn::Checkpoint(place), Turn::Checkpoint(next), Turn::End]);
    server.double.come_back();
    in_time(server.double.subscription(2)).await;
    assert_eq!(log.head().await.unwrap().0, ours.position);
    assert_eq!(next_events(&mut subscription, 1).await[0].position.0, ours.position);
}

#[tokio::test]
async fn checkpoints_beyond_every_place_or_behind_are_passed_over() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(1)).await.unwrap();
    let first = next_events(&mut subscription, 1).await;
    server.double.go_away().await;
    let checkpoint =
        |commit_position, prepare_position| Turn::Checkpoint(wire::Position { commit_position, prepare_position });
    let turns =
        [checkpoint(u64::MAX, 0), checkpoint(u64::MAX, u64::MAX), checkpoint(1, 1), checkpoint(2, 2), Turn::End];
    server.double.direct_next_subscription(turns);
    server.double.come_back();
    assert_eq!(in_time(server.double.subscription(2)).await, at(first[0].position));
    append(&*log, 1, &events(1)).await.unwrap();
    next_events(&mut subscription, 1).await;
}

#[tokio::test]
async fn a_long_way_of_others_is_not_gone_twice() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    server.double.go_away().await;
    let mut ends = Vec::new();
    for _ in 0..3 {
        // As many as make a checkpoint.
        ends.push(server.others_append("other-1", &["Happened"; 1024]).await.position);
    }
    server.double.direct_next_subscription([Turn::CatchUp, Turn::End]);
    server.double.come_back();
    let resumed = in_time(server.double.subscription(2)).await.expect("not from the start").commit_position;
    assert!(ends[1] < resumed && resumed < ends[2], "{resumed} is not after the second of {ends:?}");
    let ours = server.others_append("cart-1", &["Happened"]).await;
    assert_eq!(next_events(&mut subscription, 1).await[0].position.0, ours.position);
}

#[tokio::test]
async fn what_nobody_has_heard_of_is_passed_over() {
    let server = Server::start().await;
    let log = server.log();
    // The server compares prefixes by its culture's rules, not byte for byte.
    let others = Recorded {
        id: Some(wire::Uuid::structured(Uuid::now_v7())),
        stream_identifier: Some("c\u{200b}art-1".into()),
        commit_position: 1,
        prepare_position: 1,
        ..Recorded::default()
    };
    let others = ReadContent::Event(ReadEvent { event: Some(others), ..ReadEvent::default() });
    let fell_behind = CaughtUp { timestamp: None, stream_revision: None, position: None };
    server.double.direct_next_subscription([
        Turn::Say(None),
        Turn::Say(Some(ReadContent::Unheard(Empty {}))),
        Turn::Say(Some(ReadContent::FellBehind(fell_behind))),
        Turn::Say(Some(ReadContent::FirstStreamPosition(7))),
        Turn::Say(Some(ReadContent::Event(ReadEvent::default()))),
        Turn::Say(Some(others)),
        Turn::Events(1),
        Turn::Say(None),
    ]);
    let mut subscription = live(&server, &*log).await;
    let batch = events(2);
    append(&*log, 0, &batch).await.unwrap();
    assert_eq!(ids(&next_events(&mut subscription, 2).await), new_ids(&batch));
    assert_eq!(server.double.subscriptions(), 1, "none of it ended the subscription");
}

#[tokio::test]
async fn an_event_that_can_t_be_one_ends_the_connection_and_nothing_else() {
    let server = Server::start().await;
    let log = server.log();
    let without_id = Recorded {
        stream_identifier: Some("cart-1".into()),
        commit_position: 7,
        prepare_position: 7,
        ..Recorded::default()
    };
    let nonsense = ReadContent::Event(ReadEvent { event: Some(without_id), ..ReadEvent::default() });
    server.double.direct_next_subscription([Turn::Say(Some(nonsense))]);
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(1)).await.unwrap();
    next_events(&mut subscription, 1).await;
    assert_eq!(server.pauses(), [1]);
}

#[tokio::test]
async fn events_that_come_again_are_brought_once() {
    let server = Server::start().await;
    let log = server.log();
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(1)).await.unwrap();
    let first = next_events(&mut subscription, 1).await.remove(0);
    server.double.go_away().await;
    let again = Recorded {
        id: Some(wire::Uuid::structured(first.id)),
        stream_identifier: Some("cart-1".into()),
        commit_position: first.position.0,
        prepare_position: first.position.0,
        ..Recorded::default()
    };
    let again = ReadContent::Event(ReadEvent { event: Some(again), ..ReadEvent::default() });
    server.double.direct_next_subscription([Turn::Say(Some(again))]);
    server.double.come_back();
    let batch = events(1);
    append(&*log, 1, &batch).await.unwrap();
    assert_eq!(ids(&next_events(&mut subscription, 1).await), new_ids(&batch));
}

#[tokio::test]
async fn a_subscription_that_fell_silent_is_noticed_and_replaced() {
    for silence in [Turn::Silence, Turn::Drip] {
        let server = Server::start().await;
        let log = open(EventStoreDbOptions { stall: IMPATIENCE, ..server.options() });
        server.double.direct_next_subscription([Turn::Events(1), silence]);
        let mut subscription = live(&server, &*log).await;
        append(&*log, 0, &events(3)).await.unwrap();
        next_events(&mut subscription, 3).await;
    }
}

#[tokio::test]
async fn a_quiet_log_is_not_taken_for_a_silent_server() {
    let server = Server::start().await;
    let log = open(EventStoreDbOptions { stall: Duration::from_millis(1), ..server.options() });
    let mut subscription = live(&server, &*log).await;
    append(&*log, 0, &events(1)).await.unwrap();
    next_events(&mut subscription, 1).await;
    let so_far = server.double.subscriptions();
    in_time(server.double.until_reads_of_all(server.double.reads_of_all() + 10)).await;
    assert_eq!(server.double.subscriptions(), so_far);
}

#[tokio::test]
async fn nobody_is_called_caught_up_before_what_another_node_appended() {
    let server = Server::start().await;
    let log = server.log();
    server.double.direct_next_subscription([Turn::Silence]);
    let _first = live(&server, &*log).await;
    let others = server.others_append("cart-2", &["Happened", "Happened"]).await;
    let mut subscription = log.subscribe(Position::START);
    let first = next(&mut subscription).await;
    assert!(matches!(&first, Some(Ok(SubscriptionItem::Events(events))) if events.len() == 2), "{first:?}");
    let mark = next(&mut subscription).await;
    assert!(
        matches!(mark, Some(Ok(SubscriptionItem::CaughtUp(Position(position)))) if position == others.position),
        "{mark:?}"
    );
}

#[tokio::test]
async fn followers_wait_while_the_server_is_away() {
    let server = Server::start().await;
    let log = server.log();
    append(&*log, 0, &events(3)).await.unwrap();
    server.double.go_away().await;
    let mut subscription = log.subscribe(Position::START);
    let waiting = tokio::spawn(async move { next_events(&mut subscription, 3).await });
    while server.pauses().len() < 20 {
        tokio::task::yield_now().await;
    }
    server.double.come_back();
    assert_eq!(ids(&waiting.await.unwrap()), ids(&everything(&*log).await));
}

#[tokio::test]
async fn a_log_that_is_dropped_ends_its_subscriptions() {
    let server = Server::start().await;
    let log = server.log();
    let mut unpolled = log.subscribe(Position::START);
    let mut subscription = live(&server, &*log).await;
    drop(log);
    for subscription in [&mut unpolled, &mut subscription] {
        let end = loop {
            match next(subscription).await {
                Some(Ok(SubscriptionItem::CaughtUp(_))) => {}
                end => break end,
            }
        };
        assert!(matches!(end, Some(Err(LogError::Unavailable(_)))), "{end:?}");
        assert!(next(subscription).await.is_none());
    }
}

#[tokio::test]
async fn a_server_that_has_another_log_by_now_stops_everything() {
    for is_known in [true, false] {
        let server = Server::start().await;
        let log = server.log();
        if is_known {
            log.log_id().await.unwrap();
        }
        let mut subscription = live(&server, &*log).await;
        append(&*log, 0, &events(1)).await.unwrap();
        next_events(&mut subscription, 1).await;
        server.double.go_away().await;
        server.double.wipe();
        if is_known {
            server.others_append("other-1", &["Happened"; 10]).await;
        }
        server.double.come_back();
        let end = next(&mut subscription).await;
        assert!(matches!(end, Some(Err(_))), "{end:?}");
        let head = log.head().await;
        assert!(matches!(head, Err(LogError::Damaged(_))), "{head:?}");
        let refused = append(&*log, 0, &events(1)).await;
        assert!(matches!(refused, Err(AppendError::Unavailable { source: LogError::Damaged(_), .. })), "{refused:?}");
        let end = next(&mut log.subscribe(Position::START)).await;
        assert!(matches!(end, Some(Err(LogError::Damaged(_)))), "{end:?}");
    }
}
