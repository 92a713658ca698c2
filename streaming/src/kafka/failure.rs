//! Why a producer, or a reader of the position, is of no more use.

use super::error::ForwardError;
use super::fault::KafkaFault;
use super::topic_trouble::TopicTrouble;
use std::sync::Arc;

/// Why a producer, or a reader of the position, is of no more use.
#[derive(Clone, Debug)]
pub(super) enum ProducerFailure {
    Fenced,
    Kafka(KafkaFault),
    Damaged(Arc<serde_json::Error>),
    /// What operators have to see to.
    Topics(TopicTrouble),
}

impl From<KafkaFault> for ProducerFailure {
    fn from(fault: KafkaFault) -> Self {
        Self::Kafka(fault)
    }
}

impl From<ProducerFailure> for ForwardError {
    fn from(failure: ProducerFailure) -> Self {
        match failure {
            ProducerFailure::Fenced => ForwardError::Fenced,
            ProducerFailure::Kafka(fault) => ForwardError::Kafka(fault),
            ProducerFailure::Damaged(error) => ForwardError::Damaged(error),
            ProducerFailure::Topics(trouble) => ForwardError::Topics(trouble),
        }
    }
}
