//! The topics: one for each kind of aggregate, and one for how far the log was forwarded. They are looked at before they are used:
//! whatever would lose or double events, or mix up their order, is named, and nothing is forwarded until it is mended.

use super::checkpoint::{ForwardedUpTo, Reader};
use super::client::{Quiet, blocking, metadata, reading, settings};
use super::fault::KafkaFault;
use super::topic_trouble::{Loss, TopicTrouble};
use super::{ForwardError, ForwarderOptions};
use domain::Category;
use eventlog::{EventLog, Position};
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What the library may take beyond the limit that it was told.
const GRACE: Duration = Duration::from_secs(5);
/// The largest event: what the log takes in one append, and its headers.
pub(super) const LARGEST_MESSAGE: &str = "17825792";
/// Events of one look at the log.
const PAGE: usize = 5_000;
const POLL: Duration = Duration::from_millis(200);

impl ForwarderOptions {
    /// The topic of a stream's events; `None` for a stream that is none of ours.
    pub(super) fn topic_of(&self, stream: &str) -> Option<String> {
        Category::of_stream(stream).map(|(category, _)| self.topic(category))
    }

    /// The topic of the events of one kind of aggregate.
    pub fn topic(&self, category: Category) -> String {
        crate::record::topic(&self.prefix, category)
    }

    /// The kind of aggregate whose events are in the topic.
    pub fn category_of(&self, topic: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| self.topic(*category) == topic)
    }

    /// The compacted topic of one record: how far the log was forwarded.
    pub(super) fn position_topic(&self) -> String {
        format!("{}.forwarder", self.prefix)
    }

    /// Whoever begins with it fences all that began before.
    pub(super) fn transactional_id(&self) -> String {
        format!("{}-forwarder", self.prefix)
    }
}

/// How a topic is, as the brokers say.
struct TopicState {
    partitions: i32,
    /// The fewest copies that a partition has.
    copies: usize,
    settings: BTreeMap<String, String>,
}

/// All of ours that are there, by name.
pub(super) struct Topics {
    seen: BTreeMap<String, TopicState>,
    brokers: usize,
}

fn failed(doing: &'static str) -> impl Fn(KafkaError) -> KafkaFault {
    move |error| KafkaFault::of(doing, error)
}

impl Topics {
    /// Looks at them. A topic that is not there is none; nothing is made by looking.
    pub(super) async fn look(options: &Arc<ForwarderOptions>) -> Result<Self, ForwardError> {
        let asked = Arc::clone(options);
        let (mut seen, brokers) = blocking(move || present(&asked)).await?;
        for (name, settings) in settings_of(options, seen.keys()).await? {
            if let Some(topic) = seen.get_mut(&name) {
                topic.settings = settings;
            }
        }
        Ok(Self { seen, brokers })
    }

    /// Refuses a topic that would lose what is in it, or that the position can't be read from, and warns of what is unusual.
    pub(super) fn check(&self, options: &ForwarderOptions) -> Result<(), ForwardError> {
        let position = options.position_topic();
        for (name, topic) in &self.seen {
            let policy = topic.setting("cleanup.policy");
            let is_position = *name == position;
            let (wants, why) = match is_position {
                true => ("compact", "it would lose how far the log was forwarded, and all of it be forwarded again"),
                false => ("delete", "it would keep the last event of each stream alone"),
            };
            if let Some(policy) = policy.filter(|policy| *policy != wants) {
                let (topic, policy) = (name.clone(), policy.to_owned());
                return Err(TopicTrouble::Policy { topic, policy, why, wants }.into());
            }
            if is_position && topic.partitions != 1 {
                let (topic, partitions) = (name.clone(), topic.partitions);
                return Err(TopicTrouble::Partitions { topic, partitions }.into());
            }
            if !is_position && ["retention.ms", "retention.bytes"].iter().any(|key| topic.is_bounded(key)) {
                tracing::warn!(topic = name, "the topic forgets what is old: its retention is bounded");
            }
            if topic.copies < 2 && self.brokers > 1 {
                tracing::warn!(topic = name, "the topic has one copy only, though there are several brokers");
            }
        }
        Ok(())
    }

    fn has(&self, topic: &str) -> bool {
        self.seen.contains_key(topic)
    }

    /// Those of events that are there, with their partitions.
    pub(super) fn of_events(&self, options: &ForwarderOptions) -> BTreeMap<String, i32> {
        let of_events =
            |(name, topic): (&String, &TopicState)| options.category_of(name).map(|_| (name.clone(), topic.partitions));
        self.seen.iter().filter_map(of_events).collect()
    }

