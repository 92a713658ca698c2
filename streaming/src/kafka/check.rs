//! Compares log and topics, event by event: nothing missing, nothing doubled, nothing out of order, nothing altered.
//!
//! Both are read once, in one pass each; of every stream its length and a hash over the hashes of its events are kept, about a
//! hundred bytes. Streams that differ are read again, to name the events.

use super::client::{Quiet, reading};
use super::message::{self, Forwarded};
use super::{ForwardError, ForwarderOptions};
use crate::windows::CatchUp;
use domain::Category;
use eventlog::chain::{self, EventHash};
use eventlog::{EventLog, Position, StreamName};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Differences that are named at most; the others are counted.
const NAMED: usize = 1_000;
const PAGE: usize = 2_000;
/// A broker that says nothing for so long is away.
const SILENT_FOR: Duration = Duration::from_secs(30);

/// What came of the comparison.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckReport {
    /// Up to where in the log was compared.
    pub position: u64,
    /// Events of the log up to there.
    pub in_log: u64,
    /// Records in the topics, of events up to there.
    pub in_topics: u64,
    /// The differences, at most a thousand.
    pub differences: Vec<Difference>,
    /// How many there are.
    pub count: u64,
}

/// One difference between log and topics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// The log has the event, no topic has it.
    Missing { stream: String, revision: u64 },
    /// A topic has the event more than once.
    Doubled { stream: String, revision: u64, topic: String },
    /// A topic has the event after a later one of its stream.
    OutOfOrder { stream: String, revision: u64, topic: String },
    /// A topic has other content than the log.
    Altered { stream: String, revision: u64 },
    /// The log has no such event.
    Unknown { stream: String, revision: u64 },
    /// A record that no forwarder wrote.
    Foreign { topic: String, partition: i32, offset: i64, reason: String },
}

/// What is kept of a stream in one of the two.
#[derive(Clone, Default)]
struct Side {
    /// The next revision.
    next: u64,
    /// Over the hashes of its events, in order: each with the digest before it.
    digest: [u8; 32],
}

impl Side {
    fn take(&mut self, hash: EventHash) {
        self.next += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.digest).update(hash.to_string().as_bytes());
        self.digest = *hasher.finalize().as_bytes();
    }
}

/// Compares all events up to the position that was forwarded when it began. `progress` counts events of both.
///
/// # Errors
/// Log or Kafka is away.
pub async fn check(
    log: &dyn EventLog,
    options: ForwarderOptions,
    mut progress: impl FnMut(CatchUp) + Send,
) -> Result<CheckReport, ForwardError> {
    let options = Arc::new(options);
    let forwarded = forwarded_position(Arc::clone(&options)).await?;
    let mut report = CheckReport { position: forwarded.0, ..CheckReport::default() };
    let of_log = read_log(log, forwarded, &mut report, &mut progress).await?;
    let compared = blocking(Arc::clone(&options), move |options| compare(options, of_log, report)).await?;
    let Compared { streams, beyond, mut report } = compared;
    for (stream, (in_log, in_topics)) in &streams {
        let missing =
            (in_topics.next..in_log.next).map(|revision| Difference::Missing { stream: stream.clone(), revision });
        missing.for_each(|difference| note(&mut report, difference));
    }
    unknown(log, beyond, &mut report).await?;
    altered(log, options, &streams, &mut report).await?;
    Ok(report)
}

fn note(report: &mut CheckReport, difference: Difference) {
    report.count += 1;
    if report.differences.len() < NAMED {
        report.differences.push(difference);
    }
}

async fn forwarded_position(options: Arc<ForwarderOptions>) -> Result<Position, ForwardError> {
    let mut watch = super::Watch::start(options).await?;
    let (_, last) = watch.look().await?;
    Ok(last.map_or(Position::START, |checkpoint| checkpoint.position))
}

/// Length and digest of every stream of ours, up to the position.
async fn read_log(
    log: &dyn EventLog,
    up_to: Position,
    report: &mut CheckReport,
    progress: &mut (impl FnMut(CatchUp) + Send),
) -> Result<BTreeMap<String, Side>, ForwardError> {
    let mut streams: BTreeMap<String, Side> = BTreeMap::new();
    let mut after = Position::START;
    while after < up_to {
        let events = log.read_all(after, PAGE).await?;
        let Some(last) = events.last() else { break };
        after = last.position;
        for event in events.iter().filter(|event| event.position <= up_to) {
            if Category::of_stream(event.stream.as_str()).is_some() {
                report.in_log += 1;
                streams.entry(event.stream.as_str().to_owned()).or_default().take(chain::hash_of(event));
            }
        }
        progress(CatchUp { done: after.0.min(up_to.0), total: up_to.0 });
    }
    Ok(streams)
}

/// What is kept of each stream: in the log, in its topic.
type Both = BTreeMap<String, (Side, Side)>;

/// What one pass over the topics came to.
struct Compared {
    streams: Both,
    /// Records of events that the log does not have up to the position: later ones, or none of the log's. At most a thousand.
    beyond: Vec<Forwarded>,
    report: CheckReport,
}

fn compare(
    options: &ForwarderOptions,
    of_log: BTreeMap<String, Side>,
    report: CheckReport,
) -> Result<Compared, ForwardError> {
    let streams = of_log.into_iter().map(|(stream, side)| (stream, (side, Side::default()))).collect();
    let mut compared = Compared { streams, beyond: Vec::new(), report };
    for category in Category::ALL {
        let topic = options.topic(category);
        read_topic(options, &topic, |record, place| match record {
            Ok(forwarded) => compared.take(&topic, forwarded),
            Err(reason) => {
                let (partition, offset) = place;
                note(&mut compared.report, Difference::Foreign { topic: topic.clone(), partition, offset, reason });
            }
        })?;
    }
    Ok(compared)
}

