//! What an operator does about a topic that was lost: it is filled from the log, and no other is written to; and about a position that
//! was lost: it is found by the newest event in the topics.
//!
//! Both fence whoever forwards, which stands by meanwhile. Each transaction says how far the refill has come: stopped or killed, the same
//! command goes on there, and nothing is doubled.

use super::checkpoint::ForwardedUpTo;
use super::client::{Quiet, blocking, reading};
use super::fault::KafkaFault;
use super::message;
use super::producer::{Began, Transactions};
use super::topic_trouble::TopicTrouble;
use super::topics::{self, Topics};
use super::{BATCH_BYTES, BATCH_EVENTS, ForwardError, ForwarderOptions, place_of};
use crate::windows::CatchUp;
use domain::Category;
use eventlog::{Checkpoint, EventLog, Position, RecordedEvent, StreamName};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(200);
/// Where the last record of a partition is looked for first, back from its end: the marks of transactions take places, too.
const FIRST_LOOK_BACK: i64 = 64;

/// Writes the events of one kind of aggregate to their topic, those of the log after `from` up to where it was forwarded. Gives how many
/// events were written now. Where it was begun before, `from` must be left out: it goes on.
///
/// # Errors
/// Log or Kafka is away; nothing says how far the log was forwarded; the topic holds events already; another forwarder took over.
pub async fn refill(
    log: &dyn EventLog,
    options: ForwarderOptions,
    category: Category,
    from: Option<Position>,
    mut progress: impl FnMut(CatchUp) + Send,
) -> Result<u64, ForwardError> {
    let (topic, options) = (options.topic(category), Arc::new(options));
    let (topics, transactions, began) = begin(&options).await?;
    let Some(stored) = began.stored else {
        return Err(TopicTrouble::PositionUnknown { position: options.position_topic() }.into());
    };
    let log_id = log.log_id().await?;
    let up_to = place_of(log, Some(stored.checkpoint()), log_id).await?;
    // Of a log that was copied the positions are its own.
    let stored = stored.in_log(log_id, up_to);
    let mut done = begin_at(&options, &topics, &stored, &topic, from).await?;
    if topics.missing(&options).contains(&topic) {
        topics::make_of_events(&options, &BTreeSet::from([topic.clone()])).await?;
    }
    let at = |done: Position| {
        let refills = stored.refills.iter().map(|(topic, position)| (topic.clone(), *position));
        stored.refilling(refills.chain([(topic.clone(), done)]).collect())
    };
    let mut transactions = commit(transactions, Vec::new(), at(done)).await?;
    let mut written = 0;
    while done < up_to {
        let events = log.read_all(done, BATCH_EVENTS).await?;
        let Some(last) = events.last().map(|event| event.position.min(up_to)) else { break };
        let is_meant = |event: &RecordedEvent| {
            event.position <= up_to
                && Category::of_stream(event.stream.as_str()).is_some_and(|(found, _)| found == category)
        };
        for batch in batches(events.into_iter().filter(is_meant).collect()) {
            written += batch.len() as u64;
            let reached = batch.last().map_or(done, |event| event.position);
            transactions = commit(transactions, batch, at(reached)).await?;
        }
        done = last;
        progress(CatchUp { done: done.0, total: up_to.0 });
    }
    let mut whole = at(up_to);
    whole.refills.remove(&topic);
    commit(transactions, Vec::new(), whole).await?;
    Ok(written)
}

/// Finds the newest event in the topics, and says that the log was forwarded up to there. Gives its position.
///
/// # Errors
/// Log or Kafka is away; the position is known already; the topics hold no event, or one that this log does not have.
pub async fn resume(log: &dyn EventLog, options: ForwarderOptions) -> Result<Position, ForwardError> {
    let options = Arc::new(options);
    let (topics, transactions, began) = begin(&options).await?;
    if let Some(stored) = began.stored {
        let (position, reached) = (options.position_topic(), stored.checkpoint().position);
        return Err(TopicTrouble::PositionKnown { position, reached }.into());
    }
    let (asked, of_events) = (Arc::clone(&options), topics.of_events(&options));
    let last = blocking(move || last_of_all(&asked, &of_events)).await?;
    let log_id = log.log_id().await?;
    let mut newest: Option<Checkpoint> = None;
    for record in last {
        let found = log.read_stream(&StreamName::new(record.stream.as_str()), record.revision, 1).await?;
        let Some(event) = found.first().filter(|event| event.id == record.id) else {
            return Err(TopicTrouble::OtherLog { id: record.id, stream: record.stream }.into());
        };
        let here = Checkpoint { log_id, position: event.position, event_id: event.id };
        newest = newest.filter(|newest| newest.position >= here.position).or(Some(here));
    }
    let newest = newest.ok_or(TopicTrouble::NoEvent)?;
    commit(transactions, Vec::new(), ForwardedUpTo::at(&newest)).await?;
    Ok(newest.position)
}

