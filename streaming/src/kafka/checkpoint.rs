//! How far the log was forwarded: the last record of a compacted topic, written in the transaction of the events themselves.

use super::client::{Quiet, reading};
use super::producer::Broken;
use super::{ForwardError, ForwarderOptions};
use eventlog::{Checkpoint, EventId, LogId, Position};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The key of the record: the topic is compacted to the last one.
pub(super) const KEY: &str = "position";
/// How long news are read, however many there are: another forwarder may write them as fast as they are read.
const NEWS_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

#[derive(Serialize, Deserialize)]
struct Stored {
    log_id: LogId,
    position: Position,
    event_id: EventId,
}

pub(super) fn write(checkpoint: &Checkpoint) -> Vec<u8> {
    let Checkpoint { log_id, position, event_id } = *checkpoint;
    // A number and two ids can always be written.
    serde_json::to_vec(&Stored { log_id, position, event_id }).unwrap_or_default()
}

fn read(payload: &[u8]) -> Result<Checkpoint, Broken> {
    let stored: Stored = serde_json::from_slice(payload)
        .map_err(|error| Broken::Damaged(format!("the position in Kafka can't be read: {error}")))?;
    let Stored { log_id, position, event_id } = stored;
    Ok(Checkpoint { log_id, position, event_id })
}

/// Reads the topic, from where it was left to where it ends now.
pub(super) struct Reader {
    consumer: BaseConsumer<Quiet>,
    last: Option<Checkpoint>,
    patience: Duration,
}

impl Reader {
    /// Blocks until the brokers answer, or too long.
    pub(super) fn open(options: &ForwarderOptions) -> Result<Self, Broken> {
        let failed = |error: KafkaError| Broken::Kafka(format!("reading the position: {error}"));
        let consumer: BaseConsumer<Quiet> = reading(options).create_with_context(Quiet::default()).map_err(failed)?;
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(&options.position_topic(), 0, Offset::Beginning).map_err(failed)?;
        consumer.assign(&place).map_err(failed)?;
        Ok(Self { consumer, last: None, patience: options.patience })
    }

    /// The last position that was committed, as the topic ends now. Blocks.
    pub(super) fn read_to_end(&mut self) -> Result<Option<Checkpoint>, Broken> {
        let until = Instant::now() + self.patience;
        while Instant::now() < until {
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(record)) => {
                    if let Some(payload) = record.payload() {
                        self.last = Some(read(payload)?);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(self.last),
                Some(Err(error)) => return Err(Broken::Kafka(format!("reading the position: {error}"))),
            }
        }
        Err(Broken::Kafka("the position could not be read in time".to_owned()))
    }

    /// Reads what came since, without waiting for the end; whether there was something.
    fn news(&mut self) -> Result<bool, Broken> {
        let mut moved = false;
        let until = Instant::now() + NEWS_WITHIN;
        while Instant::now() < until {
            let Some(found) = self.consumer.poll(POLL) else { break };
            match found {
                Ok(record) => {
                    if let Some(payload) = record.payload() {
                        self.last = Some(read(payload)?);
                        moved = true;
                    }
                }
                Err(KafkaError::PartitionEOF(_)) => {}
                Err(error) => return Err(Broken::Kafka(format!("reading the position: {error}"))),
            }
        }
        Ok(moved)
    }
}

/// Watches how far another forwarder is.
pub(super) struct Watch(Option<Reader>);

impl Watch {
    pub(super) async fn start(options: Arc<ForwarderOptions>) -> Result<Self, ForwardError> {
        let open = move || {
            let mut reader = Reader::open(&options)?;
            reader.read_to_end()?;
            Ok(reader)
        };
        Ok(Self(Some(blocking(open).await?)))
    }

    /// Whether it moved since the last look, and where it is.
    pub(super) async fn look(&mut self) -> Result<(bool, Option<Checkpoint>), ForwardError> {
        let Some(mut reader) = self.0.take() else {
            return Err(ForwardError::Kafka("the position is no longer watched".to_owned()));
        };
        let (reader, moved) = blocking(move || {
            let moved = reader.news()?;
            Ok((reader, moved))
        })
        .await?;
        let last = reader.last;
        self.0 = Some(reader);
        Ok((moved, last))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Broken> + Send + 'static,
) -> Result<T, ForwardError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(super::broken),
        Err(error) => Err(ForwardError::Kafka(format!("a thread broke off: {error}"))),
    }
}
