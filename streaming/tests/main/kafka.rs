//! The forwarder against a real broker: each event once and in order for whoever reads committed records, whatever stops it.

use cartlog_streaming::testing::delete_topic;
use cartlog_streaming::*;
use eventlog::{EventLog, ExpectedRevision, LogError, MemoryLog, NewEvent, Position, RecordedEvent, StreamName};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
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

/// What the child forwards, and where; nothing without the variables. Prints how far it is.
#[tokio::test]
async fn child_that_forwards() {
    let (Ok(prefix), Ok(directory)) = (std::env::var("CARTLOG_TEST_PREFIX"), std::env::var("CARTLOG_TEST_LOG")) else {
        return;
    };
    let log: Arc<dyn EventLog> = Arc::new(open(&directory));
    let options = ForwarderOptions {
        prefix,
        partitions: 2,
        stand_by_for: Duration::from_millis(200),
        ..ForwarderOptions::new(brokers())
    };
    let forwarder = Forwarder::new(log, options);
    forwarder.run(CancellationToken::new(), |now| eprintln!("forwarded {}", now.done)).await.unwrap();
}

fn open(directory: &str) -> eventlog::SqliteLog {
    let options = eventlog::SqliteOptions { synchronous: eventlog::Synchronous::Normal, ..Default::default() };
    eventlog::SqliteLog::open(&std::path::Path::new(directory).join("log.db"), options).unwrap()
}

