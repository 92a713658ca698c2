//! `cartlog kafka check`: whether the topics have what the log has, event by event; `cartlog kafka forward`: what to do where they lost it.
//!
//! What lives here: which topics are meant, who compares (the server that has the data directory, or this process), and how it is
//! shown ([`table`]). What doesn't: the comparison, which is `streaming`'s. Every build has the command; one without Kafka says how
//! to build one with it.

#[cfg(feature = "kafka")]
mod check;
#[cfg(feature = "kafka")]
mod forward;
#[cfg(feature = "kafka")]
mod table;

#[cfg(feature = "kafka")]
pub use check::{compare, run};
#[cfg(feature = "kafka")]
pub use forward::{Amended, amend, run as forward};

use crate::config::KafkaSecurity;
use serde::{Deserialize, Serialize};

/// Which topics. What is not said is as the server has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Topics {
    /// `host:port`, with commas between.
    pub brokers: Option<String>,
    pub namespace: Option<String>,
    /// How the brokers are spoken to, all of it from one place.
    #[serde(default)]
    pub security: Option<KafkaSecurity>,
}

/// What is to be made good.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amends {
    /// A topic that lost events: the log's after this position are written to it; without one, a fill that broke off goes on.
    Topic { name: String, from: Option<u64> },
    /// How far the log was forwarded.
    Position,
}

/// Where Kafka is, how it is spoken to, and what the topics' names begin with.
#[cfg(feature = "kafka")]
fn options_and_namespace(topics: Topics) -> anyhow::Result<(streaming::ForwarderOptions, String)> {
    let Some(brokers) = topics.brokers else {
        anyhow::bail!("nobody says where Kafka is; name its brokers with --kafka-brokers or CARTLOG_KAFKA_BROKERS");
    };
    let (security, namespace) = (topics.security.unwrap_or_default(), topics.namespace.unwrap_or_default());
    Ok((crate::wiring::forwarding::options_of(&brokers, &security, &namespace)?, namespace))
}

#[cfg(not(feature = "kafka"))]
pub use without::{forward, run};

#[cfg(not(feature = "kafka"))]
mod without {
    use crate::config::{self, Loaded};
    use anyhow::{Result, bail};

    #[allow(clippy::unused_async, reason = "as in a build with Kafka")]
    pub async fn forward(_: Loaded, _: super::Amends, _: bool) -> Result<()> {
        bail!("{}", config::left_out("Apache Kafka", "kafka"))
    }

    #[allow(clippy::unused_async, reason = "as in a build with Kafka")]
    pub async fn run(_: Loaded, _: Option<u64>, _: bool) -> Result<bool> {
        bail!("{}", config::left_out("Apache Kafka", "kafka"))
    }
}
