//! A build without Kafka: nothing is forwarded, and who asks for what was forwarded is told how to build one with it.

use crate::config::Config;
use crate::config::engines::how_to_build;
use crate::kafka::topics::{Amended, Amends, Topics};
use anyhow::{Result, bail};
use eventlog::{EventLog, Position};
use journal::Journal;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// There is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum CheckReport {}

/// There is none.
#[derive(Clone, Debug)]
pub enum Forwarder {}

impl CheckReport {
    pub fn is_equal(&self) -> bool {
        match *self {}
    }

    pub fn as_json(&self) -> serde_json::Value {
        match *self {}
    }

    pub fn as_text(&self) -> String {
        match *self {}
    }
}

impl Forwarder {
    pub fn follows(&self, _: Option<Position>) -> (Option<Position>, String) {
        match *self {}
    }

    pub fn leads(&self) -> bool {
        match *self {}
    }

    pub fn trouble(&self) -> Option<String> {
        match *self {}
    }

    pub async fn run(&self, _: CancellationToken, _: impl FnMut(u64, u64) + Send) -> Result<()> {
        match *self {}
    }
}

pub fn require() -> Result<()> {
    bail!("this build of cartlog leaves out Apache Kafka; build it with {}", how_to_build("kafka"))
}

pub fn check(_: &Config) -> Result<()> {
    Ok(())
}

pub fn forwarder(_: &Config, _: &Journal) -> Result<Option<Forwarder>> {
    Ok(None)
}

pub async fn compare(
    _: &dyn EventLog,
    _: Topics,
    _: Option<u64>,
    _: impl FnMut(&str, u64, u64) + Send + 'static,
) -> Result<CheckReport> {
    require()?;
    bail!("nothing is forwarded")
}

pub async fn amend(
    _: &dyn EventLog,
    _: Topics,
    _: Amends,
    _: impl FnMut(&str, u64, u64) + Send + 'static,
) -> Result<Amended> {
    require()?;
    bail!("nothing is forwarded")
}
