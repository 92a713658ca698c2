//! The forwarder to Kafka.

use crate::config::Config;
use journal::Journal;
use std::sync::Arc;
use streaming::{Forwarder, ForwarderOptions};

/// Where and how the configuration says that events are forwarded; `None`: nowhere.
pub fn options(config: &Config) -> Option<ForwarderOptions> {
    let brokers = config.kafka_brokers.as_ref()?;
    Some(ForwarderOptions { prefix: config.namespace.as_str().to_owned(), ..ForwarderOptions::new(brokers.as_str()) })
}

/// The forwarder that the configuration asks for. Several nodes may have one: Kafka lets one forward, the others stand by.
pub fn of(config: &Config, journal: &Journal) -> Option<Forwarder> {
    options(config).map(|options| Forwarder::new(Arc::clone(journal.log()), options))
}
