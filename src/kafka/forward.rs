//! `cartlog kafka forward`: what an operator does about a topic, or a position, that was lost in Kafka.

use super::topics::{Amended, Amends, Topics};
use crate::config::{Config, Loaded};
use crate::control::client;
use crate::control::protocol::{Reply, Request};
use crate::data_dir::DataDir;
use crate::engines::kafka;
use crate::output;
use crate::progress::Stages;
use crate::units;
use crate::wiring;
use anyhow::{Result, bail};
use eventlog::EventLog;

/// Makes amends, and shows what came of it.
pub async fn run(loaded: Loaded, amends: Amends, json: bool) -> Result<()> {
    kafka::require()?;
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
    let request = Request::ForwardKafka { topics: topics.clone(), amends: amends.clone() };
    let Some(replies) = client::ask(&data, &request).await? else {
        let (log, _lock) = wiring::open_log_alone(config, &data).await?;
        return by_itself(log.as_ref(), config, topics, amends).await;
    };
    let mut shown = Stages::of(wiring::log::unit(config).as_str());
    match replies.last(|what, done, total| shown.at(what, done, total)).await? {
        Reply::KafkaForwarded(amended) => Ok(amended),
        other => bail!("the running server answered something else: {other:?}"),
    }
}

async fn by_itself(log: &dyn EventLog, config: &Config, topics: Topics, amends: Amends) -> Result<Amended> {
    let mut shown = Stages::of(log.unit().as_str());
    let tell = move |what: &str, done, total| shown.at(what, done, total);
    kafka::amend(log, topics.or(&Topics::of(config)), amends, tell).await
}