/// Each works on a copy: a log on the disk belongs to one process.
fn start_child(options: &ForwarderOptions, directory: &std::path::Path) -> Child {
    let copy = directory.join(Uuid::new_v4().simple().to_string());
    std::fs::create_dir(&copy).unwrap();
    for file in ["log.db", "log.db-wal"].map(|name| directory.join(name)).iter().filter(|file| file.exists()) {
        std::fs::copy(file, copy.join(file.file_name().unwrap())).unwrap();
    }
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kafka::child_that_forwards", "--nocapture"])
        .env("CARTLOG_TEST_PREFIX", &options.prefix)
        .env("CARTLOG_TEST_LOG", copy)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the child has said so often that something was committed.
fn said(child: &mut Child, times: usize) -> BufReader<std::process::ChildStderr> {
    let mut output = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    for _ in 0..times {
        loop {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the child ended");
            if line.starts_with("forwarded") {
                break;
            }
        }
    }
    output
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A log on the disk, and the same in memory to compare with.
async fn log_on_disk(directory: &std::path::Path, streams: u128, events: u64) -> MemoryLog {
    let (disk, memory) = (open(directory.to_str().unwrap()), MemoryLog::new());
    append(&memory, streams, 0..events).await;
    for event in memory.read_all(Position::START, usize::MAX).await.unwrap() {
        let RecordedEvent { stream, revision, id, event_type, data, metadata, .. } = event;
        let event = NewEvent { id, event_type: event_type.to_string(), data, metadata };
        disk.append(&stream, ExpectedRevision::of_length(revision), vec![event]).await.unwrap();
    }
    memory
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_transactions_it_forwards_each_event_once() {
    let (options, directory) = (options(), tempfile::tempdir().unwrap());
    let log = log_on_disk(directory.path(), 20, 600).await;
    for batches in [1, 2, 1] {
        let mut child = start_child(&options, directory.path());
        drop(said(&mut child, batches));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    finish(&options, directory.path(), &log).await;
}

/// Forwards what is left, and compares.
async fn finish(options: &ForwarderOptions, directory: &std::path::Path, log: &MemoryLog) {
    let disk: Arc<dyn EventLog> = Arc::new(open(directory.to_str().unwrap()));
    let forwarder = Forwarder::new(Arc::clone(&disk), options.clone());
    let (stop, at_work) = (CancellationToken::new(), forwarder.clone());
    let stopped = stop.clone();
    let task = tokio::spawn(async move { at_work.run(stopped, |_| ()).await });
    let head = disk.head().await.unwrap();
    patiently(|| forwarder.status().position >= head).await;
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(committed(options).len() as u64, head.0);
    let report = check(disk.as_ref(), options.clone(), None, |_, _| ()).await.unwrap();
    assert_eq!((report.in_topics, report.differences), (head.0, vec![]));
    assert_once_and_in_order_of(log, options).await;
}

async fn assert_once_and_in_order_of(log: &MemoryLog, options: &ForwarderOptions) {
    let ids: HashSet<String> = committed(options).iter().map(|record| header(record, "ce_id").to_owned()).collect();
    let events = log.read_all(Position::START, usize::MAX).await.unwrap();
    assert_eq!(ids.len(), events.len());
    assert!(events.iter().all(|event| ids.contains(&event.id.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_sleeps_through_a_transaction_is_fenced_when_it_wakes() {
    let (options, directory) = (options(), tempfile::tempdir().unwrap());
    let log = log_on_disk(directory.path(), 20, 600).await;
    let mut sleeper = start_child(&options, directory.path());
    let output = said(&mut sleeper, 1);
    signal(&sleeper, "STOP");
    let mut other = start_child(&options, directory.path());
    drop(said(&mut other, 2));
    signal(&sleeper, "CONT");
    other.kill().unwrap();
    other.wait().unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    drop(output);
    finish(&options, directory.path(), &log).await;
}

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap()
}

async fn make_topic(name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    let topic = settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
    for made in admin().create_topics([&topic], &AdminOptions::new()).await.unwrap() {
        made.unwrap();
    }
}

/// What stops the forwarder for good.
async fn stops(log: &Arc<MemoryLog>, options: &ForwarderOptions) -> String {
    let (_, _, task) = running(log, options);
    match task.await.unwrap().unwrap_err() {
        ForwardError::Topics(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_would_lose_or_mix_up_events_are_refused_by_name() {
    let position = |options: &ForwarderOptions| format!("{}.forwarder", options.prefix);
    let cart = |options: &ForwarderOptions| options.topic(domain::Category::Cart);
    type NameOf = fn(&ForwarderOptions) -> String;
    let cases: [(NameOf, i32, &str, &str); 3] = [
        (position, 3, "compact", "has 3 partitions"),
        (position, 1, "delete", "cleanup.policy=delete"),
        (cart, 2, "compact", "cleanup.policy=compact"),
    ];
    let log = log_of(1, 3).await;
    for (name, partitions, policy, reason) in cases {
        let options = options();
        make_topic(&name(&options), partitions, &[("cleanup.policy", policy)]).await;
        let stopped = stops(&log, &options).await;
        assert!(stopped.contains(&name(&options)) && stopped.contains(reason), "{stopped}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_deleted_stops_it_and_is_filled_alone() {
    let (log, options) = (log_of(2, 5).await, options());
    forward_all(&log, &options).await;
    let topic = options.topic(domain::Category::Cart);
    delete_topic(&brokers(), &topic).await;
    append(log.as_ref(), 2, 5..7).await;
    let stopped = stops(&log, &options).await;
    assert!(stopped.contains(&format!("cartlog kafka forward --topic {topic} --from 0")), "{stopped}");
    // Somebody's client made it again, as brokers do that make what is asked for: that brings nothing back.
    make_topic(&topic, options.partitions, &[]).await;
    assert!(stops(&log, &options).await.contains(&topic));
    let fill = |from| refill(log.as_ref(), options.clone(), domain::Category::Cart, from, |_| ());
    assert_eq!(fill(Some(Position::START)).await.unwrap(), 10, "as far as it had been forwarded");
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
    let again = fill(Some(Position::START)).await.unwrap_err().to_string();
    assert!(again.contains("holds events already"), "{again}");
    assert!(fill(None).await.unwrap_err().to_string().contains("--from 0"));
    assert_once_and_in_order(&log, &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_deleted_while_it_is_written_to_stops_it() {
    let (log, options) = (log_of(1, 5).await, options());
    let (forwarder, _stop, task) = running(&log, &options);
    caught_up(&forwarder, &log).await;
    let topic = options.topic(domain::Category::Cart);
    delete_topic(&brokers(), &topic).await;
    make_topic(&topic, options.partitions, &[]).await;
    append(log.as_ref(), 1, 5..6).await;
    let stopped = task.await.unwrap().unwrap_err().to_string();
    assert!(stopped.contains(&topic), "{stopped}");
    assert!(committed(&options).is_empty(), "what was written meanwhile was given up");
    refill(log.as_ref(), options.clone(), domain::Category::Cart, Some(Position::START), |_| ()).await.unwrap();
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refill_that_broke_off_is_gone_on_with_and_nothing_is_forwarded_before() {
    let (log, options) = (log_of(2, 3_000).await, options());
    forward_all(&log, &options).await;
    delete_topic(&brokers(), &options.topic(domain::Category::Cart)).await;
    let fill = |from| refill(log.as_ref(), options.clone(), domain::Category::Cart, from, |_| ());
    // Given up once something of it was committed: what is under way then is finished, or never was.
    {
        let first = fill(Some(Position::START));
        tokio::pin!(first);
        std::future::poll_fn(|context| {
            let _ = first.as_mut().poll(context);
            match committed_count(&options) > 0 {
                true => std::task::Poll::Ready(()),
                false => {
                    context.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
            }
        })
        .await;
    }
    assert!(stops(&log, &options).await.contains("is being filled anew"));
    assert!(fill(Some(Position::START)).await.unwrap_err().to_string().contains("leave --from out"));
    fill(None).await.unwrap();
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
}

/// Whether the carts' topic is there, and has something.
fn committed_count(options: &ForwarderOptions) -> i64 {
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let topic = options.topic(domain::Category::Cart);
    let ends = (0..options.partitions).map(|partition| {
        consumer.fetch_watermarks(&topic, partition, Duration::from_secs(5)).map_or(0, |(_, end)| end)
    });
    ends.sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_was_lost_is_found_again_and_nothing_is_doubled() {
    let (log, options) = (log_of(2, 5).await, options());
    forward_all(&log, &options).await;
    delete_topic(&brokers(), &format!("{}.forwarder", options.prefix)).await;
    append(log.as_ref(), 2, 5..7).await;
    let stopped = stops(&log, &options).await;
    assert!(stopped.contains("cartlog kafka forward --resume"), "{stopped}");
    assert_eq!(resume(log.as_ref(), options.clone()).await.unwrap(), Position(10));
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
    let known = resume(log.as_ref(), options).await.unwrap_err().to_string();
    assert!(known.contains("nothing to find"), "{known}");
}
