//! Compares log and topics, event by event: nothing missing, nothing doubled, nothing out of order, nothing altered.
//!
//! Both are read once, in one pass each; of every stream its length and a hash over the hashes of its events are kept, about a
//! hundred bytes. Streams that differ are read again, to name the events.

use super::checkpoint::Reader;
use super::client::{Quiet, metadata, reading};
use super::fault::KafkaFault;
use super::message::{self, ForeignRecord, Forwarded};
use super::{ForwardError, ForwarderOptions, place_of};
use crate::windows::CatchUp;
use domain::Category;
use eventlog::chain::{self, EventHash};
use eventlog::{Checkpoint, EventId, EventLog, Position, StreamName};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Differences that are named at most; the others are counted.
const NAMED: usize = 1_000;
const PAGE: usize = 2_000;
/// Records after which it is said how far reading the topics is.
const TOLD_EVERY: u64 = 1_000;

/// What came of the comparison.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CheckReport {
    /// Up to where in the log was compared.
    pub position: u64,
    /// Up to where the log was forwarded when it began; `None`: nothing ever was.
    pub forwarded: Option<u64>,
    /// Events of the log up to the position.
    pub in_log: u64,
    /// Records in the topics, of events up to there.
    pub in_topics: u64,
    /// The differences, at most a thousand.
    pub differences: Vec<Difference>,
    /// How many there are.
    pub count: u64,
}

/// One difference between log and topics: what it is, and all that is known of where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// Where the record is, or belongs.
    pub topic: String,
    /// Of the record; a missing one has none.
    pub partition: Option<i32>,
    pub offset: Option<i64>,
    /// Of the event; a foreign record names none.
    pub stream: Option<String>,
    pub revision: Option<u64>,
    pub event_id: Option<EventId>,
    /// Of the event in the log, if it has it.
    pub position: Option<u64>,
    /// What is wrong with a foreign record.
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The log has the event, no topic has it.
    Missing,
    /// A topic has the event more than once.
    Doubled,
    /// A topic has the event after a later one of its stream.
    OutOfOrder,
    /// A topic has other content than the log.
    Altered,
    /// The log has no such event.
    Unknown,
    /// A record that no forwarder wrote.
    Foreign,
}

impl Difference {
    fn of_event(kind: DifferenceKind, topic: &str, stream: &str, revision: u64) -> Self {
        Self {
            kind,
            topic: topic.to_owned(),
            partition: None,
            offset: None,
            stream: Some(stream.to_owned()),
            revision: Some(revision),
            event_id: None,
            position: None,
            reason: None,
        }
    }

    fn at(self, place: RecordOffset) -> Self {
        Self { partition: Some(place.partition), offset: Some(place.offset), ..self }
    }

    fn is(&self, kind: DifferenceKind, stream: &str, revision: u64) -> bool {
        self.kind == kind && self.revision == Some(revision) && self.stream.as_deref() == Some(stream)
    }
}

/// Where a record is in its topic.
#[derive(Clone, Copy)]
struct RecordOffset {
    partition: i32,
    offset: i64,
}

/// What of the two is being read: progress is told for each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckPart {
    /// Counted in positions.
    Log,
    /// Counted in records.
    Topics,
}

/// What is kept of a stream in one of the two.
#[derive(Clone, Default)]
struct StreamDigest {
    /// The next revision.
    next: u64,
    /// Over the hashes of its events, in order: each with the digest before it.
    digest: [u8; 32],
}

impl StreamDigest {
    fn take(&mut self, hash: EventHash) {
        self.next += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.digest).update(hash.to_string().as_bytes());
        self.digest = *hasher.finalize().as_bytes();
    }
}

/// Compares all events up to the position: the given one, else the one that was forwarded when it began.
///
/// # Errors
/// Log or Kafka is away; without a position, also that what was forwarded last is not in this log.
pub async fn check(
    log: &dyn EventLog,
    options: ForwarderOptions,
    up_to: Option<Position>,
    mut progress: impl FnMut(CheckPart, CatchUp) + Send + 'static,
) -> Result<CheckReport, ForwardError> {
    let options = Arc::new(options);
    let stored = blocking(Arc::clone(&options), last_forwarded).await?;
    let position = match up_to {
        Some(position) => position,
        None => place_of(log, stored, log.log_id().await?).await?,
    };
    let forwarded = stored.map(|stored| stored.position.0);
    let mut report = CheckReport { position: position.0, forwarded, ..CheckReport::default() };
    let of_log = read_log(log, position, &mut report, &mut progress).await?;
    let compared = blocking(Arc::clone(&options), move |options| compare(options, of_log, report, progress)).await?;
    let Compared { streams, beyond, mut report } = compared;
    for (stream, (in_log, in_topics)) in &streams {
        let topic = options.topic_of(stream).unwrap_or_default();
        for revision in in_topics.next..in_log.next {
            note(&mut report, Difference::of_event(DifferenceKind::Missing, &topic, stream, revision));
        }
    }
    unknown(log, beyond, &mut report).await?;
    altered(log, options, &streams, &mut report).await?;
    find_in_log(log, &mut report).await?;
    Ok(report)
}

