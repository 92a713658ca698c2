//! What is done about a topic, or a position, that was lost in Kafka.

use super::options_and_namespace;
use crate::kafka::topics::{Amended, Amends, Topics};
use anyhow::{Result, bail};
use eventlog::{EventLog, Position};

/// Fills a topic from the log, or finds how far the log was forwarded.
///
/// # Errors
/// Nobody says where Kafka is, it is away, or there is nothing to amend: one sentence.
pub async fn amend(
    log: &dyn EventLog,
    topics: Topics,
    amends: Amends,
    mut progress: impl FnMut(&str, u64, u64) + Send + 'static,
) -> Result<Amended> {
    let (options, _) = options_and_namespace(topics)?;
    match amends {
        Amends::Position => {
            let position = streaming::resume(log, options).await?;
            Ok(Amended::Found { position: position.0 })
        }
        Amends::Topic { name, from } => {
            let Some(category) = options.category_of(&name) else {
                let known = domain::Category::ALL.map(|category| options.topic(category)).join(", ");
                bail!("the topic '{name}' is none that events are forwarded to; there are {known}");
            };
            let tell = |at: streaming::CatchUp| progress("filling the topic", at.done, at.total);
            let events = streaming::refill(log, options, category, from.map(Position), tell).await?;
            Ok(Amended::Filled { topic: name, events })
        }
    }
}
