//! What all our clients of Kafka share: settings, and a log that does not repeat itself.

use super::ForwarderOptions;
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use std::time::{Duration, Instant};

/// While brokers are away the library says so several times a second; once in so long is enough.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// Passes the library's log on, each message once in a while.
#[derive(Default)]
pub(super) struct Quiet(Mutex<Option<Instant>>);

impl Quiet {
    fn may_speak(&self) -> bool {
        let mut said = self.0.lock();
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
