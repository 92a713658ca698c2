//! Why a producer, or a reader of the position, is of no more use.

use super::ForwardError;

/// Why a producer, or a reader of the position, is of no more use.
#[derive(Clone, Debug)]
pub(super) enum Broken {
    Fenced,
    Kafka(String),
    Damaged(String),
    /// What operators have to see to.
    Topics(String),
}

impl From<Broken> for ForwardError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Fenced => ForwardError::Fenced,
            Broken::Kafka(reason) => ForwardError::Kafka(reason),
            Broken::Damaged(reason) => ForwardError::Damaged(reason),
            Broken::Topics(reason) => ForwardError::Topics(reason),
        }
    }
}