fn note(report: &mut CheckReport, difference: Difference) {
    report.count += 1;
    if report.differences.len() < NAMED {
        report.differences.push(difference);
    }
}

/// How far the log was forwarded; `None` where no forwarder was ever at work. Blocks.
fn last_forwarded(options: &ForwarderOptions) -> Result<Option<Checkpoint>, ForwardError> {
    let topic = options.position_topic();
    match partitions_of(options, &consumer(options, &topic)?, &topic)?.is_empty() {
        true => Ok(None),
        false => {
            let mut reader = Reader::open(options)?;
            let stored = reader.read_to_end(&CancellationToken::new())?;
            Ok(stored.map(|stored| stored.checkpoint()))
        }
    }
}

/// Length and digest of every stream of ours, up to the position.
async fn read_log(
    log: &dyn EventLog,
    up_to: Position,
    report: &mut CheckReport,
    progress: &mut (impl FnMut(CheckPart, CatchUp) + Send),
) -> Result<BTreeMap<String, StreamDigest>, ForwardError> {
    let mut streams: BTreeMap<String, StreamDigest> = BTreeMap::new();
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
        progress(CheckPart::Log, CatchUp { done: after.0.min(up_to.0), total: up_to.0 });
    }
    Ok(streams)
}

/// What is kept of each stream: in the log, in its topic.
type Both = BTreeMap<String, (StreamDigest, StreamDigest)>;

/// What one pass over the topics came to.
struct Compared {
    streams: Both,
    /// Records of events that the log does not have up to the position: later ones, or none of the log's. At most a thousand.
    beyond: Vec<(Forwarded, Difference)>,
    report: CheckReport,
}

fn compare(
    options: &ForwarderOptions,
    of_log: BTreeMap<String, StreamDigest>,
    report: CheckReport,
    mut progress: impl FnMut(CheckPart, CatchUp),
) -> Result<Compared, ForwardError> {
    let streams = of_log.into_iter().map(|(stream, side)| (stream, (side, StreamDigest::default()))).collect();
    let mut compared = Compared { streams, beyond: Vec::new(), report };
    let mut read: u64 = 0;
    for category in Category::ALL {
        let topic = options.topic(category);
        read_topic(options, &topic, |record, place| {
            compared.take(&topic, record, place);
            read += 1;
            if read.is_multiple_of(TOLD_EVERY) {
                progress(CheckPart::Topics, CatchUp { done: read, total: compared.report.in_log.max(read) });
            }
        })?;
    }
    Ok(compared)
}

fn consumer(options: &ForwarderOptions, topic: &str) -> Result<BaseConsumer<Quiet>, ForwardError> {
    // The end of a topic is said with an answer that the broker would keep back to fill it.
    let mut settings = reading(options);
    settings.set("fetch.wait.max.ms", "20");
    settings.create_with_context(Quiet::default()).map_err(|error| unread(topic, error))
}

fn unread(topic: &str, error: KafkaError) -> ForwardError {
    KafkaFault::of(format!("reading {topic}"), error).into()
}

/// None for a topic that was never made.
fn partitions_of(
    options: &ForwarderOptions,
    consumer: &BaseConsumer<Quiet>,
    topic: &str,
) -> Result<HashSet<i32>, ForwardError> {
    let metadata = metadata(consumer, Some(topic), options.patience)
        .map_err(|source| KafkaFault::Unreachable { doing: format!("reading {topic}").into(), source })?;
    let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions()).map(|partition| partition.id());
    Ok(partitions.collect())
}

/// Reads a topic from its beginning to where it ends now. Blocks.
fn read_topic(
    options: &ForwarderOptions,
    topic: &str,
    mut take: impl FnMut(Result<Forwarded, ForeignRecord>, RecordOffset),
) -> Result<(), ForwardError> {
    let failed = |error: KafkaError| unread(topic, error);
    let consumer = consumer(options, topic)?;
    let mut open = partitions_of(options, &consumer, topic)?;
    let mut places = TopicPartitionList::new();
    for partition in &open {
        places.add_partition_offset(topic, *partition, Offset::Beginning).map_err(failed)?;
    }
    consumer.assign(&places).map_err(failed)?;
    while !open.is_empty() {
        match consumer.poll(options.patience) {
            None => return Err(KafkaFault::RecordsUnanswered { topic: topic.to_owned() }.into()),
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
            Some(Err(error)) => return Err(failed(error)),
            Some(Ok(record)) => {
                let place = RecordOffset { partition: record.partition(), offset: record.offset() };
                take(message::read(&record), place);
            }
        }
    }
    Ok(())
}