/// Looks at the topics and fences whoever forwards.
async fn begin(options: &Arc<ForwarderOptions>) -> Result<(Topics, Transactions, Began), ForwardError> {
    let topics = Topics::look(options).await?;
    topics.check(options)?;
    topics::make_position(options, &topics).await?;
    let (asked, of_events) = (Arc::clone(options), topics.of_events(options));
    let (transactions, began) = blocking(move || Ok(Transactions::begin(&asked, &of_events)?)).await?;
    Ok((topics, transactions, began))
}

/// Where the refill begins, or goes on.
async fn begin_at(
    options: &Arc<ForwarderOptions>,
    topics: &Topics,
    stored: &ForwardedUpTo,
    topic: &str,
    from: Option<Position>,
) -> Result<Position, ForwardError> {
    let topic = topic.to_owned();
    match (stored.refills.get(&topic), from) {
        (Some(done), None) => Ok(*done),
        (Some(done), Some(_)) => Err(TopicTrouble::BegunAlready { topic, done: *done }.into()),
        (None, None) => Err(TopicTrouble::FromUnsaid { topic }.into()),
        (None, Some(Position::START)) => {
            let partitions = topics.of_events(options).get(&topic).copied().unwrap_or(0);
            let (asked, name) = (Arc::clone(options), topic.clone());
            let holds = partitions > 0 && blocking(move || topics::holds_records(&asked, &name, partitions)).await?;
            match holds {
                true => Err(TopicTrouble::HoldsEvents { topic }.into()),
                false => Ok(Position::START),
            }
        }
        (None, Some(from)) => Ok(from),
    }
}

async fn commit(
    transactions: Transactions,
    batch: Vec<RecordedEvent>,
    stored: ForwardedUpTo,
) -> Result<Transactions, ForwardError> {
    blocking(move || {
        transactions.commit(&batch, stored)?;
        Ok(transactions)
    })
    .await
}

/// In pieces that fit into a transaction.
fn batches(events: Vec<RecordedEvent>) -> Vec<Vec<RecordedEvent>> {
    let (mut batches, mut bytes) = (vec![Vec::new()], 0);
    for event in events {
        let size = event.data.len() + event.metadata.len();
        if let Some(last) = batches.last_mut()
            && (bytes + size <= BATCH_BYTES || last.is_empty())
        {
            bytes += size;
            last.push(event);
            continue;
        }
        bytes = size;
        batches.push(vec![event]);
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// The last committed record of each partition that has one. Blocks.
fn last_of_all(
    options: &ForwarderOptions,
    topics: &BTreeMap<String, i32>,
) -> Result<Vec<message::Forwarded>, ForwardError> {
    let mut last = Vec::new();
    for (topic, partitions) in topics {
        for partition in 0..*partitions {
            last.extend(last_record(options, topic, partition)?);
        }
    }
    Ok(last)
}

fn last_record(
    options: &ForwarderOptions,
    topic: &str,
    partition: i32,
) -> Result<Option<message::Forwarded>, ForwardError> {
    let failed = |error: KafkaError| KafkaFault::of(format!("reading the end of {topic}"), error);
    let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(failed)?;
    let (low, high) = consumer.fetch_watermarks(topic, partition, options.patience).map_err(failed)?;
    if low >= high {
        return Ok(None);
    }
    let mut back = FIRST_LOOK_BACK;
    loop {
        let from = high.saturating_sub(back).max(low);
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(topic, partition, Offset::Offset(from)).map_err(failed)?;
        consumer.assign(&place).map_err(failed)?;
        let found = read_to_end(options, &consumer, topic)?;
        if found.is_some() || from == low {
            return Ok(found);
        }
        back = back.saturating_mul(16);
    }
}

fn read_to_end(
    options: &ForwarderOptions,
    consumer: &BaseConsumer<Quiet>,
    topic: &str,
) -> Result<Option<message::Forwarded>, ForwardError> {
    let (mut last, mut until) = (None, Instant::now() + options.patience);
    loop {
        match consumer.poll(POLL) {
            Some(Ok(record)) => {
                let foreign = |source| TopicTrouble::Foreign { topic: topic.to_owned(), source };
                last = Some(message::read(&record).map_err(foreign)?);
                until = Instant::now() + options.patience;
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(last),
            Some(Err(error)) => return Err(KafkaFault::of(format!("reading the end of {topic}"), error).into()),
            None if Instant::now() >= until => {
                return Err(KafkaFault::EndUnanswered { topic: topic.to_owned() }.into());
            }
            None => {}
        }
    }
}
