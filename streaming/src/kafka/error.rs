//! Why nothing is forwarded any more.

use super::fault::KafkaFault;
use super::topic_trouble::TopicTrouble;
use eventlog::{LogError, Retry};
use std::sync::Arc;

/// Why nothing is forwarded any more.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// Among others [`LogError::ForeignCheckpoint`]: what was forwarded last is not in this log.
    #[error("the log can't be forwarded: {0}")]
    Log(#[from] LogError),
    /// Kafka is away or refuses; trying again can help.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaFault),
    /// Another forwarder has taken over.
    #[error("another forwarder has taken over")]
    Fenced,
    /// What stands in Kafka can't be of a forwarder of this version.
    #[error("what was forwarded can't be read: the position in Kafka can't be read: {0}")]
    Damaged(#[source] Arc<serde_json::Error>),
    /// A topic is not as it must be, or has lost what was in it.
    #[error(transparent)]
    Topics(#[from] TopicTrouble),
}

impl ForwardError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            ForwardError::Log(error) => error.retry(),
            ForwardError::Kafka(_) => Retry::Later,
            // Once the other one moves no more.
            ForwardError::Fenced => Retry::Busy,
            ForwardError::Damaged(_) | ForwardError::Topics(_) => Retry::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_whether_trying_again_helps() {
        let source = || std::io::Error::other("it is so").into();
        let unread = serde_json::from_str::<u8>("x").expect_err("it is no number");
        let cases: [(ForwardError, Retry); 6] = [
            (LogError::Unavailable(source()).into(), Retry::Later),
            (LogError::Damaged(source()).into(), Retry::Never),
            (KafkaFault::ProducerHangs.into(), Retry::Later),
            (ForwardError::Fenced, Retry::Busy),
            (ForwardError::Damaged(Arc::new(unread)), Retry::Never),
            (TopicTrouble::NoEvent.into(), Retry::Never),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
    }
}
