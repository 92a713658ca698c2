//! What a URL says, and whether it is kept: libpq's words, of which each either means here what it means there, or is refused.

use crate::sqlx_error::SqlxError;
use pem::PemError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::str::FromStr;
use url::Url;

/// What may stand in a query. Whatever else libpq knows would be passed over by the client, and its value be written to the log.
const KNOWN: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Why a URL can't be used. Shows no value of it but a file's name.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UrlRefusal {
    #[error("can't be read: {0}")]
    Unread(#[source] SqlxError),
    #[error("can't be used: there is no parameter '{0}'")]
    Parameter(String),
    #[error("can't be used: sslcert and sslkey stand together: a certificate is shown with its key")]
    Apart,
    #[error("can't be used: sslrootcert is named, and nothing is checked by it; write sslmode=verify-full beside it")]
    Unchecked,
    #[error("can't be used: {0}")]
    File(#[from] PemError),
}

/// # Errors
/// For what is no URL, promises what is not kept, or names a file that can't be used; the message shows
/// neither the URL nor any value of it but a file's name.
pub(crate) fn read(url: &str) -> Result<PgConnectOptions, UrlRefusal> {
    let files = Files::of(url)?;
    // The parser's own errors never repeat what they were given.
    let connect = PgConnectOptions::from_str(url).map_err(|error| UrlRefusal::Unread(SqlxError::of(&error)))?;
    files.check(connect)
}

/// Files in PEM that a URL names.
#[derive(Default)]
struct Files {
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Files {
    fn of(url: &str) -> Result<Self, UrlRefusal> {
        let mut files = Self::default();
        // What is none is said by whoever reads it.
        let Ok(url) = Url::parse(url) else { return Ok(files) };
        for (name, value) in url.query_pairs() {
            let file = match &*name {
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => &mut files.root,
                "sslcert" | "ssl-cert" => &mut files.certificate,
                "sslkey" | "ssl-key" => &mut files.key,
                known if KNOWN.contains(&known) || known.starts_with("options[") => continue,
                unknown => return Err(UrlRefusal::Parameter(unknown.to_owned())),
            };
            *file = Some(value.into_owned());
        }
        Ok(files)
    }

    fn check(self, connect: PgConnectOptions) -> Result<PgConnectOptions, UrlRefusal> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err(UrlRefusal::Apart);
        }
        for file in [&self.root, &self.certificate, &self.key].into_iter().flatten() {
            pem::read(file)?;
        }
        match (&self.root, connect.get_ssl_mode()) {
            // As libpq does: whoever names an authority wants it to vouch.
            (Some(_), PgSslMode::Require) => Ok(connect.ssl_mode(PgSslMode::VerifyCa)),
            (None, _) | (Some(_), PgSslMode::VerifyCa | PgSslMode::VerifyFull) => Ok(connect),
            (Some(_), PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer) => Err(UrlRefusal::Unchecked),
        }
    }
}
