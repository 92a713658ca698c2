//! Why a database can't be used.

use crate::sqlx_error::{SqlxError, is_anothers, is_away, is_untrusted};
use crate::url::UrlRefusal;
use sqlx::Error;
use sqlx::migrate::MigrateError;
use std::borrow::Cow;
use std::mem::discriminant;
use std::sync::Arc;

/// Why a database can't be used. Neither holds the password or the URL.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Away, starting, full or slow: the same call may succeed later.
    #[error("PostgreSQL is away: {0}")]
    Unavailable(#[source] Failed),
    /// Trying again does not help before somebody changes something: a wrong password, no such database, a server that is too
    /// old, tables of a newer version.
    #[error("PostgreSQL refuses: {0}")]
    Refused(#[source] Refusal),
}

/// What was being done, and what the server or the library said of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{doing}: {error}")]
pub struct Failed {
    doing: Cow<'static, str>,
    #[source]
    error: SqlxError,
}

/// Why a database is not used before somebody changes something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Failed(Failed),
    /// A session is not ours alone.
    #[error(
        "a pooler stands between cartlog and the server that does not keep a session's settings and locks, such as PgBouncer in \
         transaction mode; connect to the server itself, or pool by session"
    )]
    Pooled,
    #[error("its URL {0}")]
    Url(#[from] UrlRefusal),
    #[error("the server is version {version}; it must be 14 or newer")]
    ServerTooOld { version: String },
    #[error("there is no schema that its search path names")]
    NoSchema,
    #[error("a schema's name has up to 40 lower-case letters, digits and underscores, and no digit first")]
    SchemaName,
    #[error(
        "a newer version of cartlog writes to it: its events have format {written}, this version reads formats up to {read}; start a \
         version that is as new"
    )]
    NewerFormat { written: i32, read: i32 },
    #[error(
        "a node of an earlier version of cartlog is at work (it leads '{role}'), and could not read what this version writes; stop the \
         nodes of the earlier version, then start this one"
    )]
    EarlierNodesRun { role: String },
    #[error(
        "the tables of '{part}' were made by a newer version of cartlog: they are at step {step}, this one knows {known}"
    )]
    NewerTables { part: &'static str, step: i64, known: usize },
    #[error("the tables of '{part}' were made otherwise than this version does, at step {step}")]
    OtherTables { part: &'static str, step: i64 },
    #[error("the tables of '{part}' can't be prepared: {source}")]
    Unprepared { part: &'static str, source: Arc<MigrateError> },
    #[error("another node took it")]
    LeadTaken,
}

impl DatabaseError {
    /// What the failure of the first connection means: a certificate that is not trusted is waited for by nobody. Later it is: it may
    /// have run out, and be renewed.
    pub(crate) fn at_first(error: &Error) -> Self {
        match (Self::of("connecting", error), is_untrusted(error)) {
            (Self::Unavailable(failed), true) => Refusal::Failed(failed).into(),
            (other, _) => other,
        }
    }

    /// What the failure of `doing` something means.
    pub fn of(doing: impl Into<Cow<'static, str>>, error: &Error) -> Self {
        if is_anothers(error) {
            return Refusal::Pooled.into();
        }
        let failed = Failed { doing: doing.into(), error: SqlxError::of(error) };
        if is_away(error) { Self::Unavailable(failed) } else { Refusal::Failed(failed).into() }
    }
}

/// Two that say the same are the same.
impl PartialEq for DatabaseError {
    fn eq(&self, other: &Self) -> bool {
        discriminant(self) == discriminant(other) && self.to_string() == other.to_string()
    }
}

impl Eq for DatabaseError {}

impl From<Refusal> for DatabaseError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