impl Compared {
    /// One record, against what is known of its stream.
    fn take(&mut self, topic: &str, record: Result<Forwarded, ForeignRecord>, place: RecordOffset) {
        match record {
            Ok(forwarded) => self.take_forwarded(topic, forwarded, place),
            Err(error) => {
                let foreign = Difference {
                    stream: None,
                    revision: None,
                    reason: Some(error.to_string()),
                    ..Difference::of_event(DifferenceKind::Foreign, topic, "", 0)
                };
                note(&mut self.report, foreign.at(place));
            }
        }
    }

    fn take_forwarded(&mut self, topic: &str, forwarded: Forwarded, place: RecordOffset) {
        let (stream, revision) = (forwarded.stream.as_str(), forwarded.revision);
        let difference = |kind, revision| Difference::of_event(kind, topic, stream, revision);
        let known = self.streams.get_mut(stream).filter(|(in_log, _)| revision < in_log.next);
        let Some((_, in_topic)) = known else {
            if self.beyond.len() < NAMED {
                let unknown = Difference {
                    event_id: Some(EventId::from(forwarded.id)),
                    ..difference(DifferenceKind::Unknown, revision).at(place)
                };
                self.beyond.push((forwarded, unknown));
            }
            return;
        };
        self.report.in_topics += 1;
        if revision >= in_topic.next {
            for missed in in_topic.next..revision {
                note(&mut self.report, difference(DifferenceKind::Missing, missed));
            }
            in_topic.next = revision;
            in_topic.take(forwarded.hash);
            return;
        }
        // An earlier one again: missed before, it comes too late; else it comes twice.
        let missed = |known: &Difference| known.is(DifferenceKind::Missing, stream, revision);
        match self.report.differences.iter().position(missed) {
            Some(index) => {
                self.report.differences[index] = difference(DifferenceKind::OutOfOrder, revision).at(place);
            }
            None => note(&mut self.report, difference(DifferenceKind::Doubled, revision).at(place)),
        }
    }
}

/// Of the records beyond the position, those of no event in the log.
async fn unknown(
    log: &dyn EventLog,
    beyond: Vec<(Forwarded, Difference)>,
    report: &mut CheckReport,
) -> Result<(), ForwardError> {
    for (Forwarded { stream, revision, id, .. }, difference) in beyond {
        let found = log.read_stream(&StreamName::new(stream), revision, 1).await?;
        if found.first().is_none_or(|event| event.id != id) {
            note(report, difference);
        }
    }
    Ok(())
}

/// Says of what is named where it stands in the log.
async fn find_in_log(log: &dyn EventLog, report: &mut CheckReport) -> Result<(), ForwardError> {
    for difference in report.differences.iter_mut().filter(|found| found.event_id.is_none()) {
        let (Some(stream), Some(revision)) = (&difference.stream, difference.revision) else { continue };
        let found = log.read_stream(&StreamName::new(stream.as_str()), revision, 1).await?;
        if let Some(event) = found.first() {
            (difference.event_id, difference.position) = (Some(event.id), Some(event.position.0));
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
    let differ = |(log, topic): &(StreamDigest, StreamDigest)| log.next == topic.next && log.digest != topic.digest;
    let suspects = streams.iter().filter(|(_, sides)| differ(sides)).map(|(stream, _)| stream.clone());
    let suspects: HashSet<String> = suspects.take(NAMED).collect();
    if suspects.is_empty() {
        return Ok(());
    }
    let wanted = suspects.clone();
    let hashes = blocking(Arc::clone(&options), move |options| hashes_of(options, &wanted)).await?;
    for stream in suspects {
        let topic = options.topic_of(&stream).unwrap_or_default();
        let mut from = 0;
        loop {
            let events = log.read_stream(&StreamName::new(stream.as_str()), from, PAGE).await?;
            let Some(last) = events.last() else { break };
            from = last.revision + 1;
            for event in &events {
                let Some((hash, place)) = hashes.get(&(stream.clone(), event.revision)) else { continue };
                if *hash != chain::hash_of(event) {
                    let altered = Difference::of_event(DifferenceKind::Altered, &topic, &stream, event.revision);
                    note(report, altered.at(*place));
                }
            }
        }
    }
    Ok(())
}

/// By stream and revision: an event's hash, and where its record is.
type Hashes = HashMap<(String, u64), (EventHash, RecordOffset)>;

/// The hash of each event of these streams, as the topics have it.
fn hashes_of(options: &ForwarderOptions, streams: &HashSet<String>) -> Result<Hashes, ForwardError> {
    let mut hashes = HashMap::new();
    let topics: HashSet<String> = streams.iter().filter_map(|stream| options.topic_of(stream)).collect();
    for topic in topics {
        read_topic(options, &topic, |record, place| {
            if let Some(record) = record.ok().filter(|record| streams.contains(&record.stream)) {
                hashes.entry((record.stream, record.revision)).or_insert((record.hash, place));
            }
        })?;
    }
    Ok(hashes)
}

async fn blocking<T: Send + 'static>(
    options: Arc<ForwarderOptions>,
    work: impl FnOnce(&ForwarderOptions) -> Result<T, ForwardError> + Send + 'static,
) -> Result<T, ForwardError> {
    super::client::blocking(move || work(&options)).await
}
