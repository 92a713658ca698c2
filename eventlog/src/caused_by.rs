//! What an error came of, kept as the error that it is.
//!
//! A port has several adapters, and each of them fails in its own way; so what is common to all carries a [`CausedBy`]: whoever is
//! interested finds in the chain of sources what the library said, with its codes. An error that shows its cause in its own text
//! has it as its source, too: so whoever prints a whole chain does it by [`with_causes`], which says nothing twice.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The error that another one came of. Cheap to clone, so that one failure can be told to all who wait. Never what may show a
/// secret: of such an error only what is left of it once that is taken out.
#[derive(Clone)]
pub struct CausedBy(Arc<dyn Error + Send + Sync>);

impl CausedBy {
    /// With what was being done: `appending: the disk is full`.
    pub fn of(doing: impl Into<Cow<'static, str>>, cause: impl Into<CausedBy>) -> Self {
        Doing { doing: doing.into(), cause: cause.into() }.into()
    }

    /// The error with its own causes, in one line.
    pub fn said(&self) -> String {
        with_causes(&*self.0)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CausedBy {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

// Not an error itself, as nothing could be turned into one then: it is the error that it points to.
impl Deref for CausedBy {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Display for CausedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CausedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was being done when the cause was met.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {cause}")]
struct Doing {
    doing: Cow<'static, str>,
    #[source]
    cause: CausedBy,
}

/// An error and what caused it, in one line: the causes say what is the matter, the error where. What the line says already is not
/// said again.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        let said = cause.to_string();
        if !line.contains(&said) {
            line.push_str(": ");
            line.push_str(&said);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppendError, LogError, StreamName};
    use std::io;

    fn full() -> LogError {
        LogError::Unavailable(CausedBy::of("appending", io::Error::from(io::ErrorKind::StorageFull)))
    }

    #[test]
    fn what_the_library_said_is_found_in_the_chain_however_often_it_was_told() {
        let error = AppendError::Unavailable { stream: StreamName::new("cart-42"), source: full().clone() };
        let mut chain = std::iter::successors(Some(&error as &(dyn Error + 'static)), |&error| error.source());
        let found = chain.find_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
        assert_eq!(found, Some(io::ErrorKind::StorageFull));
    }

    #[test]
    fn a_line_says_each_cause_once() {
        let said = "the event log is away: appending: no storage space";
        assert_eq!(full().to_string(), said);
        assert_eq!(with_causes(&full()), said);
        let error = AppendError::Unavailable { stream: StreamName::new("cart-42"), source: full() };
        assert_eq!(with_causes(&error), format!("appending to cart-42: {said}"));
    }
}
