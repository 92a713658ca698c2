//! The forwarder to Kafka.

use crate::config::Config;
use journal::Journal;
use std::sync::Arc;
use streaming::{Forwarder, ForwarderOptions};

/// Where and how the configuration says that events are forwarded; `None`: nowhere.
pub fn options(config: &Config) -> Option<ForwarderOptions> {
    let brokers = config.kafka_brokers.as_ref()?;
    Some(options_of(brokers, config.namespace.as_str()))
}

/// With these brokers, in the topics of the namespace.
pub fn options_of(brokers: &str, namespace: &str) -> ForwarderOptions {
    ForwarderOptions { prefix: namespace.to_owned(), ..ForwarderOptions::new(brokers) }
}

/// The forwarder that the configuration asks for. Several nodes may have one: Kafka lets one forward, the others stand by.
pub fn of(config: &Config, journal: &Journal) -> Option<Forwarder> {
    options(config).map(|options| Forwarder::new(Arc::clone(journal.log()), options))
}
