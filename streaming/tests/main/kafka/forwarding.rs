//! What is forwarded, in which order, and by whom.

use super::*;
use eventlog::{LogError, RecordedEvent};

#[tokio::test]
async fn events_are_forwarded_as_cloud_events() {
    let (options, log) = (options(), log_of(2, 2).await);
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
    let event: RecordedEvent = log.read_stream(&stream_of(1), 1, 1).await.unwrap().remove(0);
    let records = committed(&options);
    let record = records.iter().find(|record| header(record, "ce_id") == event.id.to_string()).unwrap();
    assert_eq!(record.payload(), Some(event.data.as_ref()));
    assert_eq!(record.timestamp().to_millis(), Some(event.recorded_at.timestamp_millis()));
    for (name, value) in [
        ("ce_specversion", "1.0"),
        ("ce_source", "/cartlog"),
        ("ce_type", "dev.cartlog.CartItemAdded"),
        ("ce_subject", event.stream.as_str()),
        ("ce_partitionkey", event.stream.as_str()),
        ("ce_revision", "1"),
        ("content-type", "application/json"),
        ("cartlog_metadata", "{\"note\":\"of 1, 1\"}"),
    ] {
        assert_eq!(header(record, name), value);
    }
    assert!(header(record, "ce_time").ends_with('Z'));
}

#[tokio::test]
async fn what_comes_later_is_forwarded_from_where_the_last_one_was() {
    let (options, log) = (options(), log_of(3, 5).await);
    for to in [10, 15, 20] {
        forward_all(&log, &options).await;
        append(log.as_ref(), 3, to - 5..to).await;
    }
    let (forwarder, stop, task) = running(&log, &options);
    caught_up(&forwarder, &log).await;
    append(log.as_ref(), 3, 20..25).await;
    caught_up(&forwarder, &log).await;
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_once_and_in_order(&log, &options).await;
}

#[tokio::test]
async fn of_two_forwarders_one_works_and_the_other_takes_over_when_it_is_gone() {
    let (options, log) = (options(), log_of(4, 10).await);
    let (one, stop_one, first) = running(&log, &options);
    caught_up(&one, &log).await;
    let (two, stop_two, second) = running(&log, &options);
    append(log.as_ref(), 4, 10..40).await;
    caught_up(&two, &log).await;
    // The first learns it with its next transaction.
    append(log.as_ref(), 4, 40..50).await;
    patiently(|| one.status().standing_by || two.status().standing_by).await;
    let (gone, stays, stop_it) =
        if one.status().standing_by { (stop_two, &one, stop_one) } else { (stop_one, &two, stop_two) };
    gone.cancel();
    append(log.as_ref(), 4, 50..60).await;
    caught_up(stays, &log).await;
    stop_it.cancel();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_once_and_in_order(&log, &options).await;
}

#[tokio::test]
async fn a_copied_log_goes_on_after_the_event_that_was_forwarded_last() {
    let (options, log) = (options(), log_of(3, 4).await);
    forward_all(&log, &options).await;
    // The same events in a log of its own, behind others that are none of ours.
    let copy = Arc::new(MemoryLog::new());
    let foreign = NewEvent { id: Uuid::new_v4(), event_type: "x".into(), data: "{}".into(), metadata: "{}".into() };
    copy.append(&StreamName::new("other-1"), ExpectedRevision::NoStream, vec![foreign]).await.unwrap();
    for event in log.read_all(Position::START, usize::MAX).await.unwrap() {
        let RecordedEvent { stream, revision, id, event_type, data, metadata, .. } = event;
        let event = NewEvent { id, event_type: event_type.to_string(), data, metadata };
        copy.append(&stream, ExpectedRevision::of_length(revision), vec![event]).await.unwrap();
    }
    append(copy.as_ref(), 3, 4..6).await;
    forward_all(&copy, &options).await;
    let report = check_of(&copy, &options).await;
    assert_eq!((report.in_log, report.in_topics, report.count), (18, 18, 0), "{report:?}");
}

#[tokio::test]
async fn another_log_stops_it_loudly() {
    let (options, log, other) = (options(), log_of(1, 3).await, log_of(1, 5).await);
    forward_all(&log, &options).await;
    let (forwarder, _stop, task) = running(&other, &options);
    let refused = task.await.unwrap();
    assert!(matches!(refused, Err(ForwardError::Log(LogError::ForeignCheckpoint { .. }))), "{refused:?}");
    assert!(forwarder.status().trouble.is_some());
    assert_eq!(committed(&options).len(), 3);
}

#[tokio::test]
async fn brokers_that_are_away_are_waited_for() {
    let log = log_of(1, 1).await;
    let away = ForwarderOptions { brokers: "127.0.0.1:9".to_owned(), ..options() };
    let (forwarder, stop, task) = running(&log, &away);
    patiently(|| forwarder.status().trouble.is_some()).await;
    stop.cancel();
    task.await.unwrap().unwrap();
}
