//! `cartlog kafka forward`: what an operator does about a topic, or a position, that was lost in Kafka.

use super::{Amends, Topics, options_and_namespace};
use crate::config::{Config, Loaded};
use crate::control::client::{self, Replies};
use crate::control::{Reply, Request};
use crate::data_dir::DataDir;
use crate::output;
use crate::progress::Stages;
use crate::units;
use crate::wiring;
use anyhow::{Result, bail};
use eventlog::{EventLog, Position};
use serde::{Deserialize, Serialize};

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amended {
    Filled { topic: String, events: u64 },
    Found { position: u64 },
}

/// Makes amends, and shows what came of it.
pub async fn run(loaded: Loaded, amends: Amends, json: bool) -> Result<()> {
    let topics = Topics::asked(&loaded);
    let amended = make(&loaded.config, topics, amends).await?;
    match (json, amended) {
        (true, amended) => output::say_json(&serde_json::to_value(&amended)?),
        (false, Amended::Filled { topic, events }) => output::say(format!(
            "{topic} is whole again: {} events were written to it; the server goes on forwarding by itself",
            units::count(events)
        )),
        (false, Amended::Found { position }) => output::say(format!(
            "the log was forwarded up to position {}; the server goes on after it by itself",
            units::count(position)
        )),
    }
}

async fn make(config: &Config, topics: Topics, amends: Amends) -> Result<Amended> {
    // Not only one process may read a log that is elsewhere.
    if let Some(log) = wiring::log::elsewhere(config)? {
        return by_itself(log.as_ref(), config, topics, amends).await;
    }
    let data = DataDir::existing(&config.data)?;
    match client::ask(&data, &Request::ForwardKafka { topics: topics.clone(), amends: amends.clone() }).await? {
        Some(replies) => watch(replies, wiring::log::unit(config).as_str()).await,
        None => {
            let (log, _lock) = wiring::open_log_alone(config, &data).await?;
            by_itself(log.as_ref(), config, topics, amends).await
        }
    }
}

async fn by_itself(log: &dyn EventLog, config: &Config, topics: Topics, amends: Amends) -> Result<Amended> {
    let mut shown = Stages::of(log.unit().as_str());
    amend(log, topics.or(&Topics::of(config)), amends, move |what, done, total| shown.at(what, done, total)).await
}

async fn watch(mut replies: Replies, unit: &'static str) -> Result<Amended> {
    let mut shown = Stages::of(unit);
    loop {
        match replies.next().await? {
            Reply::Progress { what, done, total } => shown.at(&what, done, total),
            Reply::KafkaForwarded(amended) => return Ok(amended),
            other => bail!("the running server answered something else: {other:?}"),
        }
    }
}

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
