//! Why a producer, or a reader of the position, is of no more use.

use super::ForwardError;

/// Why a producer, or a reader of the position, is of no more use.
#[derive(Clone, Debug)]
pub(super) enum ProducerFailure {
    Fenced,
    Kafka(String),
    Damaged(String),
    /// What operators have to see to.
    Topics(String),
}

impl From<ProducerFailure> for ForwardError {
    fn from(broken: ProducerFailure) -> Self {
        match broken {
            ProducerFailure::Fenced => ForwardError::Fenced,
            ProducerFailure::Kafka(reason) => ForwardError::Kafka(reason),
            ProducerFailure::Damaged(reason) => ForwardError::Damaged(reason),
            ProducerFailure::Topics(reason) => ForwardError::Topics(reason),
        }
    }
}
