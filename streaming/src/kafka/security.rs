//! How brokers are spoken to: TLS, and who asks. The words are those of Kafka's own clients.

use super::fault::without_value;
use pem::PemError;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use std::fmt;
use std::path::PathBuf;

/// In the clear, and as nobody, unless it says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Security {
    pub tls: Option<Tls>,
    pub sasl: Option<Sasl>,
}

/// Brokers show certificates, which are for the names that the brokers are reached by.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Who vouches for the brokers, in PEM; `None`: whom the system trusts.
    pub ca: Option<PathBuf>,
    /// What the client shows.
    pub client: Option<ClientCertificate>,
}

/// Files in PEM.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Who asks.
#[derive(Clone)]
pub struct Sasl {
    pub mechanism: Mechanism,
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

/// Why settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    #[error(transparent)]
    File(#[from] PemError),
    // Said whole: no cause comes after it.
    #[error("{}", words(.0))]
    Client(KafkaError),
}

/// The library's own, without the name that it gives the error.
fn words(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientCreation(reason) => reason.clone(),
        KafkaError::ClientConfig(_, reason, key, _) => format!("{key}: {reason}"),
        other => other.to_string(),
    }
}

/// How a password is shown to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// As it is.
    Plain,
    ScramSha256,
    ScramSha512,
}

impl Mechanism {
    pub const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// As Kafka calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl Security {
    /// Whether files that it names can be used, asking no broker.
    ///
    /// # Errors
    /// What names the file, and never shows the password.
    pub fn check(&self) -> Result<(), SecurityError> {
        if let Some(tls) = &self.tls {
            let client = tls.client.iter().flat_map(|client| [&client.certificate, &client.key]);
            for file in tls.ca.iter().chain(client) {
                pem::read(file)?;
            }
        }
        // Without brokers nobody is asked; what the files hold is looked at all the same.
        let made: Result<BaseConsumer, KafkaError> = self.apply(&mut ClientConfig::new()).create();
        made.map(drop).map_err(|error| SecurityError::Client(without_value(error)))
    }

    pub(super) fn apply<'s>(&self, settings: &'s mut ClientConfig) -> &'s mut ClientConfig {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        settings.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            if let Some(ca) = tls.ca.clone().or_else(trusted_by_the_system) {
                settings.set("ssl.ca.location", ca.to_string_lossy());
            }
            if let Some(client) = &tls.client {
                settings.set("ssl.certificate.location", client.certificate.to_string_lossy());
                settings.set("ssl.key.location", client.key.to_string_lossy());
            }
        }
        if let Some(sasl) = &self.sasl {
            settings.set("sasl.mechanism", sasl.mechanism.as_str());
            settings.set("sasl.username", &sasl.username);
            settings.set("sasl.password", &sasl.password);
        }
        settings
    }
}

/// The same authorities as the other engines' clients trust; OpenSSL alone would look where it was built to look.
fn trusted_by_the_system() -> Option<PathBuf> {
    let found = openssl_probe::probe();
    found.cert_file.or_else(|| found.cert_dir.into_iter().next())
}