    /// Those of events that are not there.
    pub(super) fn missing(&self, options: &ForwarderOptions) -> BTreeSet<String> {
        Category::ALL.into_iter().map(|category| options.topic(category)).filter(|topic| !self.has(topic)).collect()
    }
}

impl TopicState {
    fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    fn is_bounded(&self, key: &str) -> bool {
        self.setting(key).and_then(|value| value.parse::<i64>().ok()).is_some_and(|bound| bound >= 0)
    }
}

/// Which of our topics are there. Blocks.
fn present(options: &ForwarderOptions) -> Result<(BTreeMap<String, TopicState>, usize), ForwardError> {
    let failed = failed("looking for topics");
    let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(&failed)?;
    // All of them: asking for one by its name may make it.
    let found = metadata(&consumer, None, options.patience)
        .map_err(|source| KafkaFault::Unreachable { doing: "looking for topics".into(), source })?;
    let ours: BTreeSet<String> =
        Category::ALL.into_iter().map(|category| options.topic(category)).chain([options.position_topic()]).collect();
    let topics = found.topics().iter().filter(|topic| ours.contains(topic.name()) && !topic.partitions().is_empty());
    let seen = topics.map(|topic| {
        let copies = topic.partitions().iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
        let partitions = i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX);
        (topic.name().to_owned(), TopicState { partitions, copies, settings: BTreeMap::new() })
    });
    Ok((seen.collect(), found.brokers().len()))
}

async fn settings_of(
    options: &ForwarderOptions,
    topics: impl Iterator<Item = &String>,
) -> Result<Vec<(String, BTreeMap<String, String>)>, ForwardError> {
    let names: Vec<&String> = topics.collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let failed = failed("asking for topics' settings");
    let admin: AdminClient<Quiet> = settings(options).create_with_context(Quiet::default()).map_err(&failed)?;
    let asked: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let limits = AdminOptions::new().request_timeout(Some(options.patience));
    let asking = tokio::time::timeout(options.patience + GRACE, admin.describe_configs(&asked, &limits)).await;
    let said = asking.map_err(|_| KafkaFault::SettingsUnanswered)?;
    let described = said.map_err(&failed)?.into_iter().zip(names).filter_map(|(found, name)| match found {
        Ok(found) => Some((name.clone(), values(found))),
        // Whoever may not ask can't be told; what is there can still be used.
        Err(code) => {
            tracing::warn!(topic = name, %code, "the topic's settings can't be looked at");
            None
        }
    });
    Ok(described.collect())
}

fn values(found: ConfigResource) -> BTreeMap<String, String> {
    found.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect()
}

/// Makes the topic that says how far the log was forwarded, if it is not there.
pub(super) async fn make_position(options: &ForwarderOptions, topics: &Topics) -> Result<(), ForwardError> {
    let position = options.position_topic();
    if topics.has(&position) {
        return Ok(());
    }
    let topic = NewTopic::new(&position, 1, TopicReplication::Fixed(options.replication))
        .set("cleanup.policy", "compact")
        .set("min.cleanable.dirty.ratio", "0.1")
        .set("segment.ms", "3600000");
    make(options, &[topic]).await
}

/// Makes these topics of events.
pub(super) async fn make_of_events(options: &ForwarderOptions, names: &BTreeSet<String>) -> Result<(), ForwardError> {
    let topics: Vec<NewTopic<'_>> = names
        .iter()
        .map(|name| {
            // Events are kept for ever, as in the log.
            NewTopic::new(name, options.partitions, TopicReplication::Fixed(options.replication))
                .set("cleanup.policy", "delete")
                .set("retention.ms", "-1")
                .set("retention.bytes", "-1")
                .set("max.message.bytes", LARGEST_MESSAGE)
        })
        .collect();
    if topics.is_empty() { Ok(()) } else { make(options, &topics).await }
}

