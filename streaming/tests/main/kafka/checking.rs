//! What a comparison of the topics with the log finds.

use super::*;
use eventlog::RecordedEvent;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

/// A record that looks as ours do.
fn forged(producer: &BaseProducer, options: &ForwarderOptions, event: &RecordedEvent, data: &str) {
    let text = |key, value: String| Header { key, value: Some(value) };
    let metadata = String::from_utf8(event.metadata.to_vec()).unwrap();
    let headers = OwnedHeaders::new()
        .insert(Header { key: "ce_subject", value: Some(event.stream.as_str()) })
        .insert(text("ce_revision", event.revision.to_string()).as_ref_value())
        .insert(text("ce_id", event.id.to_string()).as_ref_value())
        .insert(text("ce_type", format!("dev.cartlog.{}", event.event_type)).as_ref_value())
        .insert(text("cartlog_metadata", metadata).as_ref_value());
    let topic = options.topic(domain::Category::Cart);
    producer.send(BaseRecord::to(&topic).key(event.stream.as_str()).payload(data).headers(headers)).unwrap();
}

trait AsRefValue {
    fn as_ref_value(&self) -> Header<'_, &String>;
}

impl AsRefValue for Header<'_, String> {
    fn as_ref_value(&self) -> Header<'_, &String> {
        Header { key: self.key, value: self.value.as_ref() }
    }
}

#[tokio::test]
async fn a_check_names_what_is_doubled_altered_unknown_and_foreign() {
    let (options, log) = (options(), log_of(3, 3).await);
    forward_all(&log, &options).await;
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", brokers()).set("partitioner", "murmur2_random").create().unwrap();
    let event = log.read_stream(&stream_of(0), 1, 1).await.unwrap().remove(0);
    forged(&producer, &options, &event, "again");
    let invented = RecordedEvent { stream: stream_of(9), id: Uuid::new_v4(), ..event.clone() };
    forged(&producer, &options, &invented, "never happened");
    let topic = options.topic(domain::Category::Cart);
    producer.send(BaseRecord::to(&topic).key("x").payload("y").partition(0)).unwrap();
    producer.flush(Duration::from_secs(30)).unwrap();
    let report = check_of(&log, &options).await;
    let cart = |number| stream_of(number).as_str().to_owned();
    assert_eq!(report.count, 3, "{report:#?}");
    let doubled = one(&report, DifferenceKind::Doubled);
    assert_eq!((doubled.stream.clone(), doubled.revision, &doubled.topic), (Some(cart(0)), Some(1), &topic));
    assert_eq!((doubled.event_id, doubled.position), (Some(event.id), Some(event.position.0)));
    assert!(doubled.offset > Some(0), "{doubled:?}");
    let unknown = one(&report, DifferenceKind::Unknown);
    assert_eq!((unknown.stream.clone(), unknown.revision, unknown.position), (Some(cart(9)), Some(1), None));
    assert_eq!(unknown.event_id, Some(invented.id));
    let foreign = one(&report, DifferenceKind::Foreign);
    assert_eq!((foreign.partition, &foreign.stream), (Some(0), &None));
    assert!(foreign.reason.as_ref().is_some_and(|reason| reason.contains("header")), "{foreign:?}");
    // A log that says something else than was forwarded.
    let altered = Arc::new(MemoryLog::new());
    for event in log.read_all(Position::START, usize::MAX).await.unwrap() {
        let RecordedEvent { stream, revision, id, event_type, data, metadata, .. } = event;
        let data = if stream == stream_of(2) && revision == 1 { "other".into() } else { data };
        let event = NewEvent { id, event_type: event_type.to_string(), data, metadata };
        altered.append(&stream, ExpectedRevision::of_length(revision), vec![event]).await.unwrap();
    }
    let report = check_of(&altered, &options).await;
    let wanted = one(&report, DifferenceKind::Altered);
    assert_eq!((wanted.stream.clone(), wanted.revision, report.count), (Some(cart(2)), Some(1), 4));
    assert!(wanted.offset.is_some() && wanted.position.is_some(), "{wanted:?}");
}

fn one(report: &CheckReport, kind: DifferenceKind) -> &Difference {
    let found: Vec<_> = report.differences.iter().filter(|difference| difference.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind:?} in {report:#?}");
    found[0]
}

#[tokio::test]
async fn a_check_beyond_what_was_forwarded_names_what_is_missing() {
    let (options, log) = (options(), log_of(2, 3).await);
    let untouched = check_of(&log, &options).await;
    assert_eq!((untouched.forwarded, untouched.position, untouched.count), (None, 0, 0));
    forward_all(&log, &options).await;
    append(log.as_ref(), 2, 3..4).await;
    let (forwarded, head) = (check_of(&log, &options).await, log.head().await.unwrap());
    assert_eq!((forwarded.position, forwarded.in_log, forwarded.count), (6, 6, 0));
    let beyond = check(log.as_ref(), options.clone(), Some(head), |_, _| ()).await.unwrap();
    assert_eq!((beyond.forwarded, beyond.in_log, beyond.in_topics, beyond.count), (Some(6), 8, 6, 2));
    let topic = options.topic(domain::Category::Cart);
    for (difference, number) in beyond.differences.iter().zip([0, 1]) {
        let event = log.read_stream(&stream_of(number), 3, 1).await.unwrap().remove(0);
        assert_eq!((difference.kind, &difference.topic), (DifferenceKind::Missing, &topic));
        assert_eq!((difference.event_id, difference.position), (Some(event.id), Some(event.position.0)));
        assert_eq!((difference.partition, difference.offset), (None, None));
    }
    // What was forwarded later than the position is no difference.
    let half = check(log.as_ref(), options.clone(), Some(Position(3)), |_, _| ()).await.unwrap();
    assert_eq!((half.in_log, half.in_topics, half.count), (3, 3, 0), "{half:#?}");
}
