//! The topics: one for each kind of aggregate, and one for how far the log was forwarded.

use super::client::{Quiet, settings};
use super::{ForwardError, ForwarderOptions};
use domain::Category;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::types::RDKafkaErrorCode;
use std::time::Duration;

/// What the library may take beyond the limit that it was told.
const GRACE: Duration = Duration::from_secs(5);
/// The largest event: what the log takes in one append, and its headers.
pub(super) const LARGEST_MESSAGE: &str = "17825792";

impl ForwarderOptions {
    /// The topic of a stream's events; `None` for a stream that is none of ours.
    pub(super) fn topic_of(&self, stream: &str) -> Option<String> {
        Category::of_stream(stream).map(|(category, _)| self.topic(category))
    }

    /// The topic of the events of one kind of aggregate.
    pub fn topic(&self, category: Category) -> String {
        crate::record::topic(&self.prefix, category)
    }

    /// The compacted topic of one record: how far the log was forwarded.
    pub(super) fn position_topic(&self) -> String {
        format!("{}.forwarder", self.prefix)
    }

    /// Whoever begins with it fences all that began before.
    pub(super) fn transactional_id(&self) -> String {
        format!("{}-forwarder", self.prefix)
    }
}

/// Makes the topics that are not there; those that are stay as they are.
pub(super) async fn ensure(options: &ForwarderOptions) -> Result<(), ForwardError> {
    let failed = |error: rdkafka::error::KafkaError| ForwardError::Kafka(format!("making topics: {error}"));
    let admin: AdminClient<Quiet> = settings(options).create_with_context(Quiet::default()).map_err(failed)?;
    let names: Vec<String> = Category::ALL.into_iter().map(|category| options.topic(category)).collect();
    let copies = || TopicReplication::Fixed(options.replication);
    let mut topics: Vec<NewTopic<'_>> = names
        .iter()
        .map(|name| {
            // Events are kept for ever, as in the log.
            NewTopic::new(name, options.partitions, copies())
                .set("cleanup.policy", "delete")
                .set("retention.ms", "-1")
                .set("retention.bytes", "-1")
                .set("max.message.bytes", LARGEST_MESSAGE)
        })
        .collect();
    let position = options.position_topic();
    topics.push(
        NewTopic::new(&position, 1, copies())
            .set("cleanup.policy", "compact")
            .set("min.cleanable.dirty.ratio", "0.1")
            .set("segment.ms", "3600000"),
    );
    let patience = options.patience;
    let limits = AdminOptions::new().operation_timeout(Some(patience)).request_timeout(Some(patience));
    let making = tokio::time::timeout(patience + GRACE, admin.create_topics(&topics, &limits)).await;
    let silent =
        |_| ForwardError::Kafka(format!("making topics: the brokers did not say within {patience:?} whether they did"));
    let made = making.map_err(silent)?.map_err(failed)?;
    for outcome in made {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(ForwardError::Kafka(format!("topic {topic} can't be made: {code}"))),
        }
    }
    Ok(())
}
