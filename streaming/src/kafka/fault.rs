//! What was asked of Kafka and not done.

use super::refusals::Heard;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What was asked of Kafka and not done. Trying again can help.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KafkaFault {
    /// What the client's library, or a broker, says of it.
    #[error("{doing}: {source}")]
    Client { doing: Cow<'static, str>, source: KafkaError },
    /// The brokers can't be reached; why, as far as it was heard.
    #[error("{doing}: {source}")]
    Unreachable { doing: Cow<'static, str>, source: Unreachable },
    #[error("topic {topic} can't be made: {source}")]
    TopicNotMade { topic: String, source: RDKafkaErrorCode },
    #[error("making topics: the brokers did not say within {within:?} whether they did")]
    MakingUnanswered { within: Duration },
    #[error("the brokers did not say what topics are like")]
    SettingsUnanswered,
    #[error("the brokers do not say whether {topic} is empty")]
    EmptinessUnanswered { topic: String },
    #[error("the brokers do not say what {topic} ends with")]
    EndUnanswered { topic: String },
    #[error("reading {topic}: the brokers say nothing")]
    RecordsUnanswered { topic: String },
    #[error("the position could not be read in time")]
    PositionUnanswered,
    #[error("the position is no longer watched")]
    Unwatched,
    #[error("the producer does not answer")]
    ProducerHangs,
    #[error("the producer ended")]
    ProducerEnded,
    #[error("no thread can be started: {0}")]
    NoThread(#[source] Arc<io::Error>),
    #[error("a thread broke off")]
    ThreadBrokeOff,
}

impl KafkaFault {
    /// What the library says of what was being done.
    pub(super) fn of(doing: impl Into<Cow<'static, str>>, error: KafkaError) -> Self {
        Self::Client { doing: doing.into(), source: without_value(error) }
    }

    pub(super) fn no_thread(error: io::Error) -> Self {
        Self::NoThread(Arc::new(error))
    }
}

/// Of a setting that is wrong the library repeats the value, which may be a password.
pub(super) fn without_value(error: KafkaError) -> KafkaError {
    match error {
        KafkaError::ClientConfig(result, reason, key, _) => {
            KafkaError::ClientConfig(result, reason, key, "(not shown)".to_owned())
        }
        other => other,
    }
}

/// Why brokers could not be reached.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unreachable {
    /// What was heard of one: the library tells it in its log alone.
    #[error(transparent)]
    Heard(#[from] Heard),
    #[error(transparent)]
    Client(#[from] KafkaError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::types::RDKafkaConfRes;
    use std::error::Error;

    #[test]
    fn what_the_library_says_is_kept_as_its_error() {
        let fault = KafkaFault::of("committing", KafkaError::Flush(RDKafkaErrorCode::QueueFull));
        assert!(fault.to_string().starts_with("committing: "), "{fault}");
        let source = fault.source().and_then(|source| source.downcast_ref::<KafkaError>());
        assert_eq!(source.and_then(KafkaError::rdkafka_error_code), Some(RDKafkaErrorCode::QueueFull));
    }

    #[test]
    fn the_value_of_a_setting_is_shown_nowhere() {
        let wrong = KafkaError::ClientConfig(
            RDKafkaConfRes::RD_KAFKA_CONF_INVALID,
            "no such value".to_owned(),
            "sasl.password".to_owned(),
            "swordfish".to_owned(),
        );
        let fault = KafkaFault::of("making a producer", wrong);
        for shown in [fault.to_string(), format!("{fault:?}"), eventlog::with_causes(&fault)] {
            assert!(shown.contains("sasl.password") && !shown.contains("swordfish"), "{shown}");
        }
    }
}
