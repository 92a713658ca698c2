//! How the brokers of Kafka are spoken to.

use crate::config::Flags;
use clap::Args;
use std::path::PathBuf;

/// How brokers are spoken to.
#[derive(Args)]
pub struct BrokerArgs {
    /// PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers' listeners speak [default: PLAINTEXT]
    #[arg(long, value_name = "PROTOCOL")]
    kafka_security_protocol: Option<String>,
    /// Who vouches for the brokers: certificates in PEM [default: whom the system trusts]
    #[arg(long, value_name = "FILE")]
    kafka_ssl_ca: Option<PathBuf>,
    /// The certificate that brokers are shown, in PEM [default: none]
    #[arg(long, value_name = "FILE")]
    kafka_ssl_certificate: Option<PathBuf>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE")]
    kafka_ssl_key: Option<PathBuf>,
    /// How the password is shown: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
    #[arg(long, value_name = "MECHANISM")]
    kafka_sasl_mechanism: Option<String>,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    kafka_sasl_username: Option<String>,
    /// The user's password. Others see flags: use the variable
    #[arg(long, value_name = "PASSWORD")]
    kafka_sasl_password: Option<String>,
}

impl BrokerArgs {
    pub fn set(self, flags: &mut Flags) {
        let path = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
        flags.set("kafka_security_protocol", self.kafka_security_protocol);
        flags.set("kafka_ssl_ca", path(self.kafka_ssl_ca));
        flags.set("kafka_ssl_certificate", path(self.kafka_ssl_certificate));
        flags.set("kafka_ssl_key", path(self.kafka_ssl_key));
        flags.set("kafka_sasl_mechanism", self.kafka_sasl_mechanism);
        flags.set("kafka_sasl_username", self.kafka_sasl_username);
        flags.set("kafka_sasl_password", self.kafka_sasl_password);
    }
}