async fn make(options: &ForwarderOptions, topics: &[NewTopic<'_>]) -> Result<(), ForwardError> {
    let failed = failed("making topics");
    let admin: AdminClient<Quiet> = settings(options).create_with_context(Quiet::default()).map_err(&failed)?;
    let patience = options.patience;
    let limits = AdminOptions::new().operation_timeout(Some(patience)).request_timeout(Some(patience));
    let making = tokio::time::timeout(patience + GRACE, admin.create_topics(topics, &limits)).await;
    let silent = |_| KafkaFault::MakingUnanswered { within: patience };
    for outcome in making.map_err(silent)?.map_err(&failed)? {
        match outcome {
            // Another node makes them as well.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, source)) => return Err(KafkaFault::TopicNotMade { topic, source }.into()),
        }
    }
    Ok(())
}

/// Where each partition of the topics of events ends now. Blocks.
pub(super) fn ends(
    options: &ForwarderOptions,
    topics: &BTreeMap<String, i32>,
) -> Result<BTreeMap<(String, i32), i64>, KafkaFault> {
    let failed = failed("looking where topics end");
    let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(&failed)?;
    let mut ends = BTreeMap::new();
    for (topic, partitions) in topics {
        for partition in 0..*partitions {
            let (_, end) = consumer.fetch_watermarks(topic, partition, options.patience).map_err(&failed)?;
            ends.insert((topic.clone(), partition), end);
        }
    }
    Ok(ends)
}

/// How far the log was forwarded, and by topic the ends of its partitions added up, as it is without fencing anybody. Blocks.
pub(super) fn standing(
    options: &ForwarderOptions,
    topics: &BTreeMap<String, i32>,
) -> Result<(Option<ForwardedUpTo>, BTreeMap<String, u64>), ForwardError> {
    let mut reader = Reader::open(options)?;
    let stored = reader.read_to_end(&CancellationToken::new())?;
    let mut totals = BTreeMap::new();
    for ((topic, _), end) in ends(options, topics)? {
        *totals.entry(topic).or_insert(0) += u64::try_from(end).unwrap_or(0);
    }
    Ok((stored, totals))
}

/// Whether the topic holds a committed record. Blocks.
pub(super) fn holds_records(options: &ForwarderOptions, topic: &str, partitions: i32) -> Result<bool, ForwardError> {
    let failed = failed("looking whether a topic is empty");
    let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(&failed)?;
    let mut places = TopicPartitionList::new();
    for partition in 0..partitions {
        places.add_partition_offset(topic, partition, Offset::Beginning).map_err(&failed)?;
    }
    consumer.assign(&places).map_err(&failed)?;
    let (mut open, until) = (partitions, Instant::now() + options.patience);
    while open > 0 {
        match consumer.poll(POLL) {
            Some(Ok(_)) => return Ok(true),
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) => return Err(failed(error).into()),
            None if Instant::now() >= until => {
                return Err(KafkaFault::EmptinessUnanswered { topic: topic.to_owned() }.into());
            }
            None => {}
        }
    }
    Ok(false)
}

/// Refuses to go on where a topic has lost what was forwarded to it.
pub(super) async fn check_whole(
    log: &dyn EventLog,
    options: &ForwarderOptions,
    topics: &Topics,
    stored: &ForwardedUpTo,
    ends: &BTreeMap<String, u64>,
) -> Result<(), ForwardError> {
    if let Some((topic, position)) = stored.refills.first_key_value() {
        return Err(TopicTrouble::Lost { topic: topic.clone(), loss: Loss::BeingFilled(*position) }.into());
    }
    for (topic, before) in &stored.ends {
        if options.category_of(topic).is_none() {
            continue;
        }
        let now = ends.get(topic).copied().unwrap_or(0);
        if now < *before {
            let loss = Loss::Shorter { before: *before, now };
            return Err(TopicTrouble::Lost { topic: topic.clone(), loss }.into());
        }
    }
    for topic in topics.missing(options) {
        let Some(category) = options.category_of(&topic).filter(|_| !stored.ends.contains_key(&topic)) else {
            continue;
        };
        if holds(log, category, stored.checkpoint().position).await? {
            return Err(TopicTrouble::Lost { topic, loss: Loss::Gone }.into());
        }
    }
    Ok(())
}

/// Whether the log has an event of the category up to the position.
async fn holds(log: &dyn EventLog, category: Category, up_to: Position) -> Result<bool, ForwardError> {
    let mut after = Position::START;
    while after < up_to {
        let events = log.read_all(after, PAGE).await?;
        let Some(last) = events.last() else { break };
        after = last.position;
        let is_of = |stream: &str| Category::of_stream(stream).is_some_and(|(found, _)| found == category);
        if events.iter().any(|event| event.position <= up_to && is_of(event.stream.as_str())) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses to begin where nobody knows how far the log was forwarded, and something was. Blocks.
pub(super) fn check_empty(options: &ForwarderOptions, topics: &BTreeMap<String, i32>) -> Result<(), ForwardError> {
    for (topic, partitions) in topics {
        if holds_records(options, topic, *partitions)? {
            return Err(TopicTrouble::PositionLost { topic: topic.clone(), position: options.position_topic() }.into());
        }
    }
    Ok(())
}
