//! How brokers of Apache Kafka are spoken to, in the words of Kafka's own clients.

#![cfg_attr(
    not(feature = "kafka"),
    allow(dead_code, reason = "a build without Kafka reads these settings and does not use them")
)]

use super::{Config, Loaded, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::path::PathBuf;

/// What says how brokers are spoken to.
const KEYS: [&str; 7] = [
    "kafka_security_protocol",
    "kafka_ssl_ca",
    "kafka_ssl_certificate",
    "kafka_ssl_key",
    "kafka_sasl_mechanism",
    "kafka_sasl_username",
    "kafka_sasl_password",
];

/// Kafka's `security.protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// In the clear, as nobody.
    #[default]
    Plaintext,
    /// With TLS.
    Ssl,
    /// In the clear, as a user.
    SaslPlaintext,
    /// With TLS, as a user.
    SaslSsl,
}

impl Protocol {
    const ALL: [Self; 4] = [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }

    pub fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    pub fn has_user(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Protocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|protocol| protocol.as_str().eq_ignore_ascii_case(&text));
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            D::Error::custom(format!("kafka_security_protocol: '{text}' is none of {known}"))
        })
    }
}

/// How brokers are spoken to, as it was set. Whether it makes sense is not looked at here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KafkaSecurity {
    pub protocol: Protocol,
    pub ca: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub mechanism: Option<String>,
    pub username: Option<String>,
    /// Only whoever has the data directory reads what is written for the server there.
    #[serde(serialize_with = "revealed")]
    pub password: Option<Secret>,
}

impl KafkaSecurity {
    pub fn of(config: &Config) -> Self {
        Self {
            protocol: config.kafka_security_protocol,
            ca: config.kafka_ssl_ca.clone(),
            certificate: config.kafka_ssl_certificate.clone(),
            key: config.kafka_ssl_key.clone(),
            mechanism: config.kafka_sasl_mechanism.clone(),
            username: config.kafka_sasl_username.clone(),
            password: config.kafka_sasl_password.clone(),
        }
    }

    /// What somebody has set, for another process: it may run elsewhere. `None`: nobody has set any of it.
    pub fn asked(loaded: &Loaded) -> Option<Self> {
        let is_set = KEYS.iter().any(|key| !loaded.is_default(key));
        let absolute = |path: Option<PathBuf>| path.map(|path| std::path::absolute(&path).unwrap_or(path));
        is_set.then(|| Self::of(&loaded.config)).map(|asked| Self {
            ca: absolute(asked.ca),
            certificate: absolute(asked.certificate),
            key: absolute(asked.key),
            ..asked
        })
    }
}

fn revealed<S: Serializer>(password: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    password.as_ref().map(Secret::reveal).serialize(serializer)
}
