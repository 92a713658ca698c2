//! Which topics are meant, what is to be made good in them, and what came of that.

use crate::config::{Config, KafkaSecurity, Loaded};
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

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amended {
    Filled { topic: String, events: u64 },
    Found { position: u64 },
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
