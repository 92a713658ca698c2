//! The comparison of the log with what was forwarded, and what came of it.

use super::{options_and_namespace, table};
use crate::kafka::topics::Topics;
use anyhow::{Context, Result, bail};
use eventlog::{EventLog, Position};
use serde::{Deserialize, Serialize};
use streaming::CheckPart;

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckReport(streaming::CheckReport);

impl CheckReport {
    /// Whether log and topics have the same events.
    pub fn is_equal(&self) -> bool {
        self.0.count == 0
    }

    /// For machines.
    pub fn as_json(&self) -> serde_json::Value {
        table::as_json(&self.0)
    }

    /// For people.
    pub fn as_text(&self) -> String {
        table::as_text(&self.0)
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
    Ok(CheckReport(report))
}
