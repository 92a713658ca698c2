//! How far the log was forwarded: the last record of a compacted topic, written in the transaction of the events themselves. It also
//! says how much each topic held then: one that holds less was lost since.

use super::client::{Quiet, blocking, reading};
use super::failure::ProducerFailure;
use super::fault::KafkaFault;
use super::{ForwardError, ForwarderOptions};
use eventlog::{Checkpoint, EventId, LogId, Position};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The key of the record: the topic is compacted to the last one.
pub(super) const KEY: &str = "position";
/// How long news are read, however many there are: another forwarder may write them as fast as they are read.
const NEWS_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

/// What the record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForwardedUpTo {
    log_id: LogId,
    position: Position,
    event_id: EventId,
    /// By topic, the ends of its partitions added up: a topic never gets shorter. Missing in what earlier versions wrote.
    #[serde(default)]
    pub ends: BTreeMap<String, u64>,
    /// Topics that are being filled anew, each up to a position of the log.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refills: BTreeMap<String, Position>,
}

impl ForwardedUpTo {
    pub(super) fn at(checkpoint: &Checkpoint) -> Self {
        let Checkpoint { log_id, position, event_id } = *checkpoint;
        Self { log_id, position, event_id, ends: BTreeMap::new(), refills: BTreeMap::new() }
    }

    /// The same event, where it stands in this log.
    pub(super) fn in_log(self, log_id: LogId, position: Position) -> Self {
        Self { log_id, position, ..self }
    }

    /// The same, with these topics being filled anew.
    pub(super) fn refilling(&self, refills: BTreeMap<String, Position>) -> Self {
        Self { refills, ..self.clone() }
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { log_id: self.log_id, position: self.position, event_id: self.event_id }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        // Numbers, texts and ids can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn read(payload: &[u8]) -> Result<Self, ProducerFailure> {
        serde_json::from_slice(payload).map_err(|error| ProducerFailure::Damaged(Arc::new(error)))
    }
}

const READING: &str = "reading the position";

/// Reads the topic, from where it was left to where it ends now.
pub(super) struct Reader {
    consumer: BaseConsumer<Quiet>,
    last: Option<ForwardedUpTo>,
    patience: Duration,
}

impl Reader {
    /// Blocks until the brokers answer, or too long.
    pub(super) fn open(options: &ForwarderOptions) -> Result<Self, ProducerFailure> {
        let failed = |error: KafkaError| KafkaFault::of(READING, error);
        let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(failed)?;
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(&options.position_topic(), 0, Offset::Beginning).map_err(failed)?;
        consumer.assign(&place).map_err(failed)?;
        Ok(Self { consumer, last: None, patience: options.patience })
    }

    /// The last position that was committed, as the topic ends now. Blocks.
    pub(super) fn read_to_end(&mut self, stop: &CancellationToken) -> Result<Option<ForwardedUpTo>, ProducerFailure> {
        let until = Instant::now() + self.patience;
        while Instant::now() < until && !stop.is_cancelled() {
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(record)) => {
                    if let Some(payload) = record.payload() {
                        self.last = Some(ForwardedUpTo::read(payload)?);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(self.last.clone()),
                Some(Err(error)) => return Err(KafkaFault::of(READING, error).into()),
            }
        }
        Err(KafkaFault::PositionUnanswered.into())
    }

    /// Reads what came since, without waiting for the end; whether there was something.
    fn news(&mut self, stop: &CancellationToken) -> Result<bool, ProducerFailure> {
        let mut moved = false;
        let until = Instant::now() + NEWS_WITHIN;
        while Instant::now() < until && !stop.is_cancelled() {
            let Some(found) = self.consumer.poll(POLL) else { break };
            match found {
                Ok(record) => {
                    if let Some(payload) = record.payload() {
                        self.last = Some(ForwardedUpTo::read(payload)?);
                        moved = true;
                    }
                }
                Err(KafkaError::PartitionEOF(_)) => {}
                Err(error) => return Err(KafkaFault::of(READING, error).into()),
            }
        }
        Ok(moved)
    }
}

/// Watches how far another forwarder is. Its threads end soon after it is told to stop.
pub(super) struct Watch {
    reader: Option<Reader>,
    stop: CancellationToken,
}

impl Watch {
    pub(super) async fn start(options: Arc<ForwarderOptions>, stop: CancellationToken) -> Result<Self, ForwardError> {
        let stopped = stop.clone();
        let open = move || -> Result<Reader, ProducerFailure> {
            let mut reader = Reader::open(&options)?;
            reader.read_to_end(&stopped)?;
            Ok(reader)
        };
        let reader = blocking(move || Ok(open()?)).await?;
        Ok(Self { reader: Some(reader), stop })
    }

    /// Whether it moved since the last look, and where it is.
    pub(super) async fn look(&mut self) -> Result<(bool, Option<Checkpoint>), ForwardError> {
        let stop = self.stop.clone();
        let Some(mut reader) = self.reader.take() else {
            return Err(KafkaFault::Unwatched.into());
        };
        let (reader, moved) = blocking(move || {
            let moved = reader.news(&stop)?;
            Ok((reader, moved))
        })
        .await?;
        let last = reader.last.as_ref().map(ForwardedUpTo::checkpoint);
        self.reader = Some(reader);
        Ok((moved, last))
    }
}
