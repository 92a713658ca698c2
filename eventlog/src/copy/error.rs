//! Why a copy can't go on, or is none, and where two logs differ.

use crate::event::{Position, RecordedEvent, StreamName};
use crate::port::{AppendError, LogError};
use crate::retry::Retry;
use std::fmt;

/// Why a copy can't go on, or is none.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("reading the source")]
    Source(#[source] LogError),
    #[error("reading the target")]
    Target(#[source] LogError),
    #[error("the target")]
    Append(#[source] AppendError),
    /// The target did not hold a beginning of the source. Nothing was changed.
    #[error("nothing was copied, as the target is not a beginning of the source: {0}")]
    NotABeginning(Difference),
    /// Somebody else appended to the target meanwhile.
    #[error("somebody else writes to the target: {0}; stop whoever it is, and copy into an empty target")]
    ForeignAppend(Foreign),
    /// The source itself is not whole.
    #[error(
        "the source is damaged: revision {revision} of {stream} stands there (at position {position}) without the one before it"
    )]
    Gap { stream: StreamName, revision: u64, position: Position },
    #[error("source and target are not the same: {0}")]
    NotTheSame(Difference),
}

impl CopyError {
    /// Whether copying on helps.
    pub fn retry(&self) -> Retry {
        match self {
            CopyError::Source(error) | CopyError::Target(error) => error.retry(),
            CopyError::Append(error) => error.retry(),
            CopyError::NotABeginning(_)
            | CopyError::ForeignAppend(_)
            | CopyError::Gap { .. }
            | CopyError::NotTheSame(_) => Retry::Never,
        }
    }
}

/// What somebody else wrote to the target.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Foreign {
    #[error("{stream} has come to revision {reached} there, before revision {due} was copied")]
    Further { stream: StreamName, reached: u64, due: u64 },
    /// In the place of what was just appended.
    #[error("{0}")]
    Other(Difference),
    #[error("it has {0}, which was not copied")]
    More(EventPlace),
}

/// What was appended is not there to be read.
#[derive(Debug, thiserror::Error)]
#[error("it does not show {0} yet, which was appended")]
pub(super) struct NotShown(pub EventPlace);

/// Where two logs differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub source: Option<EventPlace>,
    pub target: Option<EventPlace>,
    /// Of two events in the same place of the same stream: what is another.
    pub what: Option<&'static str>,
}

/// Where an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlace {
    pub position: Position,
    pub stream: StreamName,
    pub revision: u64,
}

impl EventPlace {
    pub(super) fn of(event: &RecordedEvent) -> Self {
        Self { position: event.position, stream: event.stream.clone(), revision: event.revision }
    }
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revision {} of {} at position {}", self.revision, self.stream, self.position)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, &self.target, self.what) {
            (Some(source), Some(target), Some(what)) => {
                write!(f, "the target has {target} with another {what} than the source (position {})", source.position)
            }
            (Some(source), Some(target), None) => write!(f, "the target has {target}, where the source has {source}"),
            (None, Some(target), _) => write!(f, "the target has {target}, where the source ends"),
            (Some(source), None, _) => write!(f, "the target ends, where the source has {source}"),
            (None, None, _) => write!(f, "both end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_whether_copying_on_helps() {
        let (away, damaged) = (
            || LogError::Unavailable(std::io::Error::other("it is so").into()),
            || LogError::Damaged(std::io::Error::other("it is so").into()),
        );
        let stream = || StreamName::new("cart-42");
        let difference = || Difference { source: None, target: None, what: None };
        let place = EventPlace { position: Position(1), stream: stream(), revision: 0 };
        let cases = [
            (CopyError::Source(away()), Retry::Later),
            (CopyError::Target(damaged()), Retry::Never),
            (CopyError::Target(LogError::Unavailable(NotShown(place.clone()).into())), Retry::Later),
            (CopyError::Append(AppendError::OutcomeUnknown { stream: stream(), source: away() }), Retry::Later),
            (CopyError::Append(AppendError::TooLarge { stream: stream(), bytes: 7 }), Retry::Never),
            (CopyError::NotABeginning(difference()), Retry::Never),
            (CopyError::ForeignAppend(Foreign::More(place)), Retry::Never),
            (CopyError::Gap { stream: stream(), revision: 1, position: Position(1) }, Retry::Never),
            (CopyError::NotTheSame(difference()), Retry::Never),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
    }
}
