//! What all our clients of Kafka share: settings, a log that does not repeat itself, why brokers can't be reached, and threads to wait
//! for them on.

use super::fault::{KafkaFault, Unreachable};
use super::refusals::Heard;
use super::{ForwardError, ForwarderOptions};
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::types::RDKafkaErrorCode;
use std::time::{Duration, Instant};

/// While brokers are away the library says so several times a second; once in so long is enough.
const SAID_EVERY: Duration = Duration::from_secs(30);
/// How long the brokers are asked before it is looked whether they refuse; doubled each time.
const FIRST_LOOK: Duration = Duration::from_millis(500);
/// What was heard meanwhile comes out when it is asked for.
const HEARD_WITHIN: Duration = Duration::from_millis(20);

/// Passes the library's log on, each message once in a while, and remembers what it says of brokers.
#[derive(Default)]
pub(super) struct Quiet {
    said: Mutex<Option<Instant>>,
    heard: Mutex<Option<Heard>>,
}

impl Quiet {
    fn hear(&self, message: &str) {
        let heard = Heard::of(message);
        let mut known = self.heard.lock();
        if known.as_ref().is_none_or(|known| heard.tells_as_much_as(known)) {
            *known = Some(heard);
        }
    }

    fn may_speak(&self) -> bool {
        let mut said = self.said.lock();
        let now = Instant::now();
        let may = said.is_none_or(|said| now.duration_since(said) >= SAID_EVERY);
        if may {
            *said = Some(now);
        }
        may
    }
}

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            self.hear(message);
        }
        match level {
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug | RDKafkaLogLevel::Notice => {
                tracing::debug!(facility, "{message}");
            }
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => {
                if self.may_speak() {
                    tracing::warn!(facility, "Kafka's client: {message}");
                }
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The end of what there is to read is what a reader waits for.
        if let KafkaError::Global(RDKafkaErrorCode::PartitionEOF) = error {
            return;
        }
        self.hear(reason);
        if self.may_speak() {
            tracing::warn!(%error, "Kafka's client: {reason}");
        }
    }
}

impl ConsumerContext for Quiet {}

pub(super) fn settings(options: &ForwarderOptions) -> ClientConfig {
    let mut settings = ClientConfig::new();
    settings
        .set("bootstrap.servers", &options.brokers)
        .set("client.id", "cartlog")
        .set("reconnect.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "2000")
        .set("socket.keepalive.enable", "true");
    options.security.apply(&mut settings);
    // Connections that end are no more than that to the library, also where they say that the other side speaks otherwise.
    settings.set_log_level(RDKafkaLogLevel::Info);
    settings
}

/// One that reads what was committed, from where it is told, and commits no offsets.
pub(super) fn reading(options: &ForwarderOptions) -> ClientConfig {
    let mut settings = settings(options);
    settings
        .set("group.id", format!("{}-reader", options.prefix))
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("fetch.message.max.bytes", "33554432");
    settings
}

/// What the brokers say of this topic, or of all. They are asked as long as the patience lasts, but no longer once they refuse. Blocks.
///
/// # Errors
/// Why they could not be reached.
pub(super) fn metadata(
    consumer: &BaseConsumer<Quiet>,
    topic: Option<&str>,
    patience: Duration,
) -> Result<Metadata, Unreachable> {
    let (until, mut look) = (Instant::now() + patience, FIRST_LOOK);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let error = match consumer.fetch_metadata(topic, look.min(left)) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        let heard = heard(consumer);
        if left <= look || heard.as_ref().is_some_and(Heard::is_refusal) {
            return Err(heard.map_or(Unreachable::Client(error), Unreachable::Heard));
        }
        look *= 2;
    }
}

/// What was heard of brokers so far.
fn heard(consumer: &BaseConsumer<Quiet>) -> Option<Heard> {
    // The library keeps its log and its errors until somebody asks; of nothing that is read there could be a record.
    while consumer.poll(HEARD_WITHIN).is_some() {}
    consumer.client().context().heard.lock().clone()
}

/// Works on a thread that nobody waits for once the answer is of no more use: brokers that say nothing must not hold up the end of the
/// process.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ForwardError> + Send + 'static,
) -> Result<T, ForwardError> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("kafka-blocking".to_owned())
        .spawn(move || drop(answer.send(work())))
        .map_err(|error| ForwardError::Kafka(KafkaFault::no_thread(error)))?;
    answered.await.unwrap_or_else(|_| Err(KafkaFault::ThreadBrokeOff.into()))
}
