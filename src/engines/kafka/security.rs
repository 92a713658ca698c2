//! How brokers are spoken to: whether the settings go together, and what they come to.

use crate::config::{KafkaSecurity, Secret};
use anyhow::{Context, Result, bail};
use streaming::{ClientCertificate, Mechanism, Sasl, Security, Tls};

/// How brokers are spoken to.
///
/// # Errors
/// Settings that don't go together, or a file that can't be used: one sentence that names the setting, and never shows the password.
pub fn security(asked: &KafkaSecurity) -> Result<Security> {
    let security = Security { tls: tls(asked)?, sasl: sasl(asked)? };
    security.check().context("Kafka can't be spoken to with TLS")?;
    Ok(security)
}

fn tls(asked: &KafkaSecurity) -> Result<Option<Tls>> {
    let files =
        [("kafka_ssl_ca", &asked.ca), ("kafka_ssl_certificate", &asked.certificate), ("kafka_ssl_key", &asked.key)];
    if !asked.protocol.has_tls() {
        return match files.iter().find(|(_, file)| file.is_some()) {
            Some((key, _)) => bail!(in_vain(asked, key, "TLS", "SSL or SASL_SSL")),
            None => Ok(None),
        };
    }
    let client = match (&asked.certificate, &asked.key) {
        (Some(certificate), Some(key)) => {
            Some(ClientCertificate { certificate: certificate.clone(), key: key.clone() })
        }
        (None, None) => None,
        (Some(_), None) => {
            bail!("kafka_ssl_certificate is set and kafka_ssl_key is not: a certificate is shown with its key")
        }
        (None, Some(_)) => {
            bail!("kafka_ssl_key is set and kafka_ssl_certificate is not: a key is used for its certificate")
        }
    };
    Ok(Some(Tls { ca: asked.ca.clone(), client }))
}

fn sasl(asked: &KafkaSecurity) -> Result<Option<Sasl>> {
    let known = || Mechanism::ALL.map(Mechanism::as_str).join(", ");
    let password = asked.password.as_ref().map(Secret::reveal);
    if !asked.protocol.has_user() {
        let given = [
            ("kafka_sasl_mechanism", asked.mechanism.is_some()),
            ("kafka_sasl_username", asked.username.is_some()),
            ("kafka_sasl_password", password.is_some()),
        ];
        return match given.iter().find(|(_, is_set)| *is_set) {
            Some((key, _)) => bail!(in_vain(asked, key, "a user", "SASL_SSL or SASL_PLAINTEXT")),
            None => Ok(None),
        };
    }
    let protocol = asked.protocol.as_str();
    let Some(mechanism) = &asked.mechanism else {
        bail!("kafka_security_protocol is {protocol} and kafka_sasl_mechanism is not set; it is one of {}", known());
    };
    let is_meant = |candidate: &Mechanism| candidate.as_str().eq_ignore_ascii_case(mechanism);
    let Some(mechanism) = Mechanism::ALL.into_iter().find(is_meant) else {
        bail!("kafka_sasl_mechanism: '{mechanism}' is none of {}", known());
    };
    let Some((username, password)) = asked.username.as_ref().zip(password) else {
        let missing = if asked.username.is_none() { "kafka_sasl_username" } else { "kafka_sasl_password" };
        bail!("kafka_security_protocol is {protocol} and {missing} is not set");
    };
    Ok(Some(Sasl { mechanism, username: username.clone(), password: password.to_owned() }))
}

fn in_vain(asked: &KafkaSecurity, key: &str, what: &str, instead: &str) -> String {
    format!(
        "{key} is set, but there is no {} with kafka_security_protocol = {}; write {instead}",
        what.trim_start_matches("a "),
        asked.protocol.as_str()
    )
}
