//! Why a producer, or a reader of the position, is of no more use.

use super::ForwardError;
use super::fault::KafkaFault;
use std::sync::Arc;

/// Why a producer, or a reader of the position, is of no more use.
#[derive(Clone, Debug)]
pub(super) enum ProducerFailure {
    Fenced,
    Kafka(KafkaFault),
    Damaged(Arc<serde_json::Error>),
    /// What operators have to see to.
    Topics(String),
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
            ProducerFailure::Topics(reason) => ForwardError::Topics(reason),
        }
    }
}
