//! What a URL says, and whether it is kept: libpq's words, of which each either means here what it means there, or is refused.

use crate::error::{DatabaseError, says};
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

fn refused(reason: impl std::fmt::Display) -> DatabaseError {
    DatabaseError::Refused(format!("its URL can't be used: {reason}"))
}

/// # Errors
/// [`DatabaseError::Refused`] for what is no URL, promises what is not kept, or names a file that can't be used; the message shows
/// neither the URL nor any value of it but a file's name.
pub(crate) fn read(url: &str) -> Result<PgConnectOptions, DatabaseError> {
    let files = Files::of(url)?;
    // The parser's own errors never repeat what they were given.
    let connect = PgConnectOptions::from_str(url)
        .map_err(|error| DatabaseError::Refused(format!("its URL can't be read: {}", says(&error))))?;
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
    fn of(url: &str) -> Result<Self, DatabaseError> {
        let mut files = Self::default();
        // What is none is said by whoever reads it.
        let Ok(url) = Url::parse(url) else { return Ok(files) };
        for (name, value) in url.query_pairs() {
            let file = match &*name {
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => &mut files.root,
                "sslcert" | "ssl-cert" => &mut files.certificate,
                "sslkey" | "ssl-key" => &mut files.key,
                known if KNOWN.contains(&known) || known.starts_with("options[") => continue,
                unknown => return Err(refused(format!("there is no parameter '{unknown}'"))),
            };
            *file = Some(value.into_owned());
        }
        Ok(files)
    }

    fn check(self, connect: PgConnectOptions) -> Result<PgConnectOptions, DatabaseError> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err(refused("sslcert and sslkey stand together: a certificate is shown with its key"));
        }
        for file in [&self.root, &self.certificate, &self.key].into_iter().flatten() {
            holds_pem(file)?;
        }
        match (&self.root, connect.get_ssl_mode()) {
            // As libpq does: whoever names an authority wants it to vouch.
            (Some(_), PgSslMode::Require) => Ok(connect.ssl_mode(PgSslMode::VerifyCa)),
            (None, _) | (Some(_), PgSslMode::VerifyCa | PgSslMode::VerifyFull) => Ok(connect),
            (Some(_), PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer) => {
                Err(refused("sslrootcert is named, and nothing is checked by it; write sslmode=verify-full beside it"))
            }
        }
    }
}

fn holds_pem(file: &str) -> Result<(), DatabaseError> {
    let text = std::fs::read(file).map_err(|error| refused(format!("{file}: {error}")))?;
    match text.windows(11).any(|part| part == b"-----BEGIN ") {
        true => Ok(()),
        false => Err(refused(format!("{file}: there is no certificate and no key in it; PEM begins with -----BEGIN"))),
    }
}
