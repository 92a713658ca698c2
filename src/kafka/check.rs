//! The comparison, through the server that has the data directory, or by this process.

use super::{Topics, options_and_namespace, table};
use crate::config::{Config, KafkaSecurity, Loaded};
use crate::control::client::{self, Replies};
use crate::control::{Reply, Request};
use crate::data_dir::DataDir;
use crate::output;
use crate::progress::Stages;
use crate::wiring;
use anyhow::{Context, Result, bail};
use eventlog::{EventLog, Position};
use streaming::{CheckPart, CheckReport};

/// Compares up to the position, or up to what was forwarded, and shows what came of it. Whether log and topics are equal.
pub async fn run(loaded: Loaded, up_to: Option<u64>, json: bool) -> Result<bool> {
    let topics = Topics::asked(&loaded);
    let report = find_out(&loaded.config, topics, up_to).await?;
    match json {
        true => output::say_json(&table::as_json(&report))?,
        false => output::say(table::as_text(&report))?,
    }
    Ok(report.count == 0)
}

async fn find_out(config: &Config, topics: Topics, up_to: Option<u64>) -> Result<CheckReport> {
    // Not only one process may read a log that is elsewhere.
    if let Some(log) = wiring::log::elsewhere(config)? {
        return by_itself(log.as_ref(), config, topics, up_to).await;
    }
    let data = DataDir::existing(&config.data)?;
    match client::ask(&data, &Request::CheckKafka { topics: topics.clone(), up_to }).await? {
        Some(replies) => watch(replies, crate::wiring::log::unit(config).as_str()).await,
        None => {
            let (log, _lock) = wiring::open_log_alone(config, &data).await?;
            by_itself(log.as_ref(), config, topics, up_to).await
        }
    }
}

async fn by_itself(log: &dyn EventLog, config: &Config, topics: Topics, up_to: Option<u64>) -> Result<CheckReport> {
    let mut shown = Stages::of(log.unit().as_str());
    compare(log, topics.or(&Topics::of(config)), up_to, move |what, done, total| shown.at(what, done, total)).await
}

async fn watch(mut replies: Replies, unit: &'static str) -> Result<CheckReport> {
    let mut shown = Stages::of(unit);
    loop {
        match replies.next().await? {
            Reply::Progress { what, done, total } => shown.at(&what, done, total),
            Reply::KafkaChecked(report) => return Ok(*report),
            other => bail!("the running server answered something else: {other:?}"),
        }
    }
}

/// Compares the log with these topics.
///
/// # Errors
/// Nobody says where Kafka is, it is away, or nothing was ever forwarded and no position is given: one sentence.
pub async fn compare(
    log: &dyn EventLog,
    topics: Topics,
    up_to: Option<u64>,
    mut progress: impl FnMut(&str, u64, u64) + Send + 'static,
) -> Result<CheckReport> {
    let (options, namespace) = options_and_namespace(topics)?;
    let tell = move |part, at: streaming::CatchUp| {
        let what = match part {
            CheckPart::Log => "reading the log",
            CheckPart::Topics => "reading the topics",
        };
        progress(what, at.done, at.total);
    };
    let checked = streaming::check(log, options, up_to.map(Position), tell).await;
    let report = checked.context("log and topics can't be compared")?;
    // Equal to nothing would be no comfort.
    if report.forwarded.is_none() && up_to.is_none() {
        bail!(
            "nothing was ever forwarded to Kafka in the namespace '{namespace}'; is it the --namespace of the server that \
             forwards?"
        );
    }
    Ok(report)
}

impl Topics {
    /// Those that were asked for; what is left out is as the running server has it.
    pub fn asked(loaded: &Loaded) -> Self {
        let namespace = (!loaded.is_default("namespace")).then(|| loaded.config.namespace.as_str().to_owned());
        Self { brokers: loaded.config.kafka_brokers.clone(), namespace, security: KafkaSecurity::asked(loaded) }
    }

    /// Those that the configuration names.
    pub fn of(config: &Config) -> Self {
        Self {
            brokers: config.kafka_brokers.clone(),
            namespace: Some(config.namespace.as_str().to_owned()),
            security: Some(KafkaSecurity::of(config)),
        }
    }

    /// What is not said, from the other.
    pub fn or(self, other: &Self) -> Self {
        Self {
            brokers: self.brokers.or_else(|| other.brokers.clone()),
            namespace: self.namespace.or_else(|| other.namespace.clone()),
            security: self.security.or_else(|| other.security.clone()),
        }
    }
}
