//! What is the matter with a topic, in words for whoever has to see to it: until then nothing is forwarded.

use super::message::ForeignRecord;
use eventlog::Position;
use uuid::Uuid;

/// A topic is not as it must be, or has lost what was in it: what, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TopicTrouble {
    #[error("the topic {topic} has cleanup.policy={policy}: {why}; set it to {wants}")]
    Policy { topic: String, policy: String, why: &'static str, wants: &'static str },
    #[error(
        "the topic {topic} has {partitions} partitions and must have one: what is written to it is read in order; delete it, and \
         `cartlog kafka forward --resume` makes it anew"
    )]
    Partitions { topic: String, partitions: i32 },
    #[error(
        "the topic {topic} {loss}: nothing is forwarded until it is whole; `cartlog kafka forward --topic {topic}{}` fills it from the log, \
         and writes to no other",
        .loss.from()
    )]
    Lost { topic: String, loss: Loss },
    #[error(
        "the topic {topic} holds events, and {position} does not say how far the log was forwarded: to begin anew would double them; \
         `cartlog kafka forward --resume` finds the newest event in the topics and goes on after it, or delete the topics"
    )]
    PositionLost { topic: String, position: String },
    #[error("{position} does not say how far the log was forwarded; find it first: cartlog kafka forward --resume")]
    PositionUnknown { position: String },
    #[error("{position} says that the log was forwarded up to position {reached}: there is nothing to find")]
    PositionKnown { position: String, reached: Position },
    #[error("the topics hold event {id} of {stream}, which this log does not have: they are another log's")]
    OtherLog { id: Uuid, stream: String },
    #[error("the topics hold no event: the server forwards from the beginning by itself")]
    NoEvent,
    #[error("{topic} is being filled anew and has come to position {done}; leave --from out to go on there")]
    BegunAlready { topic: String, done: Position },
    #[error("say from where the log is to be written to {topic}: --from 0 for all of it, if the topic is empty")]
    FromUnsaid { topic: String },
    #[error(
        "{topic} holds events already, which would be doubled; delete it first, or say with --from after which position of the log it \
         lacks them"
    )]
    HoldsEvents { topic: String },
    #[error("{topic} holds a record of somebody else's: {source}")]
    Foreign { topic: String, source: ForeignRecord },
}

/// How a topic lost what was forwarded to it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Loss {
    #[error("is being filled anew and has come to position {0}")]
    BeingFilled(Position),
    #[error("ended at {before} when it was written last, and ends at {now} now")]
    Shorter { before: u64, now: u64 },
    #[error("is gone")]
    Gone,
    #[error("was made anew while it was written to")]
    MadeAnew,
}

impl Loss {
    /// From where the command that fills it begins.
    fn from(self) -> &'static str {
        match self {
            Loss::BeingFilled(_) => "",
            Loss::Shorter { .. } | Loss::Gone | Loss::MadeAnew => " --from 0",
        }
    }
}
