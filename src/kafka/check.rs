//! The comparison, through the server that has the data directory, or by this process.

use super::topics::Topics;
use crate::config::{Config, Loaded};
use crate::control::client;
use crate::control::protocol::{Reply, Request};
use crate::data_dir::DataDir;
use crate::engines::kafka::{self, CheckReport};
use crate::output;
use crate::progress::Stages;
use crate::wiring;
use anyhow::{Result, bail};
use eventlog::EventLog;

/// Compares up to the position, or up to what was forwarded, and shows what came of it. Whether log and topics are equal.
pub async fn run(loaded: Loaded, up_to: Option<u64>, json: bool) -> Result<bool> {
    kafka::require()?;
    let topics = Topics::asked(&loaded);
    let report = find_out(&loaded.config, topics, up_to).await?;
    match json {
        true => output::say_json(&report.as_json())?,
        false => output::say(report.as_text())?,
    }
    Ok(report.is_equal())
}

async fn find_out(config: &Config, topics: Topics, up_to: Option<u64>) -> Result<CheckReport> {
    // Not only one process may read a log that is elsewhere.
    if let Some(log) = wiring::log::elsewhere(config)? {
        return by_itself(log.as_ref(), config, topics, up_to).await;
    }
    let data = DataDir::existing(&config.data)?;
    let Some(replies) = client::ask(&data, &Request::CheckKafka { topics: topics.clone(), up_to }).await? else {
        let (log, _lock) = wiring::open_log_alone(config, &data).await?;
        return by_itself(log.as_ref(), config, topics, up_to).await;
    };
    let mut shown = Stages::of(wiring::log::unit(config).as_str());
    match replies.last(|what, done, total| shown.at(what, done, total)).await? {
        Reply::KafkaChecked(report) => Ok(*report),
        other => bail!("the running server answered something else: {other:?}"),
    }
}

async fn by_itself(log: &dyn EventLog, config: &Config, topics: Topics, up_to: Option<u64>) -> Result<CheckReport> {
    let mut shown = Stages::of(log.unit().as_str());
    kafka::compare(log, topics.or(&Topics::of(config)), up_to, move |what, done, total| shown.at(what, done, total))
        .await
}