/// Reads a topic from its beginning to where it ends now. Blocks.
fn read_topic(
    options: &ForwarderOptions,
    topic: &str,
    mut take: impl FnMut(Result<Forwarded, String>, (i32, i64)),
) -> Result<(), ForwardError> {
    let failed = |error: KafkaError| ForwardError::Kafka(format!("reading {topic}: {error}"));
    let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(failed)?;
    let metadata = consumer.fetch_metadata(Some(topic), SILENT_FOR).map_err(failed)?;
    let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions()).map(|partition| partition.id());
    let mut open: HashSet<i32> = partitions.collect();
    let mut places = TopicPartitionList::new();
    for partition in &open {
        places.add_partition_offset(topic, *partition, Offset::Beginning).map_err(failed)?;
    }
    consumer.assign(&places).map_err(failed)?;
    while !open.is_empty() {
        match consumer.poll(SILENT_FOR) {
            None => return Err(ForwardError::Kafka(format!("reading {topic}: the brokers say nothing"))),
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
            Some(Err(error)) => return Err(failed(error)),
            Some(Ok(record)) => take(message::read(&record), (record.partition(), record.offset())),
        }
    }
    Ok(())
}

impl Compared {
    /// One record, against what is known of its stream.
    fn take(&mut self, topic: &str, forwarded: Forwarded) {
        let revision = forwarded.revision;
        let known = self.streams.get_mut(&forwarded.stream).filter(|(in_log, _)| revision < in_log.next);
        let Some((_, in_topic)) = known else {
            if self.beyond.len() < NAMED {
                self.beyond.push(forwarded);
            }
            return;
        };
        self.report.in_topics += 1;
        let missed = |revision| Difference::Missing { stream: forwarded.stream.clone(), revision };
        if revision >= in_topic.next {
            (in_topic.next..revision).for_each(|revision| note(&mut self.report, missed(revision)));
            in_topic.next = revision;
            in_topic.take(forwarded.hash);
            return;
        }
        // An earlier one again: missed before, it comes too late; else it comes twice.
        let known = self.report.differences.iter().position(|known| *known == missed(revision));
        let (stream, topic) = (forwarded.stream, topic.to_owned());
        match known {
            Some(index) => self.report.differences[index] = Difference::OutOfOrder { stream, revision, topic },
            None => note(&mut self.report, Difference::Doubled { stream, revision, topic }),
        }
    }
}

/// Of the records beyond the position, those of no event in the log.
async fn unknown(log: &dyn EventLog, beyond: Vec<Forwarded>, report: &mut CheckReport) -> Result<(), ForwardError> {
    for Forwarded { stream, revision, id, .. } in beyond {
        let found = log.read_stream(&StreamName::new(stream.as_str()), revision, 1).await?;
        if found.first().is_none_or(|event| event.id != id) {
            note(report, Difference::Unknown { stream, revision });
        }
    }
    Ok(())
}

/// Names the events that are in their place, but not the same.
async fn altered(
    log: &dyn EventLog,
    options: Arc<ForwarderOptions>,
    streams: &Both,
    report: &mut CheckReport,
) -> Result<(), ForwardError> {
    let differ = |(log, topic): &(Side, Side)| log.next == topic.next && log.digest != topic.digest;
    let suspects = streams.iter().filter(|(_, sides)| differ(sides)).map(|(stream, _)| stream.clone());
    let suspects: HashSet<String> = suspects.take(NAMED).collect();
    if suspects.is_empty() {
        return Ok(());
    }
    let wanted = suspects.clone();
    let hashes = blocking(options, move |options| hashes_of(options, &wanted)).await?;
    for stream in suspects {
        let mut from = 0;
        loop {
            let events = log.read_stream(&StreamName::new(stream.as_str()), from, PAGE).await?;
            let Some(last) = events.last() else { break };
            from = last.revision + 1;
            for event in &events {
                let there = hashes.get(&(stream.clone(), event.revision));
                if there.is_some_and(|hash| *hash != chain::hash_of(event)) {
                    note(report, Difference::Altered { stream: stream.clone(), revision: event.revision });
                }
            }
        }
    }
    Ok(())
}

/// The hash of each event of these streams, as the topics have it.
fn hashes_of(
    options: &ForwarderOptions,
    streams: &HashSet<String>,
) -> Result<HashMap<(String, u64), EventHash>, ForwardError> {
    let mut hashes = HashMap::new();
    let topics: HashSet<String> = streams.iter().filter_map(|stream| options.topic_of(stream)).collect();
    for topic in topics {
        read_topic(options, &topic, |record, _| {
            if let Some(record) = record.ok().filter(|record| streams.contains(&record.stream)) {
                hashes.entry((record.stream, record.revision)).or_insert(record.hash);
            }
        })?;
    }
    Ok(hashes)
}

async fn blocking<T: Send + 'static>(
    options: Arc<ForwarderOptions>,
    work: impl FnOnce(&ForwarderOptions) -> Result<T, ForwardError> + Send + 'static,
) -> Result<T, ForwardError> {
    match tokio::task::spawn_blocking(move || work(&options)).await {
        Ok(outcome) => outcome,
        Err(error) => Err(ForwardError::Kafka(format!("a thread broke off: {error}"))),
    }
}
