//! Apache Kafka: where the log is forwarded to.
//!
//! What lives here: the forwarder of this node, comparing what was forwarded with the log ([`report`]), and what is done about what
//! was lost. What doesn't: all that itself, which is `streaming`'s, and who asks for it (`kafka`, `serve`).

mod amend;
mod report;
mod security;
mod table;

pub use amend::amend;
pub use report::{CheckReport, compare};

use crate::config::{Config, KafkaSecurity};
use crate::kafka::topics::Topics;
use anyhow::{Result, bail};
use eventlog::Position;
use journal::Journal;
use std::sync::Arc;
use streaming::ForwarderOptions;
use tokio_util::sync::CancellationToken;

/// Forwards the log. Cheap to clone.
#[derive(Clone)]
pub struct Forwarder(streaming::Forwarder);

impl Forwarder {
    /// How far it is, if this node knows, and how it is in words.
    pub fn follows(&self, head: Option<Position>) -> (Option<Position>, String) {
        let status = self.0.status();
        let has_all = status.caught_up || head.is_some_and(|head| status.position >= head);
        // Where another node forwards, this one doesn't know how far that is.
        let position = (!status.standing_by).then_some(status.position);
        let state = match (status.trouble, status.standing_by) {
            (Some(trouble), _) => trouble,
            (None, true) => "another node forwards".to_owned(),
            (None, false) if has_all => "well".to_owned(),
            (None, false) => "catching up".to_owned(),
        };
        (position, state)
    }

    /// Whether it is this node's that forwards.
    pub fn leads(&self) -> bool {
        !self.0.status().standing_by
    }

    /// What keeps it from going on.
    pub fn trouble(&self) -> Option<String> {
        self.0.status().trouble
    }

    /// Forwards until told to stop; `progress` is told how far catching up is.
    ///
    /// # Errors
    /// What trying again doesn't mend.
    pub async fn run(&self, stop: CancellationToken, mut progress: impl FnMut(u64, u64) + Send) -> Result<()> {
        Ok(self.0.run(stop, move |at| progress(at.done, at.total)).await?)
    }
}

/// Refuses nothing: this build has Kafka.
pub fn require() -> Result<()> {
    Ok(())
}

/// Refuses what brokers can't be spoken to by.
pub fn check(config: &Config) -> Result<()> {
    security::security(&KafkaSecurity::of(config)).map(drop)
}

/// The forwarder that the configuration asks for. Several nodes may have one: Kafka lets one forward, the others stand by.
///
/// # Errors
/// As [`check`].
pub fn forwarder(config: &Config, journal: &Journal) -> Result<Option<Forwarder>> {
    let Some(brokers) = &config.kafka_brokers else { return Ok(None) };
    let options = options(brokers, &KafkaSecurity::of(config), config.namespace.as_str())?;
    Ok(Some(Forwarder(streaming::Forwarder::new(Arc::clone(journal.log()), options))))
}

/// With these brokers, in the topics of the namespace.
fn options(brokers: &str, asked: &KafkaSecurity, namespace: &str) -> Result<ForwarderOptions> {
    let security = security::security(asked)?;
    Ok(ForwarderOptions { prefix: namespace.to_owned(), security, ..ForwarderOptions::new(brokers) })
}

/// Where Kafka is, how it is spoken to, and what the topics' names begin with.
fn options_and_namespace(topics: Topics) -> Result<(ForwarderOptions, String)> {
    let Some(brokers) = topics.brokers else {
        bail!("nobody says where Kafka is; name its brokers with --kafka-brokers or CARTLOG_KAFKA_BROKERS");
    };
    let (security, namespace) = (topics.security.unwrap_or_default(), topics.namespace.unwrap_or_default());
    Ok((options(&brokers, &security, &namespace)?, namespace))
}
