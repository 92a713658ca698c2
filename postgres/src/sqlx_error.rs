//! What a failure of the library means, and what is left of it once the values that it may hold are taken out.

use sqlx::Error;
use std::borrow::Cow;

/// Whether a prepared statement is there already, or no longer: the session is not ours alone.
pub(crate) fn is_anothers(error: &Error) -> bool {
    error
        .as_database_error()
        .and_then(|refusal| refusal.code())
        .is_some_and(|state| state == "42P05" || state == "26000")
}

/// Whether one side does not trust the certificate of the other.
pub(crate) fn is_untrusted(error: &Error) -> bool {
    matches!(tls(error), Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_)))
}

fn tls(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Whether the same call may succeed later.
pub fn is_away(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(refusal) => refusal.code().is_some_and(passes),
        _ => false,
    }
}

/// Whether a refusal with this SQLSTATE passes by itself: lost connections, deadlocks, too few resources, locks that were not
/// to be had, a server that is starting, stopping or a standby, a session that idled in a transaction.
fn passes(state: Cow<'_, str>) -> bool {
    // A query that was cancelled (57014) took too long; a server that only reads (25006) may be about to take over.
    ["08", "25006", "25P03", "40", "53", "55P03", "57"].iter().any(|class| state.starts_with(class))
}

/// The failure in words, without values: what PostgreSQL adds beside its message may hold a row's.
pub fn says(error: &Error) -> String {
    match error {
        Error::Database(refusal) => match refusal.code() {
            Some(state) => format!("{} ({state})", refusal.message()),
            None => refusal.message().to_owned(),
        },
        Error::PoolTimedOut => "no connection was to be had in time".to_owned(),
        other => match tls(other) {
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
                format!("TLS: {other}: nobody in sslrootcert, and nobody whom the system trusts, vouches for it")
            }
            Some(_) => format!("TLS: {other}"),
            None => other.to_string(),
        },
    }
}

/// What is left of the library's error once the values that it may hold are taken out, for errors that carry one: that one itself, which
/// may show a URL or a row, is carried nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct SqlxError {
    words: String,
    /// What the server said it by (SQLSTATE), if it was the server.
    pub state: Option<String>,
    /// The same call may succeed later.
    pub is_away: bool,
}

impl SqlxError {
    pub fn of(error: &Error) -> Self {
        let state = error.as_database_error().and_then(|refusal| refusal.code()).map(Cow::into_owned);
        Self { words: says(error), state, is_away: is_away(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_said_is_carried_in_words() {
        let error = SqlxError::of(&Error::PoolTimedOut);
        assert_eq!((error.to_string().as_str(), error.is_away), ("no connection was to be had in time", true));
        assert!(!SqlxError::of(&Error::RowNotFound).is_away);
    }

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        for state in ["08006", "40P01", "53300", "55P03", "57P03", "57014", "25P03", "25006"] {
            assert!(passes(state.into()), "{state}");
        }
        for state in ["28P01", "3D000", "42P01", "23505", "22021", "0A000"] {
            assert!(!passes(state.into()), "{state}");
        }
    }
}
