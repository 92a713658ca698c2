//! The forwarder against a real broker: each event once and in order for whoever reads committed records, whatever stops it.

mod checking;
mod forwarding;
mod killed;
mod topics;

use cartlog_streaming::*;
use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, StreamName};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn brokers() -> String {
    std::env::var("CARTLOG_TEST_KAFKA")
        .expect("CARTLOG_TEST_KAFKA names no brokers; run: tests/services up && eval \"$(tests/services env)\"")
}

/// Topics of the test's own.
fn options() -> ForwarderOptions {
    let prefix = format!("test-{}", Uuid::new_v4().simple());
    ForwarderOptions {
        prefix,
        partitions: 2,
        stand_by_for: Duration::from_millis(100),
        ..ForwarderOptions::new(brokers())
    }
}

/// A log of `streams` carts with `events` each, in turns.
pub async fn log_of(streams: u128, events: u64) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new());
    append(log.as_ref(), streams, 0..events).await;
    log
}

async fn append(log: &dyn EventLog, streams: u128, revisions: std::ops::Range<u64>) {
    for revision in revisions {
        for stream in 0..streams {
            let event = NewEvent {
                id: Uuid::new_v4(),
                event_type: "CartItemAdded".to_owned(),
                data: format!("{{\"stream\":{stream},\"revision\":{revision}}}").into(),
                metadata: format!("{{\"note\":\"of {stream}, {revision}\"}}").into(),
            };
            let expected = ExpectedRevision::of_length(revision);
            log.append(&stream_of(stream), expected, vec![event]).await.unwrap();
        }
    }
}

fn stream_of(number: u128) -> StreamName {
    StreamName::new(format!("cart-{}", Uuid::from_u128(number)))
}

pub fn running(
    log: &Arc<MemoryLog>,
    options: &ForwarderOptions,
) -> (Forwarder, CancellationToken, JoinHandle<Result<(), ForwardError>>) {
    let forwarder = Forwarder::new(Arc::clone(log) as Arc<dyn EventLog>, options.clone());
    let (stop, at_work) = (CancellationToken::new(), forwarder.clone());
    let stopped = stop.clone();
    let task = tokio::spawn(async move { at_work.run(stopped, |_| ()).await });
    (forwarder, stop, task)
}

/// Waits until the forwarder has come to the log's head.
async fn caught_up(forwarder: &Forwarder, log: &MemoryLog) {
    let head = log.head().await.unwrap();
    patiently(|| {
        let status = forwarder.status();
        status.position >= head
    })
    .await;
}

/// Polls, without a bound on time but the runner's own.
async fn patiently(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn forward_all(log: &Arc<MemoryLog>, options: &ForwarderOptions) {
    let (forwarder, stop, task) = running(log, options);
    caught_up(&forwarder, log).await;
    stop.cancel();
    task.await.unwrap().unwrap();
}

/// All committed records of the carts' topic, partition by partition.
fn committed(options: &ForwarderOptions) -> Vec<OwnedMessage> {
    committed_of(&brokers(), options)
}

/// The same, by way of these brokers.
pub fn committed_of(brokers: &str, options: &ForwarderOptions) -> Vec<OwnedMessage> {
    let topic = options.topic(domain::Category::Cart);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "test")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let mut places = TopicPartitionList::new();
    for partition in 0..options.partitions {
        places.add_partition_offset(&topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&places).unwrap();
    let (mut records, mut ended) = (Vec::new(), HashSet::new());
    while ended.len() < options.partitions as usize {
        match consumer.poll(Duration::from_secs(30)).expect("the broker answers") {
            Ok(record) => records.push(record.detach()),
            Err(KafkaError::PartitionEOF(partition)) => drop(ended.insert(partition)),
            // A busy broker was given up, and is connected to again.
            Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure,
            )) => {}
            Err(error) => panic!("{error}"),
        }
    }
    records
}

fn header<'m>(record: &'m OwnedMessage, name: &str) -> &'m str {
    let headers = record.headers().unwrap();
    let found = headers.iter().find(|header| header.key == name).unwrap_or_else(|| panic!("no header {name}"));
    std::str::from_utf8(found.value.unwrap()).unwrap()
}

/// Each event of the log stands in the topic once, those of a stream in their order.
async fn assert_once_and_in_order(log: &MemoryLog, options: &ForwarderOptions) {
    let events = log.read_all(Position::START, usize::MAX).await.unwrap();
    let mut revisions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let records = committed(options);
    for record in &records {
        let stream = header(record, "ce_subject").to_owned();
        assert_eq!(record.key(), Some(stream.as_bytes()));
        revisions.entry(stream).or_default().push(header(record, "ce_revision").parse().unwrap());
    }
    assert_eq!(records.len(), events.len());
    for (stream, found) in revisions {
        let expected: Vec<u64> = (0..found.len() as u64).collect();
        assert_eq!(found, expected, "{stream}");
    }
    let report = check_of(log, options).await;
    assert_eq!(
        (report.in_log, report.in_topics, report.differences),
        (events.len() as u64, events.len() as u64, vec![])
    );
}

async fn check_of(log: &MemoryLog, options: &ForwarderOptions) -> CheckReport {
    check(log, options.clone(), None, |_, _| ()).await.unwrap()
}
